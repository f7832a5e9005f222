//! One connection to one database: runs a statement and gives its rows as text that two databases can be compared by.

mod mysql;
mod postgres;
mod sqlite;

use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream::BoxStream;
use sqlx::{AssertSqlSafe, Column as _, Connection as _, Either, Row};
use tenant_sql::Dialect;

use super::answer::{Answer, Failure, MOST_BYTES, MOST_MILLISECONDS, MOST_ROWS};
use super::value::Value;

pub(super) struct Link {
    inner: Inner,
    dialect: Dialect,
    address: String,
    /// What a new connection is told first.
    session: String,
}

enum Inner {
    Sqlite(sqlite::Limited),
    Postgres(sqlx::PgConnection),
    MySql(sqlx::MySqlConnection),
}

/// What a statement gives, bit by bit: how many rows it changed, or a row, the first one with the names of its columns.
type Told<'c> = BoxStream<'c, Result<Either<u64, (Option<Vec<String>>, String)>, sqlx::Error>>;

impl Link {
    pub(super) async fn open(dialect: Dialect, address: &str) -> Result<Self, sqlx::Error> {
        let inner = Inner::open(dialect, address).await?;
        Ok(Self { inner, dialect, address: address.to_owned(), session: String::new() })
    }

    /// Sets up the session, now and whenever the connection is opened again.
    pub(super) async fn set(&mut self, session: &str) -> Result<(), sqlx::Error> {
        session.clone_into(&mut self.session);
        self.batch(session).await
    }

    /// Whoever leaves the rest of a result has to read it all, or to begin anew. SQLite's are in memory, and stop at once.
    async fn begin_anew(&mut self) -> Result<(), sqlx::Error> {
        if self.dialect == Dialect::Sqlite {
            return Ok(());
        }
        self.inner = Inner::open(self.dialect, &self.address).await?;
        if self.session.is_empty() {
            return Ok(());
        }
        let session = self.session.clone();
        self.batch(&session).await
    }

    /// Runs statements of our own.
    pub(super) async fn batch(&mut self, sql: &str) -> Result<(), sqlx::Error> {
        let query = sqlx::raw_sql(AssertSqlSafe(sql.to_owned()));
        match &mut self.inner {
            Inner::Sqlite(link) => query.execute(link.unlimited().await?).await.map(drop),
            Inner::Postgres(link) => query.execute(link).await.map(drop),
            Inner::MySql(link) => query.execute(link).await.map(drop),
        }
    }

    /// Reads the only column of what a query of our own gives.
    pub(super) async fn texts(&mut self, sql: &str) -> Result<Vec<String>, sqlx::Error> {
        let query = sqlx::query_scalar(AssertSqlSafe(sql.to_owned())).persistent(false);
        match &mut self.inner {
            Inner::Sqlite(link) => query.fetch_all(link.unlimited().await?).await,
            Inner::Postgres(link) => {
                sqlx::query_scalar(AssertSqlSafe(sql.to_owned())).persistent(false).fetch_all(link).await
            }
            Inner::MySql(link) => {
                sqlx::query_scalar(AssertSqlSafe(sql.to_owned())).persistent(false).fetch_all(link).await
            }
        }
    }

    /// Runs one statement, within the limits.
    pub(super) async fn run(&mut self, sql: &str, arguments: &[Value]) -> Result<Answer, Failure> {
        let answer = match &mut self.inner {
            Inner::Sqlite(link) => collect(sqlite::run(link.limited().await, sql, arguments)).await,
            Inner::Postgres(link) => in_time(collect(postgres::run(link, sql, arguments))).await,
            Inner::MySql(link) => in_time(collect(mysql::run(link, sql, arguments))).await,
        };
        if answer == Err(Failure::TooLarge) {
            self.begin_anew().await.map_err(|error| Failure::Lost(error.to_string()))?;
        }
        answer
    }

    pub(super) async fn close(self) {
        // Whoever closes has no more use for an error.
        let _ = match self.inner {
            Inner::Sqlite(link) => link.close().await,
            Inner::Postgres(link) => link.close().await,
            Inner::MySql(link) => link.close().await,
        };
    }
}

impl Inner {
    async fn open(dialect: Dialect, address: &str) -> Result<Self, sqlx::Error> {
        match dialect {
            Dialect::Sqlite => sqlite::open().await.map(Self::Sqlite),
            Dialect::Postgres => postgres::open(address).await.map(Self::Postgres),
            Dialect::MySql => mysql::open(address).await.map(Self::MySql),
        }
    }
}

/// For servers that don't notice their own limit: MariaDB goes on in some set operations.
async fn in_time(answer: impl Future<Output = Result<Answer, Failure>>) -> Result<Answer, Failure> {
    let limit = Duration::from_millis(2 * MOST_MILLISECONDS);
    tokio::time::timeout(limit, answer).await.unwrap_or(Err(Failure::TooLarge))
}

/// Tells of rows by their values, each as `value` writes it.
fn told<'c, Q: 'c, R: Row + 'c>(
    stream: BoxStream<'c, Result<Either<Q, R>, sqlx::Error>>,
    changed: fn(&Q) -> u64,
    value: fn(&R, usize) -> Result<String, sqlx::Error>,
) -> Told<'c> {
    let mut is_first = true;
    let mut row = move |row: &R| {
        let names = || row.columns().iter().map(|column| column.name().to_owned()).collect();
        let names = std::mem::take(&mut is_first).then(names);
        let values: Result<Vec<String>, sqlx::Error> = (0..row.len()).map(|at| value(row, at)).collect();
        Ok((names, values?.join("|")))
    };
    let tell = move |item| match item? {
        Either::Left(done) => Ok(Either::Left(changed(&done))),
        Either::Right(next) => row(&next).map(Either::Right),
    };
    stream.map(tell).boxed()
}

async fn collect(mut stream: Told<'_>) -> Result<Answer, Failure> {
    let mut answer = Answer::default();
    let mut bytes = 0;
    while let Some(item) = stream.next().await {
        match item.map_err(|error| failure(&error))? {
            Either::Left(affected) => answer.affected += affected,
            Either::Right((columns, row)) => {
                bytes += row.len();
                if answer.rows.len() >= MOST_ROWS || bytes > MOST_BYTES {
                    return Err(Failure::TooLarge);
                }
                answer.columns = columns.unwrap_or(answer.columns);
                answer.rows.push(row);
            }
        }
    }
    Ok(answer)
}

fn failure(error: &sqlx::Error) -> Failure {
    match error {
        sqlx::Error::Database(database) => {
            // PostgreSQL: query_canceled; MariaDB: 1969 and 3024, its execution limit; SQLite: SQLITE_INTERRUPT.
            let code = database.code().unwrap_or_default().into_owned();
            let message = database.message();
            let limit =
                message.contains("max_statement_time") || message.contains("maximum statement execution");
            if code == "57014" || code == "9" || limit || message == "interrupted" {
                return Failure::TooLarge;
            }
            Failure::Database(format!("{code}: {message}"))
        }
        sqlx::Error::Io(_) | sqlx::Error::PoolClosed | sqlx::Error::WorkerCrashed => {
            Failure::Lost(error.to_string())
        }
        _ => Failure::Database(error.to_string()),
    }
}

fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(2 + 2 * bytes.len());
    text.push_str("\\x");
    for byte in bytes {
        use std::fmt::Write as _;
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// Readable where it is text, so that canaries are seen in it.
fn text_or_hex(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) if !text.contains(|c: char| c.is_control() && c != '\n') => format!("'{text}'"),
        _ => hex(bytes),
    }
}
