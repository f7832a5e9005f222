//! From a private PostgreSQL server, over the loopback interface.

use std::{rc::Rc, time::Duration};

use sqlx::{Pool, Postgres};
use tenant::{TenantContext, TenantDb};
use tenant_testkit::servers::Postgres as Server;
use tokio::runtime::Runtime;

use super::{ROWS, Reading, acme, runtime, timed};
use crate::{BoxError, Contestant};

const PLAIN: &str = "SELECT text FROM notes WHERE tenant_id = $1 AND id = $2";
const SCOPED: &str = "SELECT text FROM notes WHERE id = $1";

/// Who takes part.
///
/// # Errors
/// PostgreSQL is not installed, or failed.
pub fn contestants(now: Reading) -> Result<Vec<Contestant>, BoxError> {
    let server = Rc::new(Server::start()?);
    let url = server.database("benches")?;
    prepare(&url)?;
    let scoped = Scoped::open(&url, Rc::clone(&server))?;
    let plain = Plain::open(&url, server)?;
    Ok(vec![
        Contestant::timed("scoped", move |turns| scoped.read(now, turns)),
        Contestant::timed("explicit predicate", move |turns| plain.read(now, turns)),
    ])
}

/// The server ends when the last contestant is gone.
struct Plain {
    pool: Pool<Postgres>,
    runtime: Runtime,
    _server: Rc<Server>,
}

impl Plain {
    fn open(url: &str, server: Rc<Server>) -> Result<Self, BoxError> {
        let runtime = runtime()?;
        let pool = runtime.block_on(pool(url))?;
        Ok(Self { pool, runtime, _server: server })
    }

    fn read(&self, now: Reading, turns: u64) -> Duration {
        timed(now, &self.runtime, turns, async |id| {
            sqlx::query_scalar(PLAIN).bind("acme").bind(id).fetch_one(&self.pool).await
        })
    }
}

struct Scoped {
    db: TenantDb<Postgres>,
    tenant: TenantContext,
    runtime: Runtime,
    _server: Rc<Server>,
}

impl Scoped {
    fn open(url: &str, server: Rc<Server>) -> Result<Self, BoxError> {
        let runtime = runtime()?;
        let db = runtime.block_on(async { TenantDb::builder(pool(url).await?).build().await })?;
        Ok(Self { db, tenant: acme()?, runtime, _server: server })
    }

    fn read(&self, now: Reading, turns: u64) -> Duration {
        timed(now, &self.runtime, turns, async |id| {
            sqlx::query_scalar(SCOPED).bind(id).fetch_one(&self.db.scoped(&self.tenant)).await
        })
    }
}

async fn pool(url: &str) -> sqlx::Result<Pool<Postgres>> {
    sqlx::pool::PoolOptions::new().test_before_acquire(false).max_connections(1).connect(url).await
}

fn prepare(url: &str) -> Result<(), BoxError> {
    runtime()?.block_on(async {
        let pool = pool(url).await?;
        let mut transaction = pool.begin().await?;
        sqlx::query(
            "CREATE TABLE notes (
                tenant_id TEXT COLLATE \"C\" NOT NULL, id BIGINT NOT NULL, text TEXT COLLATE \"C\" NOT NULL,
                PRIMARY KEY (tenant_id, id)
            )",
        )
        .execute(&mut *transaction)
        .await?;
        for tenant in ["acme", "globex"] {
            for id in 1..=ROWS {
                sqlx::query("INSERT INTO notes (tenant_id, id, text) VALUES ($1, $2, $3)")
                    .bind(tenant)
                    .bind(id)
                    .bind(format!("{tenant}'s note {id}"))
                    .execute(&mut *transaction)
                    .await?;
            }
        }
        transaction.commit().await?;
        // So that both are planned by what is there.
        sqlx::query("ANALYZE").execute(&pool).await?;
        pool.close().await;
        Ok(())
    })
}
