use sqlparser::ast::{BinaryOperator, UnaryOperator, Value};

use super::sqlite_parser::SqliteParser;
use super::{Features, Rules, fallible, functions};

pub(super) static RULES: Rules = Rules {
    parser: || Box::new(SqliteParser),
    quote: '"',
    reserved: RESERVED,
    system_columns: &["rowid", "oid", "_rowid_"],
    variables: &[],
    functions: functions::sqlite::PURE,
    aggregates: functions::sqlite::AGGREGATE,
    table_functions: functions::sqlite::TABLES,
    fails: |expr, _| fallible::sqlite(expr),
    harmless: |_| false,
    binary,
    unary,
    literal,
    internal,
    default_schema: Some("main"),
    fold_table: fold,
    fold_column: fold,
    placeholder: |number| format!("?{number}"),
    raise: Some(|_| "json('another tenant')".to_owned()),
    inline: None,
    max_arguments: 32_766,
    can: Features {
        distinct_on: false,
        lateral: false,
        fetch: false,
        locks: false,
        rollup: false,
        array: false,
        typed_string: false,
        interval: false,
        tuple_columns: true,
        joined_writes: false,
        qualified_set: false,
        dml_in_cte: false,
        on_conflict: true,
        on_duplicate_key: false,
        insert_or: true,
        insert_set: false,
        hints: false,
        merge: false,
        convert: false,
        replace: true,
        default_values: true,
        returning: true,
        labels: true,
        alias_columns: false,
        call_by_field: false,
        joins_without_on: true,
        tries_conditions: true,
        materialized: false,
        limits_members: false,
        null_safe: false,
        strict_writes: false,
        moves_having: false,
        outer_ctes_in_with: true,
        forgets_outer_conditions: false,
        windows_stand_apart: false,
    },
};

/// Case never counts, quoted or not; only ASCII letters are folded (<https://sqlite.org/lang_keywords.html>).
fn fold(name: &str, _quoted: bool) -> String {
    name.to_ascii_lowercase()
}

fn internal(table: &str) -> bool {
    const PREFIXES: [&str; 3] = ["sqlite_", "pragma_", "dbstat"];
    const NAMES: [&str; 6] = ["bytecode", "tables_used", "completion", "fsdir", "json_each", "json_tree"];
    PREFIXES.iter().any(|prefix| table.starts_with(prefix)) || NAMES.contains(&table)
}

fn binary(operator: &BinaryOperator) -> bool {
    use BinaryOperator as Op;
    if let Op::Custom(words) = operator {
        return matches!(words.as_str(), "IS" | "IS NOT" | "NOT GLOB" | "NOT REGEXP");
    }
    matches!(
        operator,
        Op::Plus
            | Op::Minus
            | Op::Multiply
            | Op::Divide
            | Op::Modulo
            | Op::StringConcat
            | Op::Gt
            | Op::Lt
            | Op::GtEq
            | Op::LtEq
            | Op::Eq
            | Op::NotEq
            | Op::And
            | Op::Or
            | Op::BitwiseOr
            | Op::BitwiseAnd
            | Op::PGBitwiseShiftLeft
            | Op::PGBitwiseShiftRight
            | Op::Glob
            | Op::Regexp
            | Op::Arrow
            | Op::LongArrow
    )
}

fn unary(operator: &UnaryOperator) -> bool {
    matches!(
        operator,
        UnaryOperator::Plus | UnaryOperator::Minus | UnaryOperator::Not | UnaryOperator::BitwiseNot
    )
}

fn literal(value: &Value) -> bool {
    matches!(
        value,
        Value::Number(_, false)
            | Value::SingleQuotedString(_)
            | Value::HexStringLiteral(_)
            | Value::Boolean(_)
            | Value::Null
            | Value::Placeholder(_)
    )
}

/// The keywords without a fallback to names, and those that the parser takes for an alias where SQLite sees an operator
/// or a join (`a ISNULL`, `t INDEXED BY i`).
const RESERVED: &[&str] = &[
    "ADD",
    "ALL",
    "ALTER",
    "AND",
    "AS",
    "AUTOINCREMENT",
    "BETWEEN",
    "CASE",
    "CHECK",
    "COLLATE",
    "COMMIT",
    "CONSTRAINT",
    "CREATE",
    "CROSS",
    "DEFAULT",
    "DEFERRABLE",
    "DELETE",
    "DISTINCT",
    "DROP",
    "ELSE",
    "ESCAPE",
    "EXCEPT",
    "EXISTS",
    "FOREIGN",
    "FROM",
    "FULL",
    "GLOB",
    "GROUP",
    "HAVING",
    "IN",
    "INDEX",
    "INDEXED",
    "INNER",
    "INSERT",
    "INTERSECT",
    "INTO",
    "IS",
    "ISNULL",
    "JOIN",
    "LEFT",
    "LIMIT",
    "MATCH",
    "NATURAL",
    "NOT",
    "NOTHING",
    "NOTNULL",
    "NULL",
    "ON",
    "OR",
    "ORDER",
    "OUTER",
    "PRIMARY",
    "QUALIFY",
    "RAISE",
    "REFERENCES",
    "REGEXP",
    "RETURNING",
    "RIGHT",
    "SELECT",
    "SET",
    "TABLE",
    "THEN",
    "TO",
    "TRANSACTION",
    "UNION",
    "UNIQUE",
    "UPDATE",
    "USING",
    "VALUES",
    "WHEN",
    "WHERE",
    "WINDOW",
    "WITH",
];
