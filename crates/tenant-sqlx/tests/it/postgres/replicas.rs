//! Reads from a real replica, which stands still when it is told to.

use std::{sync::Arc, time::Duration};

use futures_util::TryStreamExt;
use sqlx::{AssertSqlSafe, Connection, PgConnection, Pool, Postgres, postgres::PgPoolOptions};
use tenant_core::{
    Clock, ConfigStore, ManualClock, Placement, TenantConfig, TenantContext, TenantId, UnixTime,
};
use tenant_sqlx::{DbConfigManager, MoveOptions, TenantDb};
use tenant_testkit::servers::{Postgres as Server, ServerOptions};

use super::suite::places::{fresh, living, migrator, read, write};

const BEHIND: Duration = Duration::from_secs(5);

struct House {
    primary: Server,
    replica: Server,
    url: String,
    copy: String,
    clock: Arc<ManualClock>,
}

impl House {
    async fn new() -> Self {
        let options =
            ServerOptions::default().setting("wal_level", "replica").setting("max_wal_senders", "4");
        let primary = Server::start_with(&options).unwrap();
        let url = primary.database("tenants").unwrap();
        let db = plain(&url).await;
        db.provision(&Placement::Shared, &migrator()).await.unwrap();
        db.close().await;
        let replica = primary.replica().unwrap();
        let copy = replica.same_database(&url);
        let clock = Arc::new(ManualClock::starting_at(UnixTime::from_secs(1_700_000_000)));
        Self { primary, replica, url, copy, clock }
    }

    async fn open(&self) -> TenantDb<Postgres> {
        let replica = pool(&self.copy).await;
        TenantDb::builder(pool(&self.url).await)
            .clock(Arc::clone(&self.clock) as Arc<dyn Clock>)
            .replicas([replica], BEHIND)
            .build()
            .await
            .unwrap()
    }

    /// What is written from now on does not reach the replica.
    async fn stand_still(&self) {
        self.catch_up().await;
        self.on(&self.replica.url(), "SELECT pg_wal_replay_pause()").await;
        loop {
            let state: String = self.ask(&self.replica.url(), "SELECT pg_get_wal_replay_pause_state()").await;
            if state == "paused" {
                return;
            }
        }
    }

    async fn go_on(&self) {
        self.on(&self.replica.url(), "SELECT pg_wal_replay_resume()").await;
        self.catch_up().await;
    }

    async fn catch_up(&self) {
        let written: String = self.ask(&self.primary.url(), "SELECT pg_current_wal_insert_lsn()::text").await;
        let sql = format!("SELECT (pg_last_wal_replay_lsn() >= '{written}')::text");
        while self.ask(&self.replica.url(), &sql).await != "true" {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    async fn on(&self, url: &str, sql: &str) {
        let mut connection = PgConnection::connect(url).await.unwrap();
        sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(&mut connection).await.unwrap();
    }

    async fn ask(&self, url: &str, sql: &str) -> String {
        let mut connection = PgConnection::connect(url).await.unwrap();
        sqlx::query_scalar(AssertSqlSafe(sql.to_owned())).fetch_one(&mut connection).await.unwrap()
    }
}

async fn pool(url: &str) -> Pool<Postgres> {
    PgPoolOptions::new().max_connections(2).connect(url).await.unwrap()
}

/// Without the replica.
async fn plain(url: &str) -> TenantDb<Postgres> {
    TenantDb::builder(pool(url).await).build().await.unwrap()
}

async fn tenants() -> (TenantContext, TenantContext) {
    (living("acme", Placement::Shared).await, living("globex", Placement::Shared).await)
}

#[tokio::test]
async fn who_has_written_reads_its_own_writes_and_others_read_the_copy() {
    let (house, (acme, globex)) = (House::new().await, tenants().await);
    let (db, elsewhere) = (house.open().await, plain(&house.url).await);
    write(&elsewhere, &globex, "old").await.unwrap();
    house.stand_still().await;
    write(&elsewhere, &globex, "new").await.unwrap();
    write(&db, &acme, "own").await.unwrap();
    assert_eq!(read(&db, &acme).await.unwrap(), ["own"], "its own write");
    assert_eq!(read(&db, &globex).await.unwrap(), ["old"], "from the copy");
    house.clock.advance(BEHIND);
    assert_eq!(read(&db, &acme).await.unwrap(), [""; 0], "from the copy, which stands still");
    let mut tx = db.begin(&acme).await.unwrap();
    let texts: Vec<String> = sqlx::query_scalar("SELECT text FROM notes").fetch_all(&mut tx).await.unwrap();
    assert_eq!(texts, ["own"], "a transaction goes where writes go");
    sqlx::query("UPDATE notes SET text = 'changed'").execute(&mut tx).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(read(&db, &acme).await.unwrap(), ["changed"], "and its commit is a write");
    let locked: Vec<String> = sqlx::query_scalar("SELECT text FROM notes ORDER BY text FOR UPDATE")
        .fetch_all(&db.scoped(&globex))
        .await
        .unwrap();
    assert_eq!(locked, ["new", "old"], "what locks goes where writes go");
    house.go_on().await;
    assert_eq!(read(&db, &globex).await.unwrap(), ["new", "old"]);
}

#[tokio::test]
async fn who_has_moved_finds_its_rows_though_the_copy_has_none_yet() {
    let house = House::new().await;
    let db = TenantDb::builder(pool(&house.url).await)
        .clock(Arc::clone(&house.clock) as Arc<dyn Clock>)
        .replicas([pool(&house.copy).await], BEHIND)
        .schemas()
        .build()
        .await
        .unwrap();
    let configs = DbConfigManager::new(&db);
    configs.migrate().await.unwrap();
    let own = Placement::Schema(fresh());
    db.provision(&own, &migrator()).await.unwrap();
    let id = TenantId::parse("acme").unwrap();
    configs.create(TenantConfig::builder(id).placement(own).build().unwrap()).await.unwrap();
    let acme = TenantContext::of(&configs, &id).await.unwrap();
    write(&db, &acme, "mine").await.unwrap();
    house.clock.advance(BEHIND);
    house.stand_still().await;
    let options = MoveOptions::new().grace(Duration::ZERO);
    db.move_tenant(&configs, &id, &Placement::Shared, &migrator(), &options).await.unwrap();
    let moved = TenantContext::of(&configs, &id).await.unwrap();
    assert_eq!(read(&db, &moved).await.unwrap(), ["mine"]);
    house.go_on().await;
}

#[tokio::test]
async fn a_write_that_nobody_waited_for_is_one() {
    let (house, (acme, _)) = (House::new().await, tenants().await);
    let db = house.open().await;
    house.stand_still().await;
    let _ = tokio::time::timeout(Duration::from_micros(300), write(&db, &acme, "x")).await;
    // Whether it happened or not, it is the primary that knows.
    let primary = plain(&house.url).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(read(&db, &acme).await.unwrap(), read(&primary, &acme).await.unwrap());
    house.go_on().await;
}

#[tokio::test]
async fn a_write_is_one_from_its_beginning_until_long_after_its_end() {
    let (house, (acme, _)) = (House::new().await, tenants().await);
    let (db, elsewhere) = (house.open().await, plain(&house.url).await);
    write(&elsewhere, &acme, "old").await.unwrap();
    house.stand_still().await;

    // The server is done with it, and nobody has heard its end.
    let scoped = db.scoped(&acme);
    let mut steps = sqlx::query("UPDATE notes SET text = 'first' RETURNING text").fetch(&scoped);
    steps.try_next().await.unwrap().unwrap();
    while read(&elsewhere, &acme).await.unwrap() != ["first"] {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(read(&db, &acme).await.unwrap(), ["first"]);
    drop(steps);

    // It takes longer than the copy is behind.
    let mut others = elsewhere.begin(&acme).await.unwrap();
    sqlx::query("UPDATE notes SET text = 'undone'").execute(&mut others).await.unwrap();
    let waits = tokio::spawn({
        let (db, acme) = (db.clone(), acme.clone());
        async move { sqlx::query("UPDATE notes SET text = 'second'").execute(&db.scoped(&acme)).await }
    });
    let waiting = "SELECT (count(*) > 0)::text FROM pg_locks WHERE NOT granted";
    while house.ask(&house.url, waiting).await != "true" {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    house.clock.advance(BEHIND);
    others.rollback().await.unwrap();
    waits.await.unwrap().unwrap();
    assert_eq!(read(&db, &acme).await.unwrap(), ["second"]);
    house.go_on().await;
}

#[tokio::test]
async fn without_its_copy_a_read_goes_where_writes_go() {
    let (house, (acme, _)) = (House::new().await, tenants().await);
    let db = house.open().await;
    write(&db, &acme, "x").await.unwrap();
    house.clock.advance(BEHIND);
    let House { primary: _primary, replica, .. } = house;
    replica.stop();
    for _ in 0..3 {
        assert_eq!(read(&db, &acme).await.unwrap(), ["x"]);
    }
}
