//! SQLite.

mod affinity;
mod archiving;
mod busy;
mod column;
mod connect;
mod introspect;
mod moving;
mod place;
mod rows;

use std::{
    future,
    path::{Path, PathBuf},
};

use futures_util::{FutureExt, future::BoxFuture, stream::BoxStream};
use sqlx::{
    Arguments, Pool, SqlStr, Sqlite, SqliteConnection, Transaction,
    error::BoxDynError,
    migrate::Migrator,
    sqlite::{SqliteArguments, SqliteConnectOptions},
};
use tenant_core::{PlaceName, Placement};
use tenant_sql::{Dialect, TenantValue};

pub(super) use self::busy::is_conflict;
use super::{
    Absence, Cell, Sql, TenantDatabase, Wanted,
    applying::apply,
    archiving::Archiving,
    database_named,
    moving::{Moving, hyphenated},
    own_migrations,
};
use crate::catalog::{Names, Schema};

#[expect(private_interfaces, reason = "sealed: nobody else calls or implements it")]
impl TenantDatabase for Sqlite {
    const DIALECT: Dialect = Dialect::Sqlite;
    const ONE_WRITER: bool = true;
    // A database in memory is gone with its only connection.
    const MOVING: Moving = moving::MOVING;
    const ARCHIVING: Archiving = archiving::ARCHIVING;
    const SESSIONS: bool = false;
    const KEEPS_STEP: bool = true;
    // Two that read first and write then would wait for each other.
    const BEGIN: Option<&str> = Some("BEGIN IMMEDIATE");
    const SCHEMAS_ARE_DATABASES: bool = false;
    const ABORTS: bool = false;
    const TABLE_NAMES: Names = Names::AnyCase;
    const COLUMN_NAMES: Names = Names::AnyCase;

    fn connect(url: &str, connections: Option<u32>) -> BoxFuture<'_, sqlx::Result<Pool<Self>>> {
        connect::connect(url, connections).boxed()
    }

    /// A deferred transaction that reads first and writes later fails with `SQLITE_BUSY_SNAPSHOT` as soon as another
    /// one has written in between, however long it would wait (<https://www.sqlite.org/isolation.html>).
    fn begin(pool: &Pool<Self>) -> BoxFuture<'_, sqlx::Result<Transaction<'static, Self>>> {
        pool.begin_with("BEGIN IMMEDIATE").boxed()
    }

    /// A transaction sees the moment of its first read.
    fn begin_read(pool: &Pool<Self>) -> BoxFuture<'_, sqlx::Result<Transaction<'static, Self>>> {
        pool.begin().boxed()
    }

    /// SQLite has no type for uuids: they are bound as text, in lower case and with hyphens.
    fn bind_tenant(arguments: &mut SqliteArguments, tenant: &TenantValue<'_>) -> Result<(), BoxDynError> {
        match *tenant {
            TenantValue::Text(text) => Arguments::add(arguments, text),
            TenantValue::Integer(number) => Arguments::add(arguments, number),
            TenantValue::Uuid(bits) => Arguments::add(arguments, hyphenated(bits)),
        }
    }

    /// SQLite has no setting by which it reads a text in another way.
    fn inside(options: &SqliteConnectOptions, placement: &Placement) -> SqliteConnectOptions {
        place::inside(options, placement)
    }

    fn drop_place<'a>(own: &'a Pool<Self>, placement: &'a Placement) -> BoxFuture<'a, sqlx::Result<()>> {
        place::remove(own, placement).boxed()
    }

    fn place_migrations() -> Migrator {
        own_migrations([("stocks", include_str!("../../../migrations/sqlite/0002_stocks.sql"))])
    }

    fn elsewhere(options: &SqliteConnectOptions, database: &PlaceName) -> SqliteConnectOptions {
        let folder = options.get_filename().parent().unwrap_or(Path::new(""));
        let file = folder.join(format!("{database}.db"));
        options.clone().filename(file).create_if_missing(false)
    }

    fn places_of<'a>(
        pool: &'a Pool<Self>,
        beside: &'a SqliteConnectOptions,
    ) -> BoxFuture<'a, sqlx::Result<Vec<Placement>>> {
        future::ready(Ok(place::of(&pool.connect_options(), beside).into_iter().collect())).boxed()
    }

    fn has_neighbours(pool: &Pool<Self>) -> BoxFuture<'_, sqlx::Result<bool>> {
        place::has_neighbours(pool).boxed()
    }

    fn check(_: &Pool<Self>) -> BoxFuture<'_, sqlx::Result<()>> {
        future::ready(Ok(())).boxed()
    }

    fn schema<'a>(pool: &'a Pool<Self>, wanted: &'a Wanted<'a>) -> BoxFuture<'a, sqlx::Result<Schema>> {
        busy::patiently(|| introspect::schema(pool, wanted).boxed()).boxed()
    }

    fn tenant_migrations() -> Migrator {
        own_migrations([
            ("tenants", include_str!("../../../migrations/sqlite/0001_tenants.sql")),
            ("stocks", include_str!("../../../migrations/sqlite/0002_stocks.sql")),
            ("placements", include_str!("../../../migrations/sqlite/0003_placements.sql")),
            ("places", include_str!("../../../migrations/sqlite/0004_places.sql")),
            ("moves", include_str!("../../../migrations/sqlite/0005_moves.sql")),
            ("credentials", include_str!("../../../migrations/sqlite/0006_credentials.sql")),
            ("host bases", include_str!("../../../migrations/sqlite/0007_host_bases.sql")),
            ("settings", include_str!("../../../migrations/sqlite/0008_settings.sql")),
            ("host claims", include_str!("../../../migrations/sqlite/0009_host_claims.sql")),
            ("audit", include_str!("../../../migrations/sqlite/0010_audit.sql")),
            ("usage", include_str!("../../../migrations/sqlite/0011_usage.sql")),
            ("organisations", include_str!("../../../migrations/sqlite/0012_organisations.sql")),
            ("trials", include_str!("../../../migrations/sqlite/0013_trials.sql")),
            ("webhooks", include_str!("../../../migrations/sqlite/0014_webhooks.sql")),
            ("second factors", include_str!("../../../migrations/sqlite/0015_second_factors.sql")),
            ("jobs", include_str!("../../../migrations/sqlite/0016_jobs.sql")),
            ("plan changes", include_str!("../../../migrations/sqlite/0017_plan_changes.sql")),
            ("usage exports", include_str!("../../../migrations/sqlite/0018_usage_exports.sql")),
            ("member pages", include_str!("../../../migrations/sqlite/0019_member_pages.sql")),
            ("audit pages", include_str!("../../../migrations/sqlite/0020_audit_pages.sql")),
        ])
    }

    fn migrate<'a>(pool: &'a Pool<Self>, migrator: &'a Migrator) -> BoxFuture<'a, sqlx::Result<Vec<i64>>> {
        migrate(pool, migrator).boxed()
    }

    fn ask(connection: &mut SqliteConnection, sql: SqlStr) -> BoxFuture<'_, sqlx::Result<Vec<Vec<Cell>>>> {
        rows::ask(connection, sql).boxed()
    }

    fn absence(error: &sqlx::Error) -> Option<Absence> {
        place::absence(error)
    }

    fn mover_file(pool: &Pool<Self>) -> Option<PathBuf> {
        let mut file = pool.connect_options().get_filename().as_os_str().to_owned();
        file.push("-moving");
        Some(file.into())
    }

    /// Writers take turns, so that none comes in another's way.
    fn is_collision(_: &sqlx::Error) -> bool {
        false
    }

    fn execute<'a>(
        connection: &'a mut SqliteConnection,
        sql: Sql,
        cells: Vec<Cell>,
    ) -> BoxFuture<'a, sqlx::Result<u64>> {
        rows::execute(connection, sql.marks, cells).boxed()
    }

    fn fetch<'a>(
        connection: &'a mut SqliteConnection,
        sql: Sql,
        cells: Vec<Cell>,
    ) -> BoxFuture<'a, sqlx::Result<Vec<Vec<Cell>>>> {
        rows::fetch(connection, sql.marks, cells).boxed()
    }

    fn texts(
        connection: &mut SqliteConnection,
        sql: SqlStr,
    ) -> BoxStream<'_, sqlx::Result<Vec<Option<String>>>> {
        archiving::texts(connection, sql)
    }

    fn put(
        connection: &mut SqliteConnection,
        sql: SqlStr,
        texts: Vec<Option<String>>,
    ) -> BoxFuture<'_, sqlx::Result<u64>> {
        archiving::put(connection, sql, texts).boxed()
    }
}

/// sqlx takes no lock on SQLite while it migrates; two processes that start at once would both apply the first
/// migration. The write lock is taken first, and each migration becomes a savepoint.
///
/// A migration that asks for no transaction can't run inside one: with such a one, starting two processes at once is
/// up to the application.
async fn migrate(pool: &Pool<Sqlite>, migrator: &Migrator) -> sqlx::Result<Vec<i64>> {
    if migrator.iter().any(|migration| migration.no_tx) {
        let mut connection = pool.acquire().await?;
        return Ok(apply(&mut *connection, migrator).await?);
    }
    let mut lock = pool.begin_with("BEGIN IMMEDIATE").await?;
    let applied = apply(&mut *lock, migrator).await?;
    lock.commit().await?;
    Ok(applied)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_a_uuid_with_hyphens() {
        assert_eq!(
            hyphenated(0x550e_8400_e29b_41d4_a716_4466_5544_0000),
            "550e8400-e29b-41d4-a716-446655440000"
        );
    }
}
