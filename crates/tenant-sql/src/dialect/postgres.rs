use sqlparser::ast::{BinaryOperator, UnaryOperator, Value};
use sqlparser::dialect::PostgreSqlDialect;

use super::{Features, Rules, fallible, functions};
use crate::tenant::TenantType;

pub(super) static RULES: Rules = Rules {
    parser: || Box::new(PostgreSqlDialect {}),
    quote: '"',
    reserved: RESERVED,
    system_columns: &["ctid", "xmin", "xmax", "cmin", "cmax", "tableoid", "oid"],
    variables: &[],
    functions: functions::postgres::PURE,
    aggregates: functions::postgres::AGGREGATE,
    table_functions: functions::postgres::TABLES,
    fails: |expr, _| fallible::postgres(expr),
    harmless: fallible::is_constant,
    binary,
    unary,
    literal,
    internal: |table| table.starts_with("pg_"),
    default_schema: Some("public"),
    fold_table: fold,
    fold_column: fold,
    placeholder: |number| format!("${number}"),
    raise: Some(raise),
    inline: None,
    max_arguments: 65_535,
    can: Features {
        distinct_on: true,
        lateral: true,
        fetch: true,
        locks: true,
        rollup: false,
        array: true,
        typed_string: true,
        interval: true,
        tuple_columns: true,
        joined_writes: false,
        qualified_set: false,
        dml_in_cte: true,
        on_conflict: true,
        on_duplicate_key: false,
        insert_or: false,
        insert_set: false,
        hints: false,
        merge: true,
        convert: false,
        replace: false,
        default_values: true,
        returning: true,
        labels: false,
        alias_columns: true,
        call_by_field: true,
        joins_without_on: false,
        tries_conditions: true,
        materialized: true,
        limits_members: false,
        null_safe: false,
        strict_writes: false,
        moves_having: true,
        outer_ctes_in_with: true,
        forgets_outer_conditions: false,
        windows_stand_apart: false,
    },
};

/// Unquoted names are folded to lower case, and every name is cut at 63 bytes
/// (<https://www.postgresql.org/docs/current/sql-syntax-lexical.html>).
fn fold(name: &str, quoted: bool) -> String {
    let name = if quoted { name.to_owned() } else { name.to_ascii_lowercase() };
    match name.char_indices().map(|(at, c)| at + c.len_utf8()).take_while(|end| *end <= 63).last() {
        Some(end) => name.get(..end).unwrap_or_default().to_owned(),
        None => name,
    }
}

fn binary(operator: &BinaryOperator) -> bool {
    use BinaryOperator as Op;
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
            | Op::PGBitwiseXor
            | Op::PGBitwiseShiftLeft
            | Op::PGBitwiseShiftRight
            | Op::PGExp
            | Op::PGOverlap
            | Op::PGRegexMatch
            | Op::PGRegexIMatch
            | Op::PGRegexNotMatch
            | Op::PGRegexNotIMatch
            | Op::Arrow
            | Op::LongArrow
            | Op::HashArrow
            | Op::HashLongArrow
            | Op::AtArrow
            | Op::ArrowAt
            | Op::AtQuestion
            | Op::AtAt
            | Op::Question
            | Op::QuestionAnd
            | Op::QuestionPipe
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
            | Value::DollarQuotedString(_)
            | Value::Boolean(_)
            | Value::Null
            | Value::Placeholder(_)
    )
}

/// No number, so the cast fails. `concat` is not immutable: anything that is, the planner would evaluate beforehand.
fn raise(tenant_type: TenantType) -> String {
    let number = "CAST(concat('another tenant') AS BIGINT)".to_owned();
    match tenant_type {
        TenantType::Integer => number,
        TenantType::Text => format!("CAST({number} AS TEXT)"),
        TenantType::Uuid => format!("CAST(CAST({number} AS TEXT) AS UUID)"),
    }
}

/// Reserved words (appendix C of the manual); `ONLY` above all, which the parser takes for a table.
const RESERVED: &[&str] = &[
    "ALL",
    "ANALYSE",
    "ANALYZE",
    "AND",
    "ANY",
    "AS",
    "ASC",
    "ASYMMETRIC",
    "BOTH",
    "CASE",
    "CAST",
    "CHECK",
    "COLLATE",
    "COLUMN",
    "CONCURRENTLY",
    "CONSTRAINT",
    "CREATE",
    "CROSS",
    "DEFERRABLE",
    "DESC",
    "DISTINCT",
    "DO",
    "ELSE",
    "END",
    "EXCEPT",
    "FETCH",
    "FOR",
    "FOREIGN",
    "FREEZE",
    "FROM",
    "FULL",
    "GRANT",
    "GROUP",
    "HAVING",
    "ILIKE",
    "IN",
    "INITIALLY",
    "INNER",
    "INTERSECT",
    "INTO",
    "IS",
    "ISNULL",
    "JOIN",
    "LATERAL",
    "LEADING",
    "LIMIT",
    "NATURAL",
    "NOT",
    "NOTNULL",
    "NULL",
    "OFFSET",
    "ON",
    "ONLY",
    "OR",
    "ORDER",
    "OUTER",
    "OVERLAPS",
    "PLACING",
    "PRIMARY",
    "QUALIFY",
    "REFERENCES",
    "RETURNING",
    "SELECT",
    "SIMILAR",
    "SYMMETRIC",
    "TABLE",
    "TABLESAMPLE",
    "THEN",
    "TO",
    "TRAILING",
    "UNION",
    "UNIQUE",
    "USING",
    "VARIADIC",
    "VERBOSE",
    "WHEN",
    "WHERE",
    "WINDOW",
    "WITH",
];
