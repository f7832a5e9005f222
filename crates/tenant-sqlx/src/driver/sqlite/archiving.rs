//! Rows as texts that begin with the type of the value: a column may hold values of any type, whatever it was declared as.

use futures_util::{StreamExt, stream::BoxStream};
use sqlx::{
    Row, SqlStr, Sqlite, SqliteConnection, TypeInfo, ValueRef,
    query::Query,
    sqlite::{SqliteArguments, SqliteRow},
};

use crate::driver::archiving::{Archiving, Family, Form};

pub(super) const ARCHIVING: Archiving = Archiving {
    name: "sqlite",
    session: &["PRAGMA foreign_keys = ON"],
    begin_read: "BEGIN",
    begin_write: "BEGIN IMMEDIATE; PRAGMA defer_foreign_keys = ON",
    // A key that is an integer counts by itself where it is the rowid by another name.
    columns: "SELECT t.name, c.name, 'any', \
        CASE WHEN c.pk = 1 AND upper(c.type) = 'INTEGER' \
        AND (SELECT count(*) FROM pragma_table_info(t.name) k WHERE k.pk > 0) = 1 THEN 'yes' ELSE 'no' END \
        FROM sqlite_schema t, pragma_table_xinfo(t.name) c \
        WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND t.sql NOT LIKE 'CREATE VIRTUAL%' \
        AND c.hidden = 0 ORDER BY t.name, c.cid",
    // Where no column is named, it is the parent's key.
    links: "SELECT t.name, CAST(f.id AS TEXT), f.\"from\", f.\"table\", coalesce(f.\"to\", \
        (SELECT k.name FROM pragma_table_info(f.\"table\") k WHERE k.pk = f.seq + 1)) \
        FROM sqlite_schema t, pragma_foreign_key_list(t.name) f WHERE t.type = 'table' ORDER BY t.name, f.id, f.seq",
    form: |_| Form::Tagged,
    text: |column, _| column.to_owned(),
    place: |_, _| "?".to_owned(),
    most_counted: |_| 1 << 62,
    delete_some,
    family: Family::Deferred,
};

/// A table without rowids has a key.
fn delete_some(table: &str, own: &str, key: &[String], limit: u32) -> String {
    let which = if key.is_empty() { "rowid".to_owned() } else { key.join(", ") };
    format!(
        "DELETE FROM {table} WHERE {own} AND ({which}) IN (SELECT {which} FROM {table} WHERE {own} LIMIT {limit})"
    )
}

pub(super) fn texts(
    connection: &mut SqliteConnection,
    sql: SqlStr,
) -> BoxStream<'_, sqlx::Result<Vec<Option<String>>>> {
    let rows = sqlx::raw_sql(sql).fetch(connection);
    rows.map(|row| row.and_then(|row| (0..row.len()).map(|at| text(&row, at)).collect())).boxed()
}

/// A text that is none, as its bytes are not UTF-8, is an error.
fn text(row: &SqliteRow, at: usize) -> sqlx::Result<Option<String>> {
    let value = row.try_get_raw(at)?;
    if value.is_null() {
        return Ok(None);
    }
    Ok(Some(match value.type_info().name() {
        "INTEGER" => format!("i{}", row.try_get_unchecked::<i64, _>(at)?),
        "REAL" => format!("r{}", row.try_get_unchecked::<f64, _>(at)?),
        "TEXT" => format!("t{}", row.try_get_unchecked::<String, _>(at)?),
        _ => format!("b{}", crate::fleet::hex(&row.try_get_unchecked::<Vec<u8>, _>(at)?)),
    }))
}

pub(super) async fn put(
    connection: &mut SqliteConnection,
    sql: SqlStr,
    texts: Vec<Option<String>>,
) -> sqlx::Result<u64> {
    let query = texts.into_iter().try_fold(sqlx::query(sql), bind)?;
    Ok(query.execute(connection).await?.rows_affected())
}

type Put = Query<'static, Sqlite, SqliteArguments>;

fn bind(query: Put, text: Option<String>) -> sqlx::Result<Put> {
    let Some(text) = text else { return Ok(query.bind(None::<i64>)) };
    let (tag, text) = text.split_at_checked(1).ok_or_else(odd)?;
    Ok(match tag {
        "i" => query.bind(text.parse::<i64>().map_err(|_| odd())?),
        "r" => query.bind(text.parse::<f64>().map_err(|_| odd())?),
        "t" => query.bind(text.to_owned()),
        "b" => query.bind(crate::archive::bytes(text).ok_or_else(odd)?),
        _ => return Err(odd()),
    })
}

fn odd() -> sqlx::Error {
    sqlx::Error::Encode("a value is not what its type says".into())
}
