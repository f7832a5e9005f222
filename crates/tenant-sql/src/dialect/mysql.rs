use std::fmt::Write as _;

use sqlparser::ast::{BinaryOperator, UnaryOperator, Value};

use super::mysql_parser::MySqlParser;
use super::{Features, Rules, fallible, functions};
use crate::tenant::TenantValue;

pub(super) static RULES: Rules = Rules {
    parser: || Box::new(MySqlParser),
    quote: '`',
    reserved: RESERVED,
    system_columns: &["_rowid"],
    variables: VARIABLES,
    functions: functions::mysql::PURE,
    aggregates: functions::mysql::AGGREGATE,
    table_functions: functions::mysql::TABLES,
    fails: fallible::mysql,
    harmless: fallible::is_constant,
    binary,
    unary,
    literal,
    internal: |_| false,
    default_schema: None,
    // Whether case counts in table names is a setting of the server: nothing is folded, and what differs from the
    // catalog by case only is unknown.
    fold_table: |name, _| name.to_owned(),
    fold_column: |name, _| name.to_ascii_lowercase(),
    placeholder: |_| "?".to_owned(),
    // Of two rows, where one is wanted.
    raise: Some(|_| "(SELECT 1 UNION SELECT 2)".to_owned()),
    inline: Some(":tenant"),
    max_arguments: 65_535,
    can: Features {
        distinct_on: false,
        lateral: true,
        fetch: false,
        locks: true,
        rollup: true,
        array: false,
        typed_string: true,
        interval: true,
        tuple_columns: false,
        joined_writes: true,
        qualified_set: true,
        dml_in_cte: false,
        on_conflict: false,
        on_duplicate_key: true,
        insert_or: false,
        insert_set: true,
        hints: true,
        merge: false,
        convert: true,
        replace: true,
        default_values: false,
        returning: true,
        labels: true,
        alias_columns: true,
        call_by_field: false,
        joins_without_on: false,
        tries_conditions: true,
        materialized: false,
        limits_members: true,
        null_safe: true,
        strict_writes: true,
        moves_having: true,
        outer_ctes_in_with: false,
        forgets_outer_conditions: true,
        windows_stand_apart: true,
    },
};

/// Hexadecimal, so that no setting of the server (`NO_BACKSLASH_ESCAPES`, `ANSI_QUOTES`) can end the literal early.
pub(crate) fn literal_of(tenant: &TenantValue<'_>) -> String {
    match tenant {
        TenantValue::Integer(number) => format!("({number})"),
        TenantValue::Uuid(number) => hex("", &number.to_be_bytes()),
        TenantValue::Text(text) => hex("_utf8mb4 ", text.as_bytes()),
    }
}

fn hex(introducer: &str, bytes: &[u8]) -> String {
    let mut literal = format!("{introducer}X'");
    for byte in bytes {
        let _ = write!(literal, "{byte:02X}");
    }
    literal.push('\'');
    literal
}

/// Without `||` (or, or concatenation, by setting), `:=` and the word `BINARY`.
fn binary(operator: &BinaryOperator) -> bool {
    use BinaryOperator as Op;
    matches!(
        operator,
        Op::Plus
            | Op::Minus
            | Op::Multiply
            | Op::Divide
            | Op::Modulo
            | Op::Gt
            | Op::Lt
            | Op::GtEq
            | Op::LtEq
            | Op::Spaceship
            | Op::Eq
            | Op::NotEq
            | Op::And
            | Op::Or
            | Op::Xor
            | Op::BitwiseOr
            | Op::BitwiseAnd
            | Op::BitwiseXor
            | Op::PGBitwiseShiftLeft
            | Op::PGBitwiseShiftRight
            | Op::MyIntegerDivide
            | Op::Arrow
            | Op::LongArrow
    )
}

/// What clients ask when they connect. Not among them: what the statement before left behind, which may have been another
/// tenant's (`@@warning_count`, `@@last_insert_id`), what counts the writes of all (`@@gtid_executed`), and places.
const VARIABLES: &[&str] = &[
    "@@autocommit",
    "@@character_set_client",
    "@@character_set_connection",
    "@@character_set_results",
    "@@character_set_server",
    "@@collation_connection",
    "@@collation_server",
    "@@group_concat_max_len",
    "@@interactive_timeout",
    "@@lower_case_table_names",
    "@@max_allowed_packet",
    "@@sql_mode",
    "@@system_time_zone",
    "@@time_zone",
    "@@transaction_isolation",
    "@@tx_isolation",
    "@@version",
    "@@version_comment",
    "@@wait_timeout",
];

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

const RESERVED: &[&str] = &[
    "ALL",
    "AND",
    "AS",
    "ASC",
    "BETWEEN",
    "BINARY",
    "BOTH",
    "BY",
    "CASE",
    "CHECK",
    "COLLATE",
    "CREATE",
    "CROSS",
    "CUBE",
    "DELAYED",
    "DELETE",
    "DESC",
    "DISTINCT",
    "DISTINCTROW",
    "DIV",
    "DROP",
    "ELSE",
    "EMPTY",
    "ESCAPED",
    "EXCEPT",
    "EXISTS",
    "EXPLAIN",
    "FOR",
    "FORCE",
    "FROM",
    "FULLTEXT",
    "GRANT",
    "GROUP",
    "GROUPING",
    "HAVING",
    "HIGH_PRIORITY",
    "IGNORE",
    "IN",
    "INDEX",
    "INNER",
    "INTERSECT",
    "INTERVAL",
    "INTO",
    "IS",
    "JOIN",
    "KEY",
    "KEYS",
    "LATERAL",
    "LIKE",
    "LIMIT",
    "LOCK",
    "LOW_PRIORITY",
    "MATCH",
    "NATURAL",
    "NOT",
    "NULL",
    "OF",
    "ON",
    "OPTIMIZE",
    "OR",
    "ORDER",
    "OUTER",
    "OUTFILE",
    "OVER",
    "PARTITION",
    "PROCEDURE",
    "QUALIFY",
    "RANGE",
    "REGEXP",
    "RLIKE",
    "ROWS",
    "SELECT",
    "SQL_BIG_RESULT",
    "SQL_CALC_FOUND_ROWS",
    "SQL_SMALL_RESULT",
    "STRAIGHT_JOIN",
    "TABLE",
    "TABLESAMPLE",
    "THEN",
    "TO",
    "UNION",
    "USE",
    "USING",
    "WHEN",
    "WHERE",
    "WINDOW",
    "WITH",
    "XOR",
];
