//! MariaDB 10.11 forgets a condition in the `ON` of an outer join of a subquery that reads the query around and nothing
//! else. Each refused form was seen to give wrong rows there, each accepted one the rows of a database of one tenant.

use tenant_sql::Dialect;

use crate::common::rewriter;

fn statements(join: &str, condition: &str) -> Vec<String> {
    let from = format!("{join} ON {condition}");
    vec![
        format!("SELECT u.id FROM users u WHERE EXISTS (SELECT 1 FROM {from} WHERE abs(o.total) > 1)"),
        format!("SELECT u.id, (SELECT count(*) FROM {from}) AS n FROM users u"),
        format!("SELECT u.id FROM users u WHERE u.id NOT IN (SELECT o.user_id FROM {from})"),
        format!(
            "SELECT count(*) FROM plans z LEFT JOIN users u ON z.id = u.id AND u.id IN (SELECT o.id FROM {from})"
        ),
        format!("SELECT u.id FROM users u ORDER BY (SELECT max(o.total) FROM {from})"),
        format!("UPDATE users u SET u.age = (SELECT max(o.total) FROM {from})"),
        format!(
            "SELECT u.id FROM users u WHERE EXISTS (SELECT 1 FROM (plans q JOIN ({from}) ON q.id = o.id))"
        ),
        format!("SELECT u.id FROM users u WHERE EXISTS (SELECT 1 FROM plans UNION SELECT 1 FROM {from})"),
    ]
}

const JOINS: [&str; 3] = [
    "items t LEFT JOIN orders o",
    "orders o RIGHT JOIN items t",
    "items t LEFT JOIN (SELECT id, user_id, total FROM orders) o",
];

fn refusal(sql: &str) -> Option<String> {
    let refusal = rewriter(Dialect::MySql).rewrite(sql).err()?;
    Some(refusal.construct().to_owned())
}

#[test]
fn an_outer_join_of_a_subquery_does_not_hang_on_the_query_around() {
    for condition in [
        "u.age > 3",
        "name = 'x'",
        "char_length(u.name) < 4",
        "u.age > 3 OR u.name = 'x'",
        "t.id = o.id AND u.age > 3",
        "t.id = o.id AND (o.total > 1 AND NOT u.age > 3)",
        "u.age > (SELECT max(price) FROM plans p)",
        "EXISTS (SELECT 1 FROM plans p WHERE p.id = u.id)",
        // By our own predicates a tenant column is a constant.
        "u.name = t.org",
        "u.name = o.tenant_id AND o.id = t.id",
    ] {
        for sql in JOINS.iter().flat_map(|join| statements(join, condition)) {
            let construct = refusal(&sql).unwrap_or_else(|| panic!("accepted: {sql}"));
            assert!(construct.contains("outer join"), "{construct}: {sql}");
        }
    }
}

#[test]
fn an_outer_join_of_a_subquery_may_compare_its_own_columns_with_those_around() {
    for condition in [
        "o.user_id = u.id",
        "t.order_id = u.id",
        "o.id = t.order_id AND o.user_id = u.id",
        "o.user_id = u.id OR u.age > 3",
        "user_id = u.id",
        "o.id = t.order_id",
        "1 = 0",
        "TRUE",
        "EXISTS (SELECT 1 FROM plans p WHERE p.id = o.id)",
        "EXISTS (SELECT 1 FROM plans p WHERE p.id = o.id AND p.price = u.age)",
        "(SELECT max(price) FROM plans p) > 3",
        "(SELECT max(price) FROM plans p WHERE p.id > 1) > 3",
    ] {
        for sql in JOINS.iter().flat_map(|join| statements(join, condition)) {
            assert_eq!(refusal(&sql), None, "{sql}");
        }
    }
    for sql in [
        // An inner join's condition is one of WHERE; and without a query around there is nothing to hang on.
        "SELECT u.id FROM users u WHERE EXISTS (SELECT 1 FROM items t JOIN orders o ON u.age > 3)",
        "SELECT u.id FROM users u LEFT JOIN orders o ON u.age > 3",
        "SELECT x.id FROM (SELECT u.id FROM users u LEFT JOIN orders o ON u.age > 3) x",
    ] {
        assert_eq!(refusal(sql), None, "{sql}");
    }
    let sql = "SELECT u.id FROM users u WHERE EXISTS (SELECT 1 FROM items t LEFT JOIN orders o ON u.age > 3)";
    assert!(
        rewriter(Dialect::Postgres).rewrite(sql).is_ok() && rewriter(Dialect::Sqlite).rewrite(sql).is_ok()
    );
}

/// A tenant column under another name, and the conditions that then hang on the query around alone. Where the database
/// merges the subquery with what is around it, the name stands for the tenant (seen on MariaDB 10.11).
#[test]
fn a_tenant_column_by_another_name_does_not_count() {
    let ctes = |sql: &str| format!("WITH {sql}");
    for (with, derived) in [
        (String::new(), "(SELECT tenant_id AS k, id FROM orders) o"),
        (String::new(), "(SELECT z.tenant_id k, z.id FROM orders z) AS o"),
        (String::new(), "(SELECT org AS k, id FROM items) o"),
        (String::new(), "(SELECT * FROM (SELECT tenant_id AS k, id FROM orders) z) o"),
        (
            String::new(),
            "(SELECT z.* FROM plans p JOIN (SELECT tenant_id AS k, id FROM orders) z ON p.id = z.id) o",
        ),
        (String::new(), "(SELECT z.n AS k, id FROM (SELECT tenant_id AS n, id FROM orders) z) o"),
        (String::new(), "(SELECT n AS k, id FROM (SELECT tenant_id AS n, id FROM orders) z) o"),
        (String::new(), "(SELECT concat(tenant_id, '') AS k, id FROM orders) o"),
        (String::new(), "(SELECT tenant_id AS k, id FROM orders UNION SELECT name, id FROM plans) o"),
        (String::new(), "(plans q JOIN (SELECT tenant_id AS k FROM orders) o ON q.id = 1)"),
        (ctes("o AS (SELECT tenant_id AS k, id FROM orders)"), "o"),
        (ctes("c AS (SELECT tenant_id AS k, id FROM orders)"), "c o"),
        (ctes("c (k, n) AS (SELECT tenant_id, id FROM orders)"), "c AS o"),
        (ctes("c (k, n) AS (SELECT * FROM (SELECT tenant_id AS z, id FROM orders) z)"), "c AS o"),
        (ctes("c AS (SELECT tenant_id AS k, id FROM orders), d AS (SELECT * FROM c)"), "d AS o"),
        (ctes("c AS (WITH d AS (SELECT tenant_id AS k FROM orders) SELECT k FROM d)"), "c AS o"),
        (ctes("RECURSIVE d AS (SELECT k FROM c), c AS (SELECT tenant_id AS k FROM orders)"), "d AS o"),
    ] {
        for condition in ["o.k = u.name", "u.name = o.k OR o.k > u.name", "coalesce(o.k, u.name) = 'x'"] {
            let sql = format!(
                "{with} SELECT u.id FROM users u WHERE EXISTS (SELECT 1 FROM items t LEFT JOIN {derived} ON {condition})"
            );
            let construct = refusal(&sql).unwrap_or_else(|| panic!("accepted: {sql}"));
            // A name that is used before it is defined is refused for that.
            assert!(construct.contains("outer join") || with.contains("RECURSIVE"), "{construct}: {sql}");
        }
        let sql = format!(
            "{with} SELECT u.id, (SELECT count(*) FROM {derived} RIGHT JOIN items t ON k = u.name) FROM users u"
        );
        assert!(refusal(&sql).is_some(), "accepted: {sql}");
    }
}

#[test]
fn other_columns_of_a_subquery_count_by_whatever_name() {
    for (with, derived) in [
        ("", "(SELECT tenant_id AS t, id AS k FROM orders) o"),
        ("", "(SELECT id AS k FROM (SELECT tenant_id AS t, id FROM orders) z) o"),
        ("", "(SELECT * FROM (SELECT tenant_id AS t, id AS k FROM orders) z) o"),
        ("", "(SELECT concat(tenant_id, id) AS k FROM orders) o"),
        ("", "(SELECT 5 AS k, id FROM orders) o"),
        ("WITH c AS (SELECT tenant_id AS t, id AS k FROM orders) ", "c AS o"),
        ("WITH c (t, k) AS (SELECT tenant_id, id FROM orders) ", "c AS o"),
        ("WITH c (t, k) AS (SELECT tenant_id, id FROM orders), d AS (SELECT k FROM c) ", "d AS o"),
    ] {
        // A bare name of a CTE's column may be one from around.
        let bare = if with.is_empty() { "k = u.age" } else { "o.k + u.age" };
        for condition in ["o.k = u.age", bare, "u.age > o.k AND o.k > 1"] {
            let sql = format!(
                "{with}SELECT u.id FROM users u WHERE EXISTS (SELECT 1 FROM items t LEFT JOIN {derived} ON {condition})"
            );
            assert_eq!(refusal(&sql), None, "{sql}");
        }
    }
    let union = "(SELECT id AS k FROM orders UNION SELECT id FROM plans) o";
    let sql =
        format!("SELECT u.id, (SELECT count(*) FROM items t LEFT JOIN {union} ON o.k = u.age) FROM users u");
    assert_eq!(refusal(&sql), None, "{sql}");
}
