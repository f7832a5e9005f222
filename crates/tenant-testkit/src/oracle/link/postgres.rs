use sqlx::encode::IsNull;
use sqlx::error::BoxDynError;
use sqlx::postgres::types::Oid;
use sqlx::postgres::{PgArgumentBuffer, PgConnection, PgRow, PgTypeInfo, PgTypeKind};
use sqlx::{AssertSqlSafe, Connection as _, Encode, Postgres, Row as _, Type, TypeInfo as _, ValueRef as _};

use super::{Told, hex, text_or_hex, told};
use crate::oracle::answer::MOST_MILLISECONDS;
use crate::oracle::value::Value;

pub(super) async fn open(url: &str) -> Result<PgConnection, sqlx::Error> {
    let mut link = PgConnection::connect(url).await?;
    // `temp_file_limit` bounds what a sort or hash spills.
    let limits = format!(
        "SET statement_timeout = {MOST_MILLISECONDS}; SET client_min_messages = 'error'; \
         SET temp_file_limit = '512MB'; SET work_mem = '16MB'; SET jit = off"
    );
    sqlx::raw_sql(AssertSqlSafe(limits)).execute(&mut link).await?;
    Ok(link)
}

/// NULL of whatever type its place asks for.
struct Untyped;

impl Type<Postgres> for Untyped {
    fn type_info() -> PgTypeInfo {
        PgTypeInfo::with_oid(Oid(0))
    }
}

impl Encode<'_, Postgres> for Untyped {
    fn encode_by_ref(&self, _: &mut PgArgumentBuffer) -> Result<IsNull, BoxDynError> {
        Ok(IsNull::Yes)
    }
}

pub(super) fn run<'c>(link: &'c mut PgConnection, sql: &str, arguments: &[Value]) -> Told<'c> {
    // Named: sqlx asks for a type it does not know in between, and an unnamed one would be gone then.
    let mut query = sqlx::query(AssertSqlSafe(sql.to_owned()));
    for argument in arguments {
        query = match argument.clone() {
            Value::Null => query.bind(Untyped),
            Value::Bool(value) => query.bind(value),
            Value::Int(value) => query.bind(value),
            Value::Float(value) => query.bind(value),
            Value::Text(value) => query.bind(value),
            Value::Bytes(value) => query.bind(value),
            Value::Uuid(value) => query.bind(uuid::Uuid::from_u128(value)),
        };
    }
    #[allow(deprecated, reason = "the only way to rows and the number of changed ones in one run")]
    let stream = query.fetch_many(link);
    told(stream, sqlx::postgres::PgQueryResult::rows_affected, value)
}

/// The bytes decide; numbers and strings are shown as what they are.
fn value(row: &PgRow, at: usize) -> Result<String, sqlx::Error> {
    let raw = row.try_get_raw(at)?;
    if raw.is_null() {
        return Ok("NULL".to_owned());
    }
    let name = raw.type_info().name().to_owned();
    let bytes = raw.as_bytes().map_err(sqlx::Error::Decode)?;
    Ok(match name.as_str() {
        "INT2" | "INT4" | "INT8" => integer(bytes),
        "BOOL" => (bytes == [1]).to_string(),
        "FLOAT8" => {
            bytes.try_into().map_or_else(|_| hex(bytes), |bytes| format!("{:?}", f64::from_be_bytes(bytes)))
        }
        "TEXT" | "VARCHAR" | "CHAR" | "NAME" | "JSON" | "UNKNOWN" => text_or_hex(bytes),
        "JSONB" => text_or_hex(bytes.get(1..).unwrap_or_default()),
        // The row of a table and that of a derived table are of types of other names.
        _ if name == "RECORD" || is_row(raw.type_info().kind()) => {
            format!("ROW:{}", String::from_utf8_lossy(bytes).escape_debug())
        }
        // Text inside arrays shall show its canaries.
        _ => format!("{name}:{}", String::from_utf8_lossy(bytes).escape_debug()),
    })
}

fn is_row(kind: &PgTypeKind) -> bool {
    matches!(kind, PgTypeKind::Composite(_) | PgTypeKind::Pseudo)
}

fn integer(bytes: &[u8]) -> String {
    let start: i64 = if bytes.first().is_some_and(|byte| *byte >= 0x80) { -1 } else { 0 };
    bytes.iter().fold(start, |number, byte| (number << 8) | i64::from(*byte)).to_string()
}
