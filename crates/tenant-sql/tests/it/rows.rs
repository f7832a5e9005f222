//! PostgreSQL tries conditions of equal cost before the tenant's. What can fail there tells of the rows of others.

use tenant_sql::{Dialect, RefusalKind};

use crate::common::rewriter;

fn scoped(sql: &str) -> Result<String, RefusalKind> {
    let plan = rewriter(Dialect::Postgres).rewrite(sql);
    plan.map(|plan| plan.sql().to_string()).map_err(|refusal| refusal.kind())
}

#[test]
fn rows_are_not_compared_as_a_whole() {
    for sql in [
        "SELECT id FROM users u WHERE u <> (21, 1)",
        "SELECT id FROM users u WHERE u < ROW(21, 1)",
        "SELECT id FROM users WHERE users IS DISTINCT FROM (21, 1)",
        "SELECT id FROM users u WHERE NOT u = (21, 1)",
        "SELECT id FROM users u WHERE u BETWEEN (1, 2) AND (3, 4)",
        "SELECT id FROM users u WHERE u IN ((1, 2), (3, 4))",
        "SELECT id FROM users u WHERE (u, 1) = ((1, 2), 1)",
        "SELECT id FROM users u WHERE (1, (u.id, u.name)) < (1, (2, 3))",
        "SELECT id FROM users u WHERE CASE u WHEN (21, 1) THEN true END",
        "SELECT id FROM users u WHERE nullif(u, (21, 1)) IS NULL",
        "SELECT id FROM users u WHERE greatest((u.id, 1), (2, 'x')) IS NULL",
        "SELECT id FROM users u WHERE u < (SELECT d FROM (SELECT 21 AS id, 1 AS b) d)",
        "SELECT id FROM users u WHERE (SELECT u) < (SELECT (21, 1))",
        "SELECT id FROM users u WHERE (SELECT (u.id, u.name)) < (SELECT (21, 1))",
        "SELECT id FROM users u WHERE ARRAY[u] < ARRAY[(1, 2)]",
        "SELECT id FROM users u WHERE coalesce(u.*, NULL) IS NULL",
        "SELECT u.id FROM users u LEFT JOIN orders o ON o <> (21, 1)",
        "UPDATE users SET age = 1 WHERE users <> (21, 1)",
        "DELETE FROM users WHERE users <> (21, 1)",
        "DELETE FROM users u USING orders o WHERE o <> (21, 1)",
        "SELECT array_agg(u) FROM users u",
        "SELECT array_agg(u.*) FROM users u",
        "SELECT t < (1, 2) FROM users t, LATERAL (SELECT 1 FROM jsonb_array_elements(t.name) AS x) y",
        "UPDATE users SET age = (1, 2)",
        "SELECT id FROM users u ORDER BY u",
        "SELECT count(*) FROM users u GROUP BY u",
    ] {
        assert!(scoped(sql).is_err(), "accepted: {sql}");
    }
}

#[test]
fn rows_of_columns_are_compared_and_whole_rows_counted_and_made_json() {
    for sql in [
        "SELECT id FROM users WHERE (id, name) > (21, 'x')",
        "SELECT id FROM users WHERE ((id, name)) = ((21, 'x'))",
        "SELECT id FROM users WHERE (id, name) IN ((21, 'x'), (22, 'y'))",
        "SELECT id FROM users WHERE (id, name) IN (SELECT user_id, status FROM orders)",
        "SELECT id FROM users WHERE (id, name) = (SELECT user_id, status FROM orders LIMIT 1)",
        "SELECT id FROM users WHERE (id, name) = ANY (SELECT user_id, status FROM orders)",
        "SELECT id FROM users WHERE (id, name) BETWEEN (1, 'a') AND (2, 'b')",
        "SELECT id FROM users WHERE (id, name) IS DISTINCT FROM (1, 'a')",
        "SELECT count(*) FROM users GROUP BY (id, name)",
        "SELECT u.id FROM users u LEFT JOIN orders o ON o.user_id = u.id WHERE o IS NULL",
        "SELECT row_to_json(u), to_jsonb(u) - 'age' FROM users u",
        "SELECT jsonb_agg(u ORDER BY u.id), count(u) FROM users u",
        "SELECT json_agg(u.*), count(u.*) FROM users u",
        "UPDATE users SET (age, name) = ($1, $2) WHERE id = $3",
        "SELECT u.id, t FROM users u CROSS JOIN LATERAL jsonb_array_elements_text(u.name) AS t",
        // A column is a column, whatever else goes by its name.
        "SELECT name FROM users name",
    ] {
        assert!(scoped(sql).is_ok(), "{sql}: {:?}", scoped(sql));
    }
}

#[test]
fn subqueries_that_can_fail_when_they_first_run_wait_for_the_tenant() {
    for condition in [
        "age <> (SELECT id FROM orders)",
        "age > (SELECT 1 FROM orders LIMIT -1)",
        "age > (SELECT 1 FROM orders LIMIT 99999999999999999999)",
        "age IS DISTINCT FROM (SELECT max(id) FROM orders)",
        "CASE WHEN name = 'x' THEN (SELECT id > 0 FROM orders) END",
        "EXISTS (SELECT 1 FROM orders LIMIT $1)",
        "id IN (SELECT user_id FROM orders OFFSET $1)",
        "id = ANY (SELECT user_id FROM orders LIMIT $1)",
    ] {
        let text =
            scoped(&format!("SELECT id FROM users WHERE name > 'a' AND {condition}")).expect(condition);
        assert!(text.contains("CASE WHEN \"users\".\"tenant_id\" = $"), "{text}");
    }
    for calm in [
        "SELECT id FROM users WHERE id IN (SELECT user_id FROM orders LIMIT 10 OFFSET 5) LIMIT $1 OFFSET $2",
        "SELECT id, (SELECT max(total) FROM orders) FROM users WHERE name > 'a'",
    ] {
        let text = scoped(calm).expect(calm);
        assert!(!text.contains("CASE WHEN"), "{text}");
    }
}

#[test]
fn a_column_loses_its_schema_only_where_its_table_is_alone() {
    for sql in [
        "SELECT id FROM public.users WHERE EXISTS (SELECT 1 FROM orders users WHERE users.user_id = public.users.id)",
        "DELETE FROM public.users WHERE NOT EXISTS (SELECT 1 FROM orders users WHERE users.user_id = public.users.id)",
        "WITH users AS (SELECT 1 AS id) SELECT u.id FROM public.users u, users WHERE public.users.id = 1 AND EXISTS \
         (SELECT 1 FROM orders users WHERE public.users.id = 1)",
    ] {
        assert_eq!(scoped(sql), Err(RefusalKind::Ambiguous), "{sql}");
    }
    for sql in [
        r#"SELECT "public"."users"."id" FROM "public"."users" WHERE "public"."users"."name" = $1"#,
        r#"UPDATE "public"."users" SET "name" = $1 WHERE "public"."users"."id" = $2"#,
        r#"DELETE FROM "public"."users" WHERE "public"."users"."id" = $1"#,
        r#"INSERT INTO "public"."users" ("id") VALUES ($1) RETURNING "public"."users"."id""#,
    ] {
        assert!(scoped(sql).is_ok(), "{sql}: {:?}", scoped(sql));
    }
}
