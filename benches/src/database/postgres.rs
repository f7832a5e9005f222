//! From a private PostgreSQL server, over the loopback interface.

use std::rc::Rc;

use sqlx::{AssertSqlSafe, Pool, Postgres};
use tenant::TenantDb;
use tenant_testkit::servers::Postgres as Server;

use super::{Reading, acme, notes, reader, runtime};
use crate::{BoxError, Contestant};

const PLAIN: &str = "SELECT text FROM notes WHERE tenant_id = $1 AND id = $2";
const SCOPED: &str = "SELECT text FROM notes WHERE id = $1";

/// Who takes part.
///
/// # Errors
/// PostgreSQL is not installed, or failed.
pub fn contestants(now: Reading) -> Result<Vec<Contestant>, BoxError> {
    // It runs until the last contestant is gone.
    let server = Rc::new(Server::start()?);
    let url = server.database("benches")?;
    let (ours, theirs) = (runtime()?, runtime()?);
    ours.block_on(prepare(&url))?;
    let db = ours.block_on(async { TenantDb::builder(pool(&url).await?).build().await })?;
    let pool = theirs.block_on(pool(&url))?;
    let (tenant, kept) = (acme()?, Rc::clone(&server));
    Ok(vec![
        reader("scoped", now, Box::new(ours), async move |id| {
            let _kept = &kept;
            sqlx::query_scalar(SCOPED).bind(id).fetch_one(&db.scoped(&tenant)).await
        }),
        reader("explicit predicate", now, Box::new(theirs), async move |id| {
            let _kept = &server;
            sqlx::query_scalar(PLAIN).bind("acme").bind(id).fetch_one(&pool).await
        }),
    ])
}

async fn pool(url: &str) -> sqlx::Result<Pool<Postgres>> {
    sqlx::pool::PoolOptions::new().test_before_acquire(false).max_connections(1).connect(url).await
}

async fn prepare(url: &str) -> sqlx::Result<()> {
    let pool = pool(url).await?;
    for statement in notes("TEXT COLLATE \"C\"", "ANALYZE") {
        sqlx::raw_sql(AssertSqlSafe(statement)).execute(&pool).await?;
    }
    pool.close().await;
    Ok(())
}
