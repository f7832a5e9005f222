//! Several processes, and what the database says of the rows.

use sqlx::AssertSqlSafe;
use tenant_core::Placement;

use super::{
    database::spacious,
    suite::{
        moving::{Town, migrator, options, several_processes, town},
        places::fresh,
        support::{Place, setup},
    },
};

async fn settled() -> Town {
    let place = Place::new();
    town(spacious(&place.url()).await, place).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn other_processes_obey_once_they_know() {
    several_processes(settled().await, &[Placement::Database(fresh())]).await;
}

#[tokio::test]
async fn the_database_itself_finds_no_difference() {
    let town = settled().await;
    let there = Placement::Database(fresh());
    town.db.move_tenant(&town.configs, &town.acme, &there, &migrator(), &options()).await.unwrap();
    let same = ["boss", "email", "data", "score", "at", "price", "spec", "rate", "flags", "small", "twice"]
        .map(|column| format!("a.{column} <=> b.{column}"))
        .join(" AND ");
    let join = format!(
        "SELECT count(*), CAST(coalesce(sum(NOT ({same})), 0) AS SIGNED) FROM people a \
         JOIN {}.people b ON a.tenant_id = b.tenant_id AND a.id = b.id",
        there.name().unwrap(),
    );
    let counts: (i64, i64) =
        sqlx::query_as(AssertSqlSafe(join)).fetch_one(&town.db.unscoped(setup())).await.unwrap();
    assert_eq!(counts, (30, 0));
    town.db.close().await;
}
