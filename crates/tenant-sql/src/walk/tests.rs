//! Our walk is the parser's own, step by step, wherever it claims to know its way.

use std::mem::discriminant;
use std::ops::ControlFlow;

use sqlparser::ast::{
    Expr, Ident, ObjectName, Query, Select, Statement, TableFactor, ValueWithSpan, Visit, Visitor,
};

use super::{Flow, ON, Watch, walk};
use crate::catalog::Dialect;
use crate::corpus;
use crate::dialect::Rules;
use crate::round_trip;

/// What either walk came by.
#[derive(Default)]
struct Steps(Vec<String>);

impl Watch for Steps {
    fn statement(&mut self, _statement: &Statement) -> Flow {
        self.step("statement")
    }

    fn query(&mut self, query: &Query) -> Flow {
        self.step(format!("query {query}"))
    }

    fn query_ends(&mut self) {
        let _ = self.step("query ends");
    }

    fn select(&mut self, select: &Select) -> Flow {
        self.step(format!("select {select}"))
    }

    fn relation(&mut self, name: &ObjectName) -> Flow {
        self.step(format!("relation {name}"))
    }

    fn table_factor(&mut self, factor: &TableFactor) -> Flow {
        self.step(format!("factor {factor}"))
    }

    fn expr(&mut self, expr: &Expr) -> Flow {
        self.step(format!("expr {:?} {expr}", discriminant(expr)))
    }

    fn expr_ends(&mut self) {
        let _ = self.step("expr ends");
    }

    fn value(&mut self, value: &ValueWithSpan) -> Flow {
        self.step(format!("value {value}"))
    }

    fn ident(&mut self, ident: &Ident) -> Flow {
        self.step(format!("ident {ident}"))
    }

    fn unknown(&mut self) -> Flow {
        self.step("unknown")
    }
}

impl Steps {
    fn step(&mut self, step: impl Into<String>) -> Flow {
        self.0.push(step.into());
        ON
    }
}

impl Visitor for Steps {
    type Break = ();

    fn pre_visit_statement(&mut self, statement: &Statement) -> ControlFlow<()> {
        self.statement(statement)
    }

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<()> {
        self.query(query)
    }

    fn post_visit_query(&mut self, _query: &Query) -> ControlFlow<()> {
        self.query_ends();
        ON
    }

    fn pre_visit_select(&mut self, select: &Select) -> ControlFlow<()> {
        self.select(select)
    }

    fn pre_visit_relation(&mut self, name: &ObjectName) -> ControlFlow<()> {
        self.relation(name)
    }

    fn pre_visit_table_factor(&mut self, factor: &TableFactor) -> ControlFlow<()> {
        self.table_factor(factor)
    }

    fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<()> {
        self.expr(expr)
    }

    fn post_visit_expr(&mut self, _expr: &Expr) -> ControlFlow<()> {
        self.expr_ends();
        ON
    }

    fn pre_visit_value(&mut self, value: &ValueWithSpan) -> ControlFlow<()> {
        self.value(value)
    }

    fn pre_visit_ident(&mut self, ident: &Ident) -> ControlFlow<()> {
        self.ident(ident)
    }
}

fn steps(dialect: Dialect, sql: &str) -> (Vec<String>, Vec<String>) {
    let statement = round_trip::reparse(sql, Rules::of(dialect)).unwrap_or_else(|_| panic!("{sql}"));
    let (mut ours, mut theirs) = (Steps::default(), Steps::default());
    let _ = walk(&*statement, &mut ours);
    let _ = statement.visit(&mut theirs);
    (ours.0, theirs.0)
}

#[test]
fn walks_as_the_parser_does() {
    let sqlite = corpus::STATEMENTS.iter().map(|sql| (Dialect::Sqlite, *sql));
    let postgres = POSTGRES.iter().map(|sql| (Dialect::Postgres, *sql));
    let mysql = MYSQL.iter().map(|sql| (Dialect::MySql, *sql));
    for (dialect, sql) in sqlite.chain(postgres).chain(mysql) {
        let (ours, theirs) = steps(dialect, sql);
        assert!(ours.len() > 3, "{sql}");
        assert_eq!(ours, theirs, "{sql}");
    }
}

/// Whatever the walk does not look into, it says so.
#[test]
fn says_where_it_does_not_look() {
    let odd = [
        (Dialect::Postgres, "SELECT 1 UNION TABLE users"),
        (Dialect::Postgres, "SELECT x IS NORMALIZED FROM users"),
        (Dialect::Postgres, "CREATE TABLE t (a int)"),
        (Dialect::Postgres, "SELECT * FROM users TABLESAMPLE SYSTEM (10)"),
        (Dialect::MySql, "SELECT MATCH (a) AGAINST ('x') FROM users"),
        (Dialect::MySql, "SELECT CAST(a AS ENUM('b')) FROM users"),
    ];
    for (dialect, sql) in odd {
        assert!(steps(dialect, sql).0.iter().any(|step| step == "unknown"), "{sql}");
    }
}

const POSTGRES: &[&str] = &[
    "MERGE INTO t AS a USING (SELECT b FROM u) AS s ON a.b = s.b WHEN MATCHED AND s.c > 1 THEN UPDATE SET d = s.d, e = 2 WHEN MATCHED THEN DELETE WHEN NOT MATCHED AND f THEN INSERT (b, d) VALUES (s.b, (SELECT 1)) WHEN NOT MATCHED THEN DO NOTHING",
    "SELECT DISTINCT ON (a, lower(b)) a::numeric(10, 2), b AS c, t.*, x.y[1], x[2:3] FROM main.t AS t (a, b), LATERAL (SELECT 1) q",
    "SELECT a IS TRUE, a IS NOT TRUE, a IS FALSE, a IS NOT FALSE, a IS UNKNOWN, a IS NOT UNKNOWN, a IS NULL, a IS NOT NULL FROM t",
    "SELECT a IS DISTINCT FROM b, a IS NOT DISTINCT FROM b, NOT a, -a, a = ANY(b), a > ALL(ARRAY[1, c]), (a, b) = (1, 2) FROM t",
    "SELECT a LIKE b, a NOT ILIKE b ESCAPE 'x', a SIMILAR TO b, a BETWEEN b AND c, a IN (b, 2), a IN (SELECT d FROM u) FROM t",
    "SELECT CASE a WHEN b THEN c ELSE d END, CASE WHEN a THEN b END, a AT TIME ZONE b, EXTRACT(year FROM a), EXTRACT(week FROM b) FROM t",
    "SELECT CEIL(a), FLOOR(b), POSITION(a IN b), SUBSTRING(a FROM b FOR c), SUBSTRING(a, b, c), TRIM(BOTH a FROM b), OVERLAY(a PLACING b FROM c FOR d) FROM t",
    "SELECT a COLLATE \"C\", DATE '2020-01-01', INTERVAL '1 day', CAST(a AS mood), a::int[], a::varchar(3), EXISTS (SELECT 1 FROM u) FROM t",
    "SELECT count(*), count(DISTINCT a), string_agg(a, ',' ORDER BY b), sum(a) FILTER (WHERE b > c), f(x => a), count(t.*) FROM t",
    "SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY a) FROM t GROUP BY GROUPING SETS ((a, b), ()), CUBE (a, c), ROLLUP (d)",
    "SELECT rank() OVER w, sum(a) OVER (PARTITION BY b ORDER BY c ROWS BETWEEN d PRECEDING AND 2 FOLLOWING), max(a) OVER (w) FROM t WINDOW w AS (ORDER BY e)",
    "SELECT a FROM t JOIN u ON t.a = u.a LEFT JOIN v USING (b, c) NATURAL JOIN w CROSS JOIN x FULL JOIN (y RIGHT JOIN z ON y.a = z.b) ON d",
    "SELECT a FROM generate_series(1, b) AS g (i), unnest(c) WITH ORDINALITY AS u (v, n), json_to_record(d) AS r (x int, y text)",
    "WITH RECURSIVE a (b, c) AS MATERIALIZED (SELECT 1, 2 UNION ALL (SELECT b, c FROM a)) SELECT b FROM a ORDER BY c DESC NULLS LAST LIMIT d OFFSET 2 FOR UPDATE OF a",
    "SELECT a FROM t GROUP BY b HAVING sum(c) > 1 ORDER BY d FETCH FIRST 2 ROWS ONLY",
    "VALUES (1, a), (2, (SELECT 3))",
    "INSERT INTO t AS x (a, b) VALUES (1, c), (2, 'd') ON CONFLICT (a, b) DO UPDATE SET a = excluded.a, (b, c) = (1, e) WHERE x.f RETURNING a, b AS g, *",
    "INSERT INTO t (a) SELECT b FROM u ON CONFLICT ON CONSTRAINT c DO NOTHING",
    "WITH x AS (DELETE FROM t USING u, v JOIN w ON v.a = w.a WHERE t.a = u.a RETURNING t.b) UPDATE y SET a = b, c = (SELECT d FROM x) FROM z WHERE e RETURNING f",
    "SELECT x ->> 'a', x @> b, x #>> c, a || b FROM t",
];

const MYSQL: &[&str] = &[
    "SELECT a -> '$.b' MEMBER OF (c), _utf8mb4 'x' FROM users",
    "SELECT STRAIGHT_JOIN CONVERT(a, SIGNED), CONVERT(b USING utf8mb4) FROM t AS u USE INDEX (i, j)",
    "INSERT INTO t (a) VALUES (1) AS new (b) ON DUPLICATE KEY UPDATE a = new.b",
    "SELECT GROUP_CONCAT(DISTINCT a ORDER BY b SEPARATOR ', ') FROM t GROUP BY a WITH ROLLUP",
    "SELECT a REGEXP b, a NOT RLIKE c, a DIV b, a->'$.x', DATE_ADD(a, INTERVAL b DAY) FROM `t` STRAIGHT_JOIN u ON c LIMIT 2, 3",
    "INSERT IGNORE INTO t (a, b) VALUES (1, c) ON DUPLICATE KEY UPDATE a = VALUES(a), b = d",
    "INSERT INTO t SET a = b, c = (SELECT d FROM u)",
    "REPLACE INTO t (a) VALUES (b)",
    "UPDATE t JOIN u ON t.a = u.a SET t.b = u.c WHERE d ORDER BY e LIMIT 5",
    "DELETE t, u FROM t JOIN u ON t.a = u.a WHERE b",
    "DELETE FROM t WHERE a ORDER BY b LIMIT c",
    "SELECT CONVERT_TZ(a, b, c), CAST(a AS UNSIGNED), CAST(b AS CHAR(3)) FROM t FOR UPDATE SKIP LOCKED",
];
