use tenant_sql::Dialect;

/// A statement, and how one scopes it by hand: `$t` is the tenant.
pub(super) struct Statement {
    pub(super) sql: &'static str,
    pub(super) by_hand: &'static str,
    not_on: &'static [Dialect],
}

impl Statement {
    pub(super) fn runs_on(&self, dialect: Dialect) -> bool {
        !self.not_on.contains(&dialect)
    }
}

const fn statement(sql: &'static str, by_hand: &'static str) -> Statement {
    Statement { sql, by_hand, not_on: &[] }
}

pub(super) const STATEMENTS: &[Statement] = &[
    statement("SELECT * FROM users WHERE id = 5", "SELECT * FROM users WHERE tenant_id = $t AND id = 5"),
    statement(
        "SELECT id FROM users WHERE email = 'user9'",
        "SELECT id FROM users WHERE tenant_id = $t AND email = 'user9'",
    ),
    statement(
        "SELECT id FROM users WHERE email = 'user9' OR id = 7",
        "SELECT id FROM users WHERE tenant_id = $t AND (email = 'user9' OR id = 7)",
    ),
    statement("SELECT COUNT(*) FROM orders", "SELECT COUNT(*) FROM orders WHERE tenant_id = $t"),
    statement(
        "SELECT id FROM orders ORDER BY placed DESC LIMIT 10",
        "SELECT id FROM orders WHERE tenant_id = $t ORDER BY placed DESC LIMIT 10",
    ),
    statement(
        "SELECT id FROM orders WHERE placed BETWEEN 10 AND 12",
        "SELECT id FROM orders WHERE tenant_id = $t AND placed BETWEEN 10 AND 12",
    ),
    statement(
        "SELECT id FROM users WHERE id IN (1, 2, 3)",
        "SELECT id FROM users WHERE tenant_id = $t AND id IN (1, 2, 3)",
    ),
    statement("SELECT MAX(placed) FROM orders", "SELECT MAX(placed) FROM orders WHERE tenant_id = $t"),
    statement(
        "SELECT u.email, o.total FROM users u JOIN orders o ON o.user_id = u.id WHERE u.id = 5",
        "SELECT u.email, o.total FROM users u JOIN orders o ON o.user_id = u.id \
         WHERE u.tenant_id = $t AND o.tenant_id = $t AND u.id = 5",
    ),
    statement(
        "SELECT u.email, o.total FROM users u, orders o WHERE o.user_id = u.id AND u.email = 'user5'",
        "SELECT u.email, o.total FROM users u, orders o \
         WHERE u.tenant_id = $t AND o.tenant_id = $t AND o.user_id = u.id AND u.email = 'user5'",
    ),
    statement(
        "SELECT u.email, o.total FROM users u LEFT JOIN orders o ON o.user_id = u.id WHERE u.id = 5",
        "SELECT u.email, o.total FROM users u LEFT JOIN orders o ON o.tenant_id = $t AND o.user_id = u.id \
         WHERE u.tenant_id = $t AND u.id = 5",
    ),
    statement(
        "SELECT u.email, o.total, p.name FROM users u LEFT JOIN orders o ON o.user_id = u.id \
         LEFT JOIN plans p ON p.id = o.total WHERE u.id = 5",
        "SELECT u.email, o.total, p.name FROM users u LEFT JOIN orders o ON o.tenant_id = $t AND o.user_id = u.id \
         LEFT JOIN plans p ON p.id = o.total WHERE u.tenant_id = $t AND u.id = 5",
    ),
    statement(
        "SELECT u.email, o.total FROM orders o RIGHT JOIN users u ON o.user_id = u.id WHERE u.id = 5",
        "SELECT u.email, o.total FROM (SELECT * FROM orders WHERE orders.tenant_id = $t) o \
         RIGHT JOIN users u ON o.user_id = u.id WHERE u.tenant_id = $t AND u.id = 5",
    ),
    statement(
        "SELECT d.email FROM (SELECT id, email FROM users WHERE age = 30) d WHERE d.id = 5",
        "SELECT d.email FROM (SELECT id, email FROM users WHERE tenant_id = $t AND age = 30) d WHERE d.id = 5",
    ),
    statement(
        "SELECT u.email, d.n FROM users u JOIN (SELECT user_id, COUNT(*) AS n FROM orders GROUP BY user_id) d \
         ON d.user_id = u.id WHERE u.id = 5",
        "SELECT u.email, d.n FROM users u JOIN (SELECT user_id, COUNT(*) AS n FROM orders WHERE tenant_id = $t \
         GROUP BY user_id) d ON d.user_id = u.id WHERE u.tenant_id = $t AND u.id = 5",
    ),
    statement(
        "SELECT id FROM users u WHERE EXISTS (SELECT 1 FROM orders o WHERE o.user_id = u.id) AND u.age = 3",
        "SELECT id FROM users u WHERE u.tenant_id = $t AND EXISTS (SELECT 1 FROM orders o WHERE o.tenant_id = $t \
         AND o.user_id = u.id) AND u.age = 3",
    ),
    statement(
        "SELECT id FROM users WHERE id IN (SELECT user_id FROM orders WHERE placed = 7)",
        "SELECT id FROM users WHERE tenant_id = $t AND id IN (SELECT user_id FROM orders WHERE tenant_id = $t \
         AND placed = 7)",
    ),
    statement(
        "SELECT id, (SELECT COUNT(*) FROM orders o WHERE o.user_id = u.id) FROM users u WHERE u.age = 3",
        "SELECT id, (SELECT COUNT(*) FROM orders o WHERE o.tenant_id = $t AND o.user_id = u.id) FROM users u \
         WHERE u.tenant_id = $t AND u.age = 3",
    ),
    statement(
        "WITH recent AS (SELECT user_id FROM orders WHERE placed = 7) \
         SELECT u.email FROM users u JOIN recent r ON r.user_id = u.id",
        "WITH recent AS (SELECT user_id FROM orders WHERE tenant_id = $t AND placed = 7) \
         SELECT u.email FROM users u JOIN recent r ON r.user_id = u.id WHERE u.tenant_id = $t",
    ),
    statement(
        "SELECT id FROM users WHERE age = 3 UNION ALL SELECT user_id FROM orders WHERE placed = 7",
        "SELECT id FROM users WHERE tenant_id = $t AND age = 3 \
         UNION ALL SELECT user_id FROM orders WHERE tenant_id = $t AND placed = 7",
    ),
    statement(
        "SELECT user_id, SUM(total) FROM orders GROUP BY user_id ORDER BY user_id",
        "SELECT user_id, SUM(total) FROM orders WHERE tenant_id = $t GROUP BY user_id ORDER BY user_id",
    ),
    statement(
        "SELECT email FROM users WHERE age = 3 AND email LIKE 'user1%'",
        "SELECT email FROM users WHERE tenant_id = $t AND age = 3 AND email LIKE 'user1%'",
    ),
    statement(
        "SELECT email FROM users WHERE LENGTH(email) > 3 AND age = 3",
        "SELECT email FROM users WHERE tenant_id = $t AND LENGTH(email) > 3 AND age = 3",
    ),
    // Conditions that can fail on a row stand behind the tenant's: the index must serve all the same.
    statement(
        "SELECT id FROM users WHERE 100 / age > 3 AND id = 5",
        "SELECT id FROM users WHERE tenant_id = $t AND 100 / age > 3 AND id = 5",
    ),
    statement(
        "UPDATE users SET age = 4 WHERE id = 5",
        "UPDATE users SET age = 4 WHERE tenant_id = $t AND id = 5",
    ),
    statement(
        "DELETE FROM orders WHERE user_id = 5",
        "DELETE FROM orders WHERE tenant_id = $t AND user_id = 5",
    ),
    Statement {
        sql: "SELECT u.email, o.total FROM users u FULL JOIN orders o ON o.user_id = u.id",
        by_hand: "SELECT u.email, o.total FROM (SELECT * FROM users WHERE tenant_id = $t) u \
                  FULL JOIN (SELECT * FROM orders WHERE tenant_id = $t) o ON o.user_id = u.id",
        not_on: &[Dialect::MySql],
    },
    Statement {
        sql: "UPDATE orders SET total = 0 FROM users u WHERE u.id = orders.user_id AND u.email = 'user5'",
        by_hand: "UPDATE orders SET total = 0 FROM users u WHERE orders.tenant_id = $t AND u.tenant_id = $t \
                  AND u.id = orders.user_id AND u.email = 'user5'",
        not_on: &[Dialect::MySql],
    },
];
