//! Another tenant's row is not seen through an error either.

use sqlx::sqlite::SqliteConnection;
use sqlx::{AssertSqlSafe, Connection, Row};
use tenant_sql::{Catalog, Dialect, Rewriter, Table, TenantValue};

/// Rows of another tenant that no JSON function, `abs` or pattern can take, and indexes that lead straight to them.
const SCHEMA: &str = "
    CREATE TABLE docs (id INTEGER PRIMARY KEY, body TEXT, n INTEGER, tenant_id TEXT NOT NULL);
    CREATE INDEX docs_by_body ON docs (body, n);
    CREATE INDEX docs_by_n ON docs (n, body);
    CREATE TABLE marks (id INTEGER PRIMARY KEY, doc INTEGER, body TEXT, n INTEGER, tenant_id TEXT NOT NULL);
    CREATE INDEX marks_by_body ON marks (body, n);
    CREATE INDEX marks_by_n ON marks (n, body);
    CREATE VIEW bodies AS SELECT id, body, n, tenant_id FROM docs;
    INSERT INTO docs VALUES (1, '{\"a\":1}', 1, 't1'), (2, 'broken', -9223372036854775808, 't2'), (3, '{\"a\":2}', 3, 't1');
    INSERT INTO marks VALUES (1, 1, '{\"a\":1}', 1, 't1'), (2, 2, 'broken', -9223372036854775808, 't2');
    CREATE TABLE log (id INTEGER PRIMARY KEY, body TEXT, tenant_id TEXT NOT NULL);";

const STATEMENTS: &[&str] = &[
    "SELECT id FROM docs WHERE json_extract(body, '$.a') = 1 ORDER BY body",
    "SELECT id FROM docs WHERE body > '' AND json_extract(body, '$.a') = 1",
    "SELECT n FROM docs WHERE n < 100 AND abs(n) > 0",
    "SELECT id FROM docs WHERE body > '' AND body -> 'a' IS NOT NULL AND body ->> 'a' > 0",
    "SELECT d.id FROM docs d JOIN marks m ON m.body = d.body AND json_extract(m.body, '$.a') = 1",
    "SELECT d.id FROM docs d JOIN marks m ON m.body > '' WHERE json_extract(m.body, '$.a') = json_extract(d.body, '$.a')",
    "SELECT d.id FROM docs d LEFT JOIN marks m ON m.body > '' AND json_extract(m.body, '$.a') = 1",
    "SELECT d.id FROM docs d LEFT JOIN marks m ON m.body > '' WHERE json_extract(m.body, '$.a') = 1",
    "SELECT d.id FROM docs d RIGHT JOIN marks m ON d.body > '' AND json_extract(d.body, '$.a') = 1",
    "SELECT d.id FROM docs d FULL JOIN marks m ON d.body > '' AND json_extract(d.body, '$.a') = json_extract(m.body, '$.a')",
    "SELECT x.id FROM (SELECT id, body FROM docs) AS x WHERE body > '' AND json_extract(body, '$.a') = 1",
    "SELECT x.id FROM (SELECT id, body, json_extract(body, '$.a') AS a FROM docs) AS x WHERE body > '' AND a = 1",
    "WITH x AS (SELECT id, body, json_extract(body, '$.a') AS a FROM docs) SELECT id FROM x WHERE body > '' AND a = 1",
    "WITH x AS (SELECT id, body FROM docs) SELECT id FROM x WHERE body > '' AND json_extract(body, '$.a') = 1",
    "SELECT id FROM bodies WHERE body > '' AND json_extract(body, '$.a') = 1",
    "SELECT d.id FROM docs d WHERE EXISTS (SELECT 1 FROM marks m WHERE m.body > '' AND json_extract(m.body, '$.a') = 1)",
    "SELECT d.id FROM docs d WHERE d.body > '' AND EXISTS (SELECT 1 FROM marks m WHERE json_extract(d.body, '$.a') = 1)",
    "SELECT d.id FROM docs d WHERE d.body > '' AND 1 IN (SELECT json_extract(d.body, '$.a') FROM marks m)",
    "SELECT d.id FROM docs d WHERE d.id IN (SELECT m.id FROM marks m WHERE m.n < 100 AND abs(m.n) = 1)",
    "SELECT (SELECT max(m.id) FROM marks m WHERE m.body > '' AND json_extract(m.body, '$.a') = d.n) FROM docs d",
    "SELECT d.id, j.value FROM docs d, json_each(d.body) AS j WHERE d.body > ''",
    "SELECT d.id FROM docs d WHERE d.body > '' AND d.id IN (SELECT d.id FROM json_each(d.body) AS j)",
    "SELECT json_extract(body, '$.a') FROM docs WHERE body > ''",
    "SELECT json_extract(body, '$.a') AS a, count(*) FROM docs WHERE body > '' GROUP BY a HAVING abs(max(n)) > 0 ORDER BY a",
    "SELECT DISTINCT abs(n) FROM docs ORDER BY n",
    "SELECT min(abs(n)), sum(json_extract(body, '$.a')) FROM docs WHERE n < 100",
    "SELECT id FROM docs WHERE body > '' AND json_extract(body, '$.a') = 1 UNION SELECT id FROM marks WHERE body > '' AND json_extract(body, '$.a') = 1",
    "SELECT sum(abs(n)) OVER (ORDER BY body) FROM docs WHERE body > ''",
    "UPDATE docs SET n = n + 1 WHERE body > '' AND json_extract(body, '$.a') = 1",
    "UPDATE docs SET body = json_set(body, '$.b', 1) WHERE body > ''",
    "UPDATE docs SET n = 0 FROM marks m WHERE m.body > '' AND json_extract(m.body, '$.a') = 1",
    "DELETE FROM docs WHERE n < 100 AND abs(n) = 1",
    "DELETE FROM docs WHERE body > '' AND json_extract(body, '$.a') = 1 RETURNING json_extract(body, '$.a')",
    "SELECT id FROM docs WHERE n < 100 AND 'x' LIKE 'a%' ESCAPE CASE WHEN n < 0 THEN 'no' ELSE '!' END",
    "SELECT id FROM docs WHERE body > '' AND 'x' LIKE 'a%' ESCAPE substr(body, 1, n > 0)",
    "SELECT id FROM docs WHERE n < 100 AND length(printf('%.*c', CASE WHEN n < 0 THEN 2000000000 ELSE 1 END, 'x')) > 0",
    "SELECT id FROM docs WHERE n < 100 AND length(format('%*d', CASE WHEN n < 0 THEN 2000000000 ELSE 1 END, 1)) > 0",
    "SELECT d.id FROM docs d JOIN (marks m JOIN docs o ON json_extract(m.body, '$.a') = o.id) ON d.id = o.id",
    "WITH x AS (SELECT 1 AS a UNION ALL VALUES (2)) SELECT x.a FROM x, docs WHERE body > '' AND json_extract(body, '$.a') = x.a",
    "SELECT x.a FROM (SELECT 1 AS a UNION ALL VALUES (2)) AS x, docs WHERE body > '' AND json_extract(body, '$.a') = x.a",
    "INSERT INTO log (body) SELECT json_extract(body, '$.a') FROM docs WHERE body > ''",
    "INSERT INTO log (body) SELECT body FROM docs WHERE body > '' AND json_extract(body, '$.a') = 1",
];

fn rewriter() -> Rewriter {
    let catalog = Catalog::builder(Dialect::Sqlite)
        .table(Table::owned("docs"))
        .table(Table::owned("marks"))
        .table(Table::owned("log"))
        .table(Table::owned("bodies").view());
    Rewriter::new(catalog.build().expect("sound"))
}

async fn database() -> SqliteConnection {
    let mut connection = SqliteConnection::connect("sqlite::memory:").await.unwrap();
    sqlx::raw_sql(SCHEMA).execute(&mut connection).await.unwrap();
    connection
}

#[tokio::test]
async fn rows_of_others_cannot_break_a_statement() {
    for sql in STATEMENTS {
        let mut connection = database().await;
        let plan = rewriter().rewrite(sql).unwrap_or_else(|refusal| panic!("{refusal}: {sql}"));
        let done =
            sqlx::query(AssertSqlSafe(plan.sql().as_ref())).bind("t1").fetch_all(&mut connection).await;
        assert!(done.is_ok(), "{}\n{sql}\n{}", done.err().unwrap(), plan.sql());
    }
}

#[tokio::test]
async fn only_rows_that_fail_the_callers_own_text_fail_the_scoped_one() {
    for sql in STATEMENTS.iter().filter(|sql| !sql.contains("JOIN")) {
        let mut connection = database().await;
        sqlx::query("UPDATE docs SET tenant_id = 't1'").execute(&mut connection).await.unwrap();
        let own = sqlx::query(*sql).fetch_all(&mut connection).await.is_err();
        let plan = rewriter().rewrite(sql).unwrap();
        let scoped = sqlx::query(AssertSqlSafe(plan.sql().as_ref()))
            .bind("t1")
            .fetch_all(&mut connection)
            .await
            .is_err();
        assert!(own || !scoped, "{sql}\n{}", plan.sql());
    }
}

/// The tenant column may be given; if it is not the tenant's, nothing at all is written.
#[tokio::test]
async fn another_tenants_key_in_an_insert_fails_the_statement() {
    let statements = [
        "INSERT INTO log (body, tenant_id) VALUES ('a', ?)",
        "INSERT INTO log (body, tenant_id) VALUES ('a', 't' || '1'), ('b', ?)",
        "INSERT INTO log (body, tenant_id) SELECT 'a', ?",
        "INSERT INTO log (body, tenant_id) SELECT body, ? FROM docs",
        "INSERT INTO log (body, tenant_id) SELECT 'a', 't1' UNION ALL SELECT 'b', ?",
        "INSERT INTO log (body, tenant_id) VALUES ('a', (SELECT ?))",
        "INSERT INTO log (body, tenant_id) VALUES ('a', coalesce(?, 't2'))",
    ];
    for sql in statements {
        let plan = rewriter().rewrite(sql).unwrap_or_else(|refusal| panic!("{refusal}: {sql}"));
        plan.check_tenant(&TenantValue::Text("t1")).expect("only literals are known beforehand");
        for (given, accepted) in [("t1", true), ("t2", false), ("T1", false), ("t1 ", false), ("", false)] {
            let mut connection = database().await;
            let done = sqlx::query(AssertSqlSafe(plan.sql().as_ref()))
                .bind(given)
                .bind("t1")
                .execute(&mut connection)
                .await;
            assert_eq!(done.is_ok(), accepted, "{given}: {sql}");
            let rows = sqlx::query("SELECT tenant_id FROM log").fetch_all(&mut connection).await.unwrap();
            assert!(rows.iter().all(|row| row.get::<String, _>(0) == "t1"), "{sql}");
            assert_eq!(rows.is_empty(), !accepted, "{given}: {sql}");
        }
    }
}
