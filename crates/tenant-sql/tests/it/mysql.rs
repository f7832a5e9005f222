//! MySQL and MariaDB: what can fail stands behind the tenant, and the optimizer cannot take it from there.
//!
//! Each form was seen on MariaDB 10.11 with indexes that lead to rows of others: without the guard, with `=` instead of
//! `<=>`, or with the limit on the union instead of its members, their values come back in the text of an error.

use tenant_sql::{Dialect, RefusalKind};

use crate::common::rewriter;

fn mysql(sql: &str) -> String {
    match rewriter(Dialect::MySql).rewrite(sql) {
        Ok(plan) => plan.sql().to_string(),
        Err(refusal) => panic!("{refusal}: {sql}"),
    }
}

const GUARD: &str = "CASE WHEN `users`.`tenant_id` <=> :tenant THEN ";

#[test]
fn conditions_that_can_fail_wait_for_the_tenant() {
    for condition in [
        "abs(age) > 0",
        "age * 2 > 5",
        "age - ? > 5",
        "- age > 5",
        "5 DIV age > 1",
        "exp(age) > 1",
        "pow(age, 2) > 4",
        "name REGEXP email",
        "name REGEXP ?",
        "name NOT RLIKE 'x'",
        "regexp_like(name, 'x')",
        "name -> '$.a' = 1",
        "name ->> '$.a' = 'x'",
        "json_extract(name, '$.a') = 1",
        "json_contains(name, '1')",
        "CAST(name AS JSON) = 1",
        "uuid_to_bin(name) = ?",
        "period_add(age, 1) = 2",
        "name LIKE 'x' ESCAPE email",
        "age > (SELECT total FROM orders)",
        "age > (SELECT total FROM orders WHERE orders.user_id = users.id GROUP BY total)",
        "EXISTS (SELECT 1 FROM plans WHERE price / users.age > 0)",
        "id IN (SELECT total / id FROM orders)",
        "CASE WHEN age > 0 THEN 1 / age ELSE 0 END = 1",
    ] {
        let scoped = mysql(&format!("SELECT id FROM users WHERE id > 0 AND {condition}"));
        assert!(scoped.contains("WHERE `users`.`tenant_id` <=> :tenant AND (id > 0 AND"), "{scoped}");
        assert!(scoped.contains(&format!("(id > 0 AND {GUARD}")), "{scoped}");
    }
}

#[test]
fn conditions_that_cannot_fail_keep_their_indexes() {
    for condition in [
        "id = ?",
        "age = 'x' OR age IS NULL",
        "NOT (name = 5)",
        "id IN (1, 2, ?)",
        "id IN (SELECT user_id FROM orders WHERE total > 3)",
        "(id, name) = (?, ?)",
        "age BETWEEN ? AND ?",
        "name <=> ?",
        "name LIKE concat('%', ?, '%')",
        "name LIKE 'x!' ESCAPE '!'",
        "lower(email) = lower(?)",
        "coalesce(name, email) = ?",
        "year(name) = 2020 AND date(name) = curdate()",
        "CAST(name AS UNSIGNED) = 3",
        "age < now() - INTERVAL 1 DAY",
        "age > 3 * 7",
        "age > (SELECT avg(total) FROM orders)",
        "age = (SELECT total FROM orders ORDER BY id DESC LIMIT 1)",
        "EXISTS (SELECT 1 FROM orders o WHERE o.user_id = users.id)",
    ] {
        let scoped = mysql(&format!("SELECT id, age / 2, name -> '$.a' AS a FROM users WHERE {condition}"));
        assert!(scoped.contains(") AND `users`.`tenant_id` = :tenant"), "{scoped}");
        assert!(!scoped.contains("THEN") && !scoped.contains("184467"), "{scoped}");
    }
}

#[test]
fn a_statement_that_writes_to_one_table_compares_in_its_own_order() {
    for sql in [
        "UPDATE users SET age = age + 1 WHERE id = ? AND name = 5",
        "DELETE FROM users WHERE id IN (1, ?) AND age > 3",
        "INSERT INTO orders (id) SELECT id FROM users",
        "INSERT INTO orders (id) SELECT id FROM users WHERE status = 'open' OR name IS NULL",
    ] {
        let scoped = mysql(sql);
        let writes_one = !sql.starts_with("INSERT");
        assert!(!writes_one || scoped.contains("WHERE `users`.`tenant_id` = :tenant AND ("), "{scoped}");
        assert!(!scoped.contains(") AND `"), "{scoped}");
        assert!(!scoped.contains("THEN") && !scoped.contains("184467"), "{scoped}");
    }
    let converted = mysql("UPDATE users SET age = 1 WHERE id > 0 AND year(name) = 2020");
    assert!(!converted.contains("THEN"), "{converted}");
}

/// Where a statement writes, `name = 5` fails on a name that is no number, and says which.
#[test]
fn queries_in_a_statement_that_writes_see_rows_of_the_tenant_only() {
    const ORDERS: &str =
        "(SELECT * FROM orders WHERE `orders`.`tenant_id` <=> :tenant LIMIT 18446744073709551615)";
    for (sql, scoped) in [
        (
            "INSERT INTO users (id) SELECT user_id FROM orders WHERE status = 5",
            format!(
                "INSERT INTO users (id, `tenant_id`) SELECT user_id, :tenant FROM {ORDERS} AS `orders` WHERE status = 5"
            ),
        ),
        (
            "INSERT INTO users (id) SELECT o.user_id FROM orders o JOIN plans p USING (id)",
            format!(
                "INSERT INTO users (id, `tenant_id`) SELECT o.user_id, :tenant FROM {ORDERS} o JOIN plans p USING(id)"
            ),
        ),
        (
            "REPLACE INTO orders (id) SELECT o.id FROM plans p, orders o",
            format!("REPLACE INTO orders (id, `tenant_id`) SELECT o.id, :tenant FROM plans p, {ORDERS} o"),
        ),
        (
            "UPDATE users SET age = (SELECT max(total) FROM orders WHERE user_id = users.id)",
            format!(
                "UPDATE users SET age = (SELECT max(total) FROM {ORDERS} AS `orders` WHERE user_id = users.id) \
                 WHERE `users`.`tenant_id` <=> :tenant"
            ),
        ),
        (
            "DELETE FROM users WHERE age > 5 AND id IN (SELECT user_id FROM orders)",
            format!(
                "DELETE FROM users WHERE `users`.`tenant_id` <=> :tenant AND ({GUARD}age > 5 END AND \
                 {GUARD}id IN (SELECT user_id FROM {ORDERS} AS `orders`) END)"
            ),
        ),
    ] {
        assert_eq!(mysql(sql), scoped);
    }
}

#[test]
fn subqueries_are_kept_apart_where_something_can_fail() {
    for (sql, scoped) in [
        (
            "SELECT x.id FROM (SELECT id, age FROM users) x WHERE abs(x.age) > 0",
            "SELECT x.id FROM (SELECT id, age FROM users WHERE `users`.`tenant_id` <=> :tenant LIMIT 18446744073709551615) x WHERE abs(x.age) > 0",
        ),
        (
            "WITH c AS (SELECT id FROM users UNION SELECT id FROM plans UNION ALL SELECT id FROM orders LIMIT 9) SELECT id FROM c WHERE abs(id) > 0",
            "WITH c AS ((SELECT id FROM users WHERE `users`.`tenant_id` <=> :tenant LIMIT 18446744073709551615) \
             UNION (SELECT id FROM plans LIMIT 18446744073709551615) \
             UNION ALL (SELECT id FROM orders WHERE `orders`.`tenant_id` <=> :tenant LIMIT 18446744073709551615) LIMIT 9) \
             SELECT id FROM c WHERE abs(id) > 0",
        ),
        (
            "WITH RECURSIVE c AS (SELECT id FROM users UNION ALL SELECT c.id + 1 FROM c WHERE c.id < 9) SELECT id FROM c WHERE abs(id) > 0",
            "WITH RECURSIVE c AS (SELECT id FROM users WHERE `users`.`tenant_id` <=> :tenant UNION ALL SELECT c.id + 1 FROM c WHERE c.id < 9) SELECT id FROM c WHERE abs(id) > 0",
        ),
        (
            "SELECT u.id FROM users u LEFT JOIN orders o ON o.status REGEXP u.name",
            "SELECT u.id FROM users u LEFT JOIN (SELECT * FROM orders WHERE `orders`.`tenant_id` <=> :tenant LIMIT 18446744073709551615) o \
             ON CASE WHEN `u`.`tenant_id` <=> :tenant THEN o.status REGEXP u.name END WHERE `u`.`tenant_id` <=> :tenant",
        ),
        (
            "SELECT id FROM users WHERE id IN (SELECT abs(total) FROM orders)",
            "SELECT id FROM users WHERE `users`.`tenant_id` <=> :tenant AND (CASE WHEN `users`.`tenant_id` <=> :tenant THEN \
             id IN (SELECT CASE WHEN `orders`.`tenant_id` <=> :tenant THEN abs(total) END FROM orders WHERE `orders`.`tenant_id` <=> :tenant) END)",
        ),
    ] {
        assert_eq!(mysql(sql), scoped);
    }
}

#[test]
fn conditions_of_having_that_move_to_where_are_refused() {
    let rewriter = rewriter(Dialect::MySql);
    for having in ["abs(age) > 0", "count(*) > 1 AND age * 2 > 1"] {
        let sql = format!("SELECT age FROM users GROUP BY age HAVING {having}");
        let refusal = rewriter.rewrite(&sql).expect_err(&sql);
        assert_eq!(refusal.kind(), RefusalKind::UnsupportedConstruct, "{refusal}: {sql}");
    }
    for having in
        ["count(*) > 1", "abs(max(age)) > 3", "age > 5", "group_concat(name) REGEXP 'x'", "total > 3"]
    {
        mysql(&format!("SELECT age, sum(id) AS total FROM users GROUP BY age HAVING {having}"));
    }
}

/// A lock at the end reaches no subquery, be it the caller's or one that the scope needs, and none in a view.
#[test]
fn one_select_from_tables_is_told_from_what_a_lock_does_not_reach() {
    let rewriter = rewriter(Dialect::MySql);
    let one = |sql: &str| {
        rewriter.rewrite(sql).unwrap_or_else(|refusal| panic!("{refusal}: {sql}")).is_one_select()
    };
    for sql in [
        "SELECT count(*) FROM users",
        "SELECT count(*) FROM users; -- all",
        "SELECT u.id FROM users u JOIN orders o ON o.user_id = u.id WHERE o.total > 1 GROUP BY u.id ORDER BY 1 LIMIT 3",
        "SELECT u.id FROM users u LEFT JOIN orders o ON o.user_id = u.id",
        "SELECT 1",
    ] {
        assert!(one(sql), "{sql}");
    }
    for sql in [
        "SELECT (SELECT count(*) FROM users)",
        "SELECT count(*) FROM (SELECT id FROM users) u",
        "WITH u AS (SELECT id FROM users) SELECT count(*) FROM u",
        "SELECT count(*) FROM users WHERE id IN (SELECT user_id FROM orders)",
        "SELECT count(*) FROM users GROUP BY age HAVING EXISTS (SELECT 1 FROM plans)",
        "SELECT id FROM users UNION SELECT id FROM orders",
        "(SELECT id FROM users)",
        "SELECT count(*) FROM user_names",
        "SELECT count(*) FROM users u JOIN user_names n ON n.id = u.id",
        "SELECT count(*) FROM users FOR UPDATE",
        "SELECT count(*) FROM users LOCK IN SHARE MODE",
        // The side that may be missing is filtered below the join.
        "SELECT count(*) FROM users LEFT JOIN orders USING (id)",
        "DELETE FROM users",
        "VALUES (1)",
    ] {
        assert!(!one(sql), "{sql}");
    }
}

#[test]
fn a_column_is_not_named_after_the_lock_behind_it() {
    let sql = |sql: &str| rewriter(Dialect::MySql).rewrite(sql).unwrap().sql().to_string();
    assert_eq!(
        sql("SELECT (SELECT count(*) FROM users) LOCK IN SHARE MODE"),
        "SELECT (SELECT count(*) FROM users WHERE `users`.`tenant_id` = :tenant) \
         AS `(SELECT count(*) FROM users)` LOCK IN SHARE MODE"
    );
    let lock = "SELECT (SELECT count(*) FROM users) + lock FROM orders";
    let lock = rewriter(Dialect::Sqlite).rewrite(lock).unwrap().sql().to_string();
    assert!(lock.contains("AS \"(SELECT count(*) FROM users) + lock\""), "{lock}");
}

/// MariaDB 10.11 ends where it merges a subquery with a query of several window functions.
#[test]
fn nothing_is_merged_with_several_window_functions() {
    let sql = |sql: &str| rewriter(Dialect::MySql).rewrite(sql).unwrap().sql().to_string();
    let limits = |text: &str| sql(text).matches("LIMIT 18446744073709551615").count();
    let window = "max(age) OVER (PARTITION BY name ORDER BY users.id)";
    let from = "FROM users LEFT JOIN orders USING (id)";
    assert_eq!(limits(&format!("SELECT {window} {from}")), 0);
    assert_eq!(limits(&format!("SELECT {window}, {window} {from}")), 1);
    assert_eq!(limits(&format!("SELECT {window} {from} ORDER BY rank() OVER (ORDER BY age)")), 1);
    assert_eq!(limits(&format!("SELECT {window}, count(*) OVER w {from} WINDOW w AS (PARTITION BY age)")), 1);
    assert_eq!(limits(&format!("SELECT {window}, {window} FROM (SELECT * FROM users LIMIT 3) users")), 0);
    assert_eq!(
        limits(&format!("WITH u AS (SELECT * FROM users) SELECT {window}, {window} FROM u AS users")),
        1
    );
    let sqlite = rewriter(Dialect::Sqlite).rewrite(&format!("SELECT {window}, {window} {from}")).unwrap();
    assert!(!sqlite.sql().contains("LIMIT"), "{}", sqlite.sql());
}
