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
         what the rewriter does.\n",
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
    page + &share()
}

/// Statements as mappers and people write them: what all databases have in common, and what each has of its own.
/// `?` and `"` in the common ones are said in the database's own way.
const COMMON: &str = include_str!("ordinary/common.sql");

const ORDINARY: [(&str, Dialect, &str); 3] = [
    ("SQLite", Dialect::Sqlite, include_str!("ordinary/sqlite.sql")),
    ("PostgreSQL", Dialect::Postgres, include_str!("ordinary/postgres.sql")),
    ("MySQL", Dialect::MySql, include_str!("ordinary/mysql.sql")),
];

const TABLES: &str = "accounts archive categories comments counters documents drafts events invoices items members orders \
    post_tags posts products projects scores sessions settings stats stock tags tasks users";

/// Every table has all of them: what counts here is the grammar.
const COLUMNS: &str = "a account_id active age amount archived assignee_id at b balance body brand c category \
    commentable_id commentable_type createdAt created_at data day deleted_at done due due_at email expires_at failed flags \
    id idle ip key kind labels last_activity last_seen lock_version locked manager_id n name nickname number order_id \
    owner_id paid_at parent_id password_hash phone plan_id position post_id price priority product_id project_id published \
    quantity reserved role roles score search started_at state status tag_id tenant_id theme title token total updated_at \
    user_id uuid value version views vip";

fn application(dialect: Dialect) -> Rewriter {
    let mut catalog = Catalog::builder(dialect);
    if dialect == Dialect::MySql {
        catalog = catalog.schema("app");
    }
    let columns = || COLUMNS.split_whitespace();
    for name in TABLES.split_whitespace() {
        let mut table = Table::owned(name).columns(columns()).unique(["tenant_id", "id"]);
        let key = [("users", "email"), ("settings", "key"), ("counters", "name")];
        if let Some((_, column)) = key.iter().find(|(keyed, _)| *keyed == name) {
            table = table.unique(["tenant_id", column]);
        }
        catalog = catalog.table(table);
    }
    Rewriter::new(catalog.table(Table::shared("plans").columns(columns())).build().unwrap())
}

fn statements(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter(|line| !line.is_empty() && !line.starts_with("--"))
}

/// A common statement in the words of one database.
fn spoken(statement: &str, dialect: Dialect) -> String {
    match dialect {
        Dialect::Sqlite => statement.to_owned(),
        Dialect::MySql => statement.replace('"', "`"),
        Dialect::Postgres => {
            let mut numbered = String::new();
            for (at, part) in statement.split('?').enumerate() {
                if at > 0 {
                    write!(numbered, "${at}").unwrap();
                }
                numbered.push_str(part);
            }
            numbered
        }
    }
}

/// All ordinary statements of a database that are refused, and how many there are.
fn refusals(dialect: Dialect, own: &str) -> (Vec<(String, String)>, usize) {
    let rewriter = application(dialect);
    let common = statements(COMMON).map(|statement| spoken(statement, dialect));
    let all: Vec<String> = common.chain(statements(own).map(str::to_owned)).collect();
    let refused = all.iter().filter_map(|statement| {
        let refusal = rewriter.rewrite(statement).err()?;
        Some((statement.clone(), refusal.to_string()))
    });
    (refused.collect(), all.len())
}

fn share() -> String {
    let mut section = String::from(
        "\n## Ordinary statements\n\n\
         What Django, ActiveRecord, Laravel, Hibernate, Prisma, diesel, sea-orm and others send, and what people write by\n\
         hand (`crates/tenant/tests/ordinary`): how many are refused.\n\n\
         | database | statements | refused | share |\n|---|---|---|---|\n",
    );
    let mut listed = String::new();
    for (name, dialect, own) in ORDINARY {
        let (refused, all) = refusals(dialect, own);
        let share = 100.0 * refused.len() as f64 / all as f64;
        writeln!(section, "| {name} | {all} | {} | {share:.1} % |", refused.len()).unwrap();
        for (statement, refusal) in refused {
            write!(listed, "\n```sql\n{statement}\n```\n\n- {name}: {refusal}\n").unwrap();
        }
    }
    section + &listed
}

#[test]
fn ordinary_statements_are_seldom_refused() {
    for (name, dialect, own) in ORDINARY {
        let (refused, all) = refusals(dialect, own);
        assert!(all >= 400, "{name}: only {all} statements");
        let most = 1.0;
        let share = 100.0 * refused.len() as f64 / all as f64;
        assert!(share <= most, "{name}: {share:.1} % are refused: {refused:#?}");
    }
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
