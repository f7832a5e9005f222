use std::time::{Duration, Instant};

use futures_util::stream::{BoxStream, StreamExt as _};
use sqlx::sqlite::{SqliteConnection, SqliteRow};
use sqlx::{AssertSqlSafe, Column as _, Connection as _, Either, Row as _, TypeInfo as _, ValueRef as _};

use super::{Row, text_or_hex};
use crate::oracle::answer::MOST_MILLISECONDS;
use crate::oracle::value::Value;

/// A connection whose statements end after a while.
pub(in crate::oracle) struct Limited(SqliteConnection);

pub(super) async fn open() -> Result<Limited, sqlx::Error> {
    SqliteConnection::connect("sqlite::memory:").await.map(Limited)
}

impl Limited {
    pub(super) async fn unlimited(&mut self) -> Result<&mut SqliteConnection, sqlx::Error> {
        self.0.lock_handle().await?.remove_progress_handler();
        Ok(&mut self.0)
    }

    pub(super) async fn limited(&mut self) -> &mut SqliteConnection {
        let end = Instant::now() + Duration::from_millis(MOST_MILLISECONDS);
        if let Ok(mut handle) = self.0.lock_handle().await {
            handle.set_progress_handler(10_000, move || Instant::now() < end);
        }
        &mut self.0
    }

    pub(super) async fn close(self) -> Result<(), sqlx::Error> {
        self.0.close().await
    }
}

pub(super) fn run<'c>(
    link: &'c mut SqliteConnection,
    sql: &str,
    arguments: &[Value],
) -> BoxStream<'c, Result<Either<u64, Row>, sqlx::Error>> {
    let mut query = sqlx::query(AssertSqlSafe(sql.to_owned())).persistent(false);
    for argument in arguments {
        query = match argument.clone() {
            Value::Null => query.bind(None::<i64>),
            Value::Bool(value) => query.bind(value),
            Value::Int(value) => query.bind(value),
            Value::Float(value) => query.bind(value),
            Value::Text(value) => query.bind(value),
            Value::Bytes(value) => query.bind(value),
            Value::Uuid(value) => query.bind(value.to_be_bytes().to_vec()),
        };
    }
    let mut first = true;
    #[allow(deprecated, reason = "the only way to rows and the number of changed ones in one run")]
    let stream = query.fetch_many(link);
    stream
        .map(move |item| {
            Ok(match item? {
                Either::Left(done) => Either::Left(done.rows_affected()),
                Either::Right(row) => {
                    let names = std::mem::take(&mut first).then(|| names(&row));
                    Either::Right((names, show(&row)?))
                }
            })
        })
        .boxed()
}

fn names(row: &SqliteRow) -> Vec<String> {
    row.columns().iter().map(|column| column.name().to_owned()).collect()
}

fn show(row: &SqliteRow) -> Result<String, sqlx::Error> {
    let values: Result<Vec<String>, sqlx::Error> = (0..row.len()).map(|at| value(row, at)).collect();
    Ok(values?.join("|"))
}

fn value(row: &SqliteRow, at: usize) -> Result<String, sqlx::Error> {
    let raw = row.try_get_raw(at)?;
    let name = raw.type_info().name().to_owned();
    if raw.is_null() {
        return Ok("NULL".to_owned());
    }
    Ok(match name.as_str() {
        "INTEGER" => row.try_get_unchecked::<i64, _>(at)?.to_string(),
        "REAL" => format!("{:?}", row.try_get_unchecked::<f64, _>(at)?),
        _ => text_or_hex(&row.try_get_unchecked::<Vec<u8>, _>(at)?),
    })
}
