/// How the tenant is stored in the tenant column, and so how it is bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum TenantType {
    /// A string, compared byte by byte. The column must compare so too: on SQLite its affinity is TEXT (a column of
    /// affinity INTEGER takes `01` for `1`), on MySQL its collation `_bin`.
    #[default]
    Text,
    /// A UUID.
    Uuid,
    /// A 64-bit signed integer.
    Integer,
}

/// The tenant's key in the type of the tenant column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TenantValue<'a> {
    /// A string.
    Text(&'a str),
    /// A UUID as its 128-bit number, most significant byte first.
    Uuid(u128),
    /// A 64-bit signed integer.
    Integer(i64),
}

impl TenantValue<'_> {
    /// Returns the type this value belongs to.
    pub fn tenant_type(&self) -> TenantType {
        match self {
            Self::Text(_) => TenantType::Text,
            Self::Uuid(_) => TenantType::Uuid,
            Self::Integer(_) => TenantType::Integer,
        }
    }
}
