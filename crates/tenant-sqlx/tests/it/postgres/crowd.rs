//! Tenants in the tables of all, in schemas and in databases of their own, all at once and on few connections.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use futures_util::future::join_all;
use sqlx::{
    AssertSqlSafe, Connection, PgConnection,
    postgres::{PgConnectOptions, PgPoolOptions},
};
use tenant_core::{PlaceName, Placement, TenantContext};
use tenant_sqlx::TenantDb;

use super::suite::{
    places::{fresh, living, migrator, read, write},
    support::Place,
};

/// For the tables of all and for schemas, and for databases.
const CONNECTIONS: (u32, u32) = (8, 12);

/// How many there are; the variable says otherwise.
fn many(variable: &str, usual: usize) -> usize {
    std::env::var(variable).ok().and_then(|many| many.parse().ok()).unwrap_or(usual)
}

async fn open(place: &Place, application: &str) -> TenantDb<sqlx::Postgres> {
    let options: PgConnectOptions = place.url().parse().unwrap();
    let pool = PgPoolOptions::new().max_connections(CONNECTIONS.0);
    let pool = pool.connect_with(options.application_name(application)).await.unwrap();
    TenantDb::builder(pool).schemas().databases(CONNECTIONS.1).build().await.unwrap()
}

/// A tenth as many share the tables of all as there are schemas.
async fn settle(place: &Place) -> Vec<TenantContext> {
    let db = open(place, "maker").await;
    db.provision(&Placement::Shared, &migrator()).await.unwrap();
    let names: Vec<PlaceName> = (0..many("TENANT_SCHEMAS", 100)).map(|_| fresh()).collect();
    let mut system = PgConnection::connect(&place.url()).await.unwrap();
    for names in names.chunks(100) {
        let make = |name| format!("CREATE SCHEMA {name}; CREATE TABLE {name}.notes (LIKE public.notes);");
        let sql: String = names.iter().map(make).collect();
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut system).await.unwrap();
    }
    let mut places: Vec<Placement> = (0..names.len() / 10).map(|_| Placement::Shared).collect();
    places.extend(names.into_iter().map(Placement::Schema));
    for _ in 0..many("TENANT_DATABASES", 12) {
        let placement = Placement::Database(fresh());
        db.provision(&placement, &migrator()).await.unwrap();
        places.push(placement);
    }
    db.close().await;
    let tenants = places.into_iter().enumerate();
    join_all(tenants.map(async |(number, place)| living(&format!("tenant-{number}"), place).await)).await
}

const fn kind(placement: &Placement) -> &'static str {
    match placement {
        Placement::Shared => "the tables of all",
        Placement::Shard(_) => "shards",
        Placement::Schema(_) => "schemas",
        Placement::Database(_) => "databases",
    }
}

/// Writes and reads until then, and at least once; how often, and how long it took at most.
async fn work(db: TenantDb<sqlx::Postgres>, tenant: TenantContext, until: Instant) -> (usize, Duration) {
    let (mut rounds, mut longest) = (0, Duration::ZERO);
    while Instant::now() < until || rounds == 0 {
        let asked = Instant::now();
        write(&db, &tenant, tenant.id().as_str()).await.unwrap();
        let texts = read(&db, &tenant).await.unwrap();
        assert!(texts.iter().all(|text| text == tenant.id().as_str()), "{}: {texts:?}", tenant.id());
        assert!(texts.len() > rounds, "{}: {} of {rounds}", tenant.id(), texts.len());
        (rounds, longest) = (rounds + 1, longest.max(asked.elapsed()));
    }
    (rounds, longest)
}

/// The most connections that the server sees of them.
async fn watch(place: &Place, until: Instant) -> i64 {
    let mut system = PgConnection::connect(&place.url()).await.unwrap();
    let count = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'crowd'";
    let mut most = 0;
    while Instant::now() < until {
        most = most.max(sqlx::query_scalar(count).fetch_one(&mut system).await.unwrap());
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    most
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_crowd_in_all_kinds_of_places_shares_few_connections_and_nobody_starves() {
    let place = Place::new();
    let tenants = settle(&place).await;
    let db = open(&place, "crowd").await;
    let until = Instant::now() + Duration::from_secs(3);
    // The last of each kind asks as much as eight.
    let heavy: BTreeMap<_, _> = tenants.iter().map(|own| (kind(&own.config().placement), own)).collect();
    let heavy = heavy.into_values().flat_map(|own| [own; 7]);
    let tasks = tenants.iter().chain(heavy).cloned().map(|tenant| {
        let db = db.clone();
        async move {
            let kind = kind(&tenant.config().placement);
            (kind, tokio::spawn(work(db, tenant, until)).await.unwrap())
        }
    });
    let (most, done) = tokio::join!(watch(&place, until), join_all(tasks));
    let mut kinds = BTreeMap::<_, (usize, usize, Duration)>::new();
    for (kind, (rounds, longest)) in done {
        let sum = kinds.entry(kind).or_default();
        *sum = (sum.0 + 1, sum.1 + rounds, sum.2.max(longest));
    }
    for (kind, (tasks, rounds, longest)) in &kinds {
        println!("{kind}: {rounds} rounds of {tasks} tasks, the longest took {longest:?}");
        assert!(*longest < Duration::from_secs(25), "{kind}: {longest:?}");
    }
    println!("{most} connections at most");
    assert!(most <= i64::from(CONNECTIONS.0 + CONNECTIONS.1), "{most}");
    assert_eq!(kinds.len(), 3);
    db.close().await;
}
