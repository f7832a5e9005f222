//! From a private PostgreSQL server with row-level security behind the rewriting, or alone: each statement in a
//! transaction that tells the server its tenant.
//!
//! Against a plain statement with the tenant in it, and against a plain transaction around one.

use std::rc::Rc;

use sqlx::{AssertSqlSafe, Pool, Postgres};
use tenant::{RowLevelSecurity, TenantDb};
use tenant_testkit::servers::Postgres as Server;

use super::{Reading, acme, notes, reader, runtime};
use crate::{BoxError, Contestant};

const PLAIN: &str = "SELECT text FROM notes WHERE tenant_id = $1 AND id = $2";
const SCOPED: &str = "SELECT text FROM notes WHERE id = $1";
const WALL: &str = "CREATE ROLE app LOGIN PASSWORD 'app';
    ALTER TABLE notes ENABLE ROW LEVEL SECURITY;
    CREATE POLICY tenant ON notes TO app
        USING (tenant_id = nullif(current_setting('app.current_tenant_id', true), ''));
    GRANT SELECT ON notes TO app;";

/// Who takes part.
///
/// # Errors
/// PostgreSQL is not installed, or failed.
pub fn contestants(now: Reading) -> Result<Vec<Contestant>, BoxError> {
    // It runs until the last contestant is gone.
    let server = Rc::new(Server::start()?);
    let url = server.database("benches")?;
    runtime()?.block_on(prepare(&url))?;
    let (_, place) = url.split_once('@').ok_or("the URL names no account")?;
    let app = format!("postgres://app:app@{place}");
    Ok(vec![
        plain("plain statement", now, &server, &url, false)?,
        walled("walled statement", now, &server, &app, (RowLevelSecurity::BehindRewriting, false))?,
        walled("statement behind policies alone", now, &server, &app, (RowLevelSecurity::Alone, false))?,
        plain("plain transaction", now, &server, &url, true)?,
        walled("walled transaction", now, &server, &app, (RowLevelSecurity::BehindRewriting, true))?,
    ])
}

fn plain(
    name: &'static str,
    now: Reading,
    server: &Rc<Server>,
    url: &str,
    in_transaction: bool,
) -> Result<Contestant, BoxError> {
    let (runtime, kept) = (runtime()?, Rc::clone(server));
    let pool = runtime.block_on(pool(url))?;
    Ok(reader(name, now, Box::new(runtime), async move |id| {
        let _kept = &kept;
        let query = sqlx::query_scalar(PLAIN).bind("acme").bind(id);
        if !in_transaction {
            return query.fetch_one(&pool).await;
        }
        let mut transaction = pool.begin().await?;
        let text = query.fetch_one(&mut *transaction).await?;
        transaction.commit().await?;
        Ok(text)
    }))
}

fn walled(
    name: &'static str,
    now: Reading,
    server: &Rc<Server>,
    url: &str,
    (wall, in_transaction): (RowLevelSecurity, bool),
) -> Result<Contestant, BoxError> {
    let (runtime, kept, tenant) = (runtime()?, Rc::clone(server), acme()?);
    let open = async { TenantDb::builder(pool(url).await?).row_level_security(wall).build().await };
    let db = runtime.block_on(open)?;
    Ok(reader(name, now, Box::new(runtime), async move |id| {
        let _kept = &kept;
        let query = sqlx::query_scalar(SCOPED).bind(id);
        if !in_transaction {
            return query.fetch_one(&db.scoped(&tenant)).await;
        }
        let mut transaction = db.begin(&tenant).await?;
        let text = query.fetch_one(&mut transaction).await?;
        transaction.commit().await?;
        Ok(text)
    }))
}

async fn pool(url: &str) -> sqlx::Result<Pool<Postgres>> {
    sqlx::pool::PoolOptions::new().test_before_acquire(false).max_connections(1).connect(url).await
}

async fn prepare(url: &str) -> sqlx::Result<()> {
    let pool = pool(url).await?;
    let tables = notes("TEXT COLLATE \"C\"", "ANALYZE");
    for statement in tables.into_iter().chain([WALL.to_owned()]) {
        sqlx::raw_sql(AssertSqlSafe(statement)).execute(&pool).await?;
    }
    pool.close().await;
    Ok(())
}
