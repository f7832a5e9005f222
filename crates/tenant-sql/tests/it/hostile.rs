//! Whatever the text, the answer is a plan or a refusal: never a panic, in any dialect.

use proptest::prelude::*;
use tenant_sql::{Dialect, Rewriter, TenantValue};

use crate::common::rewriter;

const DIALECTS: [Dialect; 3] = [Dialect::Sqlite, Dialect::Postgres, Dialect::MySql];

const WORDS: &[&str] = &[
    "SELECT",
    "FROM",
    "WHERE",
    "users",
    "orders u",
    "plans",
    "INSERT INTO",
    "REPLACE",
    "INTO",
    "VALUES",
    "UPDATE",
    "SET",
    "DELETE",
    "WITH",
    "RECURSIVE",
    "AS",
    "(",
    ")",
    ",",
    ".",
    ";",
    "*",
    "=",
    "1",
    "0x1F",
    "1e5",
    "'a'",
    "'",
    "\"a\"",
    "\"",
    "`a`",
    "[a]",
    "[",
    "]",
    "{",
    "}",
    "?",
    "?1",
    "$1",
    "$a$x$a$",
    ":a",
    "@a",
    "@@a",
    "::",
    "int",
    "-",
    "--",
    "/*",
    "*/",
    "/*!",
    "\\",
    "\\'",
    "||",
    "->",
    "->>",
    "#>",
    "@>",
    "~",
    "!",
    "!=",
    "<=>",
    ":=",
    "AND",
    "OR",
    "NOT",
    "IS",
    "NULL",
    "IN",
    "BETWEEN",
    "LIKE",
    "ESCAPE",
    "GLOB",
    "CASE",
    "WHEN",
    "THEN",
    "ELSE",
    "END",
    "EXISTS",
    "UNION",
    "ALL",
    "EXCEPT",
    "INTERSECT",
    "ORDER BY",
    "GROUP BY",
    "HAVING",
    "LIMIT",
    "OFFSET",
    "FETCH",
    "FIRST",
    "ROWS",
    "ONLY",
    "TIES",
    "JOIN",
    "LEFT",
    "RIGHT",
    "FULL",
    "OUTER",
    "CROSS",
    "NATURAL",
    "USING",
    "ON",
    "CONFLICT",
    "DO",
    "NOTHING",
    "DUPLICATE",
    "KEY",
    "RETURNING",
    "DEFAULT",
    "TABLE",
    "LATERAL",
    "OVER",
    "PARTITION BY",
    "WINDOW",
    "FILTER",
    "INTERVAL",
    "DATE",
    "CAST",
    "EXTRACT",
    "ARRAY",
    "ROW",
    "DISTINCT",
    "FOR UPDATE",
    "E'a'",
    "U&'a'",
    "N'a'",
    "b'1'",
    "x'1'",
    "MERGE",
    "EXPLAIN",
    "COPY",
    "PRAGMA",
    "BEGIN",
    "COLLATE",
    "AT TIME ZONE",
    "ISNULL",
    "é",
    "\u{a0}",
    "\u{0}",
    "\n",
    "ﬁ",
    "😀",
    "TOP",
    "QUALIFY",
    "PIVOT",
    "UNNEST",
    "tenant_id",
    "count(*)",
    "abs(1)",
    "INDEXED BY",
];

fn answer(rewriter: &Rewriter, sql: &str) {
    match rewriter.rewrite(sql) {
        Ok(plan) => {
            let tenant = TenantValue::Text("it's \\ :tenant");
            let _ = (plan.check_tenant(&tenant), plan.sql_for(&tenant));
        }
        Err(refusal) => assert!(!refusal.to_string().is_empty()),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn any_text_gets_an_answer(sql in "\\PC{0,120}") {
        for dialect in DIALECTS {
            answer(&rewriter(dialect), &sql);
        }
    }

    #[test]
    fn any_words_get_an_answer(words in prop::collection::vec(prop::sample::select(WORDS), 1..25), glue in prop::bool::ANY) {
        let sql = words.join(if glue { "" } else { " " });
        for dialect in DIALECTS {
            answer(&rewriter(dialect), &sql);
        }
    }

    #[test]
    fn any_tail_of_a_statement_gets_an_answer(words in prop::collection::vec(prop::sample::select(WORDS), 1..12), head in 0_usize..6) {
        let heads = ["SELECT * FROM users WHERE ", "SELECT ", "INSERT INTO users (id) ", "UPDATE users SET age = ", "DELETE FROM users ", "SELECT * FROM users "];
        let sql = format!("{}{}", heads[head], words.join(" "));
        for dialect in DIALECTS {
            answer(&rewriter(dialect), &sql);
        }
    }
}
