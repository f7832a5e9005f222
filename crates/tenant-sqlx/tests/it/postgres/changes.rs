//! What one instance changes the others hear of, through the database.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use sqlx::postgres::PgListener;
use tenant_core::{
    CachedConfigs, ConfigManager, ConfigStore, ConfigStoreExt, TenantConfig, TenantContext, TenantId,
    TenantStatus,
};
use tenant_core::{ConfigAnnouncer, ConfigChange};
use tenant_sqlx::{DbConfigManager, PgAnnouncer, PgChangeReader, TenantDb};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::watch,
};

use super::database::{Db, Place, pool};

const SECOND: Duration = Duration::from_secs(1);

struct Instance {
    configs: Arc<CachedConfigs<DbConfigManager<Db>>>,
    _reader: PgChangeReader,
}

async fn instance(place: &Place) -> Instance {
    instance_at(&place.url()).await
}

async fn instance_at(url: &str) -> Instance {
    let db = TenantDb::<Db>::connect(url).await.unwrap();
    db.migrate_tenants().await.unwrap();
    let configs = DbConfigManager::new(&db).cached(100, SECOND * 3_600).with_missing_ttl(SECOND * 3_600);
    let configs = Arc::new(configs.with_announcer(Arc::new(PgAnnouncer::start(&db))));
    let reader = PgChangeReader::start(&db, Arc::clone(&configs));
    Instance { configs, _reader: reader }
}

async fn within(limit: Duration, mut condition: impl AsyncFnMut() -> bool) {
    let begin = Instant::now();
    while !condition().await {
        assert!(begin.elapsed() < limit, "it is not so after {limit:?}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

fn acme() -> TenantId {
    TenantId::parse("acme").unwrap()
}

/// How many listen.
async fn listeners(place: &Place) -> i64 {
    let pool = pool(place, 1).await;
    let count =
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN%'";
    sqlx::query_scalar(count).fetch_one(&pool).await.unwrap()
}

#[tokio::test]
async fn changes_are_heard_within_a_second_and_after_a_cut() {
    let place = Place::new();
    let (here, there) = (instance(&place).await, instance(&place).await);
    within(SECOND * 5, async || listeners(&place).await == 2).await;
    tokio::time::sleep(Duration::from_millis(200)).await;

    assert!(there.configs.load(&acme()).await.unwrap().is_none());
    here.configs.create(TenantConfig::builder(acme()).build().unwrap()).await.unwrap();
    within(SECOND, async || there.configs.load(&acme()).await.unwrap().is_some()).await;

    let context = TenantContext::of(&there.configs, &acme()).await.unwrap();
    here.configs.modify(&acme(), |config| config.status = TenantStatus::Suspended).await.unwrap();
    within(SECOND, async || context.ensure_active().is_err()).await;
    here.configs.modify(&acme(), |config| config.status = TenantStatus::Active).await.unwrap();
    within(SECOND, async || context.ensure_active().is_ok()).await;

    // Who writes past the announcer is not heard: only the doubt after the cut tells.
    let past = TenantDb::<Db>::connect(&place.url()).await.unwrap();
    DbConfigManager::new(&past)
        .modify(&acme(), |config| config.status = TenantStatus::Suspended)
        .await
        .unwrap();
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert!(context.ensure_active().is_ok());
    let cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
               WHERE datname = current_database() AND query LIKE 'LISTEN%'";
    sqlx::query(cut).execute(&pool(&place, 1).await).await.unwrap();
    within(SECOND * 5, async || context.ensure_active().is_err()).await;
}

/// A way to the server on which what listens goes silent, and nobody is told.
struct Way {
    url: String,
    silent: watch::Sender<bool>,
}

impl Way {
    async fn to(place: &Place) -> Self {
        let url = place.url();
        let (before, rest) = url.rsplit_once('@').unwrap();
        let (server, database) = rest.split_once('/').unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("{before}@{}/{database}", listener.local_addr().unwrap());
        let (silent, hears) = watch::channel(false);
        let server = server.to_owned();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let server = TcpStream::connect(&server).await.unwrap();
                tokio::spawn(lead(client, server, hears.clone()));
            }
        });
        Self { url, silent }
    }
}

/// Until it is silent, where `LISTEN` went over it before.
async fn lead(mut client: TcpStream, mut server: TcpStream, mut silent: watch::Receiver<bool>) {
    let was_silent = *silent.borrow();
    let (mut up, mut down) = ([0; 4_096], [0; 4_096]);
    let mut listens = false;
    loop {
        tokio::select! {
            biased;
            Ok(()) = silent.changed() => {
                if listens && !was_silent {
                    std::future::pending::<()>().await;
                }
            }
            read = client.read(&mut up) => match read {
                Ok(1..) => {
                    let sent = &up[..read.unwrap()];
                    listens |= sent.windows(6).any(|word| word == b"LISTEN");
                    server.write_all(sent).await.unwrap();
                }
                _ => return,
            },
            read = server.read(&mut down) => match read {
                Ok(1..) => client.write_all(&down[..read.unwrap()]).await.unwrap(),
                _ => return,
            },
        }
    }
}

#[tokio::test]
async fn a_connection_that_goes_silent_is_found_out() {
    let place = Place::new();
    let way = Way::to(&place).await;
    let (here, there) = (instance(&place).await, instance_at(&way.url).await);
    within(SECOND * 5, async || listeners(&place).await == 2).await;
    here.configs.create(TenantConfig::builder(acme()).build().unwrap()).await.unwrap();
    within(SECOND * 5, async || there.configs.load(&acme()).await.unwrap().is_some()).await;
    let context = TenantContext::of(&there.configs, &acme()).await.unwrap();
    // Longer than a silence that is no cut.
    tokio::time::sleep(SECOND * 3).await;
    way.silent.send(true).unwrap();
    here.configs.modify(&acme(), |config| config.status = TenantStatus::Suspended).await.unwrap();
    assert!(context.ensure_active().is_ok());
    within(SECOND * 12, async || context.ensure_active().is_err()).await;
}

/// What was told of the first two, where so many changes came at once.
async fn first_two_of(count: u64) -> [String; 2] {
    let place = Place::new();
    let db = TenantDb::<Db>::connect(&place.url()).await.unwrap();
    let mut listener = PgListener::connect(&place.url()).await.unwrap();
    listener.listen("tenant_configs").await.unwrap();
    let announcer = PgAnnouncer::start(&db);
    for number in 0..count {
        announcer.announce(ConfigChange::of(TenantId::parse(&format!("t{number}")).unwrap()));
    }
    let [first, second] = [listener.recv().await.unwrap(), listener.recv().await.unwrap()];
    [first.payload().to_owned(), second.payload().to_owned()]
}

#[tokio::test]
async fn of_more_changes_than_can_wait_it_is_said_that_anything_may_have_changed() {
    assert_eq!(first_two_of(10_000).await, ["t0", "t1"]);
    assert_eq!(first_two_of(10_001).await, ["t0", ""]);
}

#[tokio::test]
async fn a_change_that_can_not_be_sent_is_sent_when_the_database_is_back() {
    let place = Place::new();
    let pool = pool(&place, 1).await;
    let db = TenantDb::builder(pool.clone()).build().await.unwrap();
    let mut listener = PgListener::connect(&place.url()).await.unwrap();
    listener.listen("tenant_configs").await.unwrap();
    let away = pool.acquire().await.unwrap();
    let announcer = PgAnnouncer::start(&db);
    announcer.announce(ConfigChange::of(acme()));
    // Longer than one attempt lasts.
    tokio::time::sleep(Duration::from_millis(2_500)).await;
    drop(away);
    let told = tokio::time::timeout(SECOND * 5, listener.recv()).await.expect("it gave up").unwrap();
    assert_eq!(told.payload(), "acme");
}
