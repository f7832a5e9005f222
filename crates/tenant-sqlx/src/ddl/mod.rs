//! Migrations that put a wall of the database's own around each tenant, drawn up from a catalog and the schema.
//!
//! [`Ddl::migration`] compares what a catalog wants with what there is and gives the statements in between, in the
//! order in which a database in use bears them, to be read before they are run:
//!
//! | | PostgreSQL | MySQL, MariaDB | SQLite |
//! |---|---|---|---|
//! | the tenant column: added, filled in batches, then required | yes | yes | yes |
//! | unique keys with the tenant in front | yes | yes | yes |
//! | foreign keys that tie a row to a parent of its own tenant | yes | yes | yes |
//! | an index that leads with the tenant for each one that does not | yes | yes | yes |
//! | row-level security, a role for the application and one for the system | yes | | |
//!
//! A migration has two [phases](Phase): *expand* leaves everything in place that the application of before needs,
//! *contract* takes it away once no instance of it runs any more.
//!
//! # Example
//! ```
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use tenant_sql::{Catalog, Dialect, Table};
//! use tenant_sqlx::{Model, ddl::Ddl};
//!
//! let users = Table::owned("users").columns(["tenant_id", "email"]);
//! let catalog = Catalog::builder(Dialect::Postgres).table(users).build()?;
//! let migration = Ddl::new().role("app").migration(&Model::of(&catalog), &catalog)?;
//! assert!(migration.to_string().contains("ALTER TABLE users FORCE ROW LEVEL SECURITY;"));
//! # Ok(())
//! # }
//! ```
//!
//! # What it does not do
//! It never drops a row. A table is dropped on SQLite alone, which makes tables anew, and only when the new one has all
//! its rows. It does not know what other applications ask of the database. What a key, a
//! trigger or a function of your own means for tenants it can't tell either: ask the [doctor](crate::doctor) afterwards.

mod citus;
mod draft;
mod error;
pub(crate) mod mend;
mod migration;
pub(crate) mod mysql;
mod names;
pub(crate) mod postgres;
pub(crate) mod sqlite;
mod vitess;

use tenant_sql::{Catalog, Dialect};

pub(crate) use self::{draft::Draft, names::name_of};
pub use self::{
    error::{DdlError, DdlErrorKind},
    migration::{Migration, Phase, Step},
    vitess::vschema,
};
use crate::{Model, doctor::SETTING, model::Register};

/// Draws up migrations.
#[derive(Clone, Debug)]
#[must_use]
pub struct Ddl {
    pub(crate) setting: String,
    pub(crate) role: Option<String>,
    pub(crate) system_role: Option<String>,
    pub(crate) tenant: Option<String>,
    pub(crate) is_distributed: bool,
}

impl Ddl {
    /// Starts with the setting `app.current_tenant_id`, policies for all roles, and no system role.
    pub fn new() -> Self {
        Self {
            setting: SETTING.to_owned(),
            role: None,
            system_role: None,
            tenant: None,
            is_distributed: false,
        }
    }

    /// The setting that holds the tenant of a transaction (PostgreSQL; default `app.current_tenant_id`).
    pub fn setting(mut self, name: impl Into<String>) -> Self {
        self.setting = name.into();
        self
    }

    /// The role that the application's statements run as (PostgreSQL). Policies are for it alone then, it is made
    /// where it is missing, and is given what it needs.
    pub fn role(mut self, name: impl Into<String>) -> Self {
        self.role = Some(name.into());
        self
    }

    /// The role of what works for all tenants: migrations, the control plane, what is looked up before somebody has
    /// signed in (PostgreSQL). It gets a policy of its own, without which nobody but a superuser sees all rows.
    pub fn system_role(mut self, name: impl Into<String>) -> Self {
        self.system_role = Some(name.into());
        self
    }

    /// Whose the rows are that have no tenant yet.
    pub fn tenant(mut self, value: impl Into<String>) -> Self {
        self.tenant = Some(value.into());
        self
    }

    /// Distributes the tables over a Citus cluster by their tenant (PostgreSQL).
    pub fn citus(mut self) -> Self {
        self.is_distributed = true;
        self
    }

    /// The statements from what there is to what the catalog wants; none where that is the same.
    ///
    /// # Errors
    /// A table has rows without a tenant and nobody said whose they are, the tenant named is none of the catalog's type,
    /// or a definition can't be taken apart.
    pub fn migration(&self, model: &Model, catalog: &Catalog) -> Result<Migration, DdlError> {
        let register = Register::new(model, catalog);
        let draft = Draft { tenancy: register.tenancy(), ddl: self };
        draft.check()?;
        let steps = match model.dialect {
            Dialect::Postgres => postgres::steps(draft),
            Dialect::MySql => mysql::steps(draft),
            Dialect::Sqlite => sqlite::steps(draft)?,
        };
        Ok(Migration::new(model.dialect, steps))
    }
}

impl Default for Ddl {
    fn default() -> Self {
        Self::new()
    }
}
