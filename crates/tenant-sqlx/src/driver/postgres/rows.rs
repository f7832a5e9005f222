use sqlx::{
    PgConnection, Postgres, Row, SqlStr, TypeInfo, ValueRef,
    postgres::{PgArguments, PgRow},
    query::Query,
};

use super::{Cell, Sql, bind::Null};

pub(super) async fn execute(connection: &mut PgConnection, sql: Sql, cells: Vec<Cell>) -> sqlx::Result<u64> {
    Ok(query(sql, cells).execute(connection).await?.rows_affected())
}

/// What is not kept prepared.
pub(super) async fn execute_once(
    connection: &mut PgConnection,
    sql: Sql,
    cells: Vec<Cell>,
) -> sqlx::Result<u64> {
    Ok(query(sql, cells).persistent(false).execute(connection).await?.rows_affected())
}

pub(super) async fn fetch(
    connection: &mut PgConnection,
    sql: Sql,
    cells: Vec<Cell>,
) -> sqlx::Result<Vec<Vec<Cell>>> {
    let rows = query(sql, cells).fetch_all(connection).await?;
    rows.iter().map(read).collect()
}

/// What is not kept prepared.
pub(super) async fn glance(
    connection: &mut PgConnection,
    sql: Sql,
    cells: Vec<Cell>,
) -> sqlx::Result<Vec<Vec<Cell>>> {
    let rows = query(sql, cells).persistent(false).fetch_all(connection).await?;
    rows.iter().map(read).collect()
}

/// What is put together here, with no values to bind.
pub(super) async fn ask(connection: &mut PgConnection, sql: SqlStr) -> sqlx::Result<Vec<Vec<Cell>>> {
    let rows = sqlx::raw_sql(sql).fetch_all(connection).await?;
    rows.iter().map(read).collect()
}

fn query(sql: Sql, cells: Vec<Cell>) -> Query<'static, Postgres, PgArguments> {
    let query = sqlx::query(sql.numbers);
    cells.into_iter().fold(query, |query, cell| match cell {
        Cell::Text(text) => query.bind(text),
        Cell::Integer(number) => query.bind(number),
        Cell::Null | Cell::Other => query.bind(Null),
    })
}

fn read(row: &PgRow) -> sqlx::Result<Vec<Cell>> {
    (0..row.len()).map(|column| cell(row, column)).collect()
}

fn cell(row: &PgRow, column: usize) -> sqlx::Result<Cell> {
    let value = row.try_get_raw(column)?;
    if value.is_null() {
        return Ok(Cell::Null);
    }
    Ok(match value.type_info().name() {
        "TEXT" | "VARCHAR" | "NAME" => Cell::Text(row.try_get(column)?),
        "INT8" => Cell::Integer(row.try_get(column)?),
        "BOOL" => Cell::Integer(row.try_get::<bool, _>(column)?.into()),
        _ => Cell::Other,
    })
}
