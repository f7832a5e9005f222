//! The walls that MariaDB has: keys, rights, and who views and routines run as.

use std::str::FromStr;

use sqlx::{AssertSqlSafe, Connection, MySqlConnection, MySqlPool, mysql::MySqlConnectOptions};
use tenant_sql::{Catalog, Dialect, Table};
use tenant_sqlx::{
    Model,
    ddl::{Ddl, DdlErrorKind, Migration, Phase},
    doctor::{Code, Diagnosis, Doctor},
};

use super::database::{Place, pool};
use crate::faults::{Fault, decided, each, fault};

const SCHEMA: &[&str] = &[
    "CREATE TABLE countries (code VARCHAR(2) PRIMARY KEY, name VARCHAR(40) NOT NULL)",
    "CREATE TABLE customers (
        id BIGINT AUTO_INCREMENT PRIMARY KEY, email VARCHAR(80) NOT NULL UNIQUE, name VARCHAR(40) NOT NULL,
        country VARCHAR(2), FOREIGN KEY (country) REFERENCES countries (code)
    )",
    "CREATE TABLE products (sku VARCHAR(20) PRIMARY KEY, name VARCHAR(40) NOT NULL, price INT NOT NULL)",
    "CREATE TABLE orders (
        id BIGINT AUTO_INCREMENT PRIMARY KEY, customer_id BIGINT NOT NULL,
        placed_at DATETIME NOT NULL DEFAULT current_timestamp, state VARCHAR(10) NOT NULL DEFAULT 'open',
        KEY orders_by_time (placed_at), FOREIGN KEY (customer_id) REFERENCES customers (id) ON DELETE CASCADE
    )",
    "CREATE TABLE order_lines (
        order_id BIGINT NOT NULL, line INT NOT NULL, sku VARCHAR(20) NOT NULL, amount INT NOT NULL,
        PRIMARY KEY (order_id, line), FOREIGN KEY (order_id) REFERENCES orders (id) ON DELETE CASCADE,
        FOREIGN KEY (sku) REFERENCES products (sku)
    )",
    "CREATE TABLE visits (at DATE NOT NULL, page VARCHAR(40) NOT NULL)",
    "CREATE VIEW turnover AS SELECT customer_id, count(*) AS orders FROM orders GROUP BY customer_id",
    "INSERT INTO countries VALUES ('de', 'Germany')",
    "INSERT INTO customers (email, name, country) VALUES ('a@x', 'Ann', 'de'), ('b@x', 'Bob', NULL)",
    "INSERT INTO products VALUES ('tea', 'Tea', 3), ('cup', 'Cup', 8)",
    "INSERT INTO orders (customer_id) VALUES (1), (2), (1)",
    "INSERT INTO order_lines VALUES (1, 1, 'tea', 2), (1, 2, 'cup', 1), (2, 1, 'tea', 9)",
    "INSERT INTO visits VALUES ('2026-01-01', '/')",
];

fn catalog() -> Catalog {
    let owned = ["customers", "products", "orders", "order_lines", "visits"].map(Table::owned);
    let builder = Catalog::builder(Dialect::MySql).table(Table::shared("countries"));
    let builder = owned.into_iter().fold(builder, tenant_sql::CatalogBuilder::table);
    builder.table(Table::hidden("turnover")).build().unwrap()
}

struct Shop {
    pool: MySqlPool,
    place: Place,
    catalog: Catalog,
    app: String,
    database: String,
}

impl Shop {
    async fn open() -> Self {
        let place = Place::new();
        let pool = pool(&place, 3).await;
        let database: String = sqlx::query_scalar("SELECT database()").fetch_one(&pool).await.unwrap();
        let app = format!("'app_{database}'@'localhost'");
        let shop = Self { pool, place, catalog: catalog(), app, database };
        for sql in SCHEMA {
            shop.run(sql).await;
        }
        shop.run("CREATE USER {app} IDENTIFIED BY 'secret'").await;
        shop.run("GRANT SELECT, INSERT, UPDATE, DELETE ON `{database}`.* TO {app}").await;
        shop
    }

    async fn run(&self, sql: &str) {
        for part in sql.split(";;") {
            let sql = part.replace("{app}", &self.app).replace("{database}", &self.database);
            let done = sqlx::raw_sql(AssertSqlSafe(sql.clone())).execute(&self.pool).await;
            done.unwrap_or_else(|error| panic!("{error}: {sql}"));
        }
    }

    async fn migration(&self) -> Migration {
        let model = Model::read(&self.pool, &self.catalog).await.unwrap();
        Ddl::new().tenant("acme").migration(&model, &self.catalog).unwrap()
    }

    async fn walled() -> Self {
        let shop = Self::open().await;
        let mut connection = MySqlConnection::connect(&shop.place.url()).await.unwrap();
        let migration = shop.migration().await;
        for step in migration.steps() {
            for statement in step.statements() {
                loop {
                    let done = sqlx::raw_sql(AssertSqlSafe(statement.clone())).execute(&mut connection).await;
                    let done = done.unwrap_or_else(|error| panic!("{error}: {statement}\n{migration}"));
                    if !step.repeats() || done.rows_affected() == 0 {
                        break;
                    }
                }
            }
        }
        shop
    }

    fn again(&self) -> Self {
        let (pool, place, catalog) = (self.pool.clone(), Place::new(), self.catalog.clone());
        Self { pool, place, catalog, app: self.app.clone(), database: self.database.clone() }
    }

    async fn examine(&self) -> Vec<Diagnosis> {
        Doctor::new().role(&self.app).examine(&self.pool, &self.catalog).await.unwrap()
    }
}

#[tokio::test]
async fn nothing_is_wrong_with_what_was_drawn_up() {
    let shop = Shop::walled().await;
    let found: Vec<String> = shop.examine().await.iter().map(ToString::to_string).collect();
    assert_eq!(found, Vec::<String>::new());
    let again = shop.migration().await;
    assert!(again.is_empty(), "{again}");
    let lines: i64 = sqlx::query_scalar("SELECT count(*) FROM order_lines WHERE tenant_id = 'acme'")
        .fetch_one(&shop.pool)
        .await
        .unwrap();
    assert_eq!(lines, 3);
}

#[tokio::test]
async fn no_row_hangs_on_another_tenants() {
    let shop = Shop::walled().await;
    let foreign = "INSERT INTO orders (tenant_id, customer_id) VALUES ('globex', 1)";
    let error = sqlx::raw_sql(foreign).execute(&shop.pool).await.unwrap_err().to_string();
    assert!(error.contains("orders_tenant_customer_id_fkey"), "{error}");
    let nobodys = "INSERT INTO visits (at, page) VALUES ('2026-01-01', '/')";
    assert!(sqlx::raw_sql(nobodys).execute(&shop.pool).await.is_err());
}

#[tokio::test]
async fn a_view_is_mended_with_all_that_it_was_made_with() {
    let shop = Shop::walled().await;
    let view =
        "CREATE ALGORITHM = MERGE VIEW mine (number, whose, state) AS SELECT id, tenant_id, state FROM orders
        WHERE state = 'open' WITH LOCAL CHECK OPTION";
    shop.run(view).await;
    let found = shop.examine().await;
    for statement in found.iter().filter(|found| found.code == Code::ViewAsOwner).flat_map(|found| &found.fix)
    {
        shop.run(statement).await;
    }
    assert!(shop.examine().await.iter().all(|found| found.code == Code::UndeclaredView));
    let made: String = sqlx::query_scalar(
        "SELECT concat_ws(' ', security_type, check_option, algorithm) FROM information_schema.views
         WHERE table_schema = database() AND table_name = 'mine'",
    )
    .fetch_one(&shop.pool)
    .await
    .unwrap();
    assert_eq!(made, "INVOKER LOCAL MERGE");
    let error = sqlx::raw_sql("UPDATE mine SET state = 'done'").execute(&shop.pool).await.unwrap_err();
    assert!(error.to_string().contains("CHECK OPTION failed"), "{error}");
}

#[tokio::test]
async fn what_mends_a_tenant_column_leaves_the_rest_as_it_is() {
    const REST: &str = "NOT NULL DEFAULT 'globex' COMMENT 'it''s \\\\ whose' CHECK (tenant_id <> 'no''body')";
    for (code, make, of_type) in [
        (
            Code::TenantCollation,
            format!("VARCHAR(40) CHARACTER SET latin1 {REST}"),
            "varchar(40) latin1_bin NO",
        ),
        (Code::TenantType, format!("ENUM('acme', 'globex') {REST}"), "varchar(63) utf8mb4_bin NO"),
        (
            Code::TenantCollation,
            format!("VARCHAR(40) CHARACTER SET utf8mb4 {}", REST.replace("NOT NULL", "NULL")),
            "varchar(40) utf8mb4_bin YES",
        ),
        (
            Code::NullableTenant,
            format!("VARCHAR(50) CHARACTER SET ascii COLLATE ascii_bin {}", REST.replace("NOT NULL", "")),
            "varchar(50) ascii_bin NO",
        ),
    ] {
        let shop = Shop::walled().await;
        shop.run(&format!("ALTER TABLE visits MODIFY tenant_id {make}")).await;
        let before = column(&shop).await.1;
        assert!(before.starts_with(r"'globex' it's \ whose `tenant_id` <> 'no"), "{before}");
        let found = shop.examine().await;
        let found: Vec<_> = found.iter().filter(|found| found.code == code).collect();
        assert_eq!(found.len(), 1, "{make}");
        for statement in &found[0].fix {
            shop.run(statement).await;
        }
        assert!(shop.examine().await.iter().all(|found| found.code != code), "{make}");
        let (is, rest) = column(&shop).await;
        assert_eq!((is.as_str(), rest), (of_type, before), "{make}");
    }
}

/// The type of the tenant column of visits, and all else that is said of it.
async fn column(shop: &Shop) -> (String, String) {
    sqlx::query_as(
        "SELECT concat_ws(' ', c.column_type, c.collation_name, c.is_nullable),
             concat_ws(' ', c.column_default, c.column_comment, k.check_clause)
         FROM information_schema.columns AS c LEFT JOIN information_schema.check_constraints AS k
             ON k.constraint_schema = c.table_schema AND k.table_name = c.table_name AND k.constraint_name = c.column_name
         WHERE c.table_schema = database() AND c.table_name = 'visits' AND c.column_name = 'tenant_id'",
    )
    .fetch_one(&shop.pool)
    .await
    .unwrap()
}

#[tokio::test]
async fn a_key_of_parts_of_values_is_left_to_people() {
    let shop = Shop::walled().await;
    shop.run("ALTER TABLE visits ADD UNIQUE KEY by_start (page(8), at)").await;
    let found = shop.examine().await;
    assert_eq!(found.len(), 1, "{found:#?}");
    assert!(found[0].fix.is_empty() && found[0].advice.contains("by hand"), "{found:#?}");
}

/// The names of accounts may hold anything, and who serves is looked at like anybody.
#[tokio::test]
async fn an_account_of_any_name_is_seen_with_its_own_eyes() {
    let shop = Shop::walled().await;
    for user in ["it's`me@home", "a@b@c"] {
        let quoted = user.replace('\'', "''");
        let account = format!("'{quoted}_{}'@'localhost'", shop.database);
        let shop = Shop { app: account, ..shop.again() };
        shop.run("CREATE USER {app} IDENTIFIED BY 'secret';; GRANT SELECT, DROP ON `{database}`.* TO {app}")
            .await;
        shop.run("CREATE OR REPLACE ROLE shy_{database};; GRANT shy_{database} TO {app}").await;
        let found = shop.examine().await;
        assert_eq!(
            found.iter().map(|found| found.code).collect::<Vec<_>>(),
            [Code::SchemaRights],
            "{found:#?}"
        );
        let options = MySqlConnectOptions::from_str(&shop.place.url()).unwrap().database(&shop.database);
        let options = options.username(&format!("{user}_{}", shop.database)).password("secret");
        let own = MySqlPool::connect_with(options).await.unwrap();
        let found = Doctor::new().examine(&own, &shop.catalog).await.unwrap();
        let codes: Vec<Code> = found.iter().map(|found| found.code).collect();
        assert!(codes.contains(&Code::SchemaRights) && codes.contains(&Code::HiddenRights), "{found:#?}");
        for statement in
            found.iter().filter(|found| found.code == Code::SchemaRights).flat_map(|found| &found.fix)
        {
            shop.run(statement).await;
        }
        assert_eq!(shop.examine().await, []);
    }
}

#[tokio::test]
async fn an_account_that_is_not_there_is_no_clean_one() {
    let shop = Shop::open().await;
    let error = Doctor::new().role("'typo'@'%'").examine(&shop.pool, &shop.catalog).await.unwrap_err();
    assert!(error.to_string().contains("there is no role"), "{error}");
}

/// Runs what is printed for other tables than the shop's.
async fn migrated(schema: &[&str], tables: &[&'static str], ddl: Ddl) -> (Shop, Migration) {
    let shop = Shop::open().await;
    for sql in schema {
        shop.run(sql).await;
    }
    let builder = Catalog::builder(Dialect::MySql).table(Table::hidden("seen"));
    let builder = tables.iter().fold(builder, |builder, name| builder.table(Table::owned(*name)));
    let shop = Shop { catalog: builder.build().unwrap(), ..shop };
    let model = Model::read(&shop.pool, &shop.catalog).await.unwrap();
    let migration = ddl.migration(&model, &shop.catalog).unwrap();
    for statement in migration.steps().iter().flat_map(tenant_sqlx::ddl::Step::statements) {
        shop.run(statement).await;
    }
    (shop, migration)
}

#[tokio::test]
async fn a_key_on_parts_of_values_is_left_to_people() {
    let schema = [
        "CREATE TABLE tags (tenant_id VARCHAR(63) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL, \
        name VARCHAR(40) NOT NULL, hue INT, UNIQUE KEY by_name (name(5)), UNIQUE KEY by_both (hue, name(5)))",
    ];
    let (shop, migration) = migrated(&schema, &["tags"], Ddl::new()).await;
    let printed = migration.to_string();
    assert!(printed.contains("-- `tags`: the key `by_name` is left as it is"), "{printed}");
    shop.run("INSERT INTO tags VALUES ('acme', 'crimson', 1)").await;
    let same = sqlx::raw_sql("INSERT INTO tags VALUES ('acme', 'crims', 2)").execute(&shop.pool).await;
    same.unwrap_err();
    let fixes: Vec<Diagnosis> = shop.examine().await;
    let fixes: Vec<&Diagnosis> = fixes.iter().filter(|found| found.object.contains("by_")).collect();
    assert!(fixes.iter().all(|found| found.fix.is_empty()) && fixes.len() == 2, "{fixes:#?}");
}

#[tokio::test]
async fn a_view_still_checks_what_is_written_through_it() {
    let schema = [
        "CREATE TABLE tags (tenant_id VARCHAR(63) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL, \
         name VARCHAR(40) NOT NULL)",
        "CREATE VIEW seen AS SELECT * FROM tags WHERE name <> 'bad' WITH LOCAL CHECK OPTION",
    ];
    let (shop, migration) = migrated(&schema, &["tags"], Ddl::new()).await;
    assert!(migration.to_string().contains("SQL SECURITY INVOKER VIEW `seen`"), "{migration}");
    let error =
        sqlx::raw_sql("INSERT INTO seen VALUES ('acme', 'bad')").execute(&shop.pool).await.unwrap_err();
    assert!(error.to_string().contains("CHECK OPTION"), "{error}");
}

/// What is there already is no reason to print what was given as it stands.
#[tokio::test]
async fn a_tenant_that_is_none_is_refused_and_the_default_of_before_is_kept() {
    let schema = [
        "CREATE TABLE tags (tenant_id VARCHAR(63) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin DEFAULT 'acme', \
         name VARCHAR(40) NOT NULL, KEY (tenant_id))",
    ];
    let (shop, migration) = migrated(&schema, &["tags"], Ddl::new()).await;
    let printed = migration.clone().only(Phase::Expand).to_string();
    assert!(printed.contains("NOT NULL DEFAULT 'acme';"), "{printed}");
    let model = Model::read(&shop.pool, &shop.catalog).await.unwrap();
    let uuids = Catalog::builder(Dialect::MySql).tenant_type(tenant_sql::TenantType::Uuid);
    let uuids = uuids.table(Table::owned("tags")).build().unwrap();
    for tenant in ["0'; DROP TABLE tags; -- '00000000000000", "------------------------------------", ""] {
        let error = Ddl::new().tenant(tenant).migration(&model, &uuids).unwrap_err();
        assert_eq!((error.kind(), error.object()), (DdlErrorKind::Tenant, "tags"), "{tenant}");
    }
    let contract = migration.only(Phase::Contract);
    assert_eq!(contract.steps()[0].statements(), ["SET lock_wait_timeout = 5"]);
}

const FAULTS: &[Fault] = &[
    fault(
        Code::NullableTenant,
        "ALTER TABLE visits MODIFY tenant_id VARCHAR(63) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL",
    ),
    fault(
        Code::TenantCollation,
        "ALTER TABLE visits MODIFY tenant_id VARCHAR(63) CHARACTER SET utf8mb4 NOT NULL",
    ),
    fault(Code::TenantType, "ALTER TABLE visits MODIFY tenant_id ENUM('acme', 'globex') NOT NULL"),
    fault(Code::GlobalRights, "GRANT PROCESS ON *.* TO {app}"),
    fault(Code::GlobalRights, "GRANT SUPER ON *.* TO {app}"),
    fault(Code::SchemaRights, "GRANT DROP, TRIGGER ON `{database}`.* TO {app}"),
    fault(Code::SchemaRights, "GRANT ALL ON `{database}`.* TO {app}"),
    fault(Code::SchemaRights, "GRANT ALTER, SELECT ON `{database}`.visits TO {app}"),
    fault(Code::SchemaRights, "GRANT REFERENCES (page), UPDATE (page) ON `{database}`.visits TO {app}"),
    fault(
        Code::SchemaRights,
        "CREATE ROLE outer_{database};; CREATE ROLE inner_{database};; GRANT inner_{database} TO outer_{database};;
         GRANT outer_{database} TO {app};; GRANT DROP ON `{database}`.orders TO inner_{database}",
    ),
    fault(Code::GlobalRights, "GRANT PROCESS ON *.* TO inner_{database}"),
    fault(Code::GlobalRights, "GRANT PROXY ON root@localhost TO {app}"),
    fault(Code::MayGrant, "GRANT outer_{database} TO {app} WITH ADMIN OPTION"),
    fault(Code::MayGrant, "GRANT SELECT ON `{database}`.visits TO {app} WITH GRANT OPTION"),
    fault(Code::PublicRights, "GRANT SELECT ON `{database}`.visits TO PUBLIC"),
    fault(Code::MayGrant, "GRANT SELECT ON `{database}`.* TO {app} WITH GRANT OPTION"),
    decided(Code::ViewAsOwner, "CREATE VIEW open_orders AS SELECT * FROM orders", "DROP VIEW open_orders"),
    fault(Code::DefinerRoutine, "CREATE PROCEDURE tidy() SQL SECURITY DEFINER DELETE FROM orders"),
    fault(Code::DefinerRoutine, "CREATE FUNCTION one() RETURNS INT SQL SECURITY DEFINER RETURN 1"),
    fault(Code::Event, "CREATE EVENT nightly ON SCHEDULE EVERY 1 DAY DO DELETE FROM visits"),
    fault(Code::Engine, "ALTER TABLE visits ENGINE = MyISAM"),
    fault(
        Code::Trigger,
        "CREATE TRIGGER noted BEFORE INSERT ON visits FOR EACH ROW SET NEW.page = lower(NEW.page)",
    ),
    fault(Code::KeyWithoutTenant, "ALTER TABLE visits ADD UNIQUE KEY by_day (at)"),
    fault(Code::KeyWithoutTenant, "ALTER TABLE visits ADD PRIMARY KEY (at, page)"),
    decided(
        Code::KeyWithoutTenant,
        "ALTER TABLE visits ADD UNIQUE KEY by_start (page(8), at)",
        "ALTER TABLE visits ADD UNIQUE KEY by_tenant (tenant_id, page(8), at);; ALTER TABLE visits DROP KEY by_start",
    ),
    fault(
        Code::LinkWithoutTenant,
        "ALTER TABLE visits ADD COLUMN customer_id BIGINT;;
         ALTER TABLE visits ADD FOREIGN KEY (customer_id) REFERENCES customers (id)",
    ),
    fault(
        Code::CascadePastTenant,
        "ALTER TABLE visits ADD COLUMN product VARCHAR(20), ADD COLUMN order_id BIGINT;;
         ALTER TABLE visits ADD FOREIGN KEY (order_id) REFERENCES orders (id) ON DELETE CASCADE",
    ),
    fault(Code::IndexWithoutTenant, "ALTER TABLE orders ADD INDEX by_state (state)"),
    fault(Code::TenantDefault, "ALTER TABLE orders ALTER COLUMN tenant_id SET DEFAULT 'acme'"),
    decided(Code::UnknownTable, "CREATE TABLE stray (x INT)", "DROP TABLE stray"),
    decided(Code::MissingTable, "RENAME TABLE visits TO gone", "RENAME TABLE gone TO visits"),
    decided(Code::ForeignTable, "CREATE SEQUENCE numbers", "DROP SEQUENCE numbers"),
    decided(
        Code::UndeclaredView,
        "CREATE SQL SECURITY INVOKER VIEW late AS SELECT * FROM orders",
        "DROP VIEW late",
    ),
];

#[tokio::test]
async fn each_fault_is_found_and_what_mends_it_leaves_none() {
    let shop = Shop::walled().await;
    each(FAULTS, async || shop.examine().await, async |sql| shop.run(sql).await).await;
}
