//! `MERGE` on PostgreSQL.

use tenant_sql::{Dialect, RefusalKind, StatementKind};

use crate::common::rewriter;

#[test]
fn merges_see_and_write_rows_of_the_tenant_only() {
    for (sql, scoped) in [
        (
            "MERGE INTO users AS u USING orders o ON u.id = o.user_id WHEN MATCHED AND o.total > $1 THEN UPDATE SET age = o.total WHEN MATCHED THEN DELETE WHEN NOT MATCHED THEN INSERT (id, name) VALUES (o.user_id, 'x')",
            r#"MERGE INTO users AS u USING (SELECT * FROM orders WHERE "orders"."tenant_id" = $2) o ON "u"."tenant_id" = $2 AND (u.id = o.user_id) WHEN MATCHED AND o.total > $1 THEN UPDATE SET age = o.total WHEN MATCHED THEN DELETE WHEN NOT MATCHED THEN INSERT (id, name, "tenant_id") VALUES (o.user_id, 'x', $2)"#,
        ),
        (
            "MERGE INTO users USING (VALUES ($1::bigint)) AS v (id) ON users.id = v.id WHEN NOT MATCHED THEN INSERT (id, tenant_id) VALUES (v.id, 'acme')",
            r#"MERGE INTO users USING (VALUES ($1::BIGINT)) AS v (id) ON "users"."tenant_id" = $2 AND (users.id = v.id) WHEN NOT MATCHED THEN INSERT (id, tenant_id) VALUES (v.id, $2)"#,
        ),
        (
            "MERGE INTO users u USING (SELECT * FROM orders) o ON u.name ~ o.status WHEN MATCHED THEN DO NOTHING",
            r#"MERGE INTO users u USING (SELECT * FROM orders WHERE "orders"."tenant_id" = $1 OFFSET 0) o ON "u"."tenant_id" = $1 AND (CASE WHEN "u"."tenant_id" = $1 THEN u.name ~ o.status END) WHEN MATCHED THEN DO NOTHING"#,
        ),
        (
            "MERGE INTO users u USING plans p ON u.id = p.id WHEN MATCHED AND EXISTS (SELECT 1 FROM orders) THEN UPDATE SET age = (SELECT max(total) FROM orders)",
            r#"MERGE INTO users u USING plans p ON "u"."tenant_id" = $1 AND (u.id = p.id) WHEN MATCHED AND EXISTS (SELECT 1 FROM orders WHERE "orders"."tenant_id" = $1) THEN UPDATE SET age = (SELECT max(total) FROM orders WHERE "orders"."tenant_id" = $1)"#,
        ),
    ] {
        let plan =
            rewriter(Dialect::Postgres).rewrite(sql).unwrap_or_else(|refusal| panic!("{refusal}: {sql}"));
        assert_eq!(&**plan.sql(), scoped);
        assert_eq!(plan.statement(), StatementKind::Merge);
        assert!(!plan.returns_rows());
    }
}

#[test]
fn merges_that_reach_further_are_refused() {
    let odd = RefusalKind::UnsupportedConstruct;
    let cases = [
        (odd, "MERGE INTO users u USING orders o ON u.id = o.id WHEN NOT MATCHED BY SOURCE THEN DELETE"),
        (odd, "MERGE INTO users u USING orders o ON u.id = o.id WHEN MATCHED THEN DELETE RETURNING *"),
        (odd, "MERGE INTO user_names u USING orders o ON u.id = o.id WHEN MATCHED THEN DELETE"),
        (RefusalKind::Ambiguous, "MERGE INTO users u USING orders u ON u.id = u.id WHEN MATCHED THEN DELETE"),
        (
            RefusalKind::TenantColumnWrite,
            "MERGE INTO users u USING orders o ON u.id = o.id WHEN MATCHED THEN UPDATE SET tenant_id = 'x'",
        ),
        (
            RefusalKind::ForeignTenantLiteral,
            "MERGE INTO users u USING orders o ON u.id = o.id WHEN NOT MATCHED THEN INSERT (id, tenant_id) VALUES (1, 2)",
        ),
        (
            RefusalKind::WriteToShared,
            "MERGE INTO plans p USING orders o ON p.id = o.id WHEN MATCHED THEN DELETE",
        ),
        (
            RefusalKind::HiddenRelation,
            "MERGE INTO users u USING secrets s ON u.id = s.id WHEN MATCHED THEN DELETE",
        ),
        (
            RefusalKind::UnknownRelation,
            "MERGE INTO users u USING nowhere s ON u.id = s.id WHEN MATCHED THEN DELETE",
        ),
        (RefusalKind::Function, "MERGE INTO users u USING plans s ON pg_sleep(1) WHEN MATCHED THEN DELETE"),
        (odd, "MERGE INTO ONLY users u USING plans s ON true WHEN MATCHED THEN DELETE"),
    ];
    for (kind, sql) in cases {
        match rewriter(Dialect::Postgres).rewrite(sql) {
            Ok(plan) => panic!("accepted: {sql}\n      as: {}", plan.sql()),
            Err(refusal) => {
                let parsed = matches!(refusal.kind(), RefusalKind::Syntax | RefusalKind::RoundTrip);
                assert!(refusal.kind() == kind || parsed, "{refusal}: {sql}");
                assert!(!refusal.hint().contains("proved"), "only the verifier refused: {sql}");
            }
        }
    }
    for dialect in [Dialect::Sqlite, Dialect::MySql] {
        let sql = "MERGE INTO users u USING orders o ON u.id = o.id WHEN MATCHED THEN DELETE";
        assert!(rewriter(dialect).rewrite(sql).is_err());
    }
}
