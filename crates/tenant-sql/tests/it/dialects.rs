//! PostgreSQL and MySQL: the scoped text, and what is refused there only.

use tenant_sql::{Dialect, Plan, RefusalKind, TenantBind, TenantValue};

use crate::common::rewriter;

fn expect(dialect: Dialect, cases: &[(&str, &str)]) {
    for (sql, expected) in cases {
        match rewriter(dialect).rewrite(sql) {
            Ok(plan) => assert_eq!(&&**plan.sql(), expected, "{sql}"),
            Err(refusal) => panic!("{refusal}: {sql}"),
        }
    }
}

fn kinds(dialect: Dialect, cases: &[(RefusalKind, &str)]) {
    for (kind, sql) in cases {
        match rewriter(dialect).rewrite(sql) {
            Ok(plan) => panic!("accepted: {sql}\n      as: {}", plan.sql()),
            Err(refusal) => assert_eq!(refusal.kind(), *kind, "{refusal}: {sql}"),
        }
    }
}

#[test]
fn postgres_statements_are_scoped() {
    expect(
        Dialect::Postgres,
        &[
            (
                "SELECT id FROM users WHERE a = $2 OR b = $1",
                r#"SELECT id FROM users WHERE "users"."tenant_id" = $3 AND (a = $2 OR b = $1)"#,
            ),
            (
                "SELECT id FROM PUBLIC.Users AS U",
                r#"SELECT id FROM PUBLIC.Users AS U WHERE "u"."tenant_id" = $1"#,
            ),
            (
                "SELECT * FROM users u, LATERAL (SELECT * FROM orders o WHERE o.user_id = u.id) x",
                r#"SELECT * FROM users u, LATERAL (SELECT * FROM orders o WHERE "o"."tenant_id" = $1 AND (o.user_id = u.id)) x WHERE "u"."tenant_id" = $1"#,
            ),
            (
                "SELECT DISTINCT ON (id) id FROM users WHERE id = ANY($1) AND name ILIKE $2 FOR UPDATE SKIP LOCKED",
                r#"SELECT DISTINCT ON (id) id FROM users WHERE "users"."tenant_id" = $3 AND (id = ANY($1) AND CASE WHEN "users"."tenant_id" = $3 THEN name ILIKE $2 END) FOR UPDATE SKIP LOCKED"#,
            ),
            (
                "SELECT ARRAY(SELECT id FROM users), (ARRAY[1])[1], a -> 'b', a ->> 'c', a @> $1, a ? 'x', 1::bigint, now() - INTERVAL '1 day' FROM plans",
                r#"SELECT ARRAY(SELECT id FROM users WHERE "users"."tenant_id" = $2), (ARRAY[1])[1], a -> 'b', a ->> 'c', a @> $1, a ? 'x', 1::BIGINT, now() - INTERVAL '1 day' FROM plans"#,
            ),
            (
                "WITH gone AS (DELETE FROM orders WHERE id = $1 RETURNING *) INSERT INTO users (id) SELECT user_id FROM gone",
                r#"WITH gone AS (DELETE FROM orders WHERE "orders"."tenant_id" = $2 AND (id = $1) RETURNING *) INSERT INTO users (id, "tenant_id") SELECT user_id, $2 FROM gone"#,
            ),
            (
                "INSERT INTO users (id, tenant_id) VALUES (DEFAULT, $1)",
                r#"INSERT INTO users (id, tenant_id) VALUES (DEFAULT, CASE WHEN ($1) = $2 THEN $2 ELSE CAST(CAST(concat('another tenant') AS BIGINT) AS TEXT) END)"#,
            ),
            (
                "INSERT INTO users (email) VALUES ($1) ON CONFLICT (email) DO UPDATE SET age = EXCLUDED.age",
                r#"INSERT INTO users (email, "tenant_id") VALUES ($1, $2) ON CONFLICT(email, "tenant_id") DO UPDATE SET age = EXCLUDED.age WHERE "users"."tenant_id" = $2"#,
            ),
            (
                "INSERT INTO users (email) VALUES ($1) ON CONFLICT ON CONSTRAINT users_email DO UPDATE SET age = EXCLUDED.age",
                r#"INSERT INTO users (email, "tenant_id") VALUES ($1, $2) ON CONFLICT ON CONSTRAINT users_email DO UPDATE SET age = EXCLUDED.age WHERE "users"."tenant_id" = $2"#,
            ),
            (
                "UPDATE users u SET age = o.total FROM orders o WHERE o.user_id = u.id RETURNING u.*",
                r#"UPDATE users u SET age = o.total FROM orders o WHERE "u"."tenant_id" = $1 AND "o"."tenant_id" = $1 AND (o.user_id = u.id) RETURNING u.*"#,
            ),
            (
                "DELETE FROM users u USING orders o WHERE o.user_id = u.id",
                r#"DELETE FROM users u USING orders o WHERE "u"."tenant_id" = $1 AND "o"."tenant_id" = $1 AND (o.user_id = u.id)"#,
            ),
            (
                "SELECT * FROM generate_series(1, $1) AS g (n) JOIN users ON users.id = g.n",
                r#"SELECT * FROM generate_series(1, $1) AS g (n) JOIN users ON users.id = g.n WHERE "users"."tenant_id" = $2"#,
            ),
            (r"SELECT 'x\'' OR 1=1 -- '", r"SELECT 'x\'' OR 1=1 -- '"),
            (
                "TABLE users UNION ALL (TABLE public.users) ORDER BY 1",
                r#"SELECT * FROM users WHERE "users"."tenant_id" = $1 UNION ALL (SELECT * FROM public.users WHERE "users"."tenant_id" = $1) ORDER BY 1"#,
            ),
            (r"SELECT E'it\'s\t1'", "SELECT 'it''s\t1'"),
            (
                "SELECT public.users.id, public.users.* FROM public.users WHERE public.users.id = $1",
                r#"SELECT users.id, users.* FROM public.users WHERE "users"."tenant_id" = $2 AND (users.id = $1)"#,
            ),
            (
                "SELECT id FROM users FOR no key UPDATE OF users NOWAIT LIMIT 3",
                r#"SELECT id FROM users WHERE "users"."tenant_id" = $1 LIMIT 3 FOR NO KEY UPDATE OF users NOWAIT"#,
            ),
            (
                "SELECT 'FOR UPDATE' FROM (SELECT id FROM users FOR KEY SHARE SKIP LOCKED) x",
                r#"SELECT 'FOR UPDATE' FROM (SELECT id FROM users WHERE "users"."tenant_id" = $1 FOR KEY SHARE SKIP LOCKED) x"#,
            ),
            (
                "SELECT id FROM users WHERE id / 2 > 1 FOR KEY SHARE",
                r#"SELECT id FROM users WHERE "users"."tenant_id" = $1 AND (CASE WHEN "users"."tenant_id" = $1 THEN id / 2 > 1 END) FOR KEY SHARE"#,
            ),
            (
                "SELECT id FROM users WHERE name @@ to_tsquery('a') OFFSET 2 FOR UPDATE SKIP LOCKED LIMIT 3",
                r#"SELECT id FROM users WHERE "users"."tenant_id" = $1 AND (CASE WHEN "users"."tenant_id" = $1 THEN name @@ to_tsquery('a') END) LIMIT 3 OFFSET 2 FOR UPDATE SKIP LOCKED"#,
            ),
            (
                "SELECT id FROM (SELECT id FROM users OFFSET 1 LIMIT ALL) x, LATERAL (SELECT 1 OFFSET 5 LIMIT 4) y LIMIT ALL",
                r#"SELECT id FROM (SELECT id FROM users WHERE "users"."tenant_id" = $1 OFFSET 1) x, LATERAL (SELECT 1 LIMIT 4 OFFSET 5) y"#,
            ),
        ],
    );
}

#[test]
fn postgres_names_are_folded_as_postgres_folds_them() {
    kinds(
        Dialect::Postgres,
        &[
            (RefusalKind::UnknownRelation, r#"SELECT * FROM "Users""#),
            (RefusalKind::HiddenRelation, "SELECT * FROM pg_class"),
            (RefusalKind::HiddenRelation, "SELECT * FROM pg_catalog.pg_class"),
            (RefusalKind::HiddenRelation, "SELECT * FROM information_schema.tables"),
            (RefusalKind::HiddenRelation, r#"SELECT * FROM "Public".users"#),
            (RefusalKind::Ambiguous, r#"INSERT INTO users (id, "TENANT_ID") VALUES (1, 'x')"#),
            (RefusalKind::TenantColumnWrite, "UPDATE users SET TENANT_ID = 'x'"),
            (RefusalKind::TenantColumnWrite, "UPDATE users SET (age, Tenant_Id) = (1, 'x')"),
        ],
    );
}

#[test]
fn postgres_constructs_that_reach_around_the_scope_are_refused() {
    let odd = RefusalKind::UnsupportedConstruct;
    kinds(
        Dialect::Postgres,
        &[
            (odd, "SELECT * FROM ONLY users"),
            (odd, "DELETE FROM ONLY users"),
            (odd, "UPDATE ONLY users SET age = 1"),
            (odd, "SELECT * FROM users TABLESAMPLE SYSTEM (10)"),
            (odd, "SELECT * FROM users AS u (tenant_id, id)"),
            (odd, "SELECT 'users'::regclass"),
            (odd, "SELECT CAST(16384 AS oid)"),
            (odd, "SELECT users.ctid FROM users"),
            (odd, r"SELECT E'a\x27'"),
            (odd, r"SELECT E'a\\'"),
            (odd, r"SELECT E'a' 'b'"),
            (odd, r"SELECT 'a' E'b'"),
            (odd, "SELECT 'a'\n'b'"),
            (odd, "SELECT * FROM (DELETE FROM users RETURNING id) x"),
            (odd, "SELECT * FROM users u, orders o FOR NO KEY UPDATE OF u FOR KEY SHARE OF o"),
            (odd, "SELECT * FROM users u, orders o FOR UPDATE OF u FOR KEY SHARE OF o"),
            (odd, "SELECT substring(name FROM 1 FOR share) FROM users FOR KEY SHARE"),
            (odd, "INSERT INTO tickets (id) VALUES (1) ON CONFLICT ON CONSTRAINT users_key DO NOTHING"),
            (
                odd,
                "INSERT INTO tickets (id) VALUES (1) ON CONFLICT ON CONSTRAINT users_key DO UPDATE SET code = 1",
            ),
            (RefusalKind::HiddenRelation, "SELECT 1 UNION TABLE secrets"),
            (RefusalKind::Function, "SELECT pg_sleep(1)"),
            (RefusalKind::Function, "SELECT query_to_xml('select 1', true, true, '')"),
            (RefusalKind::Function, "SELECT pg_relation_size('users')"),
            (RefusalKind::Function, "SELECT set_config('a', 'b', true)"),
            (RefusalKind::Function, "SELECT nextval('users_id_seq')"),
            (RefusalKind::Function, "SELECT * FROM dblink('x', 'y')"),
            (RefusalKind::Syntax, "SELECT ?"),
        ],
    );
}

fn mysql(sql: &str) -> std::sync::Arc<Plan> {
    rewriter(Dialect::MySql).rewrite(sql).unwrap_or_else(|refusal| panic!("{refusal}: {sql}"))
}

#[test]
fn mysql_tenants_are_literals_at_reserved_places() {
    let plan = mysql(
        "SELECT id FROM users WHERE name = ':tenant' AND `name` <> ? AND id IN (SELECT user_id FROM orders) -- :tenant",
    );
    assert_eq!(plan.tenant(), TenantBind::Inline);
    assert_eq!(plan.arguments(), 1);
    let sent = plan.sql_for(&TenantValue::Text("a'cme")).expect("text");
    assert_eq!(
        sent,
        "SELECT id FROM users WHERE (name = ':tenant' AND `name` <> ? AND id IN (SELECT user_id FROM orders \
         WHERE `orders`.`tenant_id` = _utf8mb4 X'6127636D65')) AND `users`.`tenant_id` = _utf8mb4 X'6127636D65'"
    );
    assert_eq!(plan.sql_for(&TenantValue::Integer(1)).unwrap_err().kind(), RefusalKind::Arguments);
    assert!(!mysql("SELECT * FROM plans").sql().contains("tenant"));
}

#[test]
fn mysql_tenants_are_bound_where_no_argument_comes_behind_them() {
    let trailing = |sql: &str| {
        let plan = mysql(sql);
        plan.trailing().map(|trailing| (trailing.sql().to_string(), trailing.times()))
    };
    let bound = [
        (
            "SELECT id FROM users WHERE id = ?",
            "SELECT id FROM users WHERE (id = ?) AND `users`.`tenant_id` = ?",
            1,
        ),
        (
            "SELECT u.id FROM users u JOIN orders o ON o.user_id = u.id AND o.id > ? WHERE u.name = ':tenant?' LIMIT 3",
            "SELECT u.id FROM users u JOIN orders o ON o.user_id = u.id AND o.id > ? \
             WHERE (u.name = ':tenant?') AND `u`.`tenant_id` = ? AND `o`.`tenant_id` = ? LIMIT 3",
            2,
        ),
        ("INSERT INTO orders (id) VALUES (?)", "INSERT INTO orders (id, `tenant_id`) VALUES (?, ?)", 1),
        ("SELECT id FROM users", "SELECT id FROM users WHERE `users`.`tenant_id` = ?", 1),
    ];
    for (sql, text, times) in bound {
        assert_eq!(trailing(sql), Some((text.to_owned(), times)), "{sql}");
    }
    for sql in [
        "SELECT id FROM users WHERE id > ? LIMIT ?",
        "SELECT id FROM users ORDER BY id LIMIT 3 OFFSET ?",
        "INSERT INTO orders (id) VALUES (?), (?)",
        "SELECT u.id FROM users u LEFT JOIN orders o ON o.user_id = u.id WHERE u.id = ?",
        "SELECT id FROM users UNION SELECT user_id FROM orders WHERE id = ?",
        "SELECT id FROM users WHERE id IN (SELECT user_id FROM orders) AND name = ?",
        "SELECT id FROM plans WHERE id = ?",
        // Where a statement writes, the tenant is looked at before anything is compared.
        "UPDATE users SET name = ? WHERE id = ?",
        "DELETE FROM users WHERE id = ?",
    ] {
        assert_eq!(trailing(sql), None, "{sql}");
    }
}

#[test]
fn mysql_statements_are_scoped() {
    expect(
        Dialect::MySql,
        &[
            (
                "SELECT count( * ), IF(age > 1, 'a', 'b') x FROM users u LEFT JOIN orders o ON o.user_id = u.id FOR UPDATE",
                "SELECT count(*) AS `count( * )`, IF(age > 1, 'a', 'b') AS x FROM users u LEFT JOIN orders o ON (o.user_id = u.id) AND `o`.`tenant_id` = :tenant WHERE `u`.`tenant_id` = :tenant FOR UPDATE",
            ),
            (
                "INSERT INTO orders (id) VALUES (?), (2) ON DUPLICATE KEY UPDATE total = VALUES(total) + 1",
                "INSERT INTO orders (id, `tenant_id`) VALUES (?, :tenant), (2, :tenant) ON DUPLICATE KEY UPDATE total = VALUES(total) + 1",
            ),
            (
                "INSERT IGNORE INTO orders (id) VALUES (1)",
                "INSERT IGNORE INTO orders (id, `tenant_id`) VALUES (1, :tenant)",
            ),
            (
                "REPLACE INTO orders (id) VALUES (1)",
                "REPLACE INTO orders (id, `tenant_id`) VALUES (1, :tenant)",
            ),
            (
                "UPDATE users SET age = 1 WHERE id = ? OR 1 ORDER BY id LIMIT 3",
                "UPDATE users SET age = 1 WHERE `users`.`tenant_id` = :tenant AND (id = ? OR 1) ORDER BY id LIMIT 3",
            ),
            (
                "INSERT INTO orders SET id = ?, total = 3 ON DUPLICATE KEY UPDATE orders.total = VALUES(total), id = LAST_INSERT_ID(id)",
                "INSERT INTO orders (id, total, `tenant_id`) VALUES (?, 3, :tenant) ON DUPLICATE KEY UPDATE orders.total = VALUES(total), id = LAST_INSERT_ID(id)",
            ),
            (
                "INSERT INTO orders (id, total) VALUES (?, 3) AS new (a, b) ON DUPLICATE KEY UPDATE total = orders.total + b",
                "INSERT INTO orders (id, total, `tenant_id`) VALUES (?, 3, :tenant) AS new (a, b, `tenant_scope_1`) ON DUPLICATE KEY UPDATE total = orders.total + b",
            ),
            (
                r"SELECT id FROM users WHERE name = 'it\'s\n''it\\' OR name = _utf8mb4'x' OR 'a' MEMBER OF (name) LOCK IN SHARE MODE",
                r"SELECT id FROM users WHERE `users`.`tenant_id` <=> :tenant AND (CASE WHEN `users`.`tenant_id` <=> :tenant THEN name = 'it''s\n''it\\' OR name = _utf8mb4 'x' OR 'a' MEMBER OF(name) END) LOCK IN SHARE MODE",
            ),
            (
                "DELETE LOW_PRIORITY QUICK FROM users WHERE id = 1",
                "DELETE FROM users WHERE `users`.`tenant_id` = :tenant AND (id = 1)",
            ),
            (
                "UPDATE LOW_PRIORITY users SET age = 1",
                "UPDATE users SET age = 1 WHERE `users`.`tenant_id` = :tenant",
            ),
            (
                "INSERT LOW_PRIORITY INTO orders () VALUES ()",
                "INSERT LOW_PRIORITY INTO orders (`tenant_id`) VALUES (:tenant)",
            ),
            (
                "INSERT INTO users (id, tenant_id) VALUES (1, ?)",
                "INSERT INTO users (id, tenant_id) VALUES (1, CASE WHEN CAST((?) AS BINARY) = :tenant THEN :tenant ELSE (SELECT 1 UNION SELECT 2) END)",
            ),
            (
                "INSERT INTO users (id) SELECT ? FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM users)",
                "INSERT INTO users (id, `tenant_id`) SELECT ?, :tenant FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM users WHERE `users`.`tenant_id` = :tenant)",
            ),
            (
                "SELECT STRAIGHT_JOIN SQL_NO_CACHE u.id, count( * ) FROM users AS u FORCE INDEX (a, b) LEFT JOIN orders o USE INDEX (c) ON o.id = u.id",
                "SELECT STRAIGHT_JOIN SQL_NO_CACHE u.id, count(*) AS `count( * )` FROM users AS u FORCE INDEX (a, b) LEFT JOIN orders o USE INDEX (c) ON (o.id = u.id) AND `o`.`tenant_id` = :tenant WHERE `u`.`tenant_id` = :tenant",
            ),
            (
                "SELECT CONVERT(age, SIGNED) AS a FROM users WHERE age & 0x4 AND age MOD 2 = 1 && BINARY name = ?",
                "SELECT CONVERT(age, SIGNED) AS a FROM users WHERE `users`.`tenant_id` <=> :tenant AND (age & X'04' AND CASE WHEN `users`.`tenant_id` <=> :tenant THEN age % 2 = 1 END AND CAST(name AS BINARY) = ?)",
            ),
            (
                "DELETE FROM users ORDER BY id LIMIT 3",
                "DELETE FROM users WHERE `users`.`tenant_id` = :tenant ORDER BY id LIMIT 3",
            ),
        ],
    );
}

#[test]
fn mysql_constructs_whose_meaning_is_a_setting_are_refused() {
    let odd = RefusalKind::UnsupportedConstruct;
    kinds(
        Dialect::MySql,
        &[
            (odd, "SELECT a || b FROM users"),
            (odd, "SELECT 'a' 'b'"),
            (odd, "SELECT /*! 1, */ 2"),
            (odd, "SELECT /*+ NO_ICP(users) */ 2"),
            (odd, "SELECT @a := 1"),
            (odd, "SELECT * FROM users PARTITION (p0)"),
            (odd, "SELECT SQL_CALC_FOUND_ROWS * FROM users"),
            (odd, "INSERT IGNORE INTO orders (id, tenant_id) VALUES (1, ?)"),
            (odd, "SELECT id FROM users WHERE name = _latin2'x'"),
            (odd, "SELECT id FROM (SELECT id FROM users LOCK IN SHARE MODE) x"),
            (odd, "UPDATE IGNORE tickets SET code = 1"),
            (odd, "SELECT MATCH (name) AGAINST ('x') FROM users"),
            (RefusalKind::Syntax, "DELETE FROM users LOCK IN SHARE MODE"),
            (odd, "INSERT DELAYED INTO orders (id) VALUES (1)"),
            (odd, "INSERT INTO orders (id) VALUES (1) AS orders ON DUPLICATE KEY UPDATE total = 1"),
            (odd, "INSERT INTO orders (id) VALUES (1) AS new"),
            (
                RefusalKind::TenantColumnWrite,
                "INSERT INTO orders (id) VALUES (1) AS new ON DUPLICATE KEY UPDATE tenant_id = new.id",
            ),
            (RefusalKind::UnknownRelation, "SELECT * FROM `dual`"),
            (RefusalKind::Function, "SELECT last_insert_id(id, 2) FROM orders"),
            (odd, "INSERT INTO tickets (id) VALUES (1) ON DUPLICATE KEY UPDATE code = 'x'"),
            (RefusalKind::TenantColumnWrite, "UPDATE users SET tenánt_id = 'x'"),
            (RefusalKind::TenantColumnWrite, "UPDATE users SET Tenant_ID = 'x'"),
            (RefusalKind::UnknownRelation, "SELECT * FROM Users"),
            (RefusalKind::HiddenRelation, "SELECT * FROM mysql.user"),
            (RefusalKind::HiddenRelation, "SELECT * FROM information_schema.tables"),
            (RefusalKind::Function, "SELECT sleep(1)"),
            (RefusalKind::Function, "SELECT load_file('x')"),
            (RefusalKind::Function, "SELECT last_insert_id()"),
            (RefusalKind::Arguments, "SELECT :tenant FROM users"),
            (RefusalKind::Arguments, "SELECT @tenant FROM users"),
            (RefusalKind::Arguments, "SELECT @@hostname"),
        ],
    );
}

/// MariaDB takes the name for the base table's there, and would count the rows of every tenant.
#[test]
fn mysql_elements_of_with_cite_no_cte_from_around() {
    kinds(
        Dialect::MySql,
        &[
            (
                RefusalKind::Ambiguous,
                "WITH users (k) AS (SELECT 1) SELECT count(*) FROM (WITH w (k) AS (SELECT 3 FROM users) SELECT k FROM w) d",
            ),
            (
                RefusalKind::Ambiguous,
                "WITH users (k) AS (SELECT 1) SELECT (WITH w AS (SELECT 2 FROM users) SELECT count(*) FROM w)",
            ),
            (
                RefusalKind::Ambiguous,
                "WITH c AS (SELECT 1), d AS (WITH w AS (SELECT 2 FROM c) SELECT * FROM w) SELECT * FROM d",
            ),
        ],
    );
    expect(
        Dialect::MySql,
        &[(
            "WITH users (k) AS (SELECT 1), v AS (SELECT k FROM users) SELECT * FROM v, (WITH w AS (SELECT 2) SELECT * FROM w, users) x",
            "WITH users (k) AS (SELECT 1), v AS (SELECT k FROM users) SELECT * FROM v, (WITH w AS (SELECT 2) SELECT * FROM w, users) x",
        )],
    );
}

/// MariaDB reads before it writes where it sees that it has to; in our derived tables it does not see it.
#[test]
fn mysql_subqueries_read_nothing_that_is_written() {
    for sql in [
        "DELETE FROM orders WHERE id > 5 OR NOT EXISTS (SELECT 1 FROM orders o WHERE o.id = 1)",
        "DELETE FROM users WHERE id IN (SELECT id FROM user_names)",
        "UPDATE users SET age = 1, name = age WHERE id IN (SELECT u.id FROM orders o JOIN users u ON u.id = o.user_id)",
        "UPDATE users SET age = (SELECT max(age) FROM users)",
        "DELETE o FROM orders o JOIN users u ON u.id = o.user_id WHERE EXISTS (SELECT 1 FROM orders x WHERE x.id = o.id)",
        "INSERT INTO users (id, age) SELECT id + 9, (SELECT count(*) FROM users u WHERE u.id > o.id) FROM orders o",
        "REPLACE INTO users (id, age) VALUES (1, 2), (2, (SELECT max(age) FROM users))",
        "INSERT INTO users (id) SELECT x.id FROM (SELECT 1 AS id) x WHERE NOT EXISTS (SELECT 1 FROM users)",
    ] {
        match rewriter(Dialect::MySql).rewrite(sql) {
            Ok(plan) => panic!("accepted: {sql}\n      as: {}", plan.sql()),
            Err(refusal) => assert!(refusal.construct().starts_with("subquery on"), "{refusal}: {sql}"),
        }
    }
    for sql in [
        "DELETE FROM orders WHERE id IN (SELECT id FROM (SELECT id FROM orders WHERE total > 3) x)",
        "DELETE FROM orders WHERE user_id IN (SELECT id FROM users)",
        "UPDATE users u JOIN (SELECT user_id, max(total) AS m FROM orders GROUP BY user_id) x ON x.user_id = u.id SET u.age = x.m",
        "INSERT INTO users (id, name) SELECT id + 9, name FROM users WHERE age > 3",
        "INSERT INTO users (id, age) VALUES (1, (SELECT max(age) FROM users))",
    ] {
        assert!(rewriter(Dialect::MySql).rewrite(sql).is_ok(), "{sql}");
    }
    let sql = "DELETE FROM orders WHERE NOT EXISTS (SELECT 1 FROM orders o WHERE o.id = 1)";
    assert!(rewriter(Dialect::Postgres).rewrite(sql).is_ok());
}
