//! What can fail stands behind the tenant's predicates, and what cannot is left to the indexes.

use tenant_sql::{Dialect, RefusalKind};

use crate::common::rewriter;

fn postgres(sql: &str) -> String {
    match rewriter(Dialect::Postgres).rewrite(sql) {
        Ok(plan) => plan.sql().to_string(),
        Err(refusal) => panic!("{refusal}: {sql}"),
    }
}

fn sqlite(sql: &str) -> String {
    match rewriter(Dialect::Sqlite).rewrite(sql) {
        Ok(plan) => plan.sql().to_string(),
        Err(refusal) => panic!("{refusal}: {sql}"),
    }
}

#[test]
fn postgres_conditions_that_can_fail_wait_for_the_tenant() {
    for condition in [
        "name LIKE email",
        "name LIKE $1",
        r"name LIKE 'x\'",
        "name LIKE 'x!' ESCAPE '!'",
        "name ILIKE '%' || $1",
        "name ~ email",
        "name ~ $1",
        "name !~* 'x'",
        "name SIMILAR TO $1",
        "jsonb_path_match(name, '$.a')",
        "name -> 'a' = $1",
        "name ->> 'a' = $1",
        "name #>> $1 = 'x'",
        "1 / age > 0",
        "age + 1 > 5",
        "- age > 5",
        "age::boolean",
        "CAST(name AS integer) = 3",
        "to_date(name, 'YYYY') = $1",
        "EXTRACT(year FROM name) = 3",
        "name AT TIME ZONE 'utc' = $1",
        "substring(name from 2 for age) = 'x'",
        "split_part(name, ',', age) = 'x'",
        "CASE WHEN age > 0 THEN 1 / age ELSE 0 END = 1",
        "EXISTS (SELECT 1 FROM plans WHERE price / users.age > 0)",
        "id IN (SELECT total / id FROM orders)",
    ] {
        let scoped = postgres(&format!("SELECT id FROM users WHERE id > 0 AND {condition}"));
        assert!(scoped.contains(r#"(id > 0 AND CASE WHEN "users"."tenant_id" = $"#), "{scoped}");
    }
}

#[test]
fn postgres_conditions_that_cannot_fail_keep_their_indexes() {
    for condition in [
        "id = $1",
        "users.id <> 3 OR age IS NULL",
        "NOT (name = 'x')",
        "id IN (1, 2, $1)",
        "id IN (SELECT user_id FROM orders WHERE total > 3)",
        "id = ANY($1)",
        "(id, name) = ($1, $2)",
        "age BETWEEN $1 AND $2",
        "name IS DISTINCT FROM $1",
        "name LIKE 'x%'",
        "name ILIKE '%x_'",
        "name @> $1",
        "lower(email) = lower($1)",
        "coalesce(name, email) = $1",
        "age > $1::integer",
        "age < now() - INTERVAL '1 day'",
        "age > 3 * 7",
        "EXISTS (SELECT 1 FROM orders o WHERE o.user_id = users.id)",
        "CASE WHEN age > 3 THEN name = 'x' ELSE email = 'y' END",
    ] {
        let scoped = postgres(&format!("SELECT id, age / 2, name ->> 'a' FROM users WHERE {condition}"));
        assert!(
            !scoped.contains("THEN CASE") && !scoped.contains(r#"CASE WHEN "users"."tenant_id""#),
            "{scoped}"
        );
        assert!(!scoped.contains("OFFSET 0"), "{scoped}");
    }
}

#[test]
fn postgres_subqueries_are_kept_apart_where_something_can_fail() {
    assert_eq!(
        postgres("SELECT x.id FROM (SELECT id, name FROM users) x WHERE x.name ~ $1"),
        r#"SELECT x.id FROM (SELECT id, name FROM users WHERE "users"."tenant_id" = $2 OFFSET 0) x WHERE x.name ~ $1"#
    );
    assert_eq!(
        postgres("WITH c AS (SELECT 1 / age AS a FROM users) SELECT c.a FROM c WHERE c.a > 0"),
        r#"WITH c AS MATERIALIZED (SELECT 1 / age AS a FROM users WHERE "users"."tenant_id" = $1) SELECT c.a FROM c WHERE c.a > 0"#
    );
    assert_eq!(
        postgres("SELECT u.id FROM users u LEFT JOIN orders o ON o.status ~ u.name"),
        r#"SELECT u.id FROM users u LEFT JOIN (SELECT * FROM orders WHERE "orders"."tenant_id" = $1 OFFSET 0) o ON CASE WHEN "u"."tenant_id" = $1 THEN o.status ~ u.name END WHERE "u"."tenant_id" = $1"#
    );
}

#[test]
fn postgres_conditions_of_having_that_move_to_where_are_refused() {
    let rewriter = rewriter(Dialect::Postgres);
    for having in [
        "name ~ $1",
        "count(*) > 1 AND name ~ $1",
        "NOT (count(*) > 1 OR name ~ $1)",
        "(name ~ $1 AND count(*) > 1) OR (name ~ $1 AND count(*) < 1)",
        "(SELECT count(*) FROM orders) > 1 / max_age",
        "1 / id > 0",
    ] {
        let sql = format!("SELECT name FROM users GROUP BY name, id, max_age HAVING {having}");
        let refusal = rewriter.rewrite(&sql).expect_err(&sql);
        assert_eq!(refusal.kind(), RefusalKind::UnsupportedConstruct, "{refusal}: {sql}");
    }
    for having in ["count(*) > 1", "sum(age * 2) / count(*) > 3", "name = $1", "max(name) ~ $1"] {
        postgres(&format!("SELECT name FROM users GROUP BY name HAVING {having}"));
    }
}

/// A condition of a bracketed join, or behind a comma on PostgreSQL, does not see the relations around it.
#[test]
fn conditions_are_guarded_by_what_they_can_see() {
    let bracketed = sqlite(
        "SELECT u.id FROM users u JOIN (items i JOIN orders o ON json_extract(i.sku, '$.a') = o.id) ON u.id = o.user_id",
    );
    assert!(bracketed.contains("ON json_extract(i.sku, '$.a') = o.id)"), "{bracketed}");
    let comma = postgres("SELECT u.id FROM users u, orders o JOIN plans p ON p.price / o.total > 1");
    assert!(comma.contains(r#"ON CASE WHEN "o"."tenant_id" = $1 THEN p.price / o.total > 1 END"#), "{comma}");
}

#[test]
fn values_stand_apart_without_a_limit_behind_them() {
    assert_eq!(
        sqlite(
            "WITH c AS (SELECT 1 AS a UNION ALL VALUES (2)) SELECT c.a FROM c, users WHERE abs(age) = c.a"
        ),
        r#"WITH c AS (SELECT 1 AS a UNION ALL SELECT * FROM (VALUES (2)) LIMIT -1) SELECT c.a FROM c, users WHERE "users"."tenant_id" = ?1 AND (CASE WHEN "users"."tenant_id" = ?1 THEN abs(age) = c.a END)"#
    );
}

/// Each condition that can fail repeats the predicates of all relations: without a bound, the text would grow by their
/// product.
#[test]
fn conditions_times_relations_are_bounded() {
    let statement = |relations: usize, conditions: usize| {
        let from: Vec<_> = (0..relations).map(|at| format!("users u{at}")).collect();
        format!(
            "SELECT 1 FROM {} WHERE {}",
            from.join(", "),
            vec!["u1.name ~ u0.email"; conditions].join(" AND ")
        )
    };
    let rewriter = rewriter(Dialect::Postgres);
    let refusal = rewriter.rewrite(&statement(40, 51)).unwrap_err();
    assert_eq!((refusal.kind(), refusal.construct()), (RefusalKind::TooLong, "conditions"));
    let plan = rewriter.rewrite(&statement(40, 50)).expect("2000 predicates are the most");
    assert_eq!(plan.sql().matches("CASE WHEN").count(), 50);
}
