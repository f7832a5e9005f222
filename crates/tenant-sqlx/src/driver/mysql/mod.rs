//! MySQL and MariaDB.

mod archiving;
mod connect;
mod error;
mod introspect;
mod moving;
mod place;
mod rows;
mod schema;

use std::future;

use futures_util::{FutureExt, future::BoxFuture, stream::BoxStream};
use sqlx::{
    Arguments, MySql, MySqlConnection, Pool, SqlStr, Transaction,
    error::BoxDynError,
    migrate::Migrator,
    mysql::{MySqlArguments, MySqlConnectOptions},
};
use tenant_core::{PlaceName, Placement};
use tenant_sql::{Dialect, Plan, Refusal, StatementKind, TenantValue};

pub(super) use self::error::is_conflict;
use super::{
    Absence, Cell, Sql, TenantDatabase, Wanted, applying::apply, archiving::Archiving, begin, database_named,
    moving::Moving, own_migrations, sql,
};
use crate::catalog::{Names, Schema};

/// The isolation is that of the next transaction alone; a session's own may be weaker
/// (<https://dev.mysql.com/doc/refman/8.4/en/set-transaction.html>).
const BEGIN_READ: &str = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ; \
    START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY";

#[expect(private_interfaces, reason = "sealed: nobody else calls or implements it")]
impl TenantDatabase for MySql {
    const DIALECT: Dialect = Dialect::MySql;
    const ONE_WRITER: bool = false;
    const MOVING: Moving = moving::MOVING;
    const ARCHIVING: Archiving = archiving::ARCHIVING;
    const SESSIONS: bool = true;
    // Dropped while it prepares a statement, sqlx takes what the server says of it for its outcome.
    const KEEPS_STEP: bool = false;
    const SCHEMAS_ARE_DATABASES: bool = true;
    const ABORTS: bool = false;
    const LOCK_STOCK: Sql = sql!(
        "INSERT INTO tenant_stocks (tenant_id, dimension, turns) VALUES (?, ?, 1) \
         ON DUPLICATE KEY UPDATE turns = turns + 1"
    );
    const RECORD_PLACE: Sql = sql!(
        "INSERT INTO tenant_places (kind, name, fingerprint, state, attempted_at, error) VALUES (?, ?, ?, ?, ?, ?) \
         ON DUPLICATE KEY UPDATE fingerprint = VALUES(fingerprint), state = VALUES(state), \
         attempted_at = VALUES(attempted_at), error = VALUES(error)"
    );
    // <https://dev.mysql.com/doc/refman/8.4/en/innodb-consistent-read.html>
    const READ_LATEST: &str = " LOCK IN SHARE MODE";
    // Whether case counts is a setting of the server. What is declared has to be spelled as it is stored.
    const TABLE_NAMES: Names = Names::Exact;
    const COLUMN_NAMES: Names = Names::AnyCase;

    fn connect(url: &str, connections: Option<u32>) -> BoxFuture<'_, sqlx::Result<Pool<Self>>> {
        connect::connect(url, connections).boxed()
    }

    fn begin(pool: &Pool<Self>) -> BoxFuture<'_, sqlx::Result<Transaction<'static, Self>>> {
        begin(pool, None).boxed()
    }

    fn begin_read(pool: &Pool<Self>) -> BoxFuture<'_, sqlx::Result<Transaction<'static, Self>>> {
        begin(pool, Some(SqlStr::from_static(BEGIN_READ))).boxed()
    }

    /// Placeholders have no numbers and sqlx can only append: the tenant gets here only where no placeholder of the
    /// caller's comes behind it. It is bound in the forms that `tenant-sql` writes as literals: a uuid as its 16 bytes.
    fn bind_tenant(arguments: &mut MySqlArguments, tenant: &TenantValue<'_>) -> Result<(), BoxDynError> {
        match *tenant {
            TenantValue::Text(text) => Arguments::add(arguments, text),
            TenantValue::Integer(number) => Arguments::add(arguments, number),
            TenantValue::Uuid(bits) => Arguments::add(arguments, bits.to_be_bytes().as_slice()),
        }
    }

    /// `IGNORE` turns errors into warnings: a tenant that does not fit its column would be cut, whatever the SQL mode,
    /// and may then be another (<https://dev.mysql.com/doc/refman/8.4/en/sql-mode.html#ignore-effect-on-execution>).
    fn admit(plan: &Plan) -> Result<(), Refusal> {
        let mut words =
            plan.sql().split_ascii_whitespace().take_while(|word| !word.eq_ignore_ascii_case("INTO"));
        let is_insert = plan.statement() == StatementKind::Insert;
        match is_insert && words.any(|word| word.eq_ignore_ascii_case("IGNORE")) {
            true => Err(Refusal::unsupported("IGNORE", "write ON DUPLICATE KEY UPDATE, or handle the error")),
            false => Ok(()),
        }
    }

    fn places_of<'a>(
        pool: &'a Pool<Self>,
        beside: &'a MySqlConnectOptions,
    ) -> BoxFuture<'a, sqlx::Result<Vec<Placement>>> {
        future::ready(Ok(place::of(&pool.connect_options(), beside).into_iter().collect())).boxed()
    }

    fn inside(options: &MySqlConnectOptions, placement: &Placement) -> MySqlConnectOptions {
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
        own_migrations([("stocks", include_str!("../../../migrations/mysql/0002_stocks.sql"))])
    }

    fn elsewhere(options: &MySqlConnectOptions, database: &PlaceName) -> MySqlConnectOptions {
        options.clone().database(database.as_str())
    }

    fn check(pool: &Pool<Self>) -> BoxFuture<'_, sqlx::Result<()>> {
        async { connect::check_texts(&mut *pool.acquire().await?).await }.boxed()
    }

    fn schema<'a>(pool: &'a Pool<Self>, wanted: &'a Wanted<'a>) -> BoxFuture<'a, sqlx::Result<Schema>> {
        introspect::schema(pool, wanted).boxed()
    }

    fn tenant_migrations() -> Migrator {
        own_migrations([
            ("tenants", include_str!("../../../migrations/mysql/0001_tenants.sql")),
            ("stocks", include_str!("../../../migrations/mysql/0002_stocks.sql")),
            ("placements", include_str!("../../../migrations/mysql/0003_placements.sql")),
            ("places", include_str!("../../../migrations/mysql/0004_places.sql")),
            ("moves", include_str!("../../../migrations/mysql/0005_moves.sql")),
            ("credentials", include_str!("../../../migrations/mysql/0006_credentials.sql")),
            ("host bases", include_str!("../../../migrations/mysql/0007_host_bases.sql")),
            ("settings", include_str!("../../../migrations/mysql/0008_settings.sql")),
            ("host claims", include_str!("../../../migrations/mysql/0009_host_claims.sql")),
            ("audit", include_str!("../../../migrations/mysql/0010_audit.sql")),
            ("usage", include_str!("../../../migrations/mysql/0011_usage.sql")),
            ("organisations", include_str!("../../../migrations/mysql/0012_organisations.sql")),
            ("trials", include_str!("../../../migrations/mysql/0013_trials.sql")),
            ("webhooks", include_str!("../../../migrations/mysql/0014_webhooks.sql")),
            ("second factors", include_str!("../../../migrations/mysql/0015_second_factors.sql")),
            ("jobs", include_str!("../../../migrations/mysql/0016_jobs.sql")),
            ("plan changes", include_str!("../../../migrations/mysql/0017_plan_changes.sql")),
            ("usage exports", include_str!("../../../migrations/mysql/0018_usage_exports.sql")),
            ("member pages", include_str!("../../../migrations/mysql/0019_member_pages.sql")),
            ("audit pages", include_str!("../../../migrations/mysql/0020_audit_pages.sql")),
        ])
    }

    fn migrate<'a>(pool: &'a Pool<Self>, migrator: &'a Migrator) -> BoxFuture<'a, sqlx::Result<Vec<i64>>> {
        migrate(pool, migrator).boxed()
    }

    fn ask(connection: &mut MySqlConnection, sql: SqlStr) -> BoxFuture<'_, sqlx::Result<Vec<Vec<Cell>>>> {
        rows::ask(connection, sql).boxed()
    }

    fn absence(error: &sqlx::Error) -> Option<Absence> {
        place::absence(error)
    }

    fn is_collision(error: &sqlx::Error) -> bool {
        error::is_collision(error)
    }

    fn execute<'a>(
        connection: &'a mut MySqlConnection,
        sql: Sql,
        cells: Vec<Cell>,
    ) -> BoxFuture<'a, sqlx::Result<u64>> {
        rows::execute(connection, sql, cells).boxed()
    }

    fn fetch<'a>(
        connection: &'a mut MySqlConnection,
        sql: Sql,
        cells: Vec<Cell>,
    ) -> BoxFuture<'a, sqlx::Result<Vec<Vec<Cell>>>> {
        rows::fetch(connection, sql, cells).boxed()
    }

    fn texts(
        connection: &mut MySqlConnection,
        sql: SqlStr,
    ) -> BoxStream<'_, sqlx::Result<Vec<Option<String>>>> {
        archiving::texts(connection, sql)
    }

    fn put(
        connection: &mut MySqlConnection,
        sql: SqlStr,
        texts: Vec<Option<String>>,
    ) -> BoxFuture<'_, sqlx::Result<u64>> {
        archiving::put(connection, sql, texts).boxed()
    }
}

/// So long a process waits for the one that migrates before it.
const LOCK: Sql = sql!("SELECT CAST(get_lock(concat('tenant_migrate_', md5(database())), 86400) AS SIGNED)");

/// Of several processes one migrates, and holds a named lock meanwhile. The one that sqlx takes is none on MariaDB,
/// which does not wait for ever for a negative number of seconds.
///
/// The lock belongs to the session and stays where a migration fails or is cancelled: so the session ends here,
/// whatever happens, and with it what a migration may have set.
async fn migrate(pool: &Pool<MySql>, migrator: &Migrator) -> sqlx::Result<Vec<i64>> {
    let mut connection = pool.acquire().await?;
    connection.close_on_drop();
    let lock = rows::glance(&mut connection, LOCK, vec![]).await?;
    if !lock.iter().flatten().any(Cell::is_true) {
        return Err(sqlx::Error::Protocol(
            "another process is migrating, and does not come to an end".into(),
        ));
    }
    Ok(apply(&mut *connection, migrator).await?)
}
