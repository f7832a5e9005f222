//! What is wrong with a live database, with the account that tenants' statements run as, and how it is mended.
//!
//! The rewriter is the first wall and the database's own are the second. The doctor looks at the second: whether there
//! are policies and whether they hold for this account, whether keys can link or confuse two tenants, what acts outside
//! of the statement (views, routines, triggers, cascades), and what the account may do beyond reading and writing rows.
//!
//! [`Doctor::examine`] reads the database and gives a list of [`Diagnosis`], each with its [`Code`], its severity and the
//! statements that mend it. [`Doctor::diagnose`] does so for a [`Model`] that was read before, and asks nobody.
//! [`Doctor::ensure_fit`] is for a service's start: it refuses to go on where a wall is down.
//!
//! # Example
//! ```
//! # #[cfg(feature = "sqlite")]
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use sqlx::Sqlite;
//! use tenant_sqlx::{TenantDb, doctor::{Doctor, Unfit}};
//!
//! let pool = sqlx::SqlitePool::connect("sqlite::memory:").await?;
//! sqlx::query("CREATE TABLE users (tenant_id TEXT, email TEXT UNIQUE)").execute(&pool).await?;
//! let db = TenantDb::<Sqlite>::builder(pool).build().await?;
//!
//! let error = Doctor::new().ensure_fit(&db).await.unwrap_err();
//! let codes: Vec<_> = Unfit::of(&error).unwrap().diagnoses().iter().map(|found| found.code.name()).collect();
//! assert_eq!(codes, ["TD047"]);
//! # Ok(())
//! # }
//! # #[cfg(not(feature = "sqlite"))]
//! # fn main() {}
//! ```
//!
//! # What it does not see
//! What other databases of the server, other accounts and the operator do; what a function does that it was told to
//! accept; whether a pooler between here and the server keeps transactions together, beyond what one connection shows.

mod acts;
mod checks;
mod code;
mod diagnosis;
mod expression;
mod mend;
mod patient;
#[cfg(test)]
mod tests;
mod unfit;

use sqlx::Pool;
use tenant_sql::Catalog;

use self::patient::Patient;
pub use self::{
    code::Code,
    diagnosis::{Diagnosis, Severity},
    unfit::Unfit,
};
use crate::{
    Inspect, Model, TenantDb,
    ddl::Ddl,
    model::{Look, Register},
};

/// The setting that holds the tenant of a transaction, unless another one is named.
pub(crate) const SETTING: &str = "app.current_tenant_id";

/// Looks for what is wrong with a database.
#[derive(Clone, Debug)]
#[must_use]
pub struct Doctor {
    ddl: Ddl,
    has_policies: bool,
    accepted: Vec<(String, Option<String>)>,
}

impl Doctor {
    /// Starts with the setting `app.current_tenant_id`, the account that is connected, and row-level security expected
    /// on PostgreSQL.
    pub fn new() -> Self {
        Self { ddl: Ddl::new(), has_policies: true, accepted: Vec::new() }
    }

    /// The setting that holds the tenant of a transaction (PostgreSQL; default `app.current_tenant_id`).
    pub fn setting(mut self, name: impl Into<String>) -> Self {
        self.ddl = self.ddl.setting(name);
        self
    }

    /// The account that the application's statements run as (PostgreSQL; default the one that is connected).
    pub fn role(mut self, name: impl Into<String>) -> Self {
        self.ddl = self.ddl.role(name);
        self
    }

    /// Expects no row-level security: the rewriter is the only wall.
    pub fn without_policies(mut self) -> Self {
        self.has_policies = false;
        self
    }

    /// Says nothing of a finding that somebody vouched for: all of a code, or that of one object.
    pub fn accept(mut self, code: impl Into<String>, object: Option<&str>) -> Self {
        self.accepted.push((code.into(), object.map(str::to_owned)));
        self
    }

    /// Reads the database and tells what is wrong, the worst first.
    ///
    /// # Errors
    /// The database can't be read, or there is no such role.
    pub async fn examine<DB: Inspect>(
        &self,
        pool: &Pool<DB>,
        catalog: &Catalog,
    ) -> Result<Vec<Diagnosis>, sqlx::Error> {
        self.look(pool, catalog, true).await
    }

    /// Refuses to go on where a wall is down: for a service's start, with the account and the catalog it serves with.
    /// It reads what the database says of itself, and no row.
    ///
    /// # Errors
    /// [`Unfit`] names every error that was found; or the database can't be read.
    pub async fn ensure_fit<DB: Inspect>(&self, db: &TenantDb<DB>) -> Result<(), sqlx::Error> {
        let mut found = self.look(db.pool(), &db.catalog(), false).await?;
        found.retain(|diagnosis| diagnosis.severity() == Severity::Error);
        if found.is_empty() { Ok(()) } else { Err(Unfit::new(found).into()) }
    }

    async fn look<DB: Inspect>(
        &self,
        pool: &Pool<DB>,
        catalog: &Catalog,
        rows: bool,
    ) -> Result<Vec<Diagnosis>, sqlx::Error> {
        let look = Look { role: self.ddl.role.as_deref(), setting: &self.ddl.setting, rows };
        let model = Model::look(pool, catalog, look).await?;
        Ok(self.diagnose(&model, catalog))
    }

    /// Tells what is wrong with a database that was read before, the worst first.
    #[must_use]
    pub fn diagnose(&self, model: &Model, catalog: &Catalog) -> Vec<Diagnosis> {
        let mut ddl = self.ddl.clone();
        if ddl.role.is_none() && !model.account.name.is_empty() {
            ddl = ddl.role(&model.account.name);
        }
        let register = Register::new(model, catalog);
        let patient = Patient::new(register.tenancy(), &ddl, self.has_policies);
        let mut found: Vec<Diagnosis> = checks::ALL.iter().flat_map(|check| check(patient)).collect();
        found.retain(|diagnosis| !self.accepts(diagnosis));
        found.sort_by(|left, right| {
            let key = |diagnosis: &Diagnosis| (std::cmp::Reverse(diagnosis.severity()), diagnosis.code);
            key(left).cmp(&key(right)).then_with(|| left.object.cmp(&right.object))
        });
        found.dedup();
        found
    }

    fn accepts(&self, diagnosis: &Diagnosis) -> bool {
        self.accepted.iter().any(|(code, object)| {
            code == diagnosis.code.name() && object.as_ref().is_none_or(|object| *object == diagnosis.object)
        })
    }
}

impl Default for Doctor {
    fn default() -> Self {
        Self::new()
    }
}
