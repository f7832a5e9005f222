//! What a database says of how it would run a statement: that a page is read on an index is held by the plan, not by time.

use std::sync::OnceLock;

use sqlx::{AssertSqlSafe, Executor, Postgres, Row, Sqlite};
use tenant_testkit::servers::{Postgres as Server, ServerOptions};

use crate::{
    TenantDb,
    driver::{Sql, sql},
};

/// Asserts that no statement looks through all rows of a table, whatever it is asked for.
pub(crate) async fn assert_on_an_index(statements: &[Sql]) {
    let folder = tempfile::tempdir().unwrap();
    let file = format!("sqlite://{}?mode=rwc", folder.path().join("own.db").display());
    let (sqlite, postgres) = (sqlite(&file).await, postgres(&server().database("explain").unwrap()).await);
    for sql in statements {
        for line in of_sqlite(&sqlite, sql).await {
            // `u` is a subquery, of which each part was looked up.
            assert!(!line.starts_with("SCAN ") || line == "SCAN u", "{}: {line}", sql.marks);
        }
        for line in of_postgres(&postgres, sql).await {
            assert!(!line.contains("Seq Scan"), "{}: {line}", sql.numbers);
        }
    }
}

fn server() -> &'static Server {
    static SERVER: OnceLock<Server> = OnceLock::new();
    let options = || ServerOptions::default().setting("synchronous_commit", "on");
    SERVER.get_or_init(|| Server::start_with(&options()).unwrap())
}

#[tokio::test]
async fn what_looks_through_all_rows_says_so() {
    let (sql, folder) =
        (sql!("SELECT number FROM tenant_audit WHERE actor = ?"), tempfile::tempdir().unwrap());
    let file = format!("sqlite://{}?mode=rwc", folder.path().join("own.db").display());
    assert_eq!(of_sqlite(&sqlite(&file).await, &sql).await, ["SCAN tenant_audit"]);
    let postgres = postgres(&server().database("explain").unwrap()).await;
    assert!(of_postgres(&postgres, &sql).await.iter().any(|line| line.contains("Seq Scan")));
}

async fn sqlite(url: &str) -> TenantDb<Sqlite> {
    let db = TenantDb::<Sqlite>::connect(url).await.unwrap();
    db.migrate_tenants().await.unwrap();
    db
}

async fn postgres(url: &str) -> TenantDb<Postgres> {
    let db = TenantDb::<Postgres>::connect(url).await.unwrap();
    db.migrate_tenants().await.unwrap();
    db
}

async fn of_sqlite(db: &TenantDb<Sqlite>, sql: &Sql) -> Vec<String> {
    let text = AssertSqlSafe(format!("EXPLAIN QUERY PLAN {}", sql.marks));
    let rows = db.own_pool().fetch_all(sqlx::raw_sql(text)).await.unwrap();
    rows.iter().map(|row| row.get("detail")).collect()
}

/// Of a plan that is made once for all values. Where there are no rows, looking through all is no more than looking up: unless
/// there is no other way, it is told not to.
async fn of_postgres(db: &TenantDb<Postgres>, sql: &Sql) -> Vec<String> {
    let mut connection = db.own_pool().acquire().await.unwrap();
    let values = vec!["NULL"; sql.marks.matches('?').count()].join(", ");
    let prepare = format!(
        "SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off; PREPARE explained AS {}",
        sql.numbers
    );
    connection.execute(sqlx::raw_sql(AssertSqlSafe(prepare))).await.unwrap();
    let explain = AssertSqlSafe(format!("EXPLAIN EXECUTE explained({values})"));
    let rows = connection.fetch_all(sqlx::raw_sql(explain)).await.unwrap();
    connection.execute(sqlx::raw_sql("DEALLOCATE explained")).await.unwrap();
    rows.iter().map(|row| row.get(0)).collect()
}
