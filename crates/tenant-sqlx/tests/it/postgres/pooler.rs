//! Behind a pooler that lends out its connections for a transaction each: PgBouncer.

use std::time::Duration;

use futures_util::future::join_all;
use sqlx::{AssertSqlSafe, Connection, PgConnection, Pool, Postgres, postgres::PgPoolOptions};
use tenant_core::{InMemoryConfigManager, NamedLimit, TenantConfig, TenantContext};
use tenant_sqlx::{RowLevelSecurity, TenantDb};
use tenant_testkit::servers::{PgBouncer, ServerOptions};

use super::suite::{
    hammer::{audit, hammer, move_in},
    support::{Place, id},
};

const CONNECTIONS: u32 = 5;

/// What the role that serves tenants needs, and what row-level security alone does.
const WALL: &str = "CREATE ROLE {role} LOGIN PASSWORD 'app';
    ALTER TABLE users ENABLE ROW LEVEL SECURITY;
    ALTER TABLE users FORCE ROW LEVEL SECURITY;
    ALTER TABLE users ALTER tenant_id SET DEFAULT nullif(current_setting('app.current_tenant_id', true), '');
    CREATE POLICY tenant ON users TO {role}
        USING (tenant_id = nullif(current_setting('app.current_tenant_id', true), ''))
        WITH CHECK (tenant_id = nullif(current_setting('app.current_tenant_id', true), ''));
    GRANT SELECT, INSERT, UPDATE, DELETE ON users TO {role};";

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn behind_a_pooler_nobody_gets_anything_of_another_and_no_setting_stays() {
    for (wall, name) in [(RowLevelSecurity::BehindRewriting, "both"), (RowLevelSecurity::Alone, "alone")] {
        let place = Place::new();
        let own = TenantDb::connect(&place.url()).await.unwrap();
        let tenants = move_in(&own).await;
        let role = format!("pooled_{name}_{}", std::process::id());
        let mut system = PgConnection::connect(&place.url()).await.unwrap();
        sqlx::raw_sql(AssertSqlSafe(WALL.replace("{role}", &role))).execute(&mut system).await.unwrap();

        // Connections of both sides come and go meanwhile.
        let options = ServerOptions::default().setting("server_lifetime", "1");
        let pooler = PgBouncer::start_with(&as_role(&place.url(), &role), CONNECTIONS, &options).unwrap();
        let pool = pool(&pooler, 2 * CONNECTIONS).await;
        let own_pool = PgPoolOptions::new().connect(&place.url()).await.unwrap();
        let db =
            TenantDb::builder(pool).system(own_pool).pooled().row_level_security(wall).build().await.unwrap();
        let ledger = hammer(&db, &tenants).await;
        db.close().await;
        audit(&own, &tenants, &ledger).await;
        nothing_is_left_behind(&pooler).await;
    }
}

fn as_role(url: &str, role: &str) -> String {
    let (_, place) = url.split_once('@').unwrap();
    format!("postgres://{role}:app@{place}")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn statements_that_are_rewritten_alone_run_behind_a_pooler_as_well() {
    let place = Place::new();
    let own = TenantDb::connect(&place.url()).await.unwrap();
    let tenants = move_in(&own).await;
    let pooler = PgBouncer::in_front_of(&place.url(), 2).unwrap();
    let pool = pool(&pooler, CONNECTIONS).await;
    let refused = TenantDb::builder(pool.clone()).pooled().build().await.unwrap_err();
    assert!(refused.to_string().contains("`system`"), "{refused}");
    let own_pool = PgPoolOptions::new().connect(&place.url()).await.unwrap();
    let db = TenantDb::builder(pool).system(own_pool).pooled().build().await.unwrap();
    let ledger = hammer(&db, &tenants).await;
    db.close().await;
    audit(&own, &tenants, &ledger).await;
}

/// With a name of its own it would be there for the next client, which gives its first statement the same one.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_is_read_of_the_catalog_leaves_nothing_prepared_in_the_poolers_connection() {
    let place = Place::new();
    let pooler = PgBouncer::in_front_of(&place.url(), 1).unwrap();
    let own_pool = PgPoolOptions::new().connect(&place.url()).await.unwrap();
    for _ in 0..3 {
        let builder = TenantDb::builder(pool(&pooler, 1).await).system(own_pool.clone()).pooled();
        builder.build().await.unwrap();
    }
}

async fn pool(pooler: &PgBouncer, connections: u32) -> Pool<Postgres> {
    let pool = PgPoolOptions::new().max_connections(connections).max_lifetime(Duration::from_secs(1));
    pool.connect(&pooler.url()).await.unwrap()
}

/// All of the pooler's connections at once, each in a transaction.
async fn nothing_is_left_behind(pooler: &PgBouncer) {
    let pool = pool(pooler, CONNECTIONS).await;
    let mut transactions = join_all((0..CONNECTIONS).map(|_| pool.begin())).await;
    for transaction in &mut transactions {
        let transaction = transaction.as_mut().unwrap();
        let setting = "SELECT nullif(current_setting('app.current_tenant_id', true), '')";
        let setting = sqlx::query_scalar(setting).persistent(false);
        let left: Option<String> = setting.fetch_one(&mut **transaction).await.unwrap();
        assert_eq!(left, None);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn stocks_are_held_behind_a_pooler() {
    let place = Place::new();
    let own = TenantDb::connect(&place.url()).await.unwrap();
    move_in(&own).await;
    let pooler = PgBouncer::in_front_of(&place.url(), 2).unwrap();
    let own_pool = PgPoolOptions::new().connect(&place.url()).await.unwrap();
    let db = TenantDb::builder(pool(&pooler, 2 * CONNECTIONS).await)
        .system(own_pool)
        .pooled()
        .build()
        .await
        .unwrap();
    let limit = NamedLimit::stock("users".parse().unwrap(), 1_000);
    let config = TenantConfig::builder(id("acme")).limit("users", limit).build().unwrap();
    let acme = TenantContext::of(&InMemoryConfigManager::with([config]).unwrap(), &id("acme")).await.unwrap();
    let creators = (0..20).map(|_| {
        let (db, acme) = (db.clone(), acme.clone());
        tokio::spawn(async move {
            for _ in 0..5 {
                let mut tx = db.begin(&acme).await?;
                tx.admit_stock("users", 1, "SELECT COUNT(*) FROM users").await?;
                tx.commit().await?;
            }
            Ok::<_, sqlx::Error>(())
        })
    });
    for creator in join_all(creators).await {
        creator.unwrap().unwrap();
    }
}
