//! Many rows at once, as each database takes them fastest.

use std::{fmt::Write as _, str::FromStr};

use futures_util::{FutureExt, future::BoxFuture};
use sqlx::{
    AssertSqlSafe, Executor, Pool, Postgres, Row, Sqlite,
    pool::PoolOptions,
    postgres::PgConnectOptions,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous},
};
use tenant::TenantDatabase;

/// A table, and the columns that are filled.
#[derive(Clone, Copy, Debug)]
pub struct Table {
    pub(super) name: &'static str,
    pub(super) columns: &'static [&'static str],
}

/// A value of a row.
#[derive(Clone, Debug)]
pub enum Cell {
    /// None.
    Null,
    /// A number.
    Integer(i64),
    /// A text.
    Text(String),
}

/// A database that takes many rows at once.
pub trait Bulk: TenantDatabase {
    /// Opens a pool for writing much: what is written last is lost where the machine fails meanwhile.
    fn pool(url: &str) -> BoxFuture<'_, sqlx::Result<Pool<Self>>>;

    /// Adds whole rows to a table.
    fn add<'a>(
        connection: &'a mut Self::Connection,
        table: &'a Table,
        cells: Vec<Cell>,
    ) -> BoxFuture<'a, sqlx::Result<()>>;

    /// The number that a query without values answers.
    fn number<'a>(pool: &'a Pool<Self>, sql: &'a str) -> BoxFuture<'a, sqlx::Result<i64>>;

    /// The text that a query without values answers first.
    fn text<'a>(pool: &'a Pool<Self>, sql: &'a str) -> BoxFuture<'a, sqlx::Result<String>>;

    /// Runs statements without values.
    fn run<'a>(connection: &'a mut Self::Connection, sql: String) -> BoxFuture<'a, sqlx::Result<()>>;

    /// What the database would do by itself after a while.
    fn settle(pool: &Pool<Self>) -> BoxFuture<'_, sqlx::Result<()>>;
}

impl From<i64> for Cell {
    fn from(number: i64) -> Self {
        Self::Integer(number)
    }
}

impl From<u64> for Cell {
    fn from(number: u64) -> Self {
        Self::Integer(i64::try_from(number).unwrap_or(i64::MAX))
    }
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl<T: Into<Self>> From<Option<T>> for Cell {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

/// So many values at most are bound to one statement of SQLite; it takes 32 766.
const BOUND: usize = 2_000;

impl Bulk for Sqlite {
    fn pool(url: &str) -> BoxFuture<'_, sqlx::Result<Pool<Self>>> {
        async move {
            let options = SqliteConnectOptions::from_str(url)?
                .create_if_missing(true)
                .foreign_keys(true)
                .journal_mode(SqliteJournalMode::Wal)
                .synchronous(SqliteSynchronous::Off)
                .pragma("cache_size", "-200000")
                .pragma("wal_autocheckpoint", "20000");
            PoolOptions::new().test_before_acquire(false).max_connections(2).connect_with(options).await
        }
        .boxed()
    }

    fn add<'a>(
        connection: &'a mut Self::Connection,
        table: &'a Table,
        mut cells: Vec<Cell>,
    ) -> BoxFuture<'a, sqlx::Result<()>> {
        async move {
            let width = table.columns.len();
            while !cells.is_empty() {
                let now = cells.len().min(BOUND / width * width);
                let rest = cells.split_off(now);
                let mut query = sqlx::query(AssertSqlSafe(insert(table, now / width)));
                for cell in cells {
                    query = match cell {
                        Cell::Null => query.bind(None::<i64>),
                        Cell::Integer(number) => query.bind(number),
                        Cell::Text(text) => query.bind(text),
                    };
                }
                query.execute(&mut *connection).await?;
                cells = rest;
            }
            Ok(())
        }
        .boxed()
    }

    fn number<'a>(pool: &'a Pool<Self>, sql: &'a str) -> BoxFuture<'a, sqlx::Result<i64>> {
        async move { sqlx::raw_sql(AssertSqlSafe(sql)).fetch_one(pool).await?.try_get(0) }.boxed()
    }

    fn text<'a>(pool: &'a Pool<Self>, sql: &'a str) -> BoxFuture<'a, sqlx::Result<String>> {
        async move { sqlx::raw_sql(AssertSqlSafe(sql)).fetch_one(pool).await?.try_get(0) }.boxed()
    }

    fn run<'a>(connection: &'a mut Self::Connection, sql: String) -> BoxFuture<'a, sqlx::Result<()>> {
        async move { connection.execute(sqlx::raw_sql(AssertSqlSafe(sql))).await.map(drop) }.boxed()
    }

    /// It keeps no statistics by itself, and gets none here.
    fn settle(pool: &Pool<Self>) -> BoxFuture<'_, sqlx::Result<()>> {
        async move { pool.execute("PRAGMA wal_checkpoint(TRUNCATE)").await.map(drop) }.boxed()
    }
}

fn insert(table: &Table, rows: usize) -> String {
    let row = format!("({})", vec!["?"; table.columns.len()].join(", "));
    let rows = vec![row; rows].join(", ");
    format!("INSERT INTO {} ({}) VALUES {rows}", table.name, table.columns.join(", "))
}

impl Bulk for Postgres {
    fn pool(url: &str) -> BoxFuture<'_, sqlx::Result<Pool<Self>>> {
        async move {
            let options = PgConnectOptions::from_str(url)?.options([("synchronous_commit", "off")]);
            PoolOptions::new().test_before_acquire(false).max_connections(2).connect_with(options).await
        }
        .boxed()
    }

    fn add<'a>(
        connection: &'a mut Self::Connection,
        table: &'a Table,
        cells: Vec<Cell>,
    ) -> BoxFuture<'a, sqlx::Result<()>> {
        async move {
            let columns = table.columns.join(", ");
            let copy = format!("COPY {} ({columns}) FROM STDIN", table.name);
            let mut copying = connection.copy_in_raw(&copy).await?;
            copying.send(lines(&cells, table.columns.len()).into_bytes()).await?;
            copying.finish().await.map(drop)
        }
        .boxed()
    }

    fn number<'a>(pool: &'a Pool<Self>, sql: &'a str) -> BoxFuture<'a, sqlx::Result<i64>> {
        async move { sqlx::query(AssertSqlSafe(sql)).fetch_one(pool).await?.try_get(0) }.boxed()
    }

    fn text<'a>(pool: &'a Pool<Self>, sql: &'a str) -> BoxFuture<'a, sqlx::Result<String>> {
        async move { sqlx::query(AssertSqlSafe(sql)).fetch_one(pool).await?.try_get(0) }.boxed()
    }

    fn run<'a>(connection: &'a mut Self::Connection, sql: String) -> BoxFuture<'a, sqlx::Result<()>> {
        async move { connection.execute(sqlx::raw_sql(AssertSqlSafe(sql))).await.map(drop) }.boxed()
    }

    fn settle(pool: &Pool<Self>) -> BoxFuture<'_, sqlx::Result<()>> {
        async move { pool.execute("VACUUM (ANALYZE)").await.map(drop) }.boxed()
    }
}

/// Rows in PostgreSQL's text format (<https://www.postgresql.org/docs/current/sql-copy.html>).
fn lines(cells: &[Cell], width: usize) -> String {
    let mut text = String::with_capacity(cells.len() * 16);
    for row in cells.chunks(width) {
        for (place, cell) in row.iter().enumerate() {
            if place > 0 {
                text.push('\t');
            }
            write_cell(&mut text, cell);
        }
        text.push('\n');
    }
    text
}

fn write_cell(text: &mut String, cell: &Cell) {
    match cell {
        Cell::Null => text.push_str("\\N"),
        Cell::Integer(number) => {
            // Writing to a text can't fail.
            let _ = write!(text, "{number}");
        }
        Cell::Text(value) => {
            for letter in value.chars() {
                match letter {
                    '\\' => text.push_str("\\\\"),
                    '\t' => text.push_str("\\t"),
                    '\n' => text.push_str("\\n"),
                    '\r' => text.push_str("\\r"),
                    other => text.push(other),
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_end_a_value_is_written_otherwise() {
        let cells = ["a\tb\\N".into(), Cell::Null, 7_i64.into(), "\n\r".into()];
        assert_eq!(lines(&cells, 2), "a\\tb\\\\N\t\\N\n7\t\\n\\r\n");
    }
}
