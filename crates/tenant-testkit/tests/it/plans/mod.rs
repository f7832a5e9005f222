//! Scoped statements are planned as hand-written ones: the same indexes serve the same relations.

mod mysql;
mod postgres;
mod sqlite;
mod statements;

use std::sync::Arc;

use tenant_sql::{Catalog, Dialect, Plan, Rewriter, Table};

use self::statements::STATEMENTS;

/// The tenant of the comparison, one of fifty.
const TENANT: &str = "t7";

/// The relations of a plan with the index that serves each, in order of name.
type Accesses = Vec<String>;

fn rewriter(dialect: Dialect) -> Rewriter {
    let users = Table::owned("users")
        .columns(["tenant_id", "id", "email", "age", "meta"])
        .unique(["tenant_id", "id"])
        .unique(["tenant_id", "email"]);
    let orders = Table::owned("orders")
        .columns(["tenant_id", "id", "user_id", "total", "placed"])
        .unique(["tenant_id", "id"]);
    let plans = Table::shared("plans").columns(["id", "name"]).unique(["id"]);
    let catalog = Catalog::builder(dialect).table(users).table(orders).table(plans).build().unwrap();
    Rewriter::new(catalog)
}

/// Tables with 50 tenants of 200 users and 600 orders each; `text` is a text that is compared byte by byte, `number` a
/// column whose name is counted up to its argument.
fn set_up(text: &str, count_to: fn(u32) -> String) -> Vec<String> {
    vec![
        format!(
            "CREATE TABLE users (tenant_id {text} NOT NULL, id INTEGER NOT NULL, email {text} NOT NULL, \
             age INTEGER NOT NULL, meta {text}, PRIMARY KEY (tenant_id, id))"
        ),
        "CREATE UNIQUE INDEX users_email ON users (tenant_id, email)".to_owned(),
        "CREATE INDEX users_age ON users (tenant_id, age)".to_owned(),
        format!(
            "CREATE TABLE orders (tenant_id {text} NOT NULL, id INTEGER NOT NULL, user_id INTEGER NOT NULL, \
             total INTEGER NOT NULL, placed INTEGER NOT NULL, PRIMARY KEY (tenant_id, id))"
        ),
        "CREATE INDEX orders_user ON orders (tenant_id, user_id)".to_owned(),
        "CREATE INDEX orders_placed ON orders (tenant_id, placed)".to_owned(),
        format!("CREATE TABLE plans (id INTEGER NOT NULL PRIMARY KEY, name {text} NOT NULL)"),
        format!(
            "INSERT INTO users SELECT {tenant}, n / 50, {email}, n / 50 % 80, NULL FROM {numbers}",
            tenant = tenant_of("n % 50"),
            email = email_of("n / 50"),
            numbers = count_to(10_000),
        )
        .replace("n / 50", "(n - n % 50) / 50"),
        format!(
            "INSERT INTO orders SELECT {tenant}, n / 50, n / 50 % 200, n % 1000, n / 50 FROM {numbers}",
            tenant = tenant_of("n % 50"),
            numbers = count_to(30_000),
        )
        .replace("n / 50", "(n - n % 50) / 50"),
        format!("INSERT INTO plans SELECT n, {} FROM {}", email_of("n"), count_to(100)),
    ]
}

fn tenant_of(number: &str) -> String {
    format!("TEXT_OF('t', {number})")
}

fn email_of(number: &str) -> String {
    format!("TEXT_OF('user', {number})")
}

/// The statement as the caller writes it, scoped; and as one writes it by hand.
fn pairs(dialect: Dialect) -> impl Iterator<Item = (&'static str, Arc<Plan>, String)> {
    let rewriter = rewriter(dialect);
    STATEMENTS.iter().filter(move |statement| statement.runs_on(dialect)).map(move |statement| {
        let plan =
            rewriter.rewrite(statement.sql).unwrap_or_else(|error| panic!("{}\n{error}", statement.sql));
        (statement.sql, plan, statement.by_hand.replace("$t", &format!("'{TENANT}'")))
    })
}

/// Collects what differs, so that one run tells of all.
#[derive(Default)]
struct Differences(Vec<String>);

impl Differences {
    fn compare(&mut self, sql: &str, plan: &Plan, scoped: &Accesses, by_hand: &Accesses) {
        if scoped != by_hand {
            self.0.push(format!("{sql}\n  {}\n  scoped:  {scoped:?}\n  by hand: {by_hand:?}", plan.sql()));
        }
    }

    fn none(self) {
        assert!(
            self.0.is_empty(),
            "{} statements are planned in another way:\n{}",
            self.0.len(),
            self.0.join("\n")
        );
    }
}
