//! Tenants in databases of their own, where a database is a schema.

use tenant_core::{PlaceName, Placement};
use tenant_sqlx::TenantDb;

use super::suite::{
    places::{fresh, living, migrator, read, write},
    support::{Db, Place, id, refusal, sql},
};

#[tokio::test]
async fn no_statement_names_the_database_of_many() {
    let place = Place::new();
    let db = TenantDb::<Db>::open(&place.url()).await.unwrap().databases(2).build().await.unwrap();
    db.provision(&Placement::Shared, &migrator()).await.unwrap();
    let own = Placement::Database(fresh());
    db.provision(&own, &migrator()).await.unwrap();
    let tenant = living("acme", own).await;
    write(&db, &tenant, "own").await.unwrap();
    let url = place.url();
    let (_, many) = url.split('?').next().unwrap().rsplit_once('/').unwrap();
    refusal(sqlx::query(sql(&format!("SELECT text FROM {many}.notes"))).fetch_all(&db.scoped(&tenant)).await);
    refusal(sqlx::query(sql(&format!("DELETE FROM {many}.notes"))).execute(&db.scoped(&tenant)).await);
    assert_eq!(read(&db, &tenant).await.unwrap(), ["own"]);
    db.close().await;
}

#[tokio::test]
async fn a_database_may_have_the_name_of_a_key_word() {
    let place = Place::new();
    let db = TenantDb::<Db>::open(&place.url()).await.unwrap().databases(2).build().await.unwrap();
    db.provision(&Placement::Shared, &migrator()).await.unwrap();
    let own = Placement::Database(PlaceName::parse("select").unwrap());
    db.provision(&own, &migrator()).await.unwrap();
    let tenant = living(id("acme").as_str(), own.clone()).await;
    write(&db, &tenant, "own").await.unwrap();
    db.tear_down(&own, super::suite::support::setup()).await.unwrap();
    assert!(read(&db, &tenant).await.is_err());
    db.close().await;
}
