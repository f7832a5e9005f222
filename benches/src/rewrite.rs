//! Scoping a statement: one that was seen before, one that was not, and what sqlparser alone takes to parse it.

use std::hint::black_box;

use sqlparser::{dialect::SQLiteDialect, parser::Parser};
use tenant::sql::{Catalog, Dialect, Rewriter, Table};

use crate::{BoxError, Contestant};

/// The statements, with the names of their three contestants: remembered, new, parsed alone.
pub const STATEMENTS: [(&str, [&str; 3]); 3] = [
    (BY_ID, ["by id, hit", "by id, miss", "by id, parse"]),
    (JOIN, ["3-join, hit", "3-join, miss", "3-join, parse"]),
    (WINDOW, ["cte and window, hit", "cte and window, miss", "cte and window, parse"]),
];

const BY_ID: &str = "SELECT id, email, name FROM users WHERE id = ?";

const JOIN: &str = "SELECT u.name, o.id, SUM(i.quantity * i.price) AS total
    FROM users u JOIN orders o ON o.user_id = u.id JOIN items i ON i.order_id = o.id
    WHERE u.active = ? AND o.created_at >= ? GROUP BY u.name, o.id ORDER BY total DESC LIMIT 20";

const WINDOW: &str = "WITH recent AS (SELECT id, user_id, total FROM orders WHERE created_at >= ?)
    SELECT u.name, r.total, RANK() OVER (PARTITION BY r.user_id ORDER BY r.total DESC) AS place,
        SUM(r.total) OVER (PARTITION BY r.user_id ORDER BY r.id) AS running
    FROM recent r JOIN users u ON u.id = r.user_id WHERE u.active = ? ORDER BY place, u.name";

/// Who takes part.
///
/// # Errors
/// A statement is refused.
pub fn contestants() -> Result<Vec<Contestant>, BoxError> {
    let mut all = Vec::new();
    for (sql, [hit, miss, parse]) in STATEMENTS {
        all.push(scoped(hit, sql, Rewriter::new(catalog()?))?);
        all.push(scoped(miss, sql, Rewriter::new(catalog()?).with_cache_capacity(0))?);
        all.push(parsed(parse, sql));
    }
    Ok(all)
}

fn scoped(name: &'static str, sql: &'static str, rewriter: Rewriter) -> Result<Contestant, BoxError> {
    rewriter.rewrite(sql)?;
    Ok(Contestant::new(name, move || assert!(black_box(rewriter.rewrite(black_box(sql))).is_ok())))
}

fn parsed(name: &'static str, sql: &'static str) -> Contestant {
    let dialect = SQLiteDialect {};
    Contestant::new(name, move || {
        assert!(black_box(Parser::parse_sql(&dialect, black_box(sql))).is_ok());
    })
}

fn catalog() -> Result<Catalog, BoxError> {
    let users = Table::owned("users").columns(["tenant_id", "id", "email", "name", "active"]);
    let orders = Table::owned("orders").columns(["tenant_id", "id", "user_id", "total", "created_at"]);
    let items = Table::owned("items").columns(["tenant_id", "id", "order_id", "quantity", "price"]);
    let catalog = Catalog::builder(Dialect::Sqlite).table(users).table(orders).table(items);
    Ok(catalog.build()?)
}
