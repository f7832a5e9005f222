//! What can be wrong with PostgreSQL, and is mended.

use std::collections::BTreeSet;

use tenant_sqlx::doctor::{Code, Severity};

use super::shop::Shop;
use crate::faults::{Fault, decided, each, fault};

const FAULTS: &[Fault] = &[
    fault(Code::Superuser, "ALTER ROLE {app} SUPERUSER"),
    fault(Code::BypassRls, "ALTER ROLE {app} BYPASSRLS"),
    fault(Code::BecomesSuperuser, "CREATE ROLE root_{app} SUPERUSER; GRANT root_{app} TO {app}"),
    fault(Code::OwnsTable, "ALTER TABLE orders OWNER TO {app}"),
    fault(Code::CreatesRoles, "ALTER ROLE {app} CREATEROLE"),
    fault(Code::Replicates, "ALTER ROLE {app} REPLICATION"),
    fault(
        Code::ReadsAllData,
        "CREATE ROLE reader_{app}; GRANT pg_read_all_data TO reader_{app}; GRANT reader_{app} TO {app}",
    ),
    fault(Code::ReadsStatistics, "GRANT pg_read_all_stats TO {app}"),
    fault(Code::CreatesDatabases, "ALTER ROLE {app} CREATEDB"),
    fault(Code::PoliciesOff, "ALTER TABLE products DISABLE ROW LEVEL SECURITY"),
    fault(Code::NotForced, "ALTER TABLE products NO FORCE ROW LEVEL SECURITY"),
    fault(Code::NoPolicy, "DROP POLICY tenant_isolation ON products"),
    fault(
        Code::NoPolicy,
        "ALTER POLICY tenant_isolation ON products TO {system}",
    ),
    fault(
        Code::CommandWithoutPolicy,
        "DROP POLICY tenant_isolation ON products;
         CREATE POLICY reading ON products FOR SELECT
             USING (tenant_id = nullif(current_setting('app.current_tenant_id', true), ''))",
    ),
    fault(Code::WideningPolicy, "CREATE POLICY support ON orders FOR SELECT USING (state = 'open')"),
    fault(
        Code::WideningPolicy,
        "ALTER POLICY tenant_isolation ON orders
             USING (tenant_id = nullif(current_setting('app.current_tenant_id', true), '') OR state = 'open')",
    ),
    fault(
        Code::WideningPolicy,
        "CREATE POLICY desk ON \"Notes\" USING (true);
         CREATE POLICY writing ON \"Notes\" AS RESTRICTIVE
             WITH CHECK (tenant_id = nullif(current_setting('app.current_tenant_id', true), ''))",
    ),
    fault(Code::WideningPolicy, "GRANT {system} TO {app}"),
    fault(Code::WideningCheck, "ALTER POLICY tenant_isolation ON orders WITH CHECK (true)"),
    fault(
        Code::NoCheck,
        "DROP POLICY tenant_isolation ON orders;
         CREATE POLICY tenant_isolation ON orders TO {app}
             USING (tenant_id = nullif(current_setting('app.current_tenant_id', true), ''))",
    ),
    fault(
        Code::OtherSetting,
        "ALTER POLICY tenant_isolation ON orders
             USING (tenant_id = nullif(current_setting('app.tenant', true), ''))",
    ),
    fault(
        Code::MissingIsError,
        "ALTER POLICY tenant_isolation ON orders
             USING (tenant_id = nullif(current_setting('app.current_tenant_id'), ''))",
    ),
    fault(
        Code::EmptyIsTenant,
        "ALTER POLICY tenant_isolation ON orders
             USING (tenant_id = current_setting('app.current_tenant_id', true))",
    ),
    fault(
        Code::ConvertsColumn,
        "ALTER POLICY tenant_isolation ON orders
             USING (tenant_id::bytea = nullif(current_setting('app.current_tenant_id', true), '')::bytea)",
    ),
    fault(
        Code::DerivedWithoutPolicy,
        "ALTER TABLE receipts DISABLE ROW LEVEL SECURITY; GRANT SELECT ON receipts TO {app}",
    ),
    fault(
        Code::WideningPolicy,
        "GRANT SELECT ON receipts TO {app}; CREATE POLICY open ON receipts FOR SELECT USING (true)",
    ),
    fault(
        Code::WideningCheck,
        "ALTER POLICY tenant_isolation ON receipts WITH CHECK (text <> ''); GRANT INSERT ON receipts TO {app}",
    ),
    fault(Code::ViewAsOwner, "ALTER VIEW turnover RESET (security_invoker); GRANT SELECT ON turnover TO {app}"),
    fault(
        Code::ViewAsOwner,
        "CREATE VIEW best AS SELECT * FROM turnover WHERE sum > 9; GRANT SELECT ON best TO PUBLIC",
    ),
    fault(
        Code::ViewAsOwner,
        "CREATE VIEW paid AS SELECT r.text FROM receipts AS r; GRANT SELECT ON paid TO {app}",
    ),
    fault(
        Code::ViewAsOwner,
        "CREATE VIEW mails WITH (security_barrier) AS SELECT * FROM customers WHERE name <> '' WITH CHECK OPTION;
         CREATE ROLE readers_{app}; GRANT SELECT (email) ON mails TO readers_{app}; GRANT readers_{app} TO {app}",
    ),
    fault(
        Code::MaterializedView,
        "CREATE MATERIALIZED VIEW best_sums AS SELECT * FROM turnover; GRANT SELECT ON best_sums TO readers_{app}",
    ),
    fault(
        Code::MaterializedView,
        "CREATE MATERIALIZED VIEW names AS SELECT name FROM customers; GRANT SELECT (name) ON names TO {app}",
    ),
    fault(
        Code::MaterializedView,
        "CREATE MATERIALIZED VIEW sums AS SELECT * FROM turnover; GRANT SELECT ON sums TO {app}",
    ),
    fault(
        Code::DefinerRoutine,
        "CREATE FUNCTION all_orders() RETURNS BIGINT LANGUAGE sql SECURITY DEFINER SET search_path = public
             AS 'SELECT count(*) FROM orders'",
    ),
    fault(
        Code::DefinerSearchPath,
        "CREATE PROCEDURE purge(days INT) LANGUAGE sql SECURITY DEFINER AS 'DELETE FROM orders'",
    ),
    fault(
        Code::ForeignTable,
        "CREATE FOREIGN DATA WRAPPER elsewhere; CREATE SERVER other FOREIGN DATA WRAPPER elsewhere;
         CREATE FOREIGN TABLE archive (tenant_id TEXT, x INT) SERVER other; GRANT SELECT ON archive TO {app}",
    ),
    fault(Code::PartitionInReach, "GRANT SELECT ON visits_2025 TO {app}; ALTER TABLE visits_2025 NO FORCE ROW LEVEL SECURITY"),
    decided(
        Code::DefaultPartition,
        "CREATE TABLE visits_rest PARTITION OF visits DEFAULT",
        "DROP TABLE visits_rest",
    ),
    fault(Code::Rule, "CREATE RULE quiet AS ON DELETE TO orders DO INSTEAD NOTHING"),
    fault(
        Code::Trigger,
        "CREATE FUNCTION note() RETURNS TRIGGER LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
         CREATE TRIGGER notes BEFORE INSERT ON orders FOR EACH ROW EXECUTE FUNCTION note()",
    ),
    fault(
        Code::Leakproof,
        "CREATE FUNCTION peek(TEXT) RETURNS BOOLEAN LANGUAGE plpgsql LEAKPROOF AS 'BEGIN RETURN TRUE; END'",
    ),
    fault(Code::KeyWithoutTenant, "ALTER TABLE customers ADD CONSTRAINT by_name UNIQUE (name)"),
    fault(Code::KeyWithoutTenant, "CREATE UNIQUE INDEX by_text ON customers (lower(email)) WHERE name <> ''"),
    decided(
        Code::KeyWithoutTenant,
        "ALTER TABLE orders ADD CONSTRAINT alone EXCLUDE USING btree (state WITH =) WHERE (id < 0)",
        "ALTER TABLE orders DROP CONSTRAINT alone",
    ),
    fault(
        Code::LinkWithoutTenant,
        "ALTER TABLE \"Notes\" ADD COLUMN customer_id BIGINT REFERENCES customers;
         CREATE INDEX note_customers ON \"Notes\" (tenant_id, customer_id)",
    ),
    fault(
        Code::CascadePastTenant,
        "ALTER TABLE \"Notes\" ADD COLUMN product TEXT, ADD COLUMN other BIGINT UNIQUE REFERENCES orders ON DELETE CASCADE",
    ),
    decided(
        Code::CascadeEffect,
        "CREATE TABLE audit (order_id BIGINT REFERENCES orders ON DELETE CASCADE);
         CREATE FUNCTION forget() RETURNS TRIGGER LANGUAGE plpgsql AS 'BEGIN DELETE FROM countries; RETURN OLD; END';
         CREATE TRIGGER forgets AFTER DELETE ON audit FOR EACH ROW EXECUTE FUNCTION forget()",
        "DROP TABLE audit",
    ),
    fault(Code::NoTenantIndex, "DROP INDEX visits_by_page_tenant"),
    fault(
        Code::LinkWithoutIndex,
        "ALTER TABLE order_lines DROP CONSTRAINT order_lines_tenant_sku_fkey;
         DROP INDEX order_lines_tenant_sku_idx;
         ALTER TABLE order_lines ADD FOREIGN KEY (tenant_id, sku) REFERENCES products (tenant_id, sku)",
    ),
    fault(Code::IndexWithoutTenant, "CREATE INDEX by_state ON orders (state DESC) WHERE state <> 'done'"),
    fault(Code::NullableTenant, "ALTER TABLE orders ALTER COLUMN tenant_id DROP NOT NULL"),
    fault(
        Code::TenantType,
        "DROP POLICY tenant_isolation ON visits; DROP POLICY tenant_isolation ON visits_2025;
         DROP POLICY tenant_isolation ON visits_2026; ALTER TABLE visits ALTER COLUMN tenant_id TYPE CHAR(20);
         CREATE POLICY tenant_isolation ON visits TO {app}
             USING (tenant_id = nullif(current_setting('app.current_tenant_id', true), ''))",
    ),
    fault(
        Code::TenantCollation,
        "CREATE COLLATION loose (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
         DROP POLICY tenant_isolation ON visits; DROP POLICY IF EXISTS tenant_isolation ON visits_2025;
         DROP POLICY IF EXISTS tenant_isolation ON visits_2026;
         ALTER TABLE visits ALTER COLUMN tenant_id TYPE TEXT COLLATE loose",
    ),
    fault(Code::TenantDefault, "ALTER TABLE orders ALTER COLUMN tenant_id SET DEFAULT 'acme'"),
    fault(
        Code::NotValidated,
        "ALTER TABLE orders ADD CONSTRAINT sane CHECK (state <> '') NOT VALID",
    ),
    fault(
        Code::InvalidIndex,
        "CREATE INDEX broken ON orders (tenant_id, state);
         UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'broken'::regclass",
    ),
    decided(Code::UnknownTable, "CREATE TABLE stray (x INT)", "DROP TABLE stray"),
    decided(Code::MissingTable, "ALTER TABLE countries RENAME TO lands", "ALTER TABLE lands RENAME TO countries"),
    decided(
        Code::OddName,
        "CREATE TABLE \"od'd\" (tenant_id TEXT)",
        "DROP TABLE \"od'd\"",
    ),
    decided(
        Code::FamilyNotShared,
        "CREATE TABLE provinces (region TEXT) INHERITS (countries)",
        "DROP TABLE provinces",
    ),
    fault(Code::MayTruncate, "GRANT TRUNCATE ON orders TO {app}"),
    fault(Code::MayTruncate, "CREATE ROLE ops_{app}; GRANT TRUNCATE ON orders TO ops_{app}; GRANT ops_{app} TO {app}"),
    fault(Code::MayReference, "GRANT REFERENCES ON orders TO {app}"),
    fault(Code::MayReference, "GRANT REFERENCES (state, id) ON orders TO {app}"),
    fault(Code::PublicRights, "GRANT SELECT (state) ON orders TO PUBLIC"),
    fault(Code::WritesShared, "GRANT UPDATE (name) ON countries TO readers_{app}"),
    fault(Code::PartitionInReach, "GRANT UPDATE (page) ON visits_2026 TO {app}; ALTER TABLE visits_2026 DISABLE ROW LEVEL SECURITY"),
    fault(Code::MayTrigger, "GRANT TRIGGER ON orders TO {app}"),
    fault(Code::MayCreate, "GRANT CREATE ON SCHEMA public TO PUBLIC"),
    fault(Code::MayCreate, "DO $$ BEGIN EXECUTE format('GRANT CREATE ON DATABASE %I TO {app}', current_database()); END $$"),
    fault(Code::PublicRights, "GRANT SELECT ON orders TO PUBLIC"),
    fault(Code::WritesShared, "GRANT UPDATE ON countries TO {app}"),
    fault(Code::MaySetSequence, "GRANT UPDATE ON SEQUENCE orders_id_seq TO {app}"),
    decided(
        Code::SharedSequence,
        "ALTER TABLE customers ALTER COLUMN id DROP IDENTITY;
         ALTER TABLE customers ALTER COLUMN id SET DEFAULT nextval('orders_id_seq')",
        "ALTER TABLE customers ALTER COLUMN id DROP DEFAULT;
         ALTER TABLE customers ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (START 100)",
    ),
    fault(Code::SettingAtLogin, "ALTER ROLE {app} SET app.current_tenant_id = 'acme'"),
    fault(
        Code::SettingAtLogin,
        "DO $$ BEGIN
             EXECUTE format('ALTER DATABASE %I SET app.current_tenant_id = ''acme''', current_database());
         END $$",
    ),
    fault(Code::RowSecurityOff, "ALTER ROLE {app} SET row_security = off"),
    fault(Code::Published, "CREATE PUBLICATION all_rows FOR TABLE orders, customers"),
    fault(Code::Published, "CREATE PUBLICATION everything FOR ALL TABLES"),
    decided(
        Code::UntrustedFunction,
        "CREATE FUNCTION guess() RETURNS TEXT LANGUAGE sql AS 'SELECT ''open''';
         ALTER TABLE orders ALTER COLUMN state SET DEFAULT guess()",
        "ALTER TABLE orders ALTER COLUMN state SET DEFAULT 'open'",
    ),
];

#[tokio::test]
async fn each_fault_is_found_and_what_mends_it_leaves_none() {
    let shop = Shop::walled().await;
    each(FAULTS, async || shop.examine().await, async |sql| shop.run(sql).await).await;
    let codes: BTreeSet<Code> = FAULTS.iter().map(|fault| fault.code).collect();
    assert!(codes.len() >= 40, "{}", codes.len());
    assert!(codes.iter().any(|code| code.severity() == Severity::Note));
}
