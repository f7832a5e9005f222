//! Writes `docs/src/sql-coverage.md` from what the rewriter does, and fails where the page says something else.
//!
//! `UPDATE_DOCS=1 cargo test -p tenant --features full --test coverage` writes it anew.

#![cfg(feature = "sqlite")]
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, missing_docs)]

use std::fmt::Write;

use tenant::{
    Catalog, Table,
    sql::{Dialect, Rewriter, TenantBind},
};

/// A heading, and statements to show under it.
const SECTIONS: &[(&str, &[&str])] = &[
    (
        "Reading",
        &[
            "SELECT * FROM users",
            "SELECT id FROM users WHERE name = 'x' OR age > 3",
            "SELECT u.id FROM users AS u, orders AS o WHERE o.user_id = u.id",
            "SELECT u.id FROM users u JOIN orders o ON o.user_id = u.id",
            "SELECT u.id FROM users u LEFT JOIN orders o ON o.user_id = u.id",
            "SELECT u.id FROM users u FULL JOIN orders o ON o.user_id = u.id",
            "SELECT u.id FROM users u CROSS JOIN plans p",
            "SELECT id FROM users WHERE id IN (SELECT user_id FROM orders)",
            "SELECT id FROM users u WHERE EXISTS (SELECT 1 FROM orders o WHERE o.user_id = u.id)",
            "SELECT (SELECT COUNT(*) FROM orders o WHERE o.user_id = u.id) AS n FROM users u",
            "SELECT x.id FROM (SELECT id FROM users) AS x",
            "WITH big AS (SELECT user_id FROM orders WHERE total > 9) SELECT user_id FROM big",
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3) SELECT i FROM n",
            "SELECT id FROM users UNION SELECT user_id FROM orders",
            "SELECT user_id, SUM(total) AS s FROM orders GROUP BY user_id HAVING SUM(total) > 9 ORDER BY s LIMIT 3",
            "SELECT id, ROW_NUMBER() OVER (PARTITION BY user_id ORDER BY total) AS r FROM orders",
            "SELECT name FROM plans",
        ],
    ),
    (
        "Writing",
        &[
            "INSERT INTO users (id, name) VALUES (1, 'x'), (2, 'y')",
            "INSERT INTO orders (id, user_id, total) SELECT id, id, 0 FROM users",
            "INSERT INTO users (id, name, tenant_id) VALUES (1, 'x', 'another')",
            "UPDATE users SET name = 'x' WHERE id = 1",
            "UPDATE users SET tenant_id = 'another'",
            "UPDATE plans SET name = 'x'",
            "DELETE FROM users WHERE id = 1",
            "DELETE FROM users WHERE id IN (SELECT user_id FROM orders)",
        ],
    ),
    (
        "Refused",
        &[
            "SELECT * FROM secrets",
            "SELECT * FROM nobody_knows",
            "SELECT 1; DELETE FROM users",
            "CREATE TABLE t (id INTEGER)",
            "DROP TABLE users",
            "TRUNCATE TABLE users",
            "BEGIN",
            "EXPLAIN SELECT * FROM users",
            "SELECT nobody_knows(id) FROM users",
        ],
    ),
];

const DIALECTS: [(&str, Dialect); 3] =
    [("SQLite", Dialect::Sqlite), ("PostgreSQL", Dialect::Postgres), ("MySQL", Dialect::MySql)];

fn rewriter(dialect: Dialect) -> Rewriter {
    let users = Table::owned("users").columns(["id", "name", "age", "tenant_id"]).unique(["tenant_id", "id"]);
    let orders =
        Table::owned("orders").columns(["id", "user_id", "total", "tenant_id"]).unique(["tenant_id", "id"]);
    let catalog = Catalog::builder(dialect).table(users).table(orders);
    let catalog =
        catalog.table(Table::shared("plans").columns(["id", "name"])).table(Table::hidden("secrets"));
    Rewriter::new(catalog.build().unwrap())
}

/// What becomes of a statement: its scoped text with the tenant's place, or the kind of the refusal.
fn outcome(rewriter: &Rewriter, statement: &str) -> String {
    let acme = tenant::sql::TenantValue::Text("acme");
    let plan = match rewriter.rewrite(statement) {
        Ok(plan) => plan,
        Err(refusal) => return format!("refused: `{}`", refusal.kind().as_str()),
    };
    if let Err(refusal) = plan.check_tenant(&acme) {
        return format!("refused: `{}`", refusal.kind().as_str());
    }
    match plan.tenant() {
        TenantBind::None => "as it stands".to_owned(),
        TenantBind::Argument(_) | TenantBind::Inline => format!("`` {} ``", plan.sql_for(&acme).unwrap()),
    }
}

fn page() -> String {
    let mut page = String::from(
        "# SQL coverage\n\n\
         What becomes of a statement, on each database. `users` and `orders` are owned, `plans` is shared, `secrets` is\n\
         hidden, and the tenant is `acme`. This page is written by a test (`crates/tenant/tests/coverage.rs`) and so says\n\
         what the rewriter does. Executors exist for SQLite so far; the rewriter knows all three dialects.\n",
    );
    for (heading, statements) in SECTIONS {
        write!(page, "\n## {heading}\n").unwrap();
        for statement in *statements {
            write!(page, "\n```sql\n{statement}\n```\n\n").unwrap();
            for (name, dialect) in DIALECTS {
                writeln!(page, "- {name}: {}", outcome(&rewriter(dialect), statement)).unwrap();
            }
        }
    }
    page
}

#[test]
fn the_page_on_sql_coverage_says_what_happens() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/src/sql-coverage.md");
    let page = page();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(path, &page).unwrap();
    }
    let written = std::fs::read_to_string(path).expect("the page is there");
    assert!(written == page, "docs/src/sql-coverage.md is out of date: run this test with UPDATE_DOCS=1");
}
