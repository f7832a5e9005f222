//! What the role is given and what is taken from it, whatever somebody else gave it before.

use super::shop::Shop;

/// Something is to be given or taken.
const ASTRAY: &[&str] = &[
    "REVOKE SELECT ON products FROM {app}; GRANT SELECT ON products TO PUBLIC",
    "GRANT SELECT (name) ON products TO PUBLIC",
    "REVOKE ALL ON products FROM {app}; GRANT SELECT, INSERT, UPDATE, DELETE ON products TO {system};
     GRANT {system} TO {app}; ALTER ROLE {app} NOINHERIT",
    "REVOKE SELECT ON products FROM {app}; GRANT SELECT (name) ON products TO {app}",
    "REVOKE SELECT ON products FROM {app}; GRANT SELECT (name) ON products TO {app};
     GRANT SELECT ON products TO {system}; GRANT {system} TO {app}; ALTER ROLE {app} NOINHERIT",
    "GRANT REFERENCES (id) ON customers TO {app}",
    "GRANT TRUNCATE ON countries TO {app}",
    "GRANT UPDATE (name) ON countries TO PUBLIC",
    "REVOKE SELECT ON countries FROM {app}; GRANT SELECT (name) ON countries TO {app}",
    "REVOKE USAGE ON SCHEMA public FROM PUBLIC, {app}",
    "GRANT CREATE ON SCHEMA public TO {app}",
    "REVOKE USAGE ON SEQUENCE orders_id_seq FROM {app}",
    "CREATE MATERIALIZED VIEW mails AS SELECT email FROM customers; GRANT SELECT ON mails TO {app}",
    "CREATE MATERIALIZED VIEW mails AS SELECT email FROM customers; GRANT SELECT (email) ON mails TO PUBLIC",
    "ALTER TABLE products OWNER TO {app}",
];

/// Nothing is, by these statements.
const RIGHT: &[&str] = &[
    "REVOKE ALL ON products FROM {app}; GRANT SELECT, INSERT, UPDATE, DELETE ON products TO {system};
     GRANT {system} TO {app}",
    "REVOKE USAGE ON SEQUENCE orders_id_seq FROM {app}; GRANT USAGE ON SEQUENCE orders_id_seq TO PUBLIC",
    "REVOKE USAGE ON SCHEMA public FROM {app}; GRANT USAGE ON SCHEMA public TO PUBLIC",
    "CREATE MATERIALIZED VIEW mails AS SELECT email FROM customers",
];

/// What the role may do wrongly, and what it may not do although it has to.
const FAULTS: &str = "
    SELECT concat_ws(' ', c.relname, p.name, p.is_wanted)
    FROM pg_class AS c
    JOIN (VALUES ('SELECT', true), ('INSERT', true), ('UPDATE', true), ('DELETE', true),
        ('TRUNCATE', false), ('REFERENCES', false), ('TRIGGER', false)) AS p (name, is_wanted) ON true
    WHERE c.relname IN ('customers', 'products', 'orders', 'order_lines', 'Notes', 'visits', 'countries', 'mails')
        AND CASE WHEN p.is_wanted AND c.relname NOT IN ('countries', 'mails')
            OR c.relname = 'countries' AND p.name = 'SELECT'
            THEN NOT has_table_privilege($1, c.oid, p.name)
            ELSE has_table_privilege($1, c.oid, p.name)
                OR p.name <> 'DELETE' AND p.name <> 'TRUNCATE' AND p.name <> 'TRIGGER'
                    AND has_any_column_privilege($1, c.oid, p.name) END
    UNION ALL SELECT 'usage' WHERE NOT has_schema_privilege($1, 'public', 'USAGE')
    UNION ALL SELECT 'create' WHERE has_schema_privilege($1, 'public', 'CREATE')
    UNION ALL SELECT 'sequence' WHERE NOT has_sequence_privilege($1, 'orders_id_seq', 'USAGE')
    UNION ALL SELECT 'everybody' FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid
    CROSS JOIN LATERAL aclexplode(coalesce(a.attacl, c.relacl)) AS g
    WHERE c.relname IN ('products', 'customers') AND g.grantee = 0";

impl Shop {
    async fn wrong_rights(&self) -> Vec<String> {
        let role = &self.app;
        sqlx::query_scalar(FAULTS).bind(role).fetch_all(&self.pool).await.unwrap()
    }
}

#[tokio::test]
async fn a_right_that_is_astray_is_put_right_when_the_migration_is_printed_again() {
    for seed in ASTRAY {
        let shop = Shop::walled().await;
        assert_eq!(shop.wrong_rights().await, Vec::<String>::new());
        shop.run(seed).await;
        let migration = shop.migration().await;
        assert!(!migration.is_empty(), "nothing is printed: {seed}");
        shop.apply(&migration).await;
        assert_eq!(shop.wrong_rights().await, Vec::<String>::new(), "{seed}");
        let again = shop.migration().await;
        assert!(again.is_empty(), "{seed}\n{again}");
    }
}

#[tokio::test]
async fn a_right_that_the_role_has_by_another_way_is_not_given_again() {
    for seed in RIGHT {
        let shop = Shop::walled().await;
        shop.run(seed).await;
        let migration = shop.migration().await;
        assert!(migration.is_empty(), "{seed}\n{migration}");
        assert_eq!(shop.wrong_rights().await, Vec::<String>::new(), "{seed}");
    }
}
