//! From a private MariaDB server, over the loopback interface.

use std::{rc::Rc, time::Duration};

use sqlx::{MySql, Pool};
use tenant::{TenantContext, TenantDb};
use tenant_testkit::servers::MariaDb;
use tokio::runtime::Runtime;

use super::{ROWS, Reading, acme, runtime, timed};
use crate::{BoxError, Contestant};

const PLAIN: &str = "SELECT text FROM notes WHERE tenant_id = ? AND id = ?";
const SCOPED: &str = "SELECT text FROM notes WHERE id = ?";

/// Who takes part.
///
/// # Errors
/// MariaDB is not installed, or failed.
pub fn contestants(now: Reading) -> Result<Vec<Contestant>, BoxError> {
    let server = Rc::new(MariaDb::start()?);
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
    pool: Pool<MySql>,
    runtime: Runtime,
    _server: Rc<MariaDb>,
}

impl Plain {
    fn open(url: &str, server: Rc<MariaDb>) -> Result<Self, BoxError> {
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
    db: TenantDb<MySql>,
    tenant: TenantContext,
    runtime: Runtime,
    _server: Rc<MariaDb>,
}

impl Scoped {
    fn open(url: &str, server: Rc<MariaDb>) -> Result<Self, BoxError> {
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

async fn pool(url: &str) -> sqlx::Result<Pool<MySql>> {
    sqlx::pool::PoolOptions::new().test_before_acquire(false).max_connections(1).connect(url).await
}

fn prepare(url: &str) -> Result<(), BoxError> {
    runtime()?.block_on(async {
        let pool = pool(url).await?;
        let mut transaction = pool.begin().await?;
        sqlx::query(
            "CREATE TABLE notes (
                tenant_id VARCHAR(63) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL, id BIGINT NOT NULL, text VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
                PRIMARY KEY (tenant_id, id)
            )",
        )
        .execute(&mut *transaction)
        .await?;
        for tenant in ["acme", "globex"] {
            for id in 1..=ROWS {
                sqlx::query("INSERT INTO notes (tenant_id, id, text) VALUES (?, ?, ?)")
                    .bind(tenant)
                    .bind(id)
                    .bind(format!("{tenant}'s note {id}"))
                    .execute(&mut *transaction)
                    .await?;
            }
        }
        transaction.commit().await?;
        // So that both are planned by what is there.
        sqlx::query("ANALYZE TABLE notes").execute(&pool).await?;
        pool.close().await;
        Ok(())
    })
}
