//! Many tasks of many tenants on few connections, dropped at random wherever they stand.
//!
//! `TENANT_HAMMER_SECONDS` says for how long (default 3).

use std::{
    env,
    sync::Arc,
    time::{Duration, Instant},
};

use futures_util::{TryStreamExt, future::join_all};
use parking_lot::Mutex;
use sqlx::error::DatabaseError;
use tenant_core::{ConfigStore, TenantContext};
use tenant_sqlx::{DbConfigManager, TenantDb};

use super::support::{Db, Place, USERS, add, config, id, setup, sql};

const TENANTS: usize = 50;
const TASKS: u64 = 64;
const CONNECTIONS: u32 = 5;
const CANARY: &str = "canary";

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nobody_gets_anything_of_another_and_nothing_acknowledged_is_lost() {
    let place = Place::new();
    let db = TenantDb::open_with(&place.url(), CONNECTIONS).await.unwrap().build().await.unwrap();
    let tenants = move_in(&db).await;
    let ledger = hammer(&db, &tenants).await;
    all_connections_are_there(&db, &tenants).await;
    db.close().await;
    audit(&TenantDb::connect(&place.url()).await.unwrap(), &tenants, &ledger).await;
}

/// All tasks, until their time is over.
pub(crate) async fn hammer(db: &TenantDb<Db>, tenants: &Arc<[TenantContext]>) -> Arc<Ledger> {
    let ledger = Arc::new(Ledger::default());
    let until = Instant::now() + duration();
    let tasks = (0..TASKS).map(|seed| {
        let task = Task {
            db: db.clone(),
            tenants: Arc::clone(tenants),
            ledger: Arc::clone(&ledger),
            random: Random(seed + 1),
        };
        tokio::spawn(task.run(until))
    });
    for task in join_all(tasks).await {
        task.unwrap();
    }
    ledger.is_worth_something();
    ledger
}

/// Reads through all of them at once; those that were dropped last are still on their way back.
async fn all_connections_are_there(db: &TenantDb<Db>, tenants: &[TenantContext]) {
    let scoped: Vec<_> = tenants.iter().map(|tenant| db.scoped(tenant)).collect();
    let mut streams = Vec::new();
    for scoped in scoped.iter().take(CONNECTIONS as usize) {
        let mut stream = sqlx::query("SELECT email FROM users").fetch(scoped);
        assert!(stream.try_next().await.unwrap().is_some());
        streams.push(stream);
    }
}

fn duration() -> Duration {
    let seconds = env::var("TENANT_HAMMER_SECONDS").ok().and_then(|seconds| seconds.parse().ok());
    Duration::from_secs(seconds.unwrap_or(3))
}

pub(crate) async fn move_in(db: &TenantDb<Db>) -> Arc<[TenantContext]> {
    db.migrate_tenants().await.unwrap();
    sqlx::raw_sql(USERS).execute(&db.unscoped(setup())).await.unwrap();
    db.refresh_catalog().await.unwrap();
    settle(db).await
}

/// As many tenants as there are, each with a row.
async fn settle(db: &TenantDb<Db>) -> Arc<[TenantContext]> {
    let configs = DbConfigManager::new(db);
    let mut tenants = Vec::new();
    for number in 0..TENANTS {
        let name = format!("tenant-{number}");
        configs.create(config(&name)).await.unwrap();
        let tenant = TenantContext::of(&configs, &id(&name)).await.unwrap();
        add(db, &tenant, &email(CANARY, &tenant)).await;
        tenants.push(tenant);
    }
    tenants.into()
}

fn email(name: &str, tenant: &TenantContext) -> String {
    format!("{name}@{}", tenant.id())
}

/// What was acknowledged.
#[derive(Default)]
pub(crate) struct Ledger {
    kept: Mutex<Vec<String>>,
    undone: Mutex<Vec<String>>,
    counts: Mutex<Counts>,
}

#[derive(Debug, Default)]
struct Counts {
    done: u64,
    dropped: u64,
}

impl Ledger {
    fn is_worth_something(&self) {
        let counts = self.counts.lock();
        println!("{counts:?}, {} kept, {} undone", self.kept.lock().len(), self.undone.lock().len());
        assert!(counts.done > 100 && counts.dropped > 100, "{counts:?}");
    }
}

/// Every row is where its text says it belongs; what was acknowledged is there, and what was undone is not.
pub(crate) async fn audit(db: &TenantDb<Db>, tenants: &[TenantContext], ledger: &Ledger) {
    let rows: Vec<(String, String)> =
        sqlx::query_as("SELECT tenant_id, email FROM users").fetch_all(&db.unscoped(setup())).await.unwrap();
    let strays: Vec<_> =
        rows.iter().filter(|(tenant, email)| !email.ends_with(&format!("@{tenant}"))).collect();
    assert!(strays.is_empty(), "{strays:?}");
    let there: std::collections::HashSet<_> = rows.into_iter().map(|(_, email)| email).collect();
    let lost: Vec<_> = ledger.kept.lock().iter().filter(|email| !there.contains(*email)).cloned().collect();
    assert!(lost.is_empty(), "{} lost: {lost:?}", lost.len());
    let back: Vec<_> = ledger.undone.lock().iter().filter(|email| there.contains(*email)).cloned().collect();
    assert!(back.is_empty(), "{} are back: {back:?}", back.len());
    assert!(tenants.iter().all(|tenant| there.contains(&email(CANARY, tenant))));
}

struct Task {
    db: TenantDb<Db>,
    tenants: Arc<[TenantContext]>,
    ledger: Arc<Ledger>,
    random: Random,
}

impl Task {
    async fn run(mut self, until: Instant) {
        while Instant::now() < until {
            let tenant = self.tenants[self.random.below(TENANTS as u64) as usize].clone();
            let (deed, name) = (self.random.below(6), format!("row-{}", self.random.next()));
            let email = email(&name, &tenant);
            // Half of them may go on to their end.
            let patience = if self.random.below(2) == 0 { u64::MAX } else { self.random.below(60) };
            let answer = tokio::select! {
                biased;
                done = self.deed(deed, &tenant, &email) => Some(done),
                () = turns(patience) => None,
            };
            let mut counts = self.ledger.counts.lock();
            match answer {
                Some(answer) => {
                    counts.done += 1;
                    is_fine(answer);
                }
                None => counts.dropped += 1,
            }
        }
    }

    async fn deed(&self, deed: u64, tenant: &TenantContext, email: &str) -> Result<(), sqlx::Error> {
        match deed {
            0 => self.look(tenant).await,
            1 => self.look_at_one(tenant).await,
            2 => self.write(tenant, email).await,
            3 => self.write_together(tenant, email).await,
            4 => self.write_and_undo(tenant, email).await,
            _ => self.change(tenant).await,
        }
    }

    async fn look(&self, tenant: &TenantContext) -> Result<(), sqlx::Error> {
        let query = sql("SELECT tenant_id, email FROM users WHERE active = ?");
        let rows: Vec<(String, String)> =
            sqlx::query_as(query).bind(true).fetch_all(&self.db.scoped(tenant)).await?;
        assert!(rows.iter().all(|(owner, _)| owner == tenant.id().as_str()), "{}: {rows:?}", tenant.id());
        assert!(rows.iter().any(|(_, text)| *text == email(CANARY, tenant)), "{}: {rows:?}", tenant.id());
        Ok(())
    }

    /// Leaves a stream after its first row.
    async fn look_at_one(&self, tenant: &TenantContext) -> Result<(), sqlx::Error> {
        let scoped = self.db.scoped(tenant);
        let mut rows = sqlx::query_scalar::<_, String>("SELECT tenant_id FROM users").fetch(&scoped);
        assert_eq!(rows.try_next().await?.as_deref(), Some(tenant.id().as_str()));
        Ok(())
    }

    async fn write(&self, tenant: &TenantContext, email: &str) -> Result<(), sqlx::Error> {
        let insert = sql("INSERT INTO users (email) VALUES (?)");
        let done = sqlx::query(insert).bind(email.to_owned()).execute(&self.db.scoped(tenant)).await?;
        assert_eq!(done.rows_affected(), 1);
        self.ledger.kept.lock().push(email.to_owned());
        Ok(())
    }

    async fn write_together(&self, tenant: &TenantContext, email: &str) -> Result<(), sqlx::Error> {
        let mut tx = self.db.begin(tenant).await?;
        let insert = sql("INSERT INTO users (email) VALUES (?)");
        sqlx::query(insert).bind(email.to_owned()).execute(&mut tx).await?;
        let mut savepoint = tx.begin().await?;
        sqlx::query(sql("DELETE FROM users WHERE email = ?"))
            .bind(email.to_owned())
            .execute(&mut savepoint)
            .await?;
        savepoint.rollback().await?;
        tx.commit().await?;
        self.ledger.kept.lock().push(email.to_owned());
        Ok(())
    }

    async fn write_and_undo(&self, tenant: &TenantContext, email: &str) -> Result<(), sqlx::Error> {
        // Whatever becomes of it: it is never committed.
        self.ledger.undone.lock().push(email.to_owned());
        let mut tx = self.db.begin(tenant).await?;
        let insert = sql("INSERT INTO users (email) VALUES (?)");
        sqlx::query(insert).bind(email.to_owned()).execute(&mut tx).await?;
        let owner: String = sqlx::query_scalar(sql("SELECT tenant_id FROM users WHERE email = ?"))
            .bind(email.to_owned())
            .fetch_one(&mut tx)
            .await?;
        assert_eq!(owner, tenant.id().as_str());
        drop(tx);
        Ok(())
    }

    async fn change(&self, tenant: &TenantContext) -> Result<(), sqlx::Error> {
        let update = sql("UPDATE users SET active = true WHERE email = ?");
        let canary = email(CANARY, tenant);
        let done = sqlx::query(update).bind(canary).execute(&self.db.scoped(tenant)).await?;
        assert_eq!(done.rows_affected(), 1);
        Ok(())
    }
}

/// Of two that wait for each other a database may end one. Nothing else goes wrong.
fn is_fine(answer: Result<(), sqlx::Error>) {
    if let Err(error) = answer {
        let code = error.as_database_error().and_then(DatabaseError::code);
        assert!(matches!(code.as_deref(), Some("40001" | "40P01")), "{error:?}");
    }
}

async fn turns(count: u64) {
    for _ in 0..count {
        tokio::task::yield_now().await;
    }
}

/// A xorshift generator (Marsaglia, 2003): the same deeds in each run.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }
}
