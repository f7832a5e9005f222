use tenant_sql::{Dialect, TenantType, TenantValue};

/// An argument of a statement, or the key of a tenant.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// NULL.
    Null,
    /// A boolean.
    Bool(bool),
    /// A 64-bit signed integer.
    Int(i64),
    /// A double.
    Float(f64),
    /// A string.
    Text(String),
    /// Bytes.
    Bytes(Vec<u8>),
    /// A UUID.
    Uuid(u128),
}

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Self::Int(value)
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<f64> for Value {
    fn from(value: f64) -> Self {
        Self::Float(value)
    }
}

impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Self::Text(value.to_owned())
    }
}

impl From<String> for Value {
    fn from(value: String) -> Self {
        Self::Text(value)
    }
}

impl Value {
    /// The tenant's key for the rewriter; only text, integers and UUIDs are keys.
    pub(super) fn tenant(&self) -> Option<TenantValue<'_>> {
        match self {
            Self::Text(text) => Some(TenantValue::Text(text)),
            Self::Int(number) => Some(TenantValue::Integer(*number)),
            Self::Uuid(number) => Some(TenantValue::Uuid(*number)),
            Self::Null | Self::Bool(_) | Self::Float(_) | Self::Bytes(_) => None,
        }
    }

    /// The three tenants of a database, the one under test in the middle.
    pub(super) fn tenants(kind: TenantType) -> [Self; 3] {
        match kind {
            TenantType::Text => ["t1", "t2", "t3"].map(Self::from),
            TenantType::Integer => [101, 102, 103].map(Self::Int),
            TenantType::Uuid => {
                [1, 2, 3].map(|number: u128| Self::Uuid(0x0190_0000_0000_7000_8000_0000_0000_0000 + number))
            }
        }
    }

    /// As a literal of SQL.
    pub(crate) fn literal(&self, dialect: Dialect) -> String {
        match self {
            Self::Null => "NULL".to_owned(),
            Self::Bool(value) => if *value { "TRUE" } else { "FALSE" }.to_owned(),
            Self::Int(number) => number.to_string(),
            Self::Float(number) => format!("{number:?}"),
            Self::Text(text) => quoted(text, dialect),
            Self::Bytes(bytes) => {
                let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
                if dialect == Dialect::Postgres { format!("'\\x{hex}'") } else { format!("x'{hex}'") }
            }
            Self::Uuid(number) => uuid_literal(*number, dialect),
        }
    }
}

fn quoted(text: &str, dialect: Dialect) -> String {
    let text = text.replace('\'', "''");
    if dialect == Dialect::MySql { format!("'{}'", text.replace('\\', "\\\\")) } else { format!("'{text}'") }
}

/// Text only where the database has a type of its own for it.
fn uuid_literal(number: u128, dialect: Dialect) -> String {
    match dialect {
        Dialect::Postgres => format!("'{}'", uuid::Uuid::from_u128(number)),
        Dialect::Sqlite | Dialect::MySql => format!("x'{number:032x}'"),
    }
}
