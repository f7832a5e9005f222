//! Values in the type that PostgreSQL is to take them for.

use sqlx::{
    Arguments, Encode, Postgres, Type,
    encode::IsNull,
    error::BoxDynError,
    postgres::{PgArgumentBuffer, PgArguments, PgTypeInfo, types::Oid},
};
use tenant_sql::TenantValue;

/// An integer is bound as `bigint`, whatever the width of the column: the operators that compare two widths are in the
/// same operator family, so that indexes serve them
/// (<https://www.postgresql.org/docs/current/xindex.html#XINDEX-OPFAMILY>).
pub(super) fn tenant(arguments: &mut PgArguments, tenant: &TenantValue<'_>) -> Result<(), BoxDynError> {
    match *tenant {
        TenantValue::Text(text) => {
            arguments.reserve(1, size_of::<i32>() + text.len());
            arguments.add(text)
        }
        TenantValue::Integer(number) => arguments.add(number),
        TenantValue::Uuid(bits) => arguments.add(Uuid(bits)),
    }
}

struct Uuid(u128);

/// `pg_type.dat`: the oids of built-in types never change.
const UUID: Oid = Oid(2950);
const UNKNOWN: Oid = Oid(0);

impl Type<Postgres> for Uuid {
    fn type_info() -> PgTypeInfo {
        PgTypeInfo::with_oid(UUID)
    }
}

impl Encode<'_, Postgres> for Uuid {
    fn encode_by_ref(&self, buffer: &mut PgArgumentBuffer) -> Result<IsNull, BoxDynError> {
        buffer.extend_from_slice(&self.0.to_be_bytes());
        Ok(IsNull::No)
    }
}

/// A null of the type that its place has.
pub(super) struct Null;

impl Type<Postgres> for Null {
    fn type_info() -> PgTypeInfo {
        PgTypeInfo::with_oid(UNKNOWN)
    }
}

impl Encode<'_, Postgres> for Null {
    fn encode_by_ref(&self, _: &mut PgArgumentBuffer) -> Result<IsNull, BoxDynError> {
        Ok(IsNull::Yes)
    }
}
