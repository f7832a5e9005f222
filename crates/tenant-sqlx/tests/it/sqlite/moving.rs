//! What the database says of the rows.

use sqlx::{AssertSqlSafe, Connection, SqliteConnection};
use tenant_core::Placement;

use super::{
    database::spacious,
    suite::{
        moving::{migrator, options, town},
        places::fresh,
        support::Place,
    },
};

#[tokio::test]
async fn the_database_itself_finds_no_difference() {
    let place = Place::new();
    let url = place.url();
    let town = town(spacious(&url).await, place).await;
    let there = Placement::Database(fresh());
    town.db.move_tenant(&town.configs, &town.acme, &there, &migrator(), &options()).await.unwrap();
    let mut connection = SqliteConnection::connect(&url).await.unwrap();
    let other =
        url.trim_start_matches("sqlite://").replace("tenants.db", &format!("{}.db", there.name().unwrap()));
    let attach = AssertSqlSafe(format!("ATTACH '{other}' AS other"));
    sqlx::raw_sql(attach).execute(&mut connection).await.unwrap();
    let types = "*, typeof(data), typeof(score), typeof(rate), hex(email)";
    let differ = format!(
        "SELECT (SELECT count(*) FROM other.people), (SELECT count(*) FROM \
         (SELECT {types} FROM main.people WHERE tenant_id = 'acme' EXCEPT SELECT {types} FROM other.people))"
    );
    let counts: (i64, i64) = sqlx::query_as(AssertSqlSafe(differ)).fetch_one(&mut connection).await.unwrap();
    assert_eq!(counts, (30, 0));
    town.db.close().await;
}
