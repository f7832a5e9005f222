use sqlx::{AssertSqlSafe, Connection, PgConnection, Row};
use tenant_sql::{Dialect, TenantBind};
use tenant_testkit::servers::Postgres;

use super::{Accesses, Differences, TENANT, pairs, set_up};

fn count_to(number: u32) -> String {
    format!("generate_series(0, {}) AS s(n)", number - 1)
}

#[tokio::test]
async fn on_postgres_the_same_indexes_serve() {
    let url = Postgres::shared().unwrap().database("plans").unwrap();
    let mut connection = PgConnection::connect(&url).await.unwrap();
    for statement in set_up("text COLLATE \"C\"", count_to) {
        let statement = statement.replace("TEXT_OF(", "CONCAT(");
        sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut connection).await.unwrap();
    }
    sqlx::raw_sql("ANALYZE").execute(&mut connection).await.unwrap();
    let mut differences = Differences::default();
    for (sql, plan, by_hand) in pairs(Dialect::Postgres) {
        let is_bound = matches!(plan.tenant(), TenantBind::Argument(1));
        let scoped = accesses(&mut connection, plan.sql(), is_bound).await;
        let by_hand = accesses(&mut connection, &by_hand, false).await;
        differences.compare(sql, &plan, &scoped, &by_hand);
    }
    differences.none();
}

async fn accesses(connection: &mut PgConnection, sql: &str, is_bound: bool) -> Accesses {
    let explain = format!("EXPLAIN (FORMAT JSON) {sql}");
    let mut query = sqlx::query(AssertSqlSafe(explain));
    if is_bound {
        query = query.bind(TENANT);
    }
    let row = query.fetch_one(connection).await.unwrap_or_else(|error| panic!("{sql}\n{error}"));
    let plan: String = row.try_get_unchecked(0).unwrap();
    let mut accesses = Accesses::new();
    collect(&serde_json::from_str(&plan).unwrap(), &mut accesses);
    accesses.sort();
    accesses
}

/// Each scan with its relation, its index and the columns that the index is searched by. An index that only finds rows
/// for a scan above it stands beside it.
fn collect(node: &serde_json::Value, accesses: &mut Accesses) {
    match node {
        serde_json::Value::Array(nodes) => nodes.iter().for_each(|node| collect(node, accesses)),
        serde_json::Value::Object(fields) => {
            let field = |name: &str| fields.get(name).and_then(serde_json::Value::as_str).unwrap_or_default();
            let (kind, relation, index) = (field("Node Type"), field("Relation Name"), field("Index Name"));
            if kind.ends_with("Scan") && !(relation.is_empty() && index.is_empty()) {
                let condition = field("Index Cond");
                let columns = ["tenant_id", "user_id", "email", "placed", "age", "(id "];
                let searched: Vec<_> =
                    columns.into_iter().filter(|column| condition.contains(column)).collect();
                accesses.push(format!("{kind} {relation} {index} {searched:?}"));
            }
            fields.values().for_each(|inner| collect(inner, accesses));
        }
        _ => {}
    }
}
