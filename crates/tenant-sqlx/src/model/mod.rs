//! What a live database says of itself, in more detail than a catalog needs: the doctor judges it, and migrations are
//! drawn up from it. It is plain data, so that both can be tried without a server.

mod account;
mod assemble;
mod index;
mod json;
#[cfg(feature = "mysql")]
mod mysql;
mod names;
mod no_such_role;
#[cfg(feature = "postgres")]
mod postgres;
mod register;
mod relation;
mod rules;
#[cfg(feature = "sqlite")]
mod sqlite;
mod tenancy;

use futures_util::future::BoxFuture;
use serde::Deserialize;
use sqlx::Pool;
use tenant_sql::{Catalog, Dialect};

pub(crate) use self::{
    account::{Account, Grant, Publication, Right, Routine, Scheduled, Sequence, Setting},
    index::{Action, ForeignKey, Index},
    names::{literal, quoted, quoted_all},
    register::Register,
    relation::{Column, Kind, Policy, Relation, Trigger},
    tenancy::{Derived, Owned, Tenancy},
};
use crate::{catalog::Finding, driver::TenantDatabase, statement::trusted};

/// A database that can be looked into.
///
/// It is implemented here, for the databases that can hold tenants, and nowhere else.
pub trait Inspect: TenantDatabase {
    /// Reads what there is, as seen by the account that tenants' statements run as.
    #[doc(hidden)]
    fn inspect<'a>(pool: &'a Pool<Self>, wanted: Look<'a>) -> BoxFuture<'a, sqlx::Result<Model>>;
}

/// What to look at.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub struct Look<'a> {
    /// The account that tenants' statements run as; the one that is connected unless given.
    pub(crate) role: Option<&'a str>,
    /// The setting that holds the tenant.
    pub(crate) setting: &'a str,
    /// Whether to look at each row where that takes it.
    pub(crate) rows: bool,
}

/// What a database says of itself: tables, keys, policies, grants and the like.
///
/// # Example
/// ```
/// # #[cfg(feature = "sqlite")]
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use tenant_sql::{Catalog, Dialect, Table};
/// use tenant_sqlx::{Model, doctor::Doctor};
///
/// let pool = sqlx::SqlitePool::connect("sqlite::memory:").await?;
/// sqlx::query("CREATE TABLE users (tenant_id TEXT, email TEXT UNIQUE)").execute(&pool).await?;
/// let catalog = Catalog::builder(Dialect::Sqlite).table(Table::owned("users")).build()?;
///
/// let model = Model::read(&pool, &catalog).await?;
/// let codes: Vec<_> = Doctor::new().diagnose(&model, &catalog).into_iter().map(|found| found.code.name()).collect();
/// assert_eq!(codes, ["TD047", "TD040", "TD044"]);
/// # Ok(())
/// # }
/// # #[cfg(not(feature = "sqlite"))]
/// # fn main() {}
/// ```
#[derive(Clone, Debug, Deserialize)]
#[serde(default)]
pub struct Model {
    #[serde(skip, default = "Model::no_dialect")]
    pub(crate) dialect: Dialect,
    /// As a number that grows: 150013, 101106, 3046000.
    pub(crate) version: u32,
    pub(crate) is_mariadb: bool,
    /// The schema or database that bare names stand for.
    pub(crate) schema: String,
    pub(crate) database: String,
    pub(crate) relations: Vec<Relation>,
    pub(crate) account: Account,
    pub(crate) routines: Vec<Routine>,
    pub(crate) sequences: Vec<Sequence>,
    pub(crate) settings: Vec<Setting>,
    pub(crate) publications: Vec<Publication>,
    pub(crate) events: Vec<Scheduled>,
    /// Who may create what in the schema and the database.
    pub(crate) schema_grants: Vec<Grant>,
    pub(crate) database_grants: Vec<Grant>,
    /// Whether a connection came with a tenant that nobody had set.
    pub(crate) comes_with_tenant: bool,
    /// Whether the connection enforces foreign keys.
    pub(crate) enforces_foreign_keys: bool,
    /// Tables whose rows break their foreign keys.
    pub(crate) broken: Vec<String>,
    /// Tables of tenants with rows that have none.
    pub(crate) unowned: Vec<String>,
    /// What the reader of catalogs finds.
    #[serde(skip)]
    pub(crate) judged: Vec<Finding>,
}

impl Model {
    /// Reads it for the account that the pool connects as.
    ///
    /// # Errors
    /// The database can't be read.
    pub async fn read<DB: Inspect>(pool: &Pool<DB>, catalog: &Catalog) -> Result<Self, sqlx::Error> {
        let look = Look { role: None, setting: crate::doctor::SETTING, rows: true };
        let mut model = Self::look::<DB>(pool, catalog, look).await?;
        model.unowned = model.find_unowned(pool, catalog).await;
        Ok(model)
    }

    /// Reads it for another account, or for the one that is connected where there is none of that name yet
    /// (PostgreSQL).
    ///
    /// # Errors
    /// The database can't be read.
    pub async fn read_for<DB: Inspect>(
        pool: &Pool<DB>,
        catalog: &Catalog,
        role: &str,
    ) -> Result<Self, sqlx::Error> {
        let look = Look { role: Some(role), setting: crate::doctor::SETTING, rows: true };
        let mut model = match Self::look(pool, catalog, look).await {
            Err(error) if no_such_role::is(&error) => return Self::read(pool, catalog).await,
            answer => answer?,
        };
        model.unowned = model.find_unowned(pool, catalog).await;
        Ok(model)
    }

    /// What can't be read is left out: no database makes a column required that has nulls.
    async fn find_unowned<DB: Inspect>(&self, pool: &Pool<DB>, catalog: &Catalog) -> Vec<String> {
        let register = Register::new(self, catalog);
        let nullable =
            |owned: &Owned<'_>| owned.relation.column(owned.tenant).is_some_and(|column| column.is_nullable);
        let mut found = Vec::new();
        for owned in register.tenancy().owned().filter(nullable) {
            let (table, column) = (self.quoted(&owned.relation.name), self.quoted(owned.tenant));
            let sql = trusted(format!("SELECT 'yes' FROM {table} WHERE {column} IS NULL LIMIT 1"));
            let Ok(mut connection) = pool.acquire().await else { continue };
            if DB::ask(&mut connection, sql).await.is_ok_and(|rows| !rows.is_empty()) {
                found.push(owned.relation.name.clone());
            }
        }
        found
    }

    pub(crate) async fn look<DB: Inspect>(
        pool: &Pool<DB>,
        catalog: &Catalog,
        look: Look<'_>,
    ) -> Result<Self, sqlx::Error> {
        let mut model = DB::inspect(pool, look).await?;
        model.dialect = DB::DIALECT;
        let rules = rules::of::<DB>(catalog);
        let schema = DB::schema(pool, &rules.wanted()).await?;
        model.judged = crate::catalog::judge(&schema.relations, &rules).1;
        Ok(model)
    }

    /// What a catalog alone tells: its tables with their columns and unique keys, all of them in place.
    #[must_use]
    pub fn of(catalog: &Catalog) -> Self {
        let mut relations: Vec<Relation> =
            catalog.tables().map(|table| Relation::declared(table, catalog.tenant_type())).collect();
        relations.sort_by(|left, right| left.name.cmp(&right.name));
        let schema = catalog.schema().unwrap_or_default().to_owned();
        Self { relations, schema, ..Self::new(catalog.dialect()) }
    }

    pub(crate) fn new(dialect: Dialect) -> Self {
        Self {
            dialect,
            version: u32::MAX,
            is_mariadb: false,
            schema: String::new(),
            database: String::new(),
            relations: Vec::new(),
            account: Account::default(),
            routines: Vec::new(),
            sequences: Vec::new(),
            settings: Vec::new(),
            publications: Vec::new(),
            events: Vec::new(),
            schema_grants: Vec::new(),
            database_grants: Vec::new(),
            comes_with_tenant: false,
            enforces_foreign_keys: true,
            broken: Vec::new(),
            unowned: Vec::new(),
            judged: Vec::new(),
        }
    }

    /// JSON does not tell; who reads it says.
    const fn no_dialect() -> Dialect {
        Dialect::Postgres
    }

    /// Whether two names of tables or columns are the same here.
    pub(crate) fn same(&self, left: &str, right: &str) -> bool {
        match self.dialect {
            Dialect::Postgres => left == right,
            Dialect::Sqlite | Dialect::MySql => left.eq_ignore_ascii_case(right),
        }
    }

    pub(crate) fn quoted(&self, name: &str) -> String {
        quoted(self.dialect, name)
    }
}

impl Default for Model {
    fn default() -> Self {
        Self::new(Dialect::Postgres)
    }
}
