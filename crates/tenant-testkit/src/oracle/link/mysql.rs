use sqlx::mysql::{MySqlConnection, MySqlRow};
use sqlx::{AssertSqlSafe, Connection as _, Row as _, TypeInfo as _, ValueRef as _};

use super::{Told, hex, text_or_hex, told};
use crate::oracle::answer::MOST_MILLISECONDS;
use crate::oracle::value::Value;

pub(super) async fn open(url: &str) -> Result<MySqlConnection, sqlx::Error> {
    let mut link = MySqlConnection::connect(url).await?;
    let seconds = MOST_MILLISECONDS / 1000;
    // MariaDB's name for the limit, then MySQL's.
    let limits = [
        format!("SET SESSION max_statement_time = {seconds}"),
        format!("SET SESSION max_execution_time = {MOST_MILLISECONDS}"),
    ];
    for limit in limits {
        let _ = sqlx::raw_sql(AssertSqlSafe(limit)).execute(&mut link).await;
    }
    let memory = "SET SESSION max_heap_table_size = 33554432, SESSION tmp_table_size = 33554432, \
                  SESSION group_concat_max_len = 65536";
    sqlx::raw_sql(memory).execute(&mut link).await?;
    Ok(link)
}

pub(super) fn run<'c>(link: &'c mut MySqlConnection, sql: &str, arguments: &[Value]) -> Told<'c> {
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
    told(stream, sqlx::mysql::MySqlQueryResult::rows_affected, value)
}

/// The bytes decide; numbers and strings are shown as what they are.
fn value(row: &MySqlRow, at: usize) -> Result<String, sqlx::Error> {
    let raw = row.try_get_raw(at)?;
    if raw.is_null() {
        return Ok("NULL".to_owned());
    }
    let name = raw.type_info().name().to_owned();
    let bytes = row.try_get_unchecked::<Vec<u8>, _>(at)?;
    Ok(match name.trim_end_matches(" UNSIGNED") {
        "BOOLEAN" | "TINYINT" | "SMALLINT" | "MEDIUMINT" | "INT" | "BIGINT" if bytes.len() <= 8 => {
            integer(&bytes)
        }
        "DOUBLE" => bytes
            .as_slice()
            .try_into()
            .map_or_else(|_| hex(&bytes), |bytes| format!("{:?}", f64::from_le_bytes(bytes))),
        "DECIMAL" | "CHAR" | "VARCHAR" | "TEXT" | "TINYTEXT" | "MEDIUMTEXT" | "LONGTEXT" | "ENUM"
        | "JSON" | "BLOB" | "VARBINARY" | "BINARY" | "LONGBLOB" | "MEDIUMBLOB" | "TINYBLOB" => {
            text_or_hex(&bytes)
        }
        _ => format!("{name}:{}", hex(&bytes)),
    })
}

fn integer(bytes: &[u8]) -> String {
    let start: i64 = if bytes.last().is_some_and(|byte| *byte >= 0x80) { -1 } else { 0 };
    bytes.iter().rev().fold(start, |number, byte| (number << 8) | i64::from(*byte)).to_string()
}
