//! Where a tenant's rows live.

use std::{borrow::Borrow, fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// Where a tenant's rows live. All of them have the same tables, with the tenant column: a statement is the same
/// wherever it runs.
///
/// It is part of the config, and read with it. A tenant is moved by moving its rows first; a config alone that names
/// another place finds nothing there.
///
/// # Example
/// ```
/// use tenant_core::{PlaceName, Placement};
///
/// let own: Placement = serde_json::from_str(r#"{"database": "t_7f3a"}"#)?;
/// assert_eq!(own, Placement::Database(PlaceName::parse("t_7f3a")?));
/// assert_eq!(serde_json::to_string(&Placement::Shared)?, r#""shared""#);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Placement {
    /// In the tables of many tenants.
    #[default]
    Shared,
    /// In the tables of many tenants, in another database of this name.
    Shard(PlaceName),
    /// In tables of its own, in a schema of this name (PostgreSQL).
    Schema(PlaceName),
    /// In tables of its own, in a database of this name.
    Database(PlaceName),
}

impl Placement {
    /// Whether it is in the tables of many tenants that everybody is in who is nowhere else.
    #[inline]
    #[must_use]
    pub const fn is_shared(&self) -> bool {
        matches!(self, Self::Shared)
    }

    /// The name of the place, where it has one.
    #[must_use]
    pub const fn name(&self) -> Option<&PlaceName> {
        match self {
            Self::Shared => None,
            Self::Shard(name) | Self::Schema(name) | Self::Database(name) => Some(name),
        }
    }
}

impl fmt::Display for Placement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Shared => f.write_str("shared"),
            Self::Shard(name) => write!(f, "shard {name}"),
            Self::Schema(name) => write!(f, "schema {name}"),
            Self::Database(name) => write!(f, "database {name}"),
        }
    }
}

/// The name of a schema, a database or a shard: 1 to 48 lowercase letters, digits and underscores, a letter first.
///
/// It is no tenant's id: that may be longer than the 63 bytes to which PostgreSQL cuts names, and two that were cut could
/// be the same (<https://www.postgresql.org/docs/current/sql-syntax-lexical.html#SQL-SYNTAX-IDENTIFIERS>). Names that
/// databases have given already (`public`, `mysql`, whatever starts with `pg_`) are none.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PlaceName(Box<str>);

/// What a database calls its own.
const TAKEN: [&str; 10] = [
    "public",
    "information_schema",
    "mysql",
    "sys",
    "performance_schema",
    "postgres",
    "template0",
    "template1",
    "main",
    "temp",
];

impl PlaceName {
    /// The longest name, in bytes.
    pub const MAX_LEN: usize = 48;

    /// Reads a name.
    ///
    /// # Errors
    /// It is not of that form, or taken.
    pub fn parse(text: &str) -> Result<Self, InvalidPlaceName> {
        let is_formed = (1..=Self::MAX_LEN).contains(&text.len())
            && text.starts_with(|first: char| first.is_ascii_lowercase())
            && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
        if is_formed && !text.starts_with("pg_") && !text.starts_with("sqlite_") && !TAKEN.contains(&text) {
            return Ok(Self(text.into()));
        }
        Err(InvalidPlaceName)
    }

    /// The name.
    #[must_use]
    pub const fn as_str(&self) -> &str {
        &self.0
    }
}

impl Borrow<str> for PlaceName {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for PlaceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for PlaceName {
    type Err = InvalidPlaceName;

    fn from_str(text: &str) -> Result<Self, InvalidPlaceName> {
        Self::parse(text)
    }
}

impl TryFrom<String> for PlaceName {
    type Error = InvalidPlaceName;

    fn try_from(text: String) -> Result<Self, InvalidPlaceName> {
        Self::parse(&text)
    }
}

impl From<PlaceName> for String {
    fn from(name: PlaceName) -> Self {
        name.0.into()
    }
}

/// A text that is no name of a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the name of a place must be 1 to 48 of [a-z0-9_], a letter first, and not a database's own")]
#[non_exhaustive]
pub struct InvalidPlaceName;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_fit_into_every_database_uncut() {
        for name in ["t", "t_7f3a", "eu1", &"a".repeat(48)] {
            assert_eq!(PlaceName::parse(name).map(|name| name.to_string()), Ok(name.to_owned()), "{name}");
        }
        for name in [
            "",
            "7f",
            "_t",
            "T",
            "t-1",
            "t.x",
            "t\"",
            "t'",
            "t;",
            "é",
            "public",
            "pg_toast",
            "mysql",
            &"a".repeat(49),
        ] {
            assert_eq!(PlaceName::parse(name), Err(InvalidPlaceName), "{name}");
        }
    }

    #[test]
    fn a_place_is_read_as_it_is_written() {
        let name = |text| PlaceName::parse(text).unwrap();
        let places = [
            Placement::Shared,
            Placement::Shard(name("eu1")),
            Placement::Schema(name("t_1")),
            Placement::Database(name("t_2")),
        ];
        for place in places {
            let text = serde_json::to_string(&place).unwrap();
            assert_eq!(serde_json::from_str::<Placement>(&text).unwrap(), place, "{text}");
        }
        assert!(serde_json::from_str::<Placement>(r#"{"schema": "public"}"#).is_err());
    }
}
