//! What the policies let through, with nothing in front of them.

use sqlx::{AssertSqlSafe, Connection, PgConnection};

use tenant_sql::{Catalog, Dialect, Table};
use tenant_sqlx::{Model, ddl::Phase};

use super::shop::Shop;

const TABLES: [&str; 6] = ["customers", "products", "orders", "order_lines", "\"Notes\"", "visits"];

async fn count(connection: &mut PgConnection, table: &str) -> i64 {
    let sql = AssertSqlSafe(format!("SELECT count(*) FROM {table}"));
    sqlx::query_scalar(sql).fetch_one(connection).await.unwrap()
}

async fn fails(connection: &mut PgConnection, sql: &'static str) -> String {
    sqlx::raw_sql(sql).execute(connection).await.expect_err(sql).to_string()
}

#[tokio::test]
async fn without_a_tenant_there_is_nothing_and_with_one_there_is_its_own() {
    let shop = Shop::walled().await;
    shop.run("INSERT INTO customers (tenant_id, email, name) VALUES ('globex', 'ann@a.example', 'Ann')")
        .await;
    let [mut nobody, mut empty] = [shop.session(None).await, shop.session(Some("")).await];
    let [mut acme, mut globex] = [shop.session(Some("acme")).await, shop.session(Some("globex")).await];
    for table in TABLES {
        assert_eq!(count(&mut nobody, table).await, 0, "{table}");
        assert_eq!(count(&mut empty, table).await, 0, "{table}");
        assert!(count(&mut acme, table).await >= 2, "{table}");
        assert_eq!(count(&mut globex, table).await, i64::from(table == "customers"), "{table}");
        let changed = sqlx::raw_sql(AssertSqlSafe(format!("DELETE FROM {table}")));
        assert_eq!(changed.execute(&mut nobody).await.unwrap().rows_affected(), 0, "{table}");
    }
    assert_eq!(count(&mut acme, "countries").await, 2);
}

#[tokio::test]
async fn a_setting_of_a_transaction_that_is_over_is_nobodys() {
    let shop = Shop::walled().await;
    let mut session = shop.session(None).await;
    let mut transaction = session.begin().await.unwrap();
    sqlx::raw_sql("SET LOCAL app.current_tenant_id = 'acme'").execute(&mut *transaction).await.unwrap();
    assert_eq!(count(&mut transaction, "orders").await, 3);
    transaction.commit().await.unwrap();
    assert_eq!(count(&mut session, "orders").await, 0);
}

#[tokio::test]
async fn nobody_writes_for_others() {
    let shop = Shop::walled().await;
    let mut acme = shop.session(Some("acme")).await;
    for sql in [
        "INSERT INTO orders (tenant_id, customer_id) VALUES ('globex', 1)",
        "UPDATE orders SET tenant_id = 'globex'",
        "INSERT INTO receipts VALUES (2, 'paid')",
        "TRUNCATE orders",
        "UPDATE countries SET name = ''",
        "CREATE TABLE here (x INT)",
    ] {
        let error = fails(&mut acme, sql).await;
        let is_kept = error.contains("row-level security") || error.contains("permission denied");
        assert!(is_kept, "{sql}: {error}");
    }
    // Who names no tenant writes for its own.
    sqlx::raw_sql("INSERT INTO orders (customer_id) VALUES (1)").execute(&mut acme).await.unwrap();
    assert_eq!(count(&mut acme, "orders").await, 4);
    let mut nobody = shop.session(None).await;
    let error = fails(&mut nobody, "INSERT INTO orders (customer_id) VALUES (1)").await;
    assert!(error.contains("row-level security"), "{error}");
}

#[tokio::test]
async fn no_row_hangs_on_another_tenants() {
    let shop = Shop::walled().await;
    shop.run("INSERT INTO customers (id, tenant_id, email, name) VALUES (9, 'globex', 'x', 'X')").await;
    let mut acme = shop.session(Some("acme")).await;
    let error = fails(&mut acme, "INSERT INTO orders (customer_id) VALUES (9)").await;
    assert!(error.contains("orders_tenant_customer_id_fkey"), "{error}");
}

#[tokio::test]
async fn rows_that_reach_their_tenant_through_a_parent_are_kept_apart_too() {
    let shop = Shop::walled().await;
    shop.run("GRANT SELECT, INSERT ON receipts TO {app}").await;
    let [mut acme, mut globex] = [shop.session(Some("acme")).await, shop.session(Some("globex")).await];
    assert_eq!(count(&mut acme, "receipts").await, 1);
    assert_eq!(count(&mut globex, "receipts").await, 0);
    let error = fails(&mut globex, "INSERT INTO receipts VALUES (2, 'paid')").await;
    assert!(error.contains("row-level security"), "{error}");
    assert_eq!(shop.examine().await, []);
}

/// A condition that compares the parent with itself would show everything.
#[tokio::test]
async fn a_table_may_be_called_as_anything_in_a_policy() {
    let shop = Shop::walled().await;
    shop.run(
        "CREATE TABLE parent (order_id BIGINT PRIMARY KEY REFERENCES orders ON DELETE CASCADE, id BIGINT, parent_ INT);
         CREATE TABLE parent_ (id BIGINT PRIMARY KEY REFERENCES parent, parent BIGINT);
         INSERT INTO parent VALUES (1, 1, 0), (2, 5, 0); INSERT INTO parent_ VALUES (1, 1), (2, 1)",
    )
    .await;
    let catalog = ["parent", "parent_"].into_iter().fold(
        ["customers", "products", "orders", "order_lines", "Notes", "visits"]
            .into_iter()
            .fold(Catalog::builder(Dialect::Postgres), |builder, name| builder.table(Table::owned(name))),
        |builder, name| builder.table(Table::hidden(name)),
    );
    let shop = Shop { catalog: catalog.build().unwrap(), ..shop };
    shop.apply(&shop.migration().await).await;
    shop.run("GRANT SELECT ON parent, parent_ TO {app}").await;
    let [mut acme, mut globex] = [shop.session(Some("acme")).await, shop.session(Some("globex")).await];
    for table in ["parent", "parent_"] {
        assert_eq!(count(&mut acme, table).await, 2, "{table}");
        assert_eq!(count(&mut globex, table).await, 0, "{table}");
    }
    let found = shop.examine().await;
    assert!(found.iter().all(|found| !found.object.starts_with("parent")), "{found:#?}");
}

#[tokio::test]
async fn a_key_that_counts_nulls_still_does_and_a_key_of_partitions_goes() {
    let shop = Shop::walled().await;
    shop.run(
        "ALTER TABLE products ADD COLUMN code TEXT, ADD UNIQUE NULLS NOT DISTINCT (code, price);
         CREATE UNIQUE INDEX visits_once ON visits (at, page);
         CREATE INDEX visits_once_tenant ON customers (name, tenant_id)",
    )
    .await;
    let migration = shop.migration().await;
    shop.apply(&migration).await;
    let settings = &migration.only(Phase::Contract).steps()[0].statements()[0].clone();
    assert_eq!(settings, "SET lock_timeout = '5s'");
    let mut acme = shop.session(Some("acme")).await;
    for sql in [
        "INSERT INTO products (sku, name, price) VALUES ('new', 'New', 3)",
        "INSERT INTO visits (at, page) VALUES ('2025-06-01', '/')",
    ] {
        let error = fails(&mut acme, sql).await;
        assert!(error.contains("duplicate key value"), "{error}");
    }
    let mut globex = shop.session(Some("globex")).await;
    let same = "INSERT INTO visits (at, page) VALUES ('2025-06-01', '/')";
    sqlx::raw_sql(same).execute(&mut globex).await.unwrap();
}

#[tokio::test]
async fn the_system_has_a_way_of_its_own() {
    let shop = Shop::walled().await;
    shop.run("INSERT INTO customers (tenant_id, email, name) VALUES ('globex', 'x', 'X')").await;
    shop.run("GRANT SELECT ON customers TO {system}").await;
    let mut session = PgConnection::connect(&shop.place.url()).await.unwrap();
    let role = AssertSqlSafe(format!("SET SESSION AUTHORIZATION {}", shop.system));
    sqlx::raw_sql(role).execute(&mut session).await.unwrap();
    assert_eq!(count(&mut session, "customers").await, 3);
}

#[tokio::test]
async fn the_setting_is_read_once_for_a_statement_and_the_index_serves_it() {
    let shop = Shop::walled().await;
    let mut acme = shop.session(Some("acme")).await;
    sqlx::raw_sql("SET enable_seqscan = off").execute(&mut acme).await.unwrap();
    let explain = "EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF)
        SELECT * FROM orders ORDER BY placed_at DESC LIMIT 2";
    let lines: Vec<String> = sqlx::query_scalar(explain).fetch_all(&mut acme).await.unwrap();
    let plan = lines.join("\n");
    assert!(plan.contains("Index Scan using orders_by_time_tenant on orders"), "{plan}");
    assert!(plan.contains("Index Cond: (tenant_id = $0)") && plan.contains("InitPlan"), "{plan}");
}

#[tokio::test]
async fn a_migration_that_stopped_anywhere_goes_on_when_it_is_printed_again() {
    let places = [3, 9, 20, 33, 47, 60, 75, 90, 110, 140];
    for place in places {
        let shop = Shop::open().await;
        let migration = shop.migration().await;
        let statements: Vec<&String> =
            migration.steps().iter().flat_map(tenant_sqlx::ddl::Step::statements).collect();
        assert!(statements.len() > 140, "{}", statements.len());
        let mut connection = PgConnection::connect(&shop.place.url()).await.unwrap();
        for statement in &statements[..place] {
            let done = sqlx::raw_sql(AssertSqlSafe((*statement).clone())).execute(&mut connection).await;
            done.unwrap_or_else(|error| panic!("{error}: {statement}"));
        }
        connection.close().await.unwrap();
        shop.apply(&shop.migration().await).await;
        assert_eq!(shop.examine().await, [], "stopped after {place}");
        let again = shop.migration().await;
        assert!(again.is_empty(), "stopped after {place}\n{again}");
    }
}

/// Who may name a table writes no statement of the migration.
#[tokio::test]
async fn names_and_tenants_may_hold_anything() {
    let shop = Shop::open().await;
    shop.run(
        "CREATE TABLE \"odd $do$ (name)\" (id INT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY, \"a,b\" INT REFERENCES \"odd $do$ (name)\");
         CREATE INDEX \"x USING btree (\" ON \"odd $do$ (name)\" (\"a,b\" DESC);
         CREATE TABLE \"it's \"\"quoted\"\"\r DROP TABLE orders; --\" (
             id INT PRIMARY KEY REFERENCES \"odd $do$ (name)\" ON DELETE CASCADE
         );
         INSERT INTO \"odd $do$ (name)\" VALUES (1, 1)",
    )
    .await;
    let builder = Catalog::builder(Dialect::Postgres).table(Table::owned("odd $do$ (name)"));
    let shop = Shop { catalog: builder.build().unwrap(), ..shop };
    let model = Model::read_for(&shop.pool, &shop.catalog, &shop.app).await.unwrap();
    let tenant = "o'neill $do$ \\ \"";
    let migration = shop.ddl().tenant(tenant).migration(&model, &shop.catalog).unwrap();
    shop.apply(&migration).await;
    let mut session = shop.session(Some(tenant)).await;
    assert_eq!(count(&mut session, "\"odd $do$ (name)\"").await, 1);
    assert!(migration.steps().iter().all(|step| !step.note().contains('\r')));
    let found = shop.examine().await;
    let wrong = found.iter().filter(|found| !["TD060", "TD064"].contains(&found.code.name()));
    assert_eq!(wrong.count(), 0, "{found:#?}");
}
