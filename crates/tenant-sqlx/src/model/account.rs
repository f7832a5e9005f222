//! Who runs tenants' statements, and what else there is besides relations.

use serde::Deserialize;

use super::json::flag;

/// The account that tenants' statements run as.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Account {
    pub(crate) name: String,
    #[serde(deserialize_with = "flag")]
    pub(crate) is_superuser: bool,
    #[serde(deserialize_with = "flag")]
    pub(crate) bypasses_policies: bool,
    #[serde(deserialize_with = "flag")]
    pub(crate) creates_roles: bool,
    #[serde(deserialize_with = "flag")]
    pub(crate) creates_databases: bool,
    #[serde(deserialize_with = "flag")]
    pub(crate) replicates: bool,
    /// Whether it finds anything in the schema (PostgreSQL).
    #[serde(deserialize_with = "flag")]
    pub(crate) uses_schema: bool,
    /// Roles it can become.
    pub(crate) memberships: Vec<Membership>,
    /// What it may do in the database, itself and by its roles (MySQL).
    pub(crate) rights: Vec<Right>,
    /// Roles of it whose rights are not shown (MySQL).
    pub(crate) hidden_roles: Vec<String>,
    /// How grants name it (MySQL).
    pub(crate) grantee: String,
}

/// A right as MySQL's grants have it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub(crate) struct Right {
    /// An account, a role, or `PUBLIC`.
    pub(crate) to: String,
    /// With its columns, if it is one to columns.
    pub(crate) privilege: String,
    /// `*.*`, a database, a table, a routine; the role that may be handed on, the account that may be taken for one's own.
    pub(crate) on: String,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Membership {
    pub(crate) role: String,
    pub(crate) is_superuser: bool,
    pub(crate) bypasses_policies: bool,
    /// The role that was granted to the account and brings this one.
    pub(crate) through: String,
}

/// A right, and whom it was given to: the account, a role it can become, or `PUBLIC`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub(crate) struct Grant {
    pub(crate) to: String,
    pub(crate) privilege: String,
    /// The one that it is for, where it is not for all of a table.
    pub(crate) column: Option<String>,
}

/// A function or procedure of the application.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Routine {
    /// With its schema and arguments, quoted.
    pub(crate) name: String,
    /// `FUNCTION` or `PROCEDURE`.
    pub(crate) kind: String,
    #[serde(deserialize_with = "flag")]
    pub(crate) runs_as_definer: bool,
    #[serde(deserialize_with = "flag")]
    pub(crate) fixes_search_path: bool,
    #[serde(deserialize_with = "flag")]
    pub(crate) is_leakproof: bool,
    /// Whether the account may run it.
    #[serde(deserialize_with = "flag")]
    pub(crate) is_executable: bool,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Sequence {
    pub(crate) name: String,
    /// Whether the account, as itself, takes numbers from it, by whatever right.
    #[serde(deserialize_with = "flag")]
    pub(crate) is_usable: bool,
    pub(crate) grants: Vec<Grant>,
    /// The columns it fills, as `table.column`.
    pub(crate) columns: Vec<String>,
}

/// A setting that a session of the account begins with.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Setting {
    /// What it was set for, as `ALTER` names it: `ROLE app`, `DATABASE shop`, `ROLE app IN DATABASE shop`.
    pub(crate) target: String,
    pub(crate) name: String,
    pub(crate) value: String,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Publication {
    pub(crate) name: String,
    pub(crate) has_all_tables: bool,
    pub(crate) tables: Vec<String>,
}

/// What the database runs by itself.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Scheduled {
    pub(crate) name: String,
}
