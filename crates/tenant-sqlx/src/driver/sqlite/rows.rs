use sqlx::{
    Row, SqlStr, Sqlite, SqliteConnection, TypeInfo, ValueRef,
    query::Query,
    sqlite::{SqliteArguments, SqliteRow},
};

use super::Cell;

pub(super) async fn execute(
    connection: &mut SqliteConnection,
    sql: &'static str,
    cells: Vec<Cell>,
) -> sqlx::Result<u64> {
    Ok(query(sql, cells).execute(connection).await?.rows_affected())
}

pub(super) async fn fetch(
    connection: &mut SqliteConnection,
    sql: &'static str,
    cells: Vec<Cell>,
) -> sqlx::Result<Vec<Vec<Cell>>> {
    let rows = query(sql, cells).fetch_all(connection).await?;
    rows.iter().map(read).collect()
}

/// What is put together here, with no values to bind.
pub(super) async fn ask(connection: &mut SqliteConnection, sql: SqlStr) -> sqlx::Result<Vec<Vec<Cell>>> {
    let rows = sqlx::raw_sql(sql).fetch_all(connection).await?;
    rows.iter().map(read).collect()
}

fn query(sql: &'static str, cells: Vec<Cell>) -> Query<'static, Sqlite, SqliteArguments> {
    let query = sqlx::query(sql);
    cells.into_iter().fold(query, |query, cell| match cell {
        Cell::Text(text) => query.bind(text),
        Cell::Integer(number) => query.bind(number),
        Cell::Null | Cell::Other => query.bind(None::<i64>),
    })
}

fn read(row: &SqliteRow) -> sqlx::Result<Vec<Cell>> {
    (0..row.len()).map(|column| cell(row, column)).collect()
}

/// A column of SQLite may hold a value of any type, whatever it was declared as.
fn cell(row: &SqliteRow, column: usize) -> sqlx::Result<Cell> {
    let value = row.try_get_raw(column)?;
    if value.is_null() {
        return Ok(Cell::Null);
    }
    Ok(match value.type_info().name() {
        "TEXT" => row.try_get_unchecked(column).map_or(Cell::Other, Cell::Text),
        "INTEGER" => Cell::Integer(row.try_get_unchecked(column)?),
        _ => Cell::Other,
    })
}

/// The opcodes of a statement's program with their fourth operand.
pub(super) async fn explain(
    connection: &mut SqliteConnection,
    sql: SqlStr,
) -> sqlx::Result<Vec<(String, Option<String>)>> {
    let rows = sqlx::query(sql).fetch_all(connection).await?;
    rows.iter().map(|row| Ok((row.try_get_unchecked("opcode")?, row.try_get_unchecked("p4")?))).collect()
}
