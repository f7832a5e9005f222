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
    for (text, line) in plans(statements).await {
        assert!(!looks_through_all(&line), "{text}: {line}");
    }
}

/// Asserts besides that what they answer is read in its order: a page costs no more for all that is not on it.
pub(crate) async fn assert_in_order(statements: &[Sql]) {
    for (text, line) in plans(statements).await {
        assert!(!looks_through_all(&line), "{text}: {line}");
        assert!(!sorts(&line), "{text}: {line}");
    }
}

/// Asserts that what they answer is read in its order, of a list of all there is.
pub(crate) async fn assert_not_sorted(statements: &[Sql]) {
    for (text, line) in plans(statements).await {
        assert!(!sorts(&line), "{text}: {line}");
    }
}

fn looks_through_all(line: &str) -> bool {
    line.starts_with("SCAN ") || line.contains("Seq Scan")
}

fn sorts(line: &str) -> bool {
    line.starts_with("USE TEMP B-TREE") || line.contains("Sort  (cost")
}

/// Each line of each statement's plan, on each database.
async fn plans(statements: &[Sql]) -> Vec<(&'static str, String)> {
    let folder = tempfile::tempdir().unwrap();
    let file = format!("sqlite://{}?mode=rwc", folder.path().join("own.db").display());
    let (sqlite, postgres) = (sqlite(&file).await, postgres(&server().database("explain").unwrap()).await);
    let mut lines = Vec::new();
    for sql in statements {
        lines.extend(of_sqlite(&sqlite, sql).await.into_iter().map(|line| (sql.marks, line)));
        lines.extend(of_postgres(&postgres, sql).await.into_iter().map(|line| (sql.numbers, line)));
    }
    lines
}

fn server() -> &'static Server {
    static SERVER: OnceLock<Server> = OnceLock::new();
    let options = || ServerOptions::default().setting("synchronous_commit", "on");
    SERVER.get_or_init(|| Server::start_with(&options()).unwrap())
}

#[tokio::test]
async fn what_looks_through_all_rows_says_so() {
    let (sql, folder) =
        (sql!("SELECT number FROM tenant_audit WHERE digest = ?"), tempfile::tempdir().unwrap());
    let file = format!("sqlite://{}?mode=rwc", folder.path().join("own.db").display());
    assert_eq!(of_sqlite(&sqlite(&file).await, &sql).await, ["SCAN tenant_audit"]);
    let postgres = postgres(&server().database("explain").unwrap()).await;
    assert!(of_postgres(&postgres, &sql).await.iter().any(|line| looks_through_all(line)));
}

#[tokio::test]
async fn what_sorts_says_so() {
    let sql = sql!("SELECT number FROM tenant_audit WHERE event_id > ? ORDER BY digest LIMIT 1");
    let lines = plans(&[sql]).await;
    let of = |text: &str| lines.iter().any(|(own, line)| *own == text && sorts(line));
    assert!(of(sql.marks) && of(sql.numbers), "{lines:?}");
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

/// Of a plan that is made once for all values. Where there are no rows, looking through all is no more than looking up, and sorting
/// them no more than reading them in order: unless there is no other way, it is told not to.
async fn of_postgres(db: &TenantDb<Postgres>, sql: &Sql) -> Vec<String> {
    let mut connection = db.own_pool().acquire().await.unwrap();
    let values = vec!["NULL"; sql.marks.matches('?').count()].join(", ");
    let prepare = format!(
        "SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off; SET enable_sort = off; \
         PREPARE explained AS {}",
        sql.numbers
    );
    connection.execute(sqlx::raw_sql(AssertSqlSafe(prepare))).await.unwrap();
    let explain = AssertSqlSafe(format!("EXPLAIN EXECUTE explained({values})"));
    let rows = connection.fetch_all(sqlx::raw_sql(explain)).await.unwrap();
    connection.execute(sqlx::raw_sql("DEALLOCATE explained")).await.unwrap();
    rows.iter().map(|row| row.get(0)).collect()
}
