use sqlx::{AssertSqlSafe, Connection, MySqlConnection, Row};
use tenant_sql::{Dialect, TenantValue};
use tenant_testkit::servers::MariaDb;

use super::{Accesses, Differences, TENANT, pairs, set_up};

fn count_to(number: u32) -> String {
    format!("(SELECT seq AS n FROM seq_0_to_{}) AS s", number - 1)
}

#[tokio::test]
async fn on_mariadb_the_same_indexes_serve() {
    let url = MariaDb::shared().unwrap().database("plans").unwrap();
    let mut connection = MySqlConnection::connect(&url).await.unwrap();
    for statement in set_up("VARCHAR(63) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin", count_to) {
        let statement = statement.replace("TEXT_OF(", "CONCAT(");
        sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut connection).await.unwrap();
    }
    sqlx::raw_sql("ANALYZE TABLE users, orders, plans").execute(&mut connection).await.unwrap();
    let mut differences = Differences::default();
    for (sql, plan, by_hand) in pairs(Dialect::MySql) {
        let scoped = plan.sql_for(&TenantValue::Text(TENANT)).unwrap();
        let scoped = accesses(&mut connection, &scoped).await;
        let by_hand = accesses(&mut connection, &by_hand).await;
        differences.compare(sql, &plan, &scoped, &by_hand);
    }
    differences.none();
}

async fn accesses(connection: &mut MySqlConnection, sql: &str) -> Accesses {
    let explain = sqlx::raw_sql(AssertSqlSafe(format!("EXPLAIN {sql}")));
    let rows = explain.fetch_all(connection).await.unwrap_or_else(|error| panic!("{sql}\n{error}"));
    let text = |row: &sqlx::mysql::MySqlRow, column: &str| {
        row.try_get::<Option<String>, _>(column).unwrap_or_default().unwrap_or_default()
    };
    let columns = ["type", "table", "key", "key_len"];
    let access = |row| columns.map(|column| text(row, column)).join(" ");
    let mut accesses: Accesses = rows.iter().map(access).collect();
    accesses.sort();
    accesses
}
