//! The scoped form of each construct, as the contract lists them.

use crate::common::sqlite;

/// `?t` stands for the tenant's placeholder in what is expected.
fn expect(cases: &[(&str, &str)]) {
    for (sql, expected) in cases {
        match sqlite(sql) {
            Ok(scoped) => assert_eq!(&scoped, expected, "{sql}"),
            Err(refusal) => panic!("{refusal}: {sql}"),
        }
    }
}

#[test]
fn base_tables_are_scoped_in_where_before_the_parenthesised_condition() {
    expect(&[
        ("SELECT * FROM users", r#"SELECT * FROM users WHERE "users"."tenant_id" = ?1"#),
        (
            "SELECT id FROM users WHERE age > ? OR 1 = 1",
            r#"SELECT id FROM users WHERE "users"."tenant_id" = ?2 AND (age > ?1 OR 1 = 1)"#,
        ),
        (
            "SELECT * FROM users u, orders AS o, plans WHERE u.id = o.user_id",
            r#"SELECT * FROM users u, orders AS o, plans WHERE "u"."tenant_id" = ?1 AND "o"."tenant_id" = ?1 AND (u.id = o.user_id)"#,
        ),
        (
            "SELECT * FROM users JOIN orders ON orders.user_id = users.id CROSS JOIN items",
            r#"SELECT * FROM users JOIN orders ON orders.user_id = users.id CROSS JOIN items WHERE "users"."tenant_id" = ?1 AND "orders"."tenant_id" = ?1 AND "items"."org" = ?1"#,
        ),
        ("SELECT * FROM plans", "SELECT * FROM plans"),
        ("SELECT * FROM user_names", r#"SELECT * FROM user_names WHERE "user_names"."tenant_id" = ?1"#),
    ]);
}

#[test]
fn null_supplying_sides_are_scoped_below_the_join() {
    expect(&[
        (
            "SELECT * FROM users u LEFT JOIN orders o ON o.user_id = u.id OR 1",
            r#"SELECT * FROM users u LEFT JOIN orders o ON "o"."tenant_id" = ?1 AND (o.user_id = u.id OR 1) WHERE "u"."tenant_id" = ?1"#,
        ),
        (
            "SELECT * FROM users u LEFT JOIN orders USING (id)",
            r#"SELECT * FROM users u LEFT JOIN (SELECT * FROM orders WHERE "orders"."tenant_id" = ?1) AS "orders" USING(id) WHERE "u"."tenant_id" = ?1"#,
        ),
        (
            "SELECT * FROM users NATURAL LEFT JOIN orders o",
            r#"SELECT * FROM users NATURAL LEFT JOIN (SELECT * FROM orders WHERE "orders"."tenant_id" = ?1) o WHERE "users"."tenant_id" = ?1"#,
        ),
        (
            "SELECT * FROM users u RIGHT JOIN orders o ON o.user_id = u.id",
            r#"SELECT * FROM (SELECT * FROM users WHERE "users"."tenant_id" = ?1) u RIGHT JOIN orders o ON o.user_id = u.id WHERE "o"."tenant_id" = ?1"#,
        ),
        (
            "SELECT * FROM users u FULL JOIN main.orders ON 1",
            r#"SELECT * FROM (SELECT * FROM users WHERE "users"."tenant_id" = ?1) u FULL JOIN (SELECT * FROM main.orders WHERE "orders"."tenant_id" = ?1) AS "orders" ON 1"#,
        ),
        (
            "SELECT * FROM users u, plans p RIGHT JOIN orders o ON o.id = p.id",
            r#"SELECT * FROM (SELECT * FROM users WHERE "users"."tenant_id" = ?1) u, plans p RIGHT JOIN orders o ON o.id = p.id WHERE "o"."tenant_id" = ?1"#,
        ),
        (
            "SELECT * FROM users u LEFT JOIN (orders o JOIN items i ON i.order_id = o.id) ON o.user_id = u.id",
            r#"SELECT * FROM users u LEFT JOIN ((SELECT * FROM orders WHERE "orders"."tenant_id" = ?1) o JOIN (SELECT * FROM items WHERE "items"."org" = ?1) i ON i.order_id = o.id) ON o.user_id = u.id WHERE "u"."tenant_id" = ?1"#,
        ),
    ]);
}

#[test]
fn every_subquery_is_scoped_in_its_own_scope() {
    let scoped = r#"(SELECT max(id) FROM orders WHERE "orders"."tenant_id" = ?1)"#;
    let positions = [
        "SELECT id, # AS x FROM plans",
        "SELECT id FROM plans WHERE id = #",
        "SELECT id FROM plans WHERE id IN #",
        "SELECT id FROM plans WHERE (id, id) IN (VALUES (1, #))",
        "SELECT id FROM plans WHERE id BETWEEN # AND #",
        "SELECT id FROM plans WHERE name LIKE # ESCAPE #",
        "SELECT id FROM plans WHERE EXISTS #",
        "SELECT id FROM plans WHERE id IS #",
        "SELECT id FROM plans GROUP BY # HAVING max(id) > #",
        "SELECT id FROM plans ORDER BY # LIMIT # OFFSET #",
        "SELECT id FROM plans ORDER BY id LIMIT #, #",
        "SELECT sum(id) FILTER (WHERE id > #) AS x FROM plans",
        "SELECT sum(#) OVER (PARTITION BY # ORDER BY #) AS x FROM plans",
        "SELECT sum(id) OVER w AS x FROM plans WINDOW w AS (ORDER BY #)",
        "SELECT CASE # WHEN # THEN # ELSE # END AS x FROM plans",
        "SELECT coalesce(#, CAST(# AS TEXT), # COLLATE nocase, -#, (#)) AS x FROM plans",
        "SELECT group_concat(name, ',' ORDER BY #) AS x FROM plans",
        "SELECT p.id FROM plans p LEFT JOIN plans q ON q.id = #",
        "SELECT id FROM (SELECT id FROM plans WHERE id = #) AS x",
        "SELECT j.value FROM json_each(#) AS j",
        "SELECT id FROM plans UNION SELECT #",
        "VALUES (#), (#)",
        "WITH x AS (SELECT # AS y) SELECT y FROM x",
    ];
    for position in positions {
        let expected = position.replace('#', scoped);
        let sql = position.replace('#', "(SELECT max(id) FROM orders)");
        match sqlite(&sql) {
            Ok(text) => assert_eq!(text.replace("UNION SELECT (SELECT max(id) FROM orders WHERE \"orders\".\"tenant_id\" = ?1) AS \"(SELECT max(id) FROM orders)\"", &format!("UNION SELECT {scoped}")), expected),
            Err(refusal) => panic!("{refusal}: {sql}"),
        }
    }
}

#[test]
fn common_table_expressions_hide_tables_only_in_their_scope() {
    expect(&[
        (
            "WITH orders AS (SELECT id FROM users) SELECT * FROM orders, main.orders o",
            r#"WITH orders AS (SELECT id FROM users WHERE "users"."tenant_id" = ?1) SELECT * FROM orders, main.orders o WHERE "o"."tenant_id" = ?1"#,
        ),
        (
            "SELECT * FROM (WITH orders AS (SELECT 1 AS x) SELECT x FROM orders) AS y, orders",
            r#"SELECT * FROM (WITH orders AS (SELECT 1 AS x) SELECT x FROM orders) AS y, orders WHERE "orders"."tenant_id" = ?1"#,
        ),
        (
            "WITH RECURSIVE t (id) AS (SELECT id FROM users UNION SELECT o.id FROM t JOIN orders o ON o.user_id = t.id) SELECT id FROM t",
            r#"WITH RECURSIVE t (id) AS (SELECT id FROM users WHERE "users"."tenant_id" = ?1 UNION SELECT o.id FROM t JOIN orders o ON o.user_id = t.id WHERE "o"."tenant_id" = ?1) SELECT id FROM t"#,
        ),
    ]);
}

#[test]
fn inserts_get_the_tenant_in_each_row() {
    expect(&[
        (
            "INSERT INTO users (id, name) VALUES (?, ?), (3, 'x') RETURNING id",
            r#"INSERT INTO users (id, name, "tenant_id") VALUES (?1, ?2, ?3), (3, 'x', ?3) RETURNING id"#,
        ),
        ("INSERT INTO items DEFAULT VALUES", r#"INSERT INTO items ("org") VALUES (?1)"#),
        (
            "INSERT INTO orders VALUES (1, 2, 3, 'x')",
            r#"INSERT INTO orders ("id", "user_id", "total", "status", "tenant_id") VALUES (1, 2, 3, 'x', ?1)"#,
        ),
        (
            "INSERT INTO orders VALUES (1, 2, 3, 'x', 'acme')",
            r#"INSERT INTO orders ("id", "user_id", "total", "status", "tenant_id") VALUES (1, 2, 3, 'x', ?1)"#,
        ),
        (
            "INSERT INTO users (tenant_id, id) VALUES (?, ?)",
            r#"INSERT INTO users (tenant_id, id) VALUES (CASE WHEN (?1) COLLATE BINARY = ?3 THEN ?3 ELSE json('another tenant') END, ?2)"#,
        ),
        (
            "INSERT INTO users (id) SELECT id FROM orders UNION SELECT * FROM (VALUES (1))",
            r#"INSERT INTO users (id, "tenant_id") SELECT id, ?1 FROM orders WHERE "orders"."tenant_id" = ?1 UNION SELECT *, ?1 FROM (VALUES (1))"#,
        ),
        (
            "INSERT INTO users (id, tenant_id) SELECT id, o.tenant_id FROM orders o",
            r#"INSERT INTO users (id, tenant_id) SELECT id, CASE WHEN (o.tenant_id) COLLATE BINARY = ?1 THEN ?1 ELSE json('another tenant') END FROM orders o WHERE "o"."tenant_id" = ?1"#,
        ),
    ]);
}

#[test]
fn upserts_name_a_key_with_the_tenant_and_guard_the_update() {
    expect(&[
        (
            "INSERT INTO users (id, name) VALUES (1, 'x') ON CONFLICT (id) DO UPDATE SET name = excluded.name WHERE age > 1 OR 1",
            r#"INSERT INTO users (id, name, "tenant_id") VALUES (1, 'x', ?1) ON CONFLICT(id, "tenant_id") DO UPDATE SET name = excluded.name WHERE "users"."tenant_id" = ?1 AND (age > 1 OR 1)"#,
        ),
        (
            "INSERT INTO users AS u (id) VALUES (1) ON CONFLICT (tenant_id, email) DO UPDATE SET age = u.age + 1",
            r#"INSERT INTO users AS u (id, "tenant_id") VALUES (1, ?1) ON CONFLICT(tenant_id, email) DO UPDATE SET age = u.age + 1 WHERE "u"."tenant_id" = ?1"#,
        ),
        (
            "INSERT OR IGNORE INTO users (id) VALUES (1)",
            r#"INSERT OR IGNORE INTO users (id, "tenant_id") VALUES (1, ?1)"#,
        ),
        (
            "REPLACE INTO users (id) VALUES (1)",
            r#"INSERT OR REPLACE INTO users (id, "tenant_id") VALUES (1, ?1)"#,
        ),
        (
            "INSERT INTO users (id) VALUES (1) ON CONFLICT DO NOTHING",
            r#"INSERT INTO users (id, "tenant_id") VALUES (1, ?1) ON CONFLICT DO NOTHING"#,
        ),
    ]);
}

#[test]
fn updates_and_deletes_guard_the_target_and_every_other_relation() {
    expect(&[
        (
            "UPDATE users SET age = age + 1",
            r#"UPDATE users SET age = age + 1 WHERE "users"."tenant_id" = ?1"#,
        ),
        (
            "UPDATE users AS u SET age = (SELECT max(total) FROM orders) FROM items i LEFT JOIN orders o ON o.id = i.id WHERE i.id = u.id OR 1 RETURNING u.id",
            r#"UPDATE users AS u SET age = (SELECT max(total) FROM orders WHERE "orders"."tenant_id" = ?1) FROM items i LEFT JOIN orders o ON "o"."tenant_id" = ?1 AND (o.id = i.id) WHERE "u"."tenant_id" = ?1 AND "i"."org" = ?1 AND (i.id = u.id OR 1) RETURNING u.id"#,
        ),
        (
            "WITH old AS (SELECT id FROM orders) DELETE FROM users WHERE id IN (SELECT id FROM old) RETURNING id, (SELECT count(*) FROM items) AS n",
            r#"WITH old AS (SELECT id FROM orders WHERE "orders"."tenant_id" = ?1) DELETE FROM users WHERE "users"."tenant_id" = ?1 AND (id IN (SELECT id FROM old)) RETURNING id, (SELECT count(*) FROM items WHERE "items"."org" = ?1) AS n"#,
        ),
    ]);
}

#[test]
fn result_columns_keep_the_names_the_callers_text_gave_them() {
    expect(&[
        (
            r#"SELECT id+1, count( * ), "id"  ||'x', id, (name), ?, age AS a FROM users"#,
            r#"SELECT id + 1 AS "id+1", count(*) AS "count( * )", "id" || 'x' AS """id""  ||'x'", id, (name), ?1 AS "?", age AS a FROM users WHERE "users"."tenant_id" = ?2"#,
        ),
        (
            "DELETE FROM users RETURNING id+1,  id",
            r#"DELETE FROM users WHERE "users"."tenant_id" = ?1 RETURNING id + 1 AS "id+1", id"#,
        ),
    ]);
}

#[test]
fn comments_and_the_final_semicolon_are_dropped() {
    expect(&[
        (
            "/* all */ SELECT id -- the key\n FROM users /* owned */ ;",
            r#"SELECT id FROM users WHERE "users"."tenant_id" = ?1"#,
        ),
        (";;SELECT 1;", "SELECT 1"),
    ]);
}
