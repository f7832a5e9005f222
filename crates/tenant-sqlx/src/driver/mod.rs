//! What differs from database to database: one file each.

mod applying;
pub(crate) mod archiving;
mod begin;
mod cell;
pub(crate) mod moving;
#[cfg(feature = "mysql")]
mod mysql;
#[cfg(feature = "postgres")]
pub(crate) mod postgres;
pub(crate) mod sql;
#[cfg(feature = "sqlite")]
mod sqlite;
mod unsafe_setting;

use std::{future, path::PathBuf};

use futures_util::{FutureExt, future::BoxFuture, stream::BoxStream};
use sqlx::{
    Connection, Database, Pool, SqlSafeStr, SqlStr, Transaction,
    error::BoxDynError,
    migrate::{Migration, MigrationType, Migrator},
};
use tenant_core::{PlaceName, Placement};
use tenant_sql::{Catalog, Dialect, Plan, Refusal, TenantType, TenantValue};

use self::unsafe_setting::Unsafe;
pub(crate) use self::{
    begin::{begin, begin_on},
    cell::Cell,
    sql::{Sql, sql},
};
pub(crate) use crate::catalog::Names;
use crate::{catalog::Schema, rls::Setting};

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

    /// Whether a statement that names a schema names a database.
    #[doc(hidden)]
    const SCHEMAS_ARE_DATABASES: bool;

    /// Whether a connection can be told to read the next statement in another way, as `SET search_path` or a temporary
    /// table does, and whether a second one sees the same database.
    #[doc(hidden)]
    const SESSIONS: bool;

    /// Whether a statement can be dropped at any moment and the connection still knows which answers are whose.
    #[doc(hidden)]
    const KEEPS_STEP: bool;

    /// Whether a statement that fails takes its transaction with it, up to the last savepoint.
    #[doc(hidden)]
    const ABORTS: bool;

    /// Locks what those who create for one tenant, and in one dimension, wait for.
    #[doc(hidden)]
    const LOCK_STOCK: Sql = crate::stock::LOCK;

    /// What makes a query see what is there now, where a transaction sees the moment of its first read otherwise.
    #[doc(hidden)]
    const READ_LATEST: &str = "";

    /// Writes down what is known of a place.
    #[doc(hidden)]
    const RECORD_PLACE: Sql = crate::fleet::RECORD;

    /// How rows of a tenant are moved.
    #[doc(hidden)]
    const MOVING: moving::Moving;

    /// How rows of a tenant are put into an archive, and taken out of one.
    #[doc(hidden)]
    const ARCHIVING: archiving::Archiving;

    /// The rows that a query of the framework's own answers, one by one: each value as [`archiving`] says.
    #[doc(hidden)]
    fn texts(
        connection: &mut Self::Connection,
        sql: SqlStr,
    ) -> BoxStream<'_, sqlx::Result<Vec<Option<String>>>>;

    /// Runs a statement of the framework's own with such values, and tells how many rows it changed.
    #[doc(hidden)]
    fn put(
        connection: &mut Self::Connection,
        sql: SqlStr,
        texts: Vec<Option<String>>,
    ) -> BoxFuture<'_, sqlx::Result<u64>>;

    /// A file that is locked by who moves a tenant, where the database has no locks for it.
    #[doc(hidden)]
    fn mover_file(pool: &Pool<Self>) -> Option<PathBuf> {
        let _ = pool;
        None
    }

    /// The checksum of a migration, in the table of those that were applied.
    #[doc(hidden)]
    const HEX_CHECKSUM: &str = "lower(hex(checksum))";

    /// A query for the name of the place that bare names mean; null where it is not there.
    #[doc(hidden)]
    const CURRENT_PLACE: &str = "SELECT 'here'";

    /// When the names of two relations are the same.
    #[doc(hidden)]
    const TABLE_NAMES: Names;

    /// When the names of two columns are the same.
    #[doc(hidden)]
    const COLUMN_NAMES: Names;

    /// Opens a pool, of the usual size or another, with settings under which acknowledged writes survive.
    #[doc(hidden)]
    fn connect(url: &str, connections: Option<u32>) -> BoxFuture<'_, sqlx::Result<Pool<Self>>>;

    /// What begins a transaction that may write, where it is not what sqlx says.
    #[doc(hidden)]
    const BEGIN: Option<&str> = None;

    /// Begins a transaction that may write.
    #[doc(hidden)]
    fn begin(pool: &Pool<Self>) -> BoxFuture<'_, sqlx::Result<Transaction<'static, Self>>>;

    /// Begins a transaction that reads, all of it at one moment.
    #[doc(hidden)]
    fn begin_read(pool: &Pool<Self>) -> BoxFuture<'_, sqlx::Result<Transaction<'static, Self>>>;

    /// Appends the tenant to the arguments, in the type of the tenant column.
    #[doc(hidden)]
    fn bind_tenant(arguments: &mut Self::Arguments, tenant: &TenantValue<'_>) -> Result<(), BoxDynError>;

    /// Refuses what is scoped, and would still reach past the tenant on this server.
    #[doc(hidden)]
    fn admit(plan: &Plan) -> Result<(), Refusal> {
        let _ = plan;
        Ok(())
    }

    /// How another database is opened, beside the one that these options open. It has to be there.
    #[doc(hidden)]
    fn elsewhere(
        options: &<Self::Connection as Connection>::Options,
        database: &PlaceName,
    ) -> <Self::Connection as Connection>::Options;

    /// As which places of tenants' own the tables of many would be found that this pool opens, beside the database of these
    /// options.
    #[doc(hidden)]
    fn places_of<'a>(
        pool: &'a Pool<Self>,
        beside: &'a <Self::Connection as Connection>::Options,
    ) -> BoxFuture<'a, sqlx::Result<Vec<Placement>>>;

    /// Whether there can be another database beside this one that is there the next time.
    #[doc(hidden)]
    fn has_neighbours(pool: &Pool<Self>) -> BoxFuture<'_, sqlx::Result<bool>> {
        let _ = pool;
        future::ready(Ok(true)).boxed()
    }

    /// How the inside of a schema or a database is opened, for migrations.
    #[doc(hidden)]
    fn inside(
        options: &<Self::Connection as Connection>::Options,
        placement: &Placement,
    ) -> <Self::Connection as Connection>::Options;

    /// Makes a schema or a database, where it is not there. Who serves tenants may enter it.
    #[doc(hidden)]
    fn create_place<'a>(
        own: &'a Pool<Self>,
        scoped: &'a Pool<Self>,
        placement: &'a Placement,
    ) -> BoxFuture<'a, sqlx::Result<()>> {
        let _ = (own, scoped, placement);
        future::ready(Ok(())).boxed()
    }

    /// Drops a schema or a database.
    #[doc(hidden)]
    fn drop_place<'a>(own: &'a Pool<Self>, placement: &'a Placement) -> BoxFuture<'a, sqlx::Result<()>>;

    /// The framework's own tables that tenants need where they live.
    #[doc(hidden)]
    fn place_migrations() -> Migrator;

    /// Fails where the server reads a text otherwise than `tenant-sql` does.
    #[doc(hidden)]
    fn check(pool: &Pool<Self>) -> BoxFuture<'_, sqlx::Result<()>>;

    /// Fails where policies would show a tenant more than its own, in the place that a transaction that begins in this way
    /// sees. Only who has policies is asked.
    #[doc(hidden)]
    fn check_row_security<'a>(
        pool: &'a Pool<Self>,
        begin: Option<SqlStr>,
        catalog: &'a Catalog,
        setting: &'a Setting,
    ) -> BoxFuture<'a, sqlx::Result<()>> {
        let _ = (pool, begin, catalog, setting);
        future::ready(Ok(())).boxed()
    }

    /// Reads what relations there are.
    #[doc(hidden)]
    fn schema<'a>(pool: &'a Pool<Self>, wanted: &'a Wanted<'a>) -> BoxFuture<'a, sqlx::Result<Schema>>;

    /// The migrations of the framework's own tables.
    #[doc(hidden)]
    fn tenant_migrations() -> Migrator;

    /// Applies migrations; of several processes at once, one after the other. Tells the versions that this call applied.
    #[doc(hidden)]
    fn migrate<'a>(pool: &'a Pool<Self>, migrator: &'a Migrator) -> BoxFuture<'a, sqlx::Result<Vec<i64>>>;

    /// Runs a text of the framework's own.
    #[doc(hidden)]
    fn ask(connection: &mut Self::Connection, sql: SqlStr) -> BoxFuture<'_, sqlx::Result<Vec<Vec<Cell>>>>;

    /// What is not there, where that is why it failed.
    #[doc(hidden)]
    fn absence(error: &sqlx::Error) -> Option<Absence>;

    /// Whether a transaction failed for nothing but its coming together with others, and goes through the next time.
    #[doc(hidden)]
    fn is_collision(error: &sqlx::Error) -> bool;

    /// Runs a statement of the framework's own and tells how many rows it changed.
    #[doc(hidden)]
    fn execute<'a>(
        connection: &'a mut Self::Connection,
        sql: Sql,
        cells: Vec<Cell>,
    ) -> BoxFuture<'a, sqlx::Result<u64>>;

    /// Runs one behind a pooler: nothing of it is kept prepared, as the server's connection may be another's the next time.
    #[doc(hidden)]
    fn execute_once<'a>(
        connection: &'a mut Self::Connection,
        sql: Sql,
        cells: Vec<Cell>,
    ) -> BoxFuture<'a, sqlx::Result<u64>> {
        Self::execute(connection, sql, cells)
    }

    /// Runs a query of the framework's own.
    #[doc(hidden)]
    fn fetch<'a>(
        connection: &'a mut Self::Connection,
        sql: Sql,
        cells: Vec<Cell>,
    ) -> BoxFuture<'a, sqlx::Result<Vec<Vec<Cell>>>>;

    /// Runs a query of the framework's own behind a pooler, and keeps nothing of it prepared.
    #[doc(hidden)]
    fn fetch_once<'a>(
        connection: &'a mut Self::Connection,
        sql: Sql,
        cells: Vec<Cell>,
    ) -> BoxFuture<'a, sqlx::Result<Vec<Vec<Cell>>>> {
        Self::fetch(connection, sql, cells)
    }
}

/// What is not there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Absence {
    /// A schema or a database.
    Place,
    Table,
}

/// What to look for in the database's own catalog.
pub(crate) struct Wanted<'a> {
    pub(crate) tenant_column: &'a str,
    pub(crate) tenant_type: TenantType,
    /// The views to look into, where looking into all of them could fail.
    pub(crate) views: &'a [String],
}

/// A database's name, as a place; `None` where no place can have it.
fn database_named(name: &str) -> Option<Placement> {
    // Where case does not count, the same database.
    PlaceName::parse(&name.to_ascii_lowercase()).ok().map(Placement::Database)
}

/// The framework's own migrations, numbered from 1.
fn own_migrations<const COUNT: usize>(texts: [(&'static str, &'static str); COUNT]) -> Migrator {
    let migration = |(version, (name, text)): (i64, (&'static str, &'static str))| {
        Migration::new(version, name.into(), MigrationType::Simple, text.into_sql_str(), false)
    };
    Migrator::with_migrations((1..).zip(texts).map(migration).collect())
}

/// Whether a statement failed for nothing but its coming together with others, whatever the database.
pub(crate) fn is_conflict(error: &sqlx::Error) -> bool {
    let judges: &[fn(&sqlx::Error) -> bool] = &[
        #[cfg(feature = "mysql")]
        mysql::is_conflict,
        #[cfg(feature = "postgres")]
        postgres::is_conflict,
        #[cfg(feature = "sqlite")]
        sqlite::is_conflict,
    ];
    judges.iter().any(|is_conflict| is_conflict(error))
}

mod sealed {
    #[expect(unnameable_types, reason = "that is the seal")]
    pub trait Sealed {}

    #[cfg(feature = "mysql")]
    impl Sealed for sqlx::MySql {}

    #[cfg(feature = "postgres")]
    impl Sealed for sqlx::Postgres {}

    #[cfg(feature = "sqlite")]
    impl Sealed for sqlx::Sqlite {}
}
