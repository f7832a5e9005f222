//! Writing through a join, as MySQL does.

use tenant_sql::{Dialect, RefusalKind};

use crate::common::rewriter;

fn mysql(sql: &str) -> String {
    match rewriter(Dialect::MySql).rewrite(sql) {
        Ok(plan) => plan.sql().to_string(),
        Err(refusal) => panic!("{refusal}: {sql}"),
    }
}

const ORDERS: &str =
    "(SELECT * FROM orders WHERE `orders`.`tenant_id` <=> :tenant LIMIT 18446744073709551615)";

#[test]
fn targets_are_guarded_and_the_rest_is_read_from_derived_tables() {
    for (sql, scoped) in [
        (
            "UPDATE users u JOIN orders o ON o.user_id = u.id SET u.age = 1, u.name = o.status WHERE o.total > ?",
            format!("UPDATE users u JOIN {ORDERS} o ON o.user_id = u.id SET u.age = 1, u.name = o.status WHERE `u`.`tenant_id` <=> :tenant AND (o.total > ?)"),
        ),
        (
            "UPDATE users u, orders o SET u.age = 1 WHERE o.user_id = u.id",
            format!("UPDATE users u CROSS JOIN {ORDERS} o SET u.age = 1 WHERE `u`.`tenant_id` <=> :tenant AND (o.user_id = u.id)"),
        ),
        (
            "UPDATE users u LEFT JOIN orders o ON o.user_id = u.id SET u.age = 1 WHERE o.id IS NULL",
            format!("UPDATE users u LEFT JOIN {ORDERS} o ON o.user_id = u.id SET u.age = 1 WHERE `u`.`tenant_id` <=> :tenant AND (o.id IS NULL)"),
        ),
        (
            "UPDATE orders o LEFT JOIN users u ON u.id = o.user_id SET u.age = 1",
            format!("UPDATE {ORDERS} o LEFT JOIN users u ON `u`.`tenant_id` <=> :tenant AND (u.id = o.user_id) SET u.age = 1"),
        ),
        (
            "UPDATE orders JOIN users ON users.id = orders.user_id SET status = ? WHERE users.name = 'x'",
            "UPDATE orders JOIN users ON users.id = orders.user_id SET status = ? \
             WHERE `orders`.`tenant_id` <=> :tenant AND `users`.`tenant_id` <=> :tenant AND (users.name = 'x')".to_owned(),
        ),
        (
            "UPDATE items i JOIN plans p ON p.id = i.sku SET i.qty = i.qty * p.price WHERE abs(i.qty) > 1",
            "UPDATE items i JOIN plans p ON p.id = i.sku SET i.qty = i.qty * p.price \
             WHERE `i`.`org` <=> :tenant AND (CASE WHEN `i`.`org` <=> :tenant THEN abs(i.qty) > 1 END)".to_owned(),
        ),
        (
            "DELETE u FROM users u JOIN orders o ON o.user_id = u.id WHERE o.total > 3",
            format!("DELETE u FROM users u JOIN {ORDERS} o ON o.user_id = u.id WHERE `u`.`tenant_id` <=> :tenant AND (o.total > 3)"),
        ),
        (
            "DELETE FROM u USING users u JOIN orders o ON o.user_id = u.id",
            format!("DELETE u FROM users u JOIN {ORDERS} o ON o.user_id = u.id WHERE `u`.`tenant_id` <=> :tenant"),
        ),
        (
            "DELETE users, orders FROM users JOIN orders ON orders.user_id = users.id WHERE users.id = 1",
            "DELETE users, orders FROM users JOIN orders ON orders.user_id = users.id \
             WHERE `users`.`tenant_id` <=> :tenant AND `orders`.`tenant_id` <=> :tenant AND (users.id = 1)".to_owned(),
        ),
    ] {
        assert_eq!(mysql(sql), scoped, "{sql}");
    }
}

#[test]
fn nothing_but_owned_tables_is_written_and_no_tenant_column() {
    let odd = RefusalKind::UnsupportedConstruct;
    let cases = [
        (RefusalKind::WriteToShared, "UPDATE users u JOIN plans p ON p.id = u.id SET p.name = 'x'"),
        (RefusalKind::WriteToShared, "UPDATE users u JOIN plans p ON p.id = u.id SET name = 'x'"),
        (RefusalKind::WriteToShared, "DELETE p FROM users u JOIN plans p ON p.id = u.id"),
        (RefusalKind::WriteToShared, "DELETE u, p FROM users u JOIN plans p ON p.id = u.id"),
        (RefusalKind::HiddenRelation, "DELETE s FROM users u JOIN secrets s ON s.id = u.id"),
        (RefusalKind::HiddenRelation, "DELETE u FROM users u JOIN secrets s ON s.id = u.id"),
        (RefusalKind::UnknownRelation, "UPDATE users u JOIN nowhere n ON n.id = u.id SET u.age = 1"),
        (RefusalKind::TenantColumnWrite, "UPDATE users u JOIN orders o ON o.id = u.id SET u.tenant_id = 'x'"),
        (RefusalKind::TenantColumnWrite, "UPDATE users u JOIN orders o ON o.id = u.id SET `Tenant_ID` = 'x'"),
        (RefusalKind::TenantColumnWrite, "UPDATE users u JOIN items i ON i.id = u.id SET org = 'x'"),
        (RefusalKind::TenantColumnWrite, "UPDATE users u JOIN items i ON i.id = u.id SET tenant_id = 'x'"),
        (odd, "UPDATE users u JOIN user_names n ON n.id = u.id SET n.name = 'x'"),
        (odd, "UPDATE users u JOIN (orders o JOIN plans p ON p.id = o.id) ON p.id = u.id SET name = 'x'"),
        (odd, "UPDATE users u JOIN (orders o JOIN plans p ON p.id = o.id) ON p.id = u.id SET p.name = 'x'"),
        (odd, "UPDATE orders o RIGHT JOIN users u ON u.id = o.user_id SET o.total = 1"),
        (odd, "UPDATE users u JOIN (SELECT 1 AS id) x ON x.id = u.id SET x.id = 1"),
        (odd, "UPDATE users u JOIN orders o ON o.id = u.id SET nobody.age = 1"),
        (odd, "UPDATE users u JOIN orders o ON o.id = u.id SET u.age = 1 LIMIT 3"),
        (odd, "DELETE nobody FROM users u JOIN orders o ON o.id = u.id"),
        (odd, "DELETE x FROM users u JOIN (SELECT 1 AS id) x ON x.id = u.id"),
        (odd, "DELETE o FROM orders o RIGHT JOIN users u ON u.id = o.user_id"),
        (odd, "UPDATE users SET orders.total = 1"),
        (RefusalKind::TenantColumnWrite, "UPDATE users SET users.tenant_id = 'x'"),
    ];
    let rewriter = rewriter(Dialect::MySql);
    for (kind, sql) in cases {
        match rewriter.rewrite(sql) {
            Ok(plan) => panic!("accepted: {sql}\n      as: {}", plan.sql()),
            Err(refusal) => {
                assert_eq!(refusal.kind(), kind, "{refusal}: {sql}");
                assert!(!refusal.hint().contains("proved"), "only the verifier refused: {sql}");
            }
        }
    }
}
