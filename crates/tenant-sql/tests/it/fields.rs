//! PostgreSQL calls a function where a row has no column of that name: `u.total` is `total(u)`, whatever it reads.

use tenant_sql::{Catalog, Dialect, RefusalKind, Rewriter, Table};

use crate::common::rewriter;

fn refused(sql: &str) -> bool {
    let answer = rewriter(Dialect::Postgres).rewrite(sql);
    answer.is_err_and(|refusal| {
        assert_eq!(refusal.kind(), RefusalKind::UnsupportedConstruct, "{refusal}: {sql}");
        refusal.construct().contains("known column")
    })
}

#[test]
fn a_qualified_name_that_is_no_column_is_refused() {
    for sql in [
        "SELECT u.sum_of_all FROM users u",
        "SELECT users.sum_of_all FROM users",
        "SELECT u.pg_column_size FROM users u",
        r#"SELECT u."NAME" FROM users u"#,
        "SELECT 1 FROM users u WHERE u.sum_of_all > 3",
        "SELECT 1 FROM users u ORDER BY u.sum_of_all",
        "SELECT 1 FROM users u GROUP BY u.sum_of_all",
        "SELECT count(*) FROM users u HAVING max(u.sum_of_all) > 1",
        "SELECT 1 FROM users u JOIN orders o ON o.sum_of_all = 1",
        "SELECT 1 FROM users u, LATERAL (SELECT u.sum_of_all) x",
        "SELECT 1 FROM users u WHERE EXISTS (SELECT 1 FROM orders o WHERE u.sum_of_all = o.id)",
        "SELECT p.sum_of_all FROM plans p",
        "SELECT x.sum_of_all FROM (SELECT * FROM users) x",
        "SELECT x.name FROM (SELECT id FROM users) x",
        "SELECT x.name FROM (SELECT * FROM users) AS x (a, b, c)",
        "WITH c AS (SELECT * FROM users) SELECT c.sum_of_all FROM c",
        "WITH c (a, b, c) AS (SELECT * FROM users) SELECT c.name FROM c",
        "WITH RECURSIVE c AS (SELECT id FROM users UNION SELECT c.sum_of_all FROM c) SELECT 1 FROM c",
        "WITH gone AS (DELETE FROM users RETURNING id) SELECT gone.name FROM gone",
        "SELECT f.f FROM unnest($1) AS f",
        "SELECT f.f FROM jsonb_array_elements($1) AS f",
        "SELECT g.other FROM generate_series(1, 3) AS g",
        "UPDATE users u SET age = u.sum_of_all",
        "UPDATE users SET age = 1 RETURNING users.sum_of_all",
        "DELETE FROM users u WHERE u.sum_of_all = 1",
        "INSERT INTO users (id) VALUES (1) RETURNING users.sum_of_all",
        "INSERT INTO users (id) VALUES (1) ON CONFLICT (id) DO UPDATE SET age = excluded.sum_of_all",
        // The inner `u` is not visible to its neighbour: the name is looked for outside.
        "SELECT 1 FROM users u WHERE EXISTS (SELECT 1 FROM (SELECT 1 AS f) u, (SELECT u.f) x)",
        "SELECT nobody.id FROM users u",
    ] {
        assert!(refused(sql), "accepted: {sql}");
    }
}

#[test]
fn a_table_without_listed_columns_takes_no_qualified_names() {
    let catalog = Catalog::builder(Dialect::Postgres).table(Table::owned("users"));
    let rewriter = Rewriter::new(catalog.build().expect("sound"));
    assert!(rewriter.rewrite("SELECT id FROM users WHERE id = $1").is_ok());
    assert!(rewriter.rewrite("SELECT users.id FROM users").is_err());
}

#[test]
fn columns_are_known_wherever_they_come_from() {
    for sql in [
        "SELECT u.id, U.Name, u.tenant_id FROM users u ORDER BY u.email",
        "SELECT users.id FROM public.users",
        "SELECT u.id, o.total FROM users u LEFT JOIN orders o ON o.user_id = u.id AND o.status = $1",
        "SELECT x.id, x.n FROM (SELECT id, count(*) AS n FROM users GROUP BY id) x ORDER BY x.n",
        "SELECT x.count FROM (SELECT count(*) FROM users) x",
        "SELECT x.id, x.total FROM (SELECT u.*, o.total FROM users u, orders o) x",
        "SELECT x.a FROM (SELECT * FROM users) AS x (a)",
        "SELECT v.column1 FROM (VALUES (1), (2)) v",
        "SELECT v.a FROM (VALUES (1), (2)) AS v (a)",
        "WITH c AS (SELECT u.id AS k FROM users u) SELECT c.k FROM c JOIN orders o ON o.user_id = c.k",
        "WITH RECURSIVE t AS (SELECT id FROM users UNION SELECT o.user_id FROM orders o JOIN t ON t.id = o.id) SELECT t.id FROM t",
        "WITH RECURSIVE t (n) AS (SELECT 1 UNION SELECT t.n + 1 FROM t WHERE t.n < 5) SELECT t.n FROM t",
        "WITH gone AS (DELETE FROM orders RETURNING *) SELECT gone.total FROM gone",
        "SELECT j.key, j.value FROM jsonb_each($1) AS j",
        "SELECT g.g FROM generate_series(1, 3) AS g",
        "SELECT e.x FROM unnest($1) AS e (x)",
        "SELECT u.id FROM users u WHERE EXISTS (SELECT 1 FROM orders u WHERE u.user_id = 1)",
        "INSERT INTO users AS x (id) VALUES (1) ON CONFLICT (id) DO UPDATE SET age = x.age + excluded.age RETURNING x.id",
    ] {
        if let Err(refusal) = rewriter(Dialect::Postgres).rewrite(sql) {
            panic!("{refusal}: {sql}");
        }
    }
}
