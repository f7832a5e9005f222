//! The walls that SQLite has: keys, references, and a column that compares byte by byte.

use sqlx::{AssertSqlSafe, Connection, SqliteConnection, SqlitePool};
use tenant_sql::{Catalog, Dialect, Table};
use tenant_sqlx::{
    Model, TenantDb,
    ddl::{Ddl, DdlErrorKind, Migration},
    doctor::{Code, Diagnosis, Doctor, Unfit},
};

use super::database::{Db, Place, pool};
use crate::faults::{Fault, decided, each, fault};

const SCHEMA: &str = "
CREATE TABLE countries (code TEXT PRIMARY KEY, name TEXT NOT NULL);
CREATE TABLE customers (
    id INTEGER PRIMARY KEY AUTOINCREMENT, -- it counts
    email TEXT NOT NULL UNIQUE COLLATE NOCASE, name TEXT NOT NULL CHECK (name <> 'REFERENCES x, y'),
    country TEXT REFERENCES countries ON UPDATE CASCADE
);
CREATE TABLE products (sku TEXT NOT NULL PRIMARY KEY, name TEXT NOT NULL, price INTEGER NOT NULL) WITHOUT ROWID;
CREATE UNIQUE INDEX products_by_name ON products (lower(name)) WHERE price > 0;
CREATE TABLE \"orders\" (
    \"id\" INTEGER PRIMARY KEY, customer_id INTEGER NOT NULL REFERENCES customers (ID) ON DELETE CASCADE,
    placed_at TEXT NOT NULL DEFAULT (datetime('now')), state TEXT NOT NULL DEFAULT 'open',
    label TEXT AS (state || ' order') /* computed, */ STORED
);
CREATE INDEX \"orders (by time)\" ON orders (placed_at DESC);
CREATE TABLE order_lines (
    order_id INTEGER NOT NULL, line INTEGER NOT NULL, sku TEXT NOT NULL CONSTRAINT of_product REFERENCES products,
    amount INTEGER NOT NULL, PRIMARY KEY (order_id, line), CONSTRAINT some CHECK (amount > 0),
    FOREIGN KEY (order_id) REFERENCES orders ON DELETE CASCADE
);
CREATE TABLE visits (at TEXT NOT NULL, page TEXT NOT NULL, UNIQUE (page COLLATE NOCASE, at));
CREATE VIEW turnover AS SELECT customer_id, count(*) AS orders FROM orders GROUP BY 1;
INSERT INTO countries VALUES ('de', 'Germany');
INSERT INTO customers (email, name, country) VALUES ('a@x', 'Ann', 'de'), ('b@x', 'Bob', NULL);
INSERT INTO products VALUES ('tea', 'Tea', 3), ('cup', 'Cup', 8);
INSERT INTO orders (customer_id) VALUES (1), (2), (1);
INSERT INTO order_lines VALUES (1, 1, 'tea', 2), (1, 2, 'cup', 1), (2, 1, 'tea', 9);
INSERT INTO visits VALUES ('2026-01-01', '/');
";

fn catalog() -> Catalog {
    let owned = ["customers", "products", "orders", "order_lines", "visits"].map(Table::owned);
    let builder = Catalog::builder(Dialect::Sqlite).table(Table::shared("countries"));
    let builder = owned.into_iter().fold(builder, tenant_sql::CatalogBuilder::table);
    builder.table(Table::hidden("turnover")).build().unwrap()
}

struct Shop {
    pool: SqlitePool,
    place: Place,
    catalog: Catalog,
}

impl Shop {
    async fn open() -> Self {
        let place = Place::new();
        let shop = Self { pool: pool(&place, 1).await, place, catalog: catalog() };
        shop.run(SCHEMA).await;
        shop
    }

    async fn run(&self, sql: &str) {
        let done = sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(&self.pool).await;
        done.unwrap_or_else(|error| panic!("{error}: {sql}"));
    }

    async fn migration(&self) -> Migration {
        let model = Model::read(&self.pool, &self.catalog).await.unwrap();
        Ddl::new().tenant("acme").migration(&model, &self.catalog).unwrap()
    }

    async fn walled() -> Self {
        let shop = Self::open().await;
        let mut connection = SqliteConnection::connect(&shop.place.url()).await.unwrap();
        for statement in shop.migration().await.steps().iter().flat_map(tenant_sqlx::ddl::Step::statements) {
            let done = sqlx::raw_sql(AssertSqlSafe(statement.clone())).execute(&mut connection).await;
            done.unwrap_or_else(|error| panic!("{error}: {statement}"));
        }
        shop
    }

    async fn examine(&self) -> Vec<Diagnosis> {
        Doctor::new().examine(&self.pool, &self.catalog).await.unwrap()
    }

    async fn texts(&self, sql: &'static str) -> Vec<String> {
        sqlx::query_scalar(sql).fetch_all(&self.pool).await.unwrap()
    }
}

#[tokio::test]
async fn nothing_is_wrong_with_what_was_drawn_up() {
    let shop = Shop::walled().await;
    let found: Vec<String> = shop.examine().await.iter().map(ToString::to_string).collect();
    assert_eq!(found, Vec::<String>::new());
    let again = shop.migration().await;
    assert!(again.is_empty(), "{again}");
}

#[tokio::test]
async fn rows_checks_and_options_come_along() {
    let shop = Shop::open().await;
    let lines = "SELECT c.email || l.sku || l.amount || o.label FROM order_lines AS l
        JOIN orders AS o ON o.id = l.order_id JOIN customers AS c ON c.id = o.customer_id ORDER BY 1";
    let (before, counted) =
        (shop.texts(lines).await, shop.texts("SELECT seq || '' FROM sqlite_sequence").await);
    let shop = Shop { place: Place::new(), ..shop };
    drop(shop);
    let shop = Shop::walled().await;
    assert_eq!(shop.texts(lines).await, before);
    assert_eq!(shop.texts("SELECT seq || '' FROM sqlite_sequence WHERE name = 'customers'").await, counted);
    assert_eq!(
        shop.texts("SELECT customer_id || ':' || orders FROM turnover ORDER BY 1").await,
        ["1:2", "2:1"]
    );
    for (sql, expected) in [
        ("INSERT INTO order_lines VALUES (3, 1, 'tea', 0, 'acme')", "CHECK constraint failed: some"),
        (
            "INSERT INTO customers (tenant_id, email, name) VALUES ('acme', 'A@X', 'Ann')",
            "UNIQUE constraint failed",
        ),
        ("INSERT INTO orders (tenant_id, customer_id) VALUES ('globex', 1)", "FOREIGN KEY constraint failed"),
        ("INSERT INTO visits (at, page) VALUES ('', '')", "NOT NULL constraint failed: visits.tenant_id"),
    ] {
        let error = sqlx::raw_sql(sql).execute(&shop.pool).await.unwrap_err().to_string();
        assert!(error.contains(expected), "{sql}: {error}");
    }
    shop.run("INSERT INTO customers (tenant_id, email, name) VALUES ('globex', 'A@X', 'Ann')").await;
    shop.run("INSERT INTO visits (tenant_id, at, page) VALUES ('acme', '', 'Ab'), ('globex', '', 'AB')")
        .await;
    let same = "INSERT INTO visits (tenant_id, at, page) VALUES ('acme', '', 'aB')";
    let error = sqlx::raw_sql(same).execute(&shop.pool).await.unwrap_err().to_string();
    assert!(error.contains("UNIQUE constraint failed"), "{error}");
    let definitions = shop.texts("SELECT sql FROM sqlite_schema WHERE name = 'products'").await;
    assert!(definitions.iter().any(|sql| sql.ends_with("WITHOUT ROWID")), "{definitions:?}");
}

#[tokio::test]
async fn whose_rows_they_are_has_to_be_said() {
    let shop = Shop::open().await;
    let model = Model::read(&shop.pool, &shop.catalog).await.unwrap();
    let error = Ddl::new().migration(&model, &shop.catalog).unwrap_err();
    assert_eq!((error.kind(), error.object()), (DdlErrorKind::WhoseRows, "customers"));
}

/// Nobody is taken for the owner of what has none.
#[tokio::test]
async fn whose_the_rows_without_a_tenant_are_has_to_be_said() {
    let shop = Shop::walled().await;
    shop.run("DROP TABLE visits; CREATE TABLE visits (tenant_id TEXT, at TEXT)").await;
    shop.run("INSERT INTO visits VALUES ('acme', '')").await;
    let model = Model::read(&shop.pool, &shop.catalog).await.unwrap();
    assert!(!Ddl::new().migration(&model, &shop.catalog).unwrap().is_empty());
    shop.run("INSERT INTO visits VALUES (NULL, '')").await;
    let model = Model::read(&shop.pool, &shop.catalog).await.unwrap();
    let error = Ddl::new().migration(&model, &shop.catalog).unwrap_err();
    assert_eq!((error.kind(), error.object()), (DdlErrorKind::WhoseRows, "visits"));
    Ddl::new().tenant("acme").migration(&model, &shop.catalog).unwrap();
}

/// A key that reads the same as another one, and one that somebody else has made.
#[tokio::test]
async fn a_name_that_is_taken_keeps_no_key_from_being_made() {
    let shop = Shop::walled().await;
    shop.run(
        "DROP TABLE visits; CREATE TABLE visits (tenant_id TEXT NOT NULL, at TEXT, page TEXT);
         CREATE INDEX visits_at_tenant ON visits (page); CREATE UNIQUE INDEX visits_at ON visits (at)",
    )
    .await;
    for statement in shop.migration().await.steps().iter().flat_map(tenant_sqlx::ddl::Step::statements) {
        shop.run(statement).await;
    }
    shop.run("INSERT INTO visits VALUES ('acme', '1', ''), ('globex', '1', '')").await;
    let again = sqlx::raw_sql("INSERT INTO visits VALUES ('acme', '1', '')").execute(&shop.pool).await;
    assert!(again.unwrap_err().to_string().contains("UNIQUE constraint failed"));
}

#[tokio::test]
async fn a_database_that_lets_tenants_meet_is_not_served() {
    let shop = Shop::walled().await;
    let db = TenantDb::<Db>::builder(shop.pool.clone()).catalog(catalog()).build().await.unwrap();
    Doctor::new().ensure_fit(&db).await.unwrap();
    shop.run("DROP TABLE visits; CREATE TABLE visits (tenant_id TEXT, order_id INTEGER REFERENCES orders)")
        .await;
    let error = Doctor::new().ensure_fit(&db).await.unwrap_err();
    let codes: Vec<Code> = Unfit::of(&error).unwrap().diagnoses().iter().map(|found| found.code).collect();
    assert_eq!(codes, [Code::LinkWithoutTenant, Code::NullableTenant]);
    assert!(error.to_string().contains("TD041 `visits: visits#0`"), "{error}");
}

/// Everything but what was found.
#[tokio::test]
async fn what_mends_a_tenant_column_leaves_the_rest_of_the_table_as_it_is() {
    const NULLABLE: (Code, &str) = (Code::NullableTenant, "TEXT");
    const TYPE: (Code, &str) = (Code::TenantType, "STRING NOT NULL");
    const COLLATION: (Code, &str) = (Code::TenantCollation, "TEXT NOT NULL COLLATE NOCASE");
    for (code, make) in [NULLABLE, TYPE, COLLATION, (Code::TenantDefault, "TEXT NOT NULL")] {
        for (default, value) in [
            ("DEFAULT 'it''s'", "it's"),
            ("DEFAULT \"acme\"", "acme"),
            ("DEFAULT acme", "acme"),
            ("CONSTRAINT its DEFAULT(lower('A' /* , */ || 'B') -- )\n)", "ab"),
            ("DEFAULT -7.5e-1", "-0.75"),
            ("DEFAULT x'41'", "A"),
            ("CHECK (tenant_id <> 'DEFAULT x') DEFAULT 'a'CONSTRAINT some CHECK (tenant_id <> '')", "a"),
        ] {
            let seed = format!("{make} {default}");
            let shop = Shop::walled().await;
            shop.run(&format!(
                "DROP TABLE visits; CREATE TABLE visits (
                     tenant_id {seed}, at TEXT, page TEXT, UNIQUE (page COLLATE NOCASE, tenant_id)
                 );
                 CREATE INDEX visits_tenant ON visits (tenant_id); INSERT INTO visits VALUES ('a', 'now', 'Tea')"
            ))
            .await;
            let found = shop.examine().await;
            let found: Vec<_> = found.iter().filter(|found| found.code == code).collect();
            assert_eq!(found.len(), 1, "{seed}");
            for statement in &found[0].fix {
                shop.run(statement).await;
            }
            let left = shop.examine().await;
            assert!(left.iter().all(|found| found.code != code), "{seed}: {left:#?}");
            let again = "INSERT INTO visits VALUES ('a', 'now', 'tEA')";
            let error = sqlx::raw_sql(again).execute(&shop.pool).await.unwrap_err().to_string();
            assert!(error.contains("UNIQUE constraint failed"), "{seed}: {error}");
            let bare = sqlx::raw_sql("INSERT INTO visits (at, page) VALUES ('later', 'Cup')");
            let is_taken = bare.execute(&shop.pool).await.is_err();
            assert_eq!(is_taken, code == Code::TenantDefault, "{seed}");
            let values = shop.texts("SELECT tenant_id || '' FROM visits WHERE at = 'later'").await;
            let expected = if is_taken { vec![] } else { vec![value.to_owned()] };
            assert_eq!(values, expected, "{seed}");
            if default.contains("some") {
                let none = sqlx::raw_sql("INSERT INTO visits VALUES ('', 'now', '')");
                let error = none.execute(&shop.pool).await.unwrap_err().to_string();
                assert!(error.contains("CHECK constraint failed: some"), "{seed}: {error}");
            }
        }
    }
}

/// A key that takes `Tea` for `TEA` does so with the tenant as well.
#[tokio::test]
async fn what_mends_a_key_keeps_what_it_compares_by() {
    for key in [
        "page TEXT, UNIQUE (page COLLATE NOCASE, at)",
        "page TEXT COLLATE NOCASE, UNIQUE (page, at)",
        "page TEXT COLLATE NOCASE UNIQUE",
        "page TEXT, PRIMARY KEY (page COLLATE NOCASE)",
        "page TEXT); CREATE UNIQUE INDEX once ON visits (page COLLATE NOCASE, at",
    ] {
        let shop = Shop::walled().await;
        shop.run(&format!(
            "DROP TABLE visits; CREATE TABLE visits (tenant_id TEXT NOT NULL, at TEXT, {key})"
        ))
        .await;
        let found = shop.examine().await;
        let found: Vec<_> = found.iter().filter(|found| found.code == Code::KeyWithoutTenant).collect();
        assert_eq!(found.len(), 1, "{key}");
        for statement in &found[0].fix {
            shop.run(statement).await;
        }
        let insert = "INSERT INTO visits (tenant_id, at, page) VALUES";
        shop.run(&format!("{insert} ('acme', '1', 'Tea'), ('globex', '1', 'TEA')")).await;
        let again = AssertSqlSafe(format!("{insert} ('acme', '1', 'tEA')"));
        let error = sqlx::raw_sql(again).execute(&shop.pool).await.unwrap_err().to_string();
        assert!(error.contains("UNIQUE constraint failed"), "{key}: {error}");
    }
}

const FAULTS: &[Fault] = &[
    fault(Code::ForeignKeysOff, "PRAGMA foreign_keys = OFF"),
    decided(
        Code::BrokenLinks,
        "PRAGMA foreign_keys = OFF; INSERT INTO order_lines VALUES (77, 1, 'tea', 1, 'acme')",
        "DELETE FROM order_lines WHERE order_id = 77",
    ),
    fault(
        Code::NullableTenant,
        "DROP TABLE visits; CREATE TABLE visits (tenant_id TEXT, at TEXT, UNIQUE (tenant_id, at))",
    ),
    fault(
        Code::TenantCollation,
        "DROP TABLE visits; CREATE TABLE visits (tenant_id TEXT NOT NULL COLLATE NOCASE, at TEXT);
         CREATE INDEX visits_tenant ON visits (tenant_id)",
    ),
    fault(
        Code::TenantType,
        "DROP TABLE visits; CREATE TABLE visits (tenant_id STRING NOT NULL, at TEXT);
         CREATE INDEX visits_tenant ON visits (tenant_id)",
    ),
    fault(Code::TenantDefault, "DROP TABLE visits; CREATE TABLE visits (tenant_id TEXT NOT NULL DEFAULT 'acme', at TEXT);
         CREATE INDEX visits_tenant ON visits (tenant_id)"),
    fault(
        Code::KeyWithoutTenant,
        "DROP TABLE visits; CREATE TABLE visits (at TEXT PRIMARY KEY, tenant_id TEXT NOT NULL)",
    ),
    fault(
        Code::KeyWithoutTenant,
        "DROP TABLE visits; CREATE TABLE visits (tenant_id TEXT NOT NULL, at TEXT);
         CREATE UNIQUE INDEX by_day ON visits (date(at)) WHERE at <> ''",
    ),
    fault(
        Code::ConflictClause,
        "DROP TABLE visits; CREATE TABLE visits (tenant_id TEXT NOT NULL, at TEXT UNIQUE ON CONFLICT REPLACE)",
    ),
    fault(
        Code::LinkWithoutTenant,
        "DROP TABLE visits; CREATE TABLE visits (tenant_id TEXT NOT NULL, order_id INTEGER REFERENCES orders)",
    ),
    fault(
        Code::CascadePastTenant,
        "DROP TABLE visits;
         CREATE TABLE visits (tenant_id TEXT NOT NULL, sku TEXT, o INTEGER REFERENCES orders ON DELETE SET NULL)",
    ),
    fault(Code::NoTenantIndex, "DROP TABLE visits; CREATE TABLE visits (tenant_id TEXT NOT NULL, at TEXT)"),
    fault(
        Code::LinkWithoutIndex,
        "DROP TABLE visits; CREATE TABLE visits (
             tenant_id TEXT NOT NULL, at TEXT, o INTEGER, UNIQUE (tenant_id, at),
             FOREIGN KEY (tenant_id, o) REFERENCES orders (tenant_id, id)
         )",
    ),
    fault(Code::IndexWithoutTenant, "CREATE INDEX visits_by_both ON visits (o, at)"),
    fault(
        Code::Trigger,
        "CREATE TRIGGER noted AFTER INSERT ON visits BEGIN UPDATE countries SET name = name; END",
    ),
    decided(Code::UnknownTable, "CREATE TABLE stray (x INT)", "DROP TABLE stray"),
    decided(Code::UndeclaredView, "CREATE VIEW late AS SELECT * FROM orders", "DROP VIEW late"),
    decided(Code::MissingTable, "ALTER TABLE visits RENAME TO gone", "ALTER TABLE gone RENAME TO visits"),
    decided(
        Code::MissingTenantColumn,
        "ALTER TABLE visits RENAME TO gone; CREATE TABLE visits (at TEXT)",
        "DROP TABLE visits; ALTER TABLE gone RENAME TO visits",
    ),
    decided(
        Code::ForeignTable,
        "CREATE VIRTUAL TABLE words USING fts5 (tenant_id, text)",
        "DROP TABLE words",
    ),
];

#[tokio::test]
async fn each_fault_is_found_and_what_mends_it_leaves_none() {
    let shop = Shop::walled().await;
    each(FAULTS, async || shop.examine().await, async |sql| shop.run(sql).await).await;
}
