use sqlx::{
    MySql, MySqlConnection, Row, SqlStr, Type, ValueRef,
    mysql::{MySqlArguments, MySqlRow},
    query::Query,
};

use super::{Cell, Sql};

pub(super) async fn execute(
    connection: &mut MySqlConnection,
    sql: Sql,
    cells: Vec<Cell>,
) -> sqlx::Result<u64> {
    Ok(query(sql, cells).execute(connection).await?.rows_affected())
}

pub(super) async fn fetch(
    connection: &mut MySqlConnection,
    sql: Sql,
    cells: Vec<Cell>,
) -> sqlx::Result<Vec<Vec<Cell>>> {
    let rows = query(sql, cells).fetch_all(connection).await?;
    rows.iter().map(read).collect()
}

/// What is asked once in a while, and not kept prepared.
pub(super) async fn glance(
    connection: &mut MySqlConnection,
    sql: Sql,
    cells: Vec<Cell>,
) -> sqlx::Result<Vec<Vec<Cell>>> {
    let rows = query(sql, cells).persistent(false).fetch_all(connection).await?;
    rows.iter().map(read).collect()
}

/// What is put together here, with no values to bind.
pub(super) async fn ask(connection: &mut MySqlConnection, sql: SqlStr) -> sqlx::Result<Vec<Vec<Cell>>> {
    let rows = sqlx::raw_sql(sql).fetch_all(connection).await?;
    rows.iter().map(read).collect()
}

fn query(sql: Sql, cells: Vec<Cell>) -> Query<'static, MySql, MySqlArguments> {
    let query = sqlx::query(sql.marks);
    cells.into_iter().fold(query, |query, cell| match cell {
        Cell::Text(text) => query.bind(text),
        Cell::Integer(number) => query.bind(number),
        Cell::Null | Cell::Other => query.bind(None::<i64>),
    })
}

fn read(row: &MySqlRow) -> sqlx::Result<Vec<Cell>> {
    (0..row.len()).map(|column| cell(row, column)).collect()
}

fn cell(row: &MySqlRow, column: usize) -> sqlx::Result<Cell> {
    let value = row.try_get_raw(column)?;
    if value.is_null() {
        return Ok(Cell::Null);
    }
    let kind = value.type_info();
    if <i64 as Type<MySql>>::compatible(&kind) {
        return row.try_get(column).map(Cell::Integer);
    }
    match <String as Type<MySql>>::compatible(&kind) {
        true => row.try_get(column).map(Cell::Text),
        false => Ok(Cell::Other),
    }
}
