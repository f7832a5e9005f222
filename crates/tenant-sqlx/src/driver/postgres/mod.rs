//! PostgreSQL.

mod archiving;
mod bind;
mod connect;
mod error;
mod introspect;
mod moving;
mod place;
mod row_security;
mod rows;
mod schema;

use std::time::Duration;

use futures_util::{FutureExt, future::BoxFuture, stream::BoxStream};
use sqlx::{
    PgConnection, Pool, Postgres, SqlStr, Transaction,
    error::BoxDynError,
    migrate::Migrator,
    postgres::{PgArguments, PgConnectOptions},
};
use tenant_core::{PlaceName, Placement};
use tenant_sql::{Catalog, Dialect, TenantValue};

pub(super) use self::error::is_conflict;
pub(crate) use self::schema::{NOT_COMPILED, reads_as_invoker};
use super::{
    Absence, Cell, Sql, TenantDatabase, Wanted, applying::apply, archiving::Archiving, begin, database_named,
    moving::Moving, own_migrations, sql,
};
use crate::{
    catalog::{Names, Schema},
    rls::Setting,
};

#[expect(private_interfaces, reason = "sealed: nobody else calls or implements it")]
impl TenantDatabase for Postgres {
    const DIALECT: Dialect = Dialect::Postgres;
    const ONE_WRITER: bool = false;
    const MOVING: Moving = moving::MOVING;
    const ARCHIVING: Archiving = archiving::ARCHIVING;
    const SESSIONS: bool = true;
    const KEEPS_STEP: bool = true;
    const SCHEMAS_ARE_DATABASES: bool = false;
    const ABORTS: bool = true;
    const TABLE_NAMES: Names = Names::Exact;
    const COLUMN_NAMES: Names = Names::Exact;
    const HEX_CHECKSUM: &str = "encode(checksum, 'hex')";
    const CURRENT_PLACE: &str = "SELECT current_schema()";

    fn connect(url: &str, connections: Option<u32>) -> BoxFuture<'_, sqlx::Result<Pool<Self>>> {
        connect::connect(url, connections).boxed()
    }

    fn begin(pool: &Pool<Self>) -> BoxFuture<'_, sqlx::Result<Transaction<'static, Self>>> {
        begin(pool, None).boxed()
    }

    /// With any weaker isolation each statement sees a moment of its own
    /// (<https://www.postgresql.org/docs/current/transaction-iso.html>).
    fn begin_read(pool: &Pool<Self>) -> BoxFuture<'_, sqlx::Result<Transaction<'static, Self>>> {
        begin(pool, Some(SqlStr::from_static("BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY"))).boxed()
    }

    fn bind_tenant(arguments: &mut PgArguments, tenant: &TenantValue<'_>) -> Result<(), BoxDynError> {
        bind::tenant(arguments, tenant)
    }

    fn places_of<'a>(
        pool: &'a Pool<Self>,
        beside: &'a PgConnectOptions,
    ) -> BoxFuture<'a, sqlx::Result<Vec<Placement>>> {
        place::of(pool, beside).boxed()
    }

    fn inside(options: &PgConnectOptions, placement: &Placement) -> PgConnectOptions {
        place::inside(options, placement)
    }

    fn create_place<'a>(
        own: &'a Pool<Self>,
        scoped: &'a Pool<Self>,
        placement: &'a Placement,
    ) -> BoxFuture<'a, sqlx::Result<()>> {
        place::create(own, scoped, placement).boxed()
    }

    fn drop_place<'a>(own: &'a Pool<Self>, placement: &'a Placement) -> BoxFuture<'a, sqlx::Result<()>> {
        place::remove(own, placement).boxed()
    }

    fn place_migrations() -> Migrator {
        own_migrations([("stocks", include_str!("../../../migrations/postgres/0002_stocks.sql"))])
    }

    fn elsewhere(options: &PgConnectOptions, database: &PlaceName) -> PgConnectOptions {
        options.clone().database(database.as_str())
    }

    fn check(pool: &Pool<Self>) -> BoxFuture<'_, sqlx::Result<()>> {
        async { connect::check_texts(&mut *pool.acquire().await?).await }.boxed()
    }

    fn check_row_security<'a>(
        pool: &'a Pool<Self>,
        begin: Option<SqlStr>,
        catalog: &'a Catalog,
        setting: &'a Setting,
    ) -> BoxFuture<'a, sqlx::Result<()>> {
        row_security::check(pool, begin, catalog, setting).boxed()
    }

    fn schema<'a>(pool: &'a Pool<Self>, wanted: &'a Wanted<'a>) -> BoxFuture<'a, sqlx::Result<Schema>> {
        introspect::schema(pool, wanted).boxed()
    }

    fn tenant_migrations() -> Migrator {
        own_migrations([
            ("tenants", include_str!("../../../migrations/postgres/0001_tenants.sql")),
            ("stocks", include_str!("../../../migrations/postgres/0002_stocks.sql")),
            ("placements", include_str!("../../../migrations/postgres/0003_placements.sql")),
            ("places", include_str!("../../../migrations/postgres/0004_places.sql")),
            ("moves", include_str!("../../../migrations/postgres/0005_moves.sql")),
            ("credentials", include_str!("../../../migrations/postgres/0006_credentials.sql")),
            ("host bases", include_str!("../../../migrations/postgres/0007_host_bases.sql")),
            ("settings", include_str!("../../../migrations/postgres/0008_settings.sql")),
            ("host claims", include_str!("../../../migrations/postgres/0009_host_claims.sql")),
            ("audit", include_str!("../../../migrations/postgres/0010_audit.sql")),
            ("usage", include_str!("../../../migrations/postgres/0011_usage.sql")),
            ("organisations", include_str!("../../../migrations/postgres/0012_organisations.sql")),
            ("trials", include_str!("../../../migrations/postgres/0013_trials.sql")),
            ("webhooks", include_str!("../../../migrations/postgres/0014_webhooks.sql")),
            ("second factors", include_str!("../../../migrations/postgres/0015_second_factors.sql")),
            ("jobs", include_str!("../../../migrations/postgres/0016_jobs.sql")),
            ("plan changes", include_str!("../../../migrations/postgres/0017_plan_changes.sql")),
            ("usage exports", include_str!("../../../migrations/postgres/0018_usage_exports.sql")),
            ("member pages", include_str!("../../../migrations/postgres/0019_member_pages.sql")),
            ("audit pages", include_str!("../../../migrations/postgres/0020_audit_pages.sql")),
        ])
    }

    fn migrate<'a>(pool: &'a Pool<Self>, migrator: &'a Migrator) -> BoxFuture<'a, sqlx::Result<Vec<i64>>> {
        migrate(pool, migrator).boxed()
    }

    fn ask(connection: &mut PgConnection, sql: SqlStr) -> BoxFuture<'_, sqlx::Result<Vec<Vec<Cell>>>> {
        rows::ask(connection, sql).boxed()
    }

    fn absence(error: &sqlx::Error) -> Option<Absence> {
        place::absence(error)
    }

    fn is_collision(error: &sqlx::Error) -> bool {
        error::is_collision(error)
    }

    fn execute<'a>(
        connection: &'a mut PgConnection,
        sql: Sql,
        cells: Vec<Cell>,
    ) -> BoxFuture<'a, sqlx::Result<u64>> {
        rows::execute(connection, sql, cells).boxed()
    }

    fn execute_once<'a>(
        connection: &'a mut PgConnection,
        sql: Sql,
        cells: Vec<Cell>,
    ) -> BoxFuture<'a, sqlx::Result<u64>> {
        rows::execute_once(connection, sql, cells).boxed()
    }

    fn fetch<'a>(
        connection: &'a mut PgConnection,
        sql: Sql,
        cells: Vec<Cell>,
    ) -> BoxFuture<'a, sqlx::Result<Vec<Vec<Cell>>>> {
        rows::fetch(connection, sql, cells).boxed()
    }

    fn fetch_once<'a>(
        connection: &'a mut PgConnection,
        sql: Sql,
        cells: Vec<Cell>,
    ) -> BoxFuture<'a, sqlx::Result<Vec<Vec<Cell>>>> {
        rows::glance(connection, sql, cells).boxed()
    }

    fn texts(connection: &mut PgConnection, sql: SqlStr) -> BoxStream<'_, sqlx::Result<Vec<Option<String>>>> {
        archiving::texts(connection, sql)
    }

    fn put(
        connection: &mut PgConnection,
        sql: SqlStr,
        texts: Vec<Option<String>>,
    ) -> BoxFuture<'_, sqlx::Result<u64>> {
        archiving::put(connection, sql, texts).boxed()
    }
}

/// Whether this session has the right to migrate its schema.
const LOCK: Sql = sql!(
    "SELECT pg_try_advisory_lock(hashtextextended('tenant_migrate ' || coalesce(current_schema(), ''), 0))"
);

const LOCK_AGAIN: Duration = Duration::from_millis(50);

/// Of several processes one migrates a schema, and holds an advisory lock meanwhile. The one that sqlx takes is the whole
/// database's. The lock belongs to the session and stays where a migration fails or is cancelled: so the session ends
/// here, whatever happens, and with it what a migration may have set.
///
/// Asked again and again, rather than waited for: an index that is built concurrently waits for whoever waits here
/// (<https://www.postgresql.org/docs/current/sql-createindex.html#SQL-CREATEINDEX-CONCURRENTLY>).
async fn migrate(pool: &Pool<Postgres>, migrator: &Migrator) -> sqlx::Result<Vec<i64>> {
    let mut connection = pool.acquire().await?;
    connection.close_on_drop();
    while !rows::glance(&mut connection, LOCK, vec![]).await?.iter().flatten().any(Cell::is_true) {
        tokio::time::sleep(LOCK_AGAIN).await;
    }
    Ok(apply(&mut *connection, migrator).await?)
}
