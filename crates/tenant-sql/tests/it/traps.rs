//! What went wrong elsewhere, each on a real SQLite.

use sqlx::sqlite::SqliteConnection;
use sqlx::{AssertSqlSafe, Connection, Row};
use tenant_sql::{Catalog, Dialect, Plan, Rewriter, Table, Unknown};

const SCHEMA: &str = "
    CREATE TABLE users (id INTEGER, name TEXT, age INTEGER, tenant_id TEXT NOT NULL, PRIMARY KEY (tenant_id, id));
    CREATE TABLE countries (id INTEGER, name TEXT);
    INSERT INTO users VALUES (1, 'own', 3, 't1'), (2, 'own too', 4, 't1'), (1, 'canary', 5, 't2'), (7, 'canary', 6, 't2');
    INSERT INTO countries VALUES (1, 'a'), (2, 'b');";

async fn database() -> SqliteConnection {
    let mut connection = SqliteConnection::connect("sqlite::memory:").await.unwrap();
    sqlx::raw_sql(SCHEMA).execute(&mut connection).await.unwrap();
    connection
}

fn rewriter(unknown: Unknown) -> Rewriter {
    let builder = Catalog::builder(Dialect::Sqlite).unknown(unknown).table(Table::owned("users"));
    Rewriter::new(builder.build().expect("sound"))
}

async fn run(plan: &Plan, arguments: &[i64]) -> Result<Vec<String>, sqlx::Error> {
    let mut connection = database().await;
    let mut query = sqlx::query(AssertSqlSafe(plan.sql().as_ref()));
    for argument in arguments {
        query = query.bind(*argument);
    }
    let rows = query.bind("t1").fetch_all(&mut connection).await?;
    Ok(rows.iter().map(|row| row.get_unchecked::<String, _>(0)).collect())
}

async fn names(sql: &str, arguments: &[i64]) -> Vec<String> {
    let plan = rewriter(Unknown::Refuse).rewrite(sql).unwrap_or_else(|refusal| panic!("{refusal}: {sql}"));
    run(&plan, arguments).await.unwrap_or_else(|error| panic!("{error}: {sql}\n{}", plan.sql()))
}

#[tokio::test]
async fn a_literal_with_a_backslash_stays_one_literal() {
    for sql in [
        r"SELECT name FROM users WHERE name = 'x\'') OR 1=1 -- '",
        r"SELECT name FROM users WHERE name = '\'') OR (1=1'",
        r"SELECT name FROM users WHERE name = 'x'''') OR 1=1 -- '",
        r"SELECT name FROM users WHERE name = '\' || ''') OR 1=1 -- '",
        r"SELECT name FROM users WHERE name = '\\'') OR 1=1 -- '",
    ] {
        assert!(names(sql, &[]).await.is_empty(), "{sql}");
    }
}

#[tokio::test]
async fn signs_do_not_become_comments() {
    let sql = "SELECT name FROM users WHERE age = 4 - -(-(-1)) OR age = - (- 3) OR 0 ORDER BY id";
    assert_eq!(names(sql, &[]).await, ["own"]);
    assert!(rewriter(Unknown::Refuse).rewrite("SELECT name FROM users WHERE age > - - 1\n OR 1").is_err());
}

#[tokio::test]
async fn the_tenant_is_never_bound_to_the_callers_placeholder() {
    assert_eq!(names("SELECT name FROM users WHERE age = ? AND id = ?", &[3, 1]).await, ["own"]);
    assert_eq!(names("SELECT name FROM users WHERE age = ?2 AND id = ?1", &[1, 3]).await, ["own"]);
    assert_eq!(names("SELECT name FROM users WHERE age = $2 AND id = $1", &[1, 3]).await, ["own"]);
    assert_eq!(names("SELECT name FROM users WHERE id = ?3 AND (?1 OR 1)", &[0, 0, 2]).await, ["own too"]);
}

#[tokio::test]
async fn operators_of_the_caller_do_not_take_part_in_the_scope() {
    let conditions = [
        "1 OR 1",
        "0 OR age",
        "id = 7 OR name = 'canary' OR 1",
        "NOT 0",
        "age IS NOT NULL OR tenant_id = 't2'",
        "1) OR (1",
    ];
    for condition in conditions {
        let sql = format!("SELECT name FROM users WHERE ({condition})");
        assert!(names(&sql, &[]).await.iter().all(|name| name.starts_with("own")), "{condition}");
    }
}

/// `"u"."tenant_id"` of a relation without that column would be found in the scope around.
#[tokio::test]
async fn a_relation_without_the_tenant_column_is_an_error_and_not_another_scopes_column() {
    let rewriter = rewriter(Unknown::Owned);
    for sql in [
        "SELECT name FROM users u WHERE (SELECT count(*) FROM countries u) > 0",
        "SELECT name FROM users countries WHERE EXISTS (SELECT 1 FROM countries)",
        "SELECT name FROM users u WHERE EXISTS (SELECT 1 FROM countries c LEFT JOIN countries u ON 1)",
        "SELECT name FROM countries",
    ] {
        let plan = rewriter.rewrite(sql).unwrap_or_else(|refusal| panic!("{refusal}: {sql}"));
        assert!(run(&plan, &[]).await.is_err(), "{}", plan.sql());
    }
    assert!(rewriter.rewrite("SELECT 1 AS tenant_scope_1 FROM countries").is_err());
}

#[tokio::test]
async fn a_text_in_double_quotes_does_not_stand_in_for_the_tenant_column() {
    let sql = r#"SELECT "tenant_id" FROM users WHERE "nothing" = 'nothing' AND "tenant_id" <> 'x'"#;
    assert_eq!(names(sql, &[]).await, ["t1", "t1"]);
}

#[tokio::test]
async fn a_result_column_called_like_the_tenants_does_not_satisfy_the_scope() {
    let sql = "SELECT max(name), 't2' AS tenant_id FROM users u GROUP BY tenant_id HAVING 1";
    assert_eq!(names(sql, &[]).await, ["own too"]);
    let sql = "SELECT name, 't2' AS tenant_id FROM users ORDER BY tenant_id, id";
    assert_eq!(names(sql, &[]).await, ["own", "own too"]);
}

/// In the body of the last CTE, its own name is the table's still; three more CTEs stand around.
#[test]
fn a_cte_of_an_inner_with_does_not_see_itself() {
    let sql = "WITH a AS (SELECT 1), b AS (SELECT 1), c AS (SELECT 1) \
               SELECT * FROM (WITH p AS (SELECT 1), q AS (SELECT 1), r AS (SELECT 1), \
               users AS (SELECT id FROM users) SELECT id FROM users) x";
    let refusal = crate::common::refused(sql);
    assert_eq!(refusal.kind(), tenant_sql::RefusalKind::Ambiguous, "{refusal}");
    let seen = "WITH a AS (SELECT 1 AS id), b AS (SELECT 1), c AS (SELECT 1) \
                SELECT * FROM (WITH p AS (SELECT 2 AS id), q AS (SELECT id FROM p), r AS (SELECT id FROM q) \
                SELECT id FROM r UNION SELECT id FROM a) x";
    assert!(crate::common::sqlite(seen).is_ok());
}
