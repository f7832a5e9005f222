use std::time::{Duration, Instant};

use sqlx::sqlite::{SqliteConnection, SqliteRow};
use sqlx::{AssertSqlSafe, Connection as _, Row as _, TypeInfo as _, ValueRef as _};

use super::{Told, text_or_hex, told};
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

pub(super) fn run<'c>(link: &'c mut SqliteConnection, sql: &str, arguments: &[Value]) -> Told<'c> {
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
    #[allow(deprecated, reason = "the only way to rows and the number of changed ones in one run")]
    let stream = query.fetch_many(link);
    told(stream, sqlx::sqlite::SqliteQueryResult::rows_affected, value)
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
