//! Tenants in schemas of their own.

use std::time::Duration;

use sqlx::{
    AssertSqlSafe, Connection, PgConnection, Row,
    postgres::{PgConnectOptions, PgPoolOptions},
};
use tenant_core::{PlaceName, Placement};
use tenant_sqlx::TenantDb;

use super::suite::{
    places::{fresh, living, migrator, read, write},
    support::{Place, refusal, setup},
};

async fn open(place: &Place, connections: u32) -> TenantDb<sqlx::Postgres> {
    let pool = PgPoolOptions::new().max_connections(connections).connect(&place.url()).await.unwrap();
    let db = TenantDb::builder(pool).schemas().build().await.unwrap();
    db.provision(&Placement::Shared, &migrator()).await.unwrap();
    db.refresh_catalog().await.unwrap();
    db
}

#[tokio::test]
async fn each_schema_is_a_place_of_its_own_on_the_same_connections() {
    let place = Place::new();
    let db = open(&place, 1).await;
    let mut tenants = vec![living("acme", Placement::Shared).await];
    for name in ["globex", "initech"] {
        let placement = Placement::Schema(fresh());
        db.provision(&placement, &migrator()).await.unwrap();
        tenants.push(living(name, placement).await);
    }
    for _ in 0..3 {
        for tenant in &tenants {
            write(&db, tenant, tenant.id().as_str()).await.unwrap();
        }
    }
    for tenant in &tenants {
        assert_eq!(read(&db, tenant).await.unwrap(), [tenant.id().as_str(); 3]);
    }
    let shared: i64 =
        sqlx::query_scalar("SELECT count(*) FROM notes").fetch_one(&db.unscoped(setup())).await.unwrap();
    assert_eq!(shared, 3);
    // The tenant column holds, even where somebody else's rows are in the same schema.
    let Placement::Schema(own) = &tenants[1].config().placement else { panic!("it has a schema") };
    let stray = format!("INSERT INTO {own}.notes VALUES ('initech', 'stray')");
    sqlx::raw_sql(AssertSqlSafe(stray)).execute(&db.unscoped(setup())).await.unwrap();
    assert_eq!(read(&db, &tenants[1]).await.unwrap(), ["globex"; 3]);
}

#[tokio::test]
async fn no_statement_names_another_schema() {
    let place = Place::new();
    let db = open(&place, 1).await;
    let placement = Placement::Schema(fresh());
    db.provision(&placement, &migrator()).await.unwrap();
    let tenant = living("acme", placement).await;
    for sql in [
        "SELECT text FROM public.notes",
        "INSERT INTO public.notes (text) VALUES ('x')",
        "DELETE FROM public.notes",
    ] {
        refusal(sqlx::query(sql).execute(&db.scoped(&tenant)).await);
    }
}

#[tokio::test]
async fn nothing_of_a_schema_stays_in_the_session() {
    let place = Place::new();
    let pool = PgPoolOptions::new().max_connections(1).connect(&place.url()).await.unwrap();
    let db = TenantDb::builder(pool.clone()).schemas().build().await.unwrap();
    let placement = Placement::Schema(fresh());
    db.provision(&Placement::Shared, &migrator()).await.unwrap();
    db.refresh_catalog().await.unwrap();
    db.provision(&placement, &migrator()).await.unwrap();
    let tenant = living("acme", placement).await;
    let path = async || sqlx::query_scalar::<_, String>("SHOW search_path").fetch_one(&pool).await.unwrap();
    let usual = path().await;
    write(&db, &tenant, "x").await.unwrap();
    assert_eq!(path().await, usual);
    drop(db.begin(&tenant).await.unwrap());
    assert_eq!(path().await, usual);
    for nanos in [1, 100_000, 500_000] {
        let _ = tokio::time::timeout(Duration::from_nanos(nanos), read(&db, &tenant)).await;
        assert_eq!(path().await, usual, "cancelled after {nanos} ns");
    }
}

#[tokio::test]
async fn a_table_that_is_missing_in_a_schema_is_missing() {
    let place = Place::new();
    let db = open(&place, 1).await;
    let name = fresh();
    sqlx::raw_sql(AssertSqlSafe(format!("CREATE SCHEMA {name}")))
        .execute(&db.unscoped(setup()))
        .await
        .unwrap();
    let tenant = living("acme", Placement::Schema(name)).await;
    let error = read(&db, &tenant).await.unwrap_err();
    assert_eq!(error.as_database_error().unwrap().code().as_deref(), Some("42P01"), "{error}");
    let lost = living("lost", Placement::Schema(fresh())).await;
    assert!(read(&db, &lost).await.is_err());
}

/// How many there are; `TENANT_SCHEMAS` says otherwise.
fn many() -> usize {
    std::env::var("TENANT_SCHEMAS").ok().and_then(|many| many.parse().ok()).unwrap_or(100)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_schemas_share_few_connections() {
    let place = Place::new();
    let db = open(&place, 5).await;
    let names: Vec<PlaceName> = (0..many()).map(|_| fresh()).collect();
    let mut system = PgConnection::connect(&place.url()).await.unwrap();
    for names in names.chunks(100) {
        let sql: Vec<String> = names
            .iter()
            .map(|name| format!("CREATE SCHEMA {name}; CREATE TABLE {name}.notes (LIKE public.notes);"))
            .collect();
        sqlx::raw_sql(AssertSqlSafe(sql.concat())).execute(&mut system).await.unwrap();
    }
    let tasks = names.into_iter().enumerate().map(|(number, name)| {
        let db = db.clone();
        tokio::spawn(async move {
            let tenant = living(&format!("tenant-{number}"), Placement::Schema(name)).await;
            for _ in 0..3 {
                write(&db, &tenant, tenant.id().as_str()).await.unwrap();
            }
            assert_eq!(read(&db, &tenant).await.unwrap(), [tenant.id().as_str(); 3]);
        })
    });
    for task in futures_util::future::join_all(tasks).await {
        task.unwrap();
    }
}

#[tokio::test]
async fn a_schema_may_have_the_name_of_a_key_word() {
    let place = Place::new();
    let db = open(&place, 1).await;
    let of_all = living("acme", Placement::Shared).await;
    write(&db, &of_all, "of all").await.unwrap();
    for name in ["default", "user", "true", "table"] {
        let placement = Placement::Schema(PlaceName::parse(name).unwrap());
        let tenant = living("acme", placement.clone()).await;
        assert!(read(&db, &tenant).await.is_err(), "{name} is not there, and another place is");
        db.provision(&placement, &migrator()).await.unwrap();
        write(&db, &tenant, name).await.unwrap();
        assert_eq!(read(&db, &tenant).await.unwrap(), [name]);
        db.tear_down(&placement, setup()).await.unwrap();
        assert!(read(&db, &tenant).await.is_err());
    }
    assert_eq!(read(&db, &of_all).await.unwrap(), ["of all"]);
}

#[tokio::test]
async fn tables_that_differ_for_a_while_are_in_nobodys_way() {
    let place = Place::new();
    let db = open(&place, 1).await;
    let (old, new) = (fresh(), fresh());
    for name in [&old, &new] {
        db.provision(&Placement::Schema(name.clone()), &migrator()).await.unwrap();
    }
    let alter = format!("ALTER TABLE {new}.notes ADD note TEXT, ALTER text TYPE VARCHAR(50)");
    sqlx::raw_sql(AssertSqlSafe(alter)).execute(&db.unscoped(setup())).await.unwrap();
    let tenants = [
        living("acme", Placement::Shared).await,
        living("globex", Placement::Schema(old)).await,
        living("initech", Placement::Schema(new)).await,
    ];
    for round in 0..3 {
        for tenant in &tenants {
            let scoped = db.scoped(tenant);
            let insert = sqlx::query("INSERT INTO notes (text) VALUES ($1) RETURNING *").bind("x");
            insert.fetch_one(&scoped).await.unwrap();
            let rows = sqlx::query("SELECT * FROM notes").fetch_all(&scoped).await.unwrap();
            assert_eq!(rows.len(), round + 1, "{}", tenant.id());
            let columns = if tenant.id().as_str() == "initech" { 3 } else { 2 };
            assert_eq!(rows[0].columns().len(), columns, "{}", tenant.id());
        }
    }
}

#[tokio::test]
async fn the_schema_of_all_is_nobodys_own() {
    let place = Place::new();
    let mut system = PgConnection::connect(&place.url()).await.unwrap();
    let name = fresh();
    sqlx::raw_sql(AssertSqlSafe(format!("CREATE SCHEMA {name}"))).execute(&mut system).await.unwrap();
    let options = place.url().parse::<PgConnectOptions>().unwrap().options([("search_path", name.as_str())]);
    let pool = PgPoolOptions::new().connect_with(options).await.unwrap();
    let db = TenantDb::builder(pool).schemas().build().await.unwrap();
    db.provision(&Placement::Shared, &migrator()).await.unwrap();
    let of_all = living("acme", Placement::Shared).await;
    write(&db, &of_all, "of all").await.unwrap();
    let own = Placement::Schema(name);
    let tenant = living("globex", own.clone()).await;
    refusal(read(&db, &tenant).await);
    refusal(db.provision(&own, &migrator()).await);
    refusal(db.tear_down(&own, setup()).await);
    assert_eq!(read(&db, &of_all).await.unwrap(), ["of all"]);
}
