//! Schemas on the way, and several processes.

use sqlx::AssertSqlSafe;
use tenant_core::Placement;

use super::{
    database::spacious,
    suite::{
        moving::{Town, migrator, options, several_processes, tour, town},
        places::fresh,
        support::{Place, setup},
    },
};

async fn settled() -> Town {
    let place = Place::new();
    town(spacious(&place.url()).await, place).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn from_the_tables_of_all_to_a_schema_to_a_database_and_back() {
    tour(settled().await, &[Placement::Schema(fresh()), Placement::Database(fresh())]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn other_processes_obey_once_they_know() {
    several_processes(settled().await, &[Placement::Schema(fresh()), Placement::Database(fresh())]).await;
}

#[tokio::test]
async fn the_database_itself_finds_no_difference() {
    let town = settled().await;
    let there = Placement::Schema(fresh());
    town.db.move_tenant(&town.configs, &town.acme, &there, &migrator(), &options()).await.unwrap();
    let join = format!(
        "SELECT count(*), count(*) FILTER (WHERE ROW(a.*) IS DISTINCT FROM ROW(b.*)) FROM public.people a \
         JOIN {}.people b ON a.tenant_id = b.tenant_id AND a.id = b.id",
        there.name().unwrap(),
    );
    let counts: (i64, i64) =
        sqlx::query_as(AssertSqlSafe(join)).fetch_one(&town.db.unscoped(setup())).await.unwrap();
    assert_eq!(counts, (30, 0));
}
