use sqlx::{AssertSqlSafe, Connection, Row, SqliteConnection};
use tenant_sql::{Dialect, TenantBind};

use super::{Accesses, Differences, TENANT, pairs, set_up};

fn count_to(number: u32) -> String {
    format!(
        "(WITH RECURSIVE c(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM c WHERE n + 1 < {number}) SELECT n FROM c)"
    )
}

#[tokio::test]
async fn on_sqlite_the_same_indexes_serve() {
    let mut connection = SqliteConnection::connect("sqlite::memory:").await.unwrap();
    for statement in set_up("TEXT", count_to) {
        let statement = statement.replace("TEXT_OF(", "CONCAT(");
        sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut connection).await.unwrap();
    }
    sqlx::raw_sql("ANALYZE").execute(&mut connection).await.unwrap();
    let mut differences = Differences::default();
    for (sql, plan, by_hand) in pairs(Dialect::Sqlite) {
        let is_bound = matches!(plan.tenant(), TenantBind::Argument(1));
        let scoped = accesses(&mut connection, plan.sql(), is_bound).await;
        let by_hand = accesses(&mut connection, &by_hand, false).await;
        differences.compare(sql, &plan, &scoped, &by_hand);
    }
    differences.none();
}

/// `SEARCH u USING INDEX users_age (tenant_id=? AND age=?)`, without what builds and sorts in between.
async fn accesses(connection: &mut SqliteConnection, sql: &str, is_bound: bool) -> Accesses {
    let explain = format!("EXPLAIN QUERY PLAN {sql}");
    let mut query = sqlx::query(AssertSqlSafe(explain));
    if is_bound {
        query = query.bind(TENANT);
    }
    let rows = query.fetch_all(connection).await.unwrap_or_else(|error| panic!("{sql}\n{error}"));
    let details = rows.iter().map(|row| row.get::<String, _>("detail"));
    let mut accesses: Accesses =
        details.filter(|detail| detail.starts_with("SEARCH") || detail.starts_with("SCAN")).collect();
    accesses.sort();
    accesses
}
