//! What differs from database to database: one file each.

mod cell;
#[cfg(feature = "sqlite")]
mod sqlite;

use futures_util::future::BoxFuture;
use sqlx::{Database, Pool, Transaction, error::BoxDynError, migrate::Migrator};
use tenant_sql::{Dialect, TenantType, TenantValue};

pub(crate) use self::cell::Cell;
use crate::catalog::Relation;

/// A database that can hold tenants.
///
/// It is implemented here, for the databases whose SQL `tenant-sql` scopes, and nowhere else.
#[expect(private_interfaces, reason = "sealed: nobody else calls or implements it")]
pub trait TenantDatabase: Database + sealed::Sealed {
    /// The SQL it speaks.
    #[doc(hidden)]
    const DIALECT: Dialect;

    /// Whether the whole database has one writer at a time.
    #[doc(hidden)]
    const ONE_WRITER: bool;

    /// Opens a pool with settings under which acknowledged writes survive.
    #[doc(hidden)]
    fn connect(url: &str) -> BoxFuture<'_, sqlx::Result<Pool<Self>>>;

    /// Begins a transaction that may write.
    #[doc(hidden)]
    fn begin(pool: &Pool<Self>) -> BoxFuture<'_, sqlx::Result<Transaction<'static, Self>>>;

    /// Appends the tenant to the arguments, in the type of the tenant column.
    #[doc(hidden)]
    fn bind_tenant(arguments: &mut Self::Arguments, tenant: &TenantValue<'_>) -> Result<(), BoxDynError>;

    /// Reads what relations there are; `views` are those to look into.
    #[doc(hidden)]
    fn relations<'a>(
        pool: &'a Pool<Self>,
        wanted: &'a Wanted<'a>,
    ) -> BoxFuture<'a, sqlx::Result<Vec<Relation>>>;

    /// The migrations of the framework's own tables.
    #[doc(hidden)]
    fn tenant_migrations() -> Migrator;

    /// Applies migrations; of several processes at once, one after the other.
    #[doc(hidden)]
    fn migrate<'a>(pool: &'a Pool<Self>, migrator: &'a Migrator) -> BoxFuture<'a, sqlx::Result<()>>;

    /// Runs a statement of the framework's own and tells how many rows it changed.
    #[doc(hidden)]
    fn execute<'a>(
        connection: &'a mut Self::Connection,
        sql: &'static str,
        cells: Vec<Cell>,
    ) -> BoxFuture<'a, sqlx::Result<u64>>;

    /// Runs a query of the framework's own.
    #[doc(hidden)]
    fn fetch<'a>(
        connection: &'a mut Self::Connection,
        sql: &'static str,
        cells: Vec<Cell>,
    ) -> BoxFuture<'a, sqlx::Result<Vec<Vec<Cell>>>>;
}

/// What to look for in the database's own catalog.
pub(crate) struct Wanted<'a> {
    pub(crate) tenant_column: &'a str,
    pub(crate) tenant_type: TenantType,
    pub(crate) views: &'a [String],
}

mod sealed {
    #[expect(unnameable_types, reason = "that is the seal")]
    pub trait Sealed {}

    #[cfg(feature = "sqlite")]
    impl Sealed for sqlx::Sqlite {}
}
