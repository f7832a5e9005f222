//! Rows as texts: numbers as digits, bytes as hexadecimal ones.

use futures_util::{StreamExt, stream::BoxStream};
use sqlx::{MySqlConnection, Row, SqlStr, query::Query};

use crate::driver::archiving::{Archiving, Family, Form, half_of};

pub(super) const ARCHIVING: Archiving = Archiving {
    name: "mysql",
    session: &[
        // A zero in a column that counts by itself stays one
        // (<https://dev.mysql.com/doc/refman/8.4/en/sql-mode.html#sqlmode_no_auto_value_on_zero>).
        "SET sql_mode = concat(@@sql_mode, ',NO_AUTO_VALUE_ON_ZERO')",
        "SET time_zone = '+00:00'",
        "SET foreign_key_checks = 1",
    ],
    begin_read: super::BEGIN_READ,
    begin_write: "START TRANSACTION",
    columns: "SELECT c.table_name, c.column_name, c.data_type, \
        CASE WHEN c.extra LIKE '%auto_increment%' THEN 'yes' ELSE 'no' END FROM information_schema.columns c \
        JOIN information_schema.tables t ON t.table_schema = c.table_schema AND t.table_name = c.table_name \
        WHERE c.table_schema = database() AND t.table_type = 'BASE TABLE' \
        AND (c.generation_expression IS NULL OR c.generation_expression = '') \
        ORDER BY c.table_name, c.ordinal_position",
    links: "SELECT k.table_name, k.constraint_name, k.column_name, k.referenced_table_name, \
        k.referenced_column_name FROM information_schema.key_column_usage k \
        WHERE k.table_schema = database() AND k.referenced_table_schema = database() \
        ORDER BY k.table_name, k.constraint_name, k.ordinal_position",
    form,
    text,
    place,
    most_counted: half_of,
    delete_some: |table, own, _, limit| format!("DELETE FROM {table} WHERE {own} LIMIT {limit}"),
    family: Family::Unchecked { off: "SET foreign_key_checks = 0", on: "SET foreign_key_checks = 1" },
};

fn form(kind: &str) -> Form {
    match kind.to_ascii_lowercase().as_str() {
        "tinyint" | "smallint" | "mediumint" | "int" | "bigint" | "year" | "bit" => Form::Integer,
        "tinyblob" | "blob" | "mediumblob" | "longblob" | "binary" | "varbinary" | "geometry" | "point"
        | "linestring" | "polygon" | "multipoint" | "multilinestring" | "multipolygon"
        | "geometrycollection" => Form::Bytes,
        _ => Form::Text,
    }
}

fn is_float(kind: &str) -> bool {
    ["float", "double"].iter().any(|float| kind.eq_ignore_ascii_case(float))
}

fn text(column: &str, kind: &str) -> String {
    match form(kind) {
        Form::Integer => format!("CONCAT({column} + 0)"),
        Form::Bytes => format!("HEX({column})"),
        // Of the shorter type fewer digits are written than it takes to read it back.
        _ if is_float(kind) => format!("CONCAT(CAST({column} AS DOUBLE))"),
        _ => format!("CONVERT(CAST({column} AS CHAR) USING utf8mb4)"),
    }
}

fn place(_: usize, kind: &str) -> String {
    match form(kind) {
        // A text would be a floating-point number on its way, and a bit its letters.
        Form::Integer => "CAST(? AS DECIMAL(65, 0))".to_owned(),
        Form::Bytes => "UNHEX(?)".to_owned(),
        _ if is_float(kind) => "CAST(? AS DOUBLE)".to_owned(),
        _ => "?".to_owned(),
    }
}

pub(super) fn texts(
    connection: &mut MySqlConnection,
    sql: SqlStr,
) -> BoxStream<'_, sqlx::Result<Vec<Option<String>>>> {
    let rows = sqlx::raw_sql(sql).fetch(connection);
    rows.map(|row| row.and_then(|row| (0..row.len()).map(|at| row.try_get(at)).collect())).boxed()
}

pub(super) async fn put(
    connection: &mut MySqlConnection,
    sql: SqlStr,
    texts: Vec<Option<String>>,
) -> sqlx::Result<u64> {
    let query = texts.into_iter().fold(sqlx::query(sql), Query::bind);
    Ok(query.execute(connection).await?.rows_affected())
}
