//! Tenants in databases of their own, beside those in the tables of all.

use std::{
    process,
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use futures_util::{TryStreamExt, future::join_all};
use sqlx::migrate::{Migration, MigrationType, Migrator};
use tenant_core::{InMemoryConfigManager, PlaceName, Placement, TenantConfig, TenantContext};
use tenant_sqlx::{NoLongerActive, TenantDb};

use super::support::{Db, NOTES, Place, id, pool, refusal, setup, sql};

/// A name that no other test has given a database.
pub(crate) fn fresh() -> PlaceName {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    PlaceName::parse(&format!("t_{}_{number}", process::id())).unwrap()
}

pub(crate) fn migrator() -> Migrator {
    let sql = sqlx::SqlStr::from_static(NOTES);
    Migrator::with_migrations(vec![Migration::new(1, "notes".into(), MigrationType::Simple, sql, false)])
}

pub(crate) async fn living(name: &str, placement: Placement) -> TenantContext {
    let config = TenantConfig::builder(id(name)).placement(placement).build().unwrap();
    TenantContext::of(&InMemoryConfigManager::with([config]).unwrap(), &id(name)).await.unwrap()
}

/// With the tables of all, and room for so many connections to others.
async fn open(place: &Place, connections: u32) -> TenantDb<Db> {
    let db = TenantDb::open(&place.url()).await.unwrap().databases(connections).build().await.unwrap();
    db.provision(&Placement::Shared, &migrator()).await.unwrap();
    db
}

async fn own_database(db: &TenantDb<Db>, name: &str) -> TenantContext {
    let placement = Placement::Database(fresh());
    db.provision(&placement, &migrator()).await.unwrap();
    living(name, placement).await
}

pub(crate) async fn write(db: &TenantDb<Db>, tenant: &TenantContext, text: &str) -> sqlx::Result<()> {
    let insert = sqlx::query(sql("INSERT INTO notes (text) VALUES (?)")).bind(text.to_owned());
    insert.execute(&db.scoped(tenant)).await.map(drop)
}

pub(crate) async fn read(db: &TenantDb<Db>, tenant: &TenantContext) -> sqlx::Result<Vec<String>> {
    sqlx::query_scalar("SELECT text FROM notes ORDER BY text").fetch_all(&db.scoped(tenant)).await
}

async fn is_there(db: &TenantDb<Db>, tenant: &TenantContext) -> bool {
    read(db, tenant).await.is_ok()
}

#[tokio::test]
async fn each_lives_where_its_config_says_and_nowhere_else() {
    let place = Place::new();
    let db = open(&place, 4).await;
    let tenants = [
        living("acme", Placement::Shared).await,
        own_database(&db, "globex").await,
        own_database(&db, "initech").await,
    ];
    for tenant in &tenants {
        write(&db, tenant, &format!("{} 1", tenant.id())).await.unwrap();
        let mut tx = db.begin(tenant).await.unwrap();
        let insert = sql("INSERT INTO notes (text) VALUES (?)");
        sqlx::query(insert).bind(format!("{} 2", tenant.id())).execute(&mut tx).await.unwrap();
        tx.commit().await.unwrap();
        let mut tx = db.begin(tenant).await.unwrap();
        sqlx::query("DELETE FROM notes").execute(&mut tx).await.unwrap();
        drop(tx);
    }
    for tenant in &tenants {
        let own = [1, 2].map(|number| format!("{} {number}", tenant.id()));
        assert_eq!(read(&db, tenant).await.unwrap(), own);
        let first: Option<String> = sqlx::query_scalar("SELECT text FROM notes ORDER BY text")
            .fetch_optional(&db.scoped(tenant))
            .await
            .unwrap();
        assert_eq!(first.as_deref(), Some(&*own[0]));
    }
    let shared: i64 =
        sqlx::query_scalar("SELECT count(*) FROM notes").fetch_one(&db.unscoped(setup())).await.unwrap();
    assert_eq!(shared, 2, "the others' rows are elsewhere");
    db.close().await;
}

#[tokio::test]
async fn two_tenants_in_one_place_are_still_two() {
    let place = Place::new();
    let db = open(&place, 2).await;
    let acme = own_database(&db, "acme").await;
    let globex = living("globex", acme.config().placement.clone()).await;
    write(&db, &acme, "of acme").await.unwrap();
    write(&db, &globex, "of globex").await.unwrap();
    assert_eq!(read(&db, &acme).await.unwrap(), ["of acme"]);
    assert_eq!(read(&db, &globex).await.unwrap(), ["of globex"]);
    db.close().await;
}

#[tokio::test]
async fn a_place_that_is_not_there_is_an_error_and_not_another_place() {
    let place = Place::new();
    let db = open(&place, 2).await;
    let lost = living("lost", Placement::Database(fresh())).await;
    assert!(!is_there(&db, &lost).await);
    assert!(write(&db, &lost, "x").await.is_err() && db.begin(&lost).await.is_err());
    let plain = TenantDb::<Db>::connect(&place.url()).await.unwrap();
    for placement in [Placement::Database(fresh()), Placement::Schema(fresh()), Placement::Shard(fresh())] {
        let tenant = living("acme", placement.clone()).await;
        refusal(read(&plain, &tenant).await);
        refusal(write(&plain, &tenant, "x").await);
        refusal(plain.begin(&tenant).await);
        refusal(plain.provision(&placement, &migrator()).await);
    }
    db.close().await;
}

#[tokio::test]
async fn what_one_database_found_of_a_tenant_is_not_taken_by_another() {
    let places = [Place::new(), Place::new()];
    let shard = PlaceName::parse("east").unwrap();
    let open = async |place: &Place| {
        let east = Place::new();
        let pool = pool(&east, 2).await;
        let builder = TenantDb::<Db>::open(&place.url()).await.unwrap().shard(shard.clone(), pool);
        let db = builder.build().await.unwrap();
        db.provision(&Placement::Shared, &migrator()).await.unwrap();
        db.provision(&Placement::Shard(shard.clone()), &migrator()).await.unwrap();
        (db, east)
    };
    let [(one, _east), (other, _west)] = [open(&places[0]).await, open(&places[1]).await];
    let acme = living("acme", Placement::Shard(shard.clone())).await;
    write(&one, &acme, "in the one").await.unwrap();
    write(&other, &acme, "in the other").await.unwrap();
    assert_eq!(read(&one, &acme).await.unwrap(), ["in the one"]);
    assert_eq!(read(&other, &acme).await.unwrap(), ["in the other"]);
}

#[tokio::test]
async fn a_shard_holds_the_tables_of_many() {
    let (place, other) = (Place::new(), Place::new());
    let shard = PlaceName::parse("east").unwrap();
    let pool = pool(&other, 2).await;
    let db = TenantDb::open(&place.url()).await.unwrap().shard(shard.clone(), pool).build().await.unwrap();
    db.provision(&Placement::Shared, &migrator()).await.unwrap();
    db.provision(&Placement::Shard(shard.clone()), &migrator()).await.unwrap();
    let tenants = [
        living("acme", Placement::Shard(shard.clone())).await,
        living("globex", Placement::Shard(shard)).await,
        living("initech", Placement::Shared).await,
    ];
    for tenant in &tenants {
        write(&db, tenant, tenant.id().as_str()).await.unwrap();
    }
    for tenant in &tenants {
        assert_eq!(read(&db, tenant).await.unwrap(), [tenant.id().as_str()]);
    }
    let east = TenantDb::<Db>::connect(&other.url()).await.unwrap();
    let there: i64 =
        sqlx::query_scalar("SELECT count(*) FROM notes").fetch_one(&east.unscoped(setup())).await.unwrap();
    assert_eq!(there, 2);
    db.close().await;
    east.close().await;
}

#[tokio::test]
async fn what_is_in_use_stays_open_and_who_waits_gets_there() {
    let place = Place::new();
    let db = open(&place, 1).await;
    let (acme, globex) = (own_database(&db, "acme").await, own_database(&db, "globex").await);
    write(&db, &acme, "first").await.unwrap();
    let mut tx = db.begin(&acme).await.unwrap();
    let waits = tokio::spawn({
        let (db, globex) = (db.clone(), globex.clone());
        async move { write(&db, &globex, "second").await }
    });
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert!(!waits.is_finished(), "there is one connection, and it is in use");
    let texts: Vec<String> = sqlx::query_scalar("SELECT text FROM notes").fetch_all(&mut tx).await.unwrap();
    assert_eq!(texts, ["first"]);
    tx.commit().await.unwrap();
    waits.await.unwrap().unwrap();
    assert_eq!(db.connections_to_databases(), 1);
    // Whoever stops waiting leaves nothing behind.
    let tx = db.begin(&acme).await.unwrap();
    let gone = tokio::time::timeout(Duration::from_millis(50), read(&db, &globex)).await;
    assert!(gone.is_err());
    drop(tx);
    assert_eq!(read(&db, &globex).await.unwrap(), ["second"]);
    assert_eq!(read(&db, &acme).await.unwrap(), ["first"]);
    db.close().await;
}

/// How many there are; `TENANT_DATABASES` says otherwise.
fn many() -> usize {
    std::env::var("TENANT_DATABASES").ok().and_then(|many| many.parse().ok()).unwrap_or(12)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_databases_share_few_connections_and_nobody_starves() {
    const CONNECTIONS: u32 = 4;
    let place = Place::new();
    let db = open(&place, CONNECTIONS).await;
    let mut tenants = Vec::new();
    for number in 0..many() {
        tenants.push(own_database(&db, &format!("tenant-{number}")).await);
    }
    let until = tokio::time::Instant::now() + Duration::from_secs(3);
    // The first tenant asks for more than all others together.
    let heavy = (0..8).map(|_| tenants[0].clone());
    let tasks = tenants.iter().cloned().chain(heavy).map(|tenant| {
        let db = db.clone();
        tokio::spawn(async move {
            let (mut rounds, mut longest) = (0, Duration::ZERO);
            while tokio::time::Instant::now() < until || rounds == 0 {
                let asked = tokio::time::Instant::now();
                let text = format!("{}", tenant.id());
                write(&db, &tenant, &text).await.unwrap();
                let scoped = db.scoped(&tenant);
                let mut texts = sqlx::query_scalar::<_, String>("SELECT text FROM notes").fetch(&scoped);
                while let Some(own) = texts.try_next().await.unwrap() {
                    assert_eq!(own, text);
                }
                drop(texts);
                assert!(db.connections_to_databases() <= CONNECTIONS);
                (rounds, longest) = (rounds + 1, longest.max(asked.elapsed()));
            }
            (rounds, longest)
        })
    });
    let done: Vec<_> = join_all(tasks).await.into_iter().map(Result::unwrap).collect();
    let longest = done.iter().map(|(_, longest)| *longest).max().unwrap();
    println!("{} rounds, the longest took {longest:?}", done.iter().map(|(rounds, _)| rounds).sum::<usize>());
    assert!(longest < Duration::from_secs(25), "{longest:?}");
    db.close().await;
}

#[tokio::test]
async fn a_place_is_made_once_however_often_it_is_asked_for() {
    let place = Place::new();
    let db = open(&place, 2).await;
    let placement = Placement::Database(fresh());
    for _ in 0..2 {
        db.provision(&placement, &migrator()).await.unwrap();
    }
    let tenant = living("acme", placement.clone()).await;
    write(&db, &tenant, "kept").await.unwrap();
    db.provision(&placement, &migrator()).await.unwrap();
    assert_eq!(read(&db, &tenant).await.unwrap(), ["kept"]);
    db.close().await;
}

#[tokio::test]
async fn a_place_that_was_torn_down_is_gone() {
    let place = Place::new();
    let db = open(&place, 1).await;
    let (acme, globex) = (own_database(&db, "acme").await, own_database(&db, "globex").await);
    write(&db, &acme, "x").await.unwrap();
    // Another one takes its room.
    write(&db, &globex, "y").await.unwrap();
    db.tear_down(&acme.config().placement, setup()).await.unwrap();
    assert!(!is_there(&db, &acme).await);
    assert_eq!(read(&db, &globex).await.unwrap(), ["y"]);
    db.close().await;
}

#[tokio::test]
async fn a_suspended_tenant_is_refused_wherever_it_lives() {
    let place = Place::new();
    let db = open(&place, 1).await;
    let acme = own_database(&db, "acme").await;
    let tx = db.begin(&acme).await.unwrap();
    acme.record().retire();
    assert!(NoLongerActive::of(&tx.commit().await.unwrap_err()).is_some());
    assert!(NoLongerActive::of(&read(&db, &acme).await.unwrap_err()).is_some());
    db.close().await;
}

#[tokio::test]
async fn the_database_of_all_is_nobodys_own() {
    let place = Place::new();
    let db = open(&place, 2).await;
    let url = place.url();
    let (_, name) = url.split('?').next().unwrap().rsplit_once('/').unwrap();
    let name = PlaceName::parse(name.strip_suffix(".db").unwrap_or(name)).unwrap();
    let of_all = living("acme", Placement::Shared).await;
    write(&db, &of_all, "of all").await.unwrap();
    let own = Placement::Database(name);
    let tenant = living("globex", own.clone()).await;
    refusal(read(&db, &tenant).await);
    refusal(db.begin(&tenant).await);
    refusal(db.provision(&own, &migrator()).await);
    refusal(db.tear_down(&own, setup()).await);
    assert_eq!(read(&db, &of_all).await.unwrap(), ["of all"]);
    db.close().await;
    let again = open(&place, 1).await;
    assert_eq!(read(&again, &of_all).await.unwrap(), ["of all"]);
    again.close().await;
}

#[tokio::test]
async fn a_place_that_was_used_and_torn_down_is_gone_with_all_that_was_in_it() {
    let place = Place::new();
    let db = open(&place, 2).await;
    let acme = own_database(&db, "acme").await;
    let placement = acme.config().placement.clone();
    write(&db, &acme, "old").await.unwrap();
    db.tear_down(&placement, setup()).await.unwrap();
    assert!(!is_there(&db, &acme).await, "its connections are still there");
    db.provision(&placement, &migrator()).await.unwrap();
    assert_eq!(read(&db, &acme).await.unwrap(), [""; 0], "of who lived there before");
    write(&db, &acme, "new").await.unwrap();
    let again = TenantDb::open(&place.url()).await.unwrap().databases(2).build().await.unwrap();
    assert_eq!(read(&again, &acme).await.unwrap(), ["new"]);
    again.close().await;
    // Whoever uses it is not cut off.
    let mut tx = db.begin(&acme).await.unwrap();
    assert!(db.tear_down(&placement, setup()).await.is_err());
    let texts: Vec<String> = sqlx::query_scalar("SELECT text FROM notes").fetch_all(&mut tx).await.unwrap();
    assert_eq!(texts, ["new"]);
    tx.commit().await.unwrap();
    db.tear_down(&placement, setup()).await.unwrap();
    db.close().await;
}

#[tokio::test]
async fn nothing_is_opened_any_more_once_it_was_closed() {
    let place = Place::new();
    let db = open(&place, 1).await;
    let (acme, globex) = (own_database(&db, "acme").await, own_database(&db, "globex").await);
    write(&db, &acme, "x").await.unwrap();
    let tx = db.begin(&acme).await.unwrap();
    let waits = tokio::spawn({
        let (db, globex) = (db.clone(), globex.clone());
        async move { read(&db, &globex).await }
    });
    tokio::time::sleep(Duration::from_millis(50)).await;
    let closes = tokio::spawn({
        let db = db.clone();
        async move { db.close().await }
    });
    let waited = tokio::time::timeout(Duration::from_secs(5), waits).await;
    assert!(
        matches!(waited.unwrap().unwrap(), Err(sqlx::Error::PoolClosed)),
        "it waits for what never opens"
    );
    tx.commit().await.unwrap();
    closes.await.unwrap();
    for tenant in [&acme, &globex] {
        assert!(matches!(read(&db, tenant).await, Err(sqlx::Error::PoolClosed)));
    }
    assert_eq!(db.connections_to_databases(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_requests_of_one_keep_nobody_else_out() {
    let place = Place::new();
    let db = open(&place, 1).await;
    let (acme, globex) = (own_database(&db, "acme").await, own_database(&db, "globex").await);
    write(&db, &globex, "waits").await.unwrap();
    let crowd: Vec<_> = (0..100)
        .map(|_| {
            let (db, acme) = (db.clone(), acme.clone());
            tokio::spawn(async move {
                let tx = db.begin(&acme).await?;
                tokio::time::sleep(Duration::from_millis(50)).await;
                tx.rollback().await
            })
        })
        .collect();
    tokio::time::sleep(Duration::from_millis(20)).await;
    let waited = tokio::time::timeout(Duration::from_secs(2), read(&db, &globex)).await;
    assert_eq!(waited.expect("the crowd comes first").unwrap(), ["waits"]);
    assert!(!crowd.iter().all(tokio::task::JoinHandle::is_finished));
    for one in crowd {
        one.await.unwrap().unwrap();
    }
    db.close().await;
}
