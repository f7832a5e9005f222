//! MariaDB pushes conditions into each member of a union: each has a limit of its own that keeps them out.

use tenant_sql::Dialect;

use crate::common::rewriter;

const ALL: &str = "LIMIT 18446744073709551615";

fn mysql(sql: &str) -> String {
    match rewriter(Dialect::MySql).rewrite(sql) {
        Ok(plan) => plan.sql().to_string(),
        Err(refusal) => panic!("{refusal}: {sql}"),
    }
}

#[test]
fn members_in_brackets_are_limited_too() {
    let orders = format!("(SELECT id FROM orders WHERE `orders`.`tenant_id` <=> :tenant {ALL})");
    let users = format!("(SELECT id FROM users WHERE `users`.`tenant_id` <=> :tenant {ALL})");
    let plans = format!("(SELECT id FROM plans {ALL})");
    for (union, scoped) in [
        ("SELECT id FROM plans UNION (SELECT id FROM orders)", format!("{plans} UNION {orders}")),
        ("(SELECT id FROM orders) UNION ALL SELECT id FROM plans", format!("{orders} UNION ALL {plans}")),
        (
            "SELECT id FROM plans UNION ALL (SELECT id FROM orders UNION SELECT id FROM users)",
            format!("{plans} UNION ALL ({orders} UNION {users})"),
        ),
    ] {
        let sql = format!("SELECT x.id FROM ({union}) x WHERE abs(x.id) > 0");
        assert_eq!(mysql(&sql), format!("SELECT x.id FROM ({scoped}) x WHERE abs(x.id) > 0"));
    }
}

#[test]
fn a_members_own_limit_stays() {
    let scoped = mysql(
        "SELECT x.id FROM ((SELECT id FROM orders ORDER BY id LIMIT 3) UNION SELECT id FROM plans) x \
         WHERE abs(x.id) > 0",
    );
    assert!(scoped.contains("ORDER BY id LIMIT 3) UNION (SELECT id FROM plans LIMIT"), "{scoped}");
}
