//! What one instance changes the others hear of, through the database.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use tenant_core::{
    CachedConfigs, ConfigManager, ConfigStore, ConfigStoreExt, TenantConfig, TenantContext, TenantId,
    TenantStatus,
};
use tenant_sqlx::{DbConfigManager, PgAnnouncer, PgChangeReader, TenantDb};

use super::database::{Db, Place, pool};

const SECOND: Duration = Duration::from_secs(1);

struct Instance {
    configs: Arc<CachedConfigs<DbConfigManager<Db>>>,
    _reader: PgChangeReader,
}

async fn instance(place: &Place) -> Instance {
    let db = TenantDb::<Db>::connect(&place.url()).await.unwrap();
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
