//! Rows as texts, the way a dump has them: each is read by the input function of its column's type.

use futures_util::{StreamExt, stream::BoxStream};
use sqlx::{PgConnection, Row, SqlStr, query::Query};

use crate::driver::archiving::{Archiving, Family, Form, half_of};

pub(super) const ARCHIVING: Archiving = Archiving {
    name: "postgres",
    session: super::moving::MOVING.session,
    begin_read: "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY",
    begin_write: "BEGIN ISOLATION LEVEL READ COMMITTED",
    // A type without its width: a cast to one with it would cut what is too long, and say nothing
    // (<https://www.postgresql.org/docs/current/sql-expressions.html#SQL-SYNTAX-TYPE-CASTS>).
    columns: "SELECT c.relname::text, a.attname::text, pg_catalog.format_type(a.atttypid, -1), \
        CASE WHEN pg_get_serial_sequence(quote_ident(c.relname), a.attname) IS NULL THEN 'no' ELSE 'yes' END \
        FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid \
        WHERE c.relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = current_schema()) \
        AND c.relkind IN ('r', 'p') AND NOT c.relispartition \
        AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '' ORDER BY c.relname, a.attnum",
    links: "SELECT c.relname::text, f.conname::text, a.attname::text, p.relname::text, b.attname::text \
        FROM pg_constraint f JOIN pg_class c ON c.oid = f.conrelid JOIN pg_class p ON p.oid = f.confrelid \
        CROSS JOIN LATERAL unnest(f.conkey, f.confkey) WITH ORDINALITY AS k (own, other, place) \
        JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.own \
        JOIN pg_attribute b ON b.attrelid = p.oid AND b.attnum = k.other \
        WHERE f.contype = 'f' AND c.relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = current_schema()) \
        AND p.relnamespace = c.relnamespace ORDER BY 1, 2, k.place",
    form: |kind| match kind {
        "smallint" | "integer" | "bigint" => Form::Integer,
        "boolean" => Form::Boolean,
        "bytea" => Form::Bytes,
        _ => Form::Text,
    },
    text: |column, kind| match kind {
        "bytea" => format!("encode({column}, 'hex')"),
        _ => format!("{column}::text"),
    },
    place: |number, kind| match kind {
        "bytea" => format!("decode(${number}::text, 'hex')"),
        _ => format!("CAST(${number}::text AS {kind})"),
    },
    most_counted: half_of,
    delete_some,
    family: Family::Staged,
};

/// The same place may be in several parts of a table: all of its rows are rows that are to be deleted.
fn delete_some(table: &str, own: &str, _: &[String], limit: u32) -> String {
    format!(
        "DELETE FROM {table} WHERE {own} AND ctid = ANY (ARRAY(SELECT ctid FROM {table} WHERE {own} LIMIT {limit}))"
    )
}

pub(super) fn texts(
    connection: &mut PgConnection,
    sql: SqlStr,
) -> BoxStream<'_, sqlx::Result<Vec<Option<String>>>> {
    let rows = sqlx::raw_sql(sql).fetch(connection);
    rows.map(|row| row.and_then(|row| (0..row.len()).map(|at| row.try_get(at)).collect())).boxed()
}

pub(super) async fn put(
    connection: &mut PgConnection,
    sql: SqlStr,
    texts: Vec<Option<String>>,
) -> sqlx::Result<u64> {
    let query = texts.into_iter().fold(sqlx::query(sql), Query::bind);
    Ok(query.execute(connection).await?.rows_affected())
}
