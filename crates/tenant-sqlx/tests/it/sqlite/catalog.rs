//! What is read from the schema: which tables are open to tenants, and which are not.

use tenant_sql::{Catalog, Dialect, RefusalKind, Table, TenantType, Unknown};
use tenant_sqlx::Problem;

use super::suite::support::{Schema, refusal};

#[tokio::test]
async fn a_tenant_column_that_ignores_case_hides_its_table() {
    let schema = Schema::of(
        "CREATE TABLE nocase (tenant_id TEXT COLLATE NOCASE, x);
         CREATE TABLE rtrim (tenant_id TEXT COLLATE RTRIM, x);
         CREATE TABLE keyed (tenant_id TEXT COLLATE NOCASE, x, PRIMARY KEY (tenant_id, x)) WITHOUT ROWID;
         CREATE TABLE sound (tenant_id TEXT COLLATE binary, x, PRIMARY KEY (tenant_id, x)) WITHOUT ROWID;",
    )
    .await;
    for sql in ["SELECT x FROM nocase", "SELECT x FROM rtrim", "SELECT x FROM keyed"] {
        assert_eq!(refusal(schema.run(sql).await), RefusalKind::HiddenRelation, "{sql}");
    }
    schema.run("SELECT x FROM sound").await.unwrap();
    let collation = |name: &str| (name.to_owned(), Problem::Collation);
    assert_eq!(schema.problems(), [collation("keyed"), collation("nocase"), collation("rtrim")]);
}

#[tokio::test]
async fn a_tenant_column_that_converts_hides_its_table() {
    let schema = Schema::of(
        "CREATE TABLE numeric (tenant_id UUID, x);
         CREATE TABLE string (tenant_id STRING, x);
         CREATE TABLE number (tenant_id INTEGER, x);
         CREATE TABLE bare (tenant_id, x);
         CREATE TABLE sound (tenant_id VARCHAR(63), x);",
    )
    .await;
    for sql in ["SELECT x FROM numeric", "SELECT x FROM string", "SELECT x FROM number", "SELECT x FROM bare"]
    {
        assert_eq!(refusal(schema.run(sql).await), RefusalKind::HiddenRelation, "{sql}");
    }
    schema.run("SELECT x FROM sound").await.unwrap();
}

#[tokio::test]
async fn tenants_are_keyed_by_integers_where_that_is_declared() {
    let schema = Schema::with(
        "CREATE TABLE notes (tenant_id INTEGER NOT NULL, x);
         INSERT INTO notes VALUES (7, 'own'), (8, 'foreign');",
        |builder| builder.tenant_type(TenantType::Integer),
    )
    .await;
    assert_eq!(schema.run("UPDATE notes SET x = 'changed'").await.unwrap(), 1);
}

#[tokio::test]
async fn another_column_can_name_the_tenant() {
    let schema = Schema::with(
        "CREATE TABLE notes (org TEXT NOT NULL, x); CREATE TABLE other (tenant_id TEXT, x);
         INSERT INTO notes VALUES ('acme', 1), ('globex', 2);",
        |builder| builder.tenant_column("org"),
    )
    .await;
    assert_eq!(schema.run("DELETE FROM notes").await.unwrap(), 1);
    assert_eq!(refusal(schema.run("SELECT x FROM other").await), RefusalKind::HiddenRelation);
}

const TRIGGER: &str = "CREATE TABLE notes (tenant_id TEXT NOT NULL, x);
    CREATE TABLE log (tenant_id TEXT NOT NULL, x);
    INSERT INTO log VALUES ('globex', 'kept');
    CREATE TRIGGER wipe AFTER INSERT ON notes BEGIN DELETE FROM log; END;";

#[tokio::test]
async fn a_table_with_triggers_is_read_only_until_somebody_vouches_for_them() {
    let schema = Schema::of(TRIGGER).await;
    schema.run("SELECT x FROM notes").await.unwrap();
    refusal(schema.run("INSERT INTO notes (x) VALUES (1)").await);
    assert_eq!(schema.problems(), [("notes".to_owned(), Problem::Trigger)]);
    let trusted = Schema::with(TRIGGER, |builder| builder.trusted(["Notes"])).await;
    trusted.run("INSERT INTO notes (x) VALUES (1)").await.unwrap();
    assert_eq!(trusted.problems(), []);
}

#[tokio::test]
async fn a_cascade_without_the_tenant_makes_the_parent_read_only() {
    let loose = "CREATE TABLE users (id INTEGER PRIMARY KEY, tenant_id TEXT NOT NULL, x);
        CREATE TABLE posts (tenant_id TEXT NOT NULL, author INTEGER REFERENCES users (id) ON DELETE CASCADE);";
    let schema = Schema::of(loose).await;
    refusal(schema.run("DELETE FROM users").await);
    schema.run("SELECT x FROM users").await.unwrap();
    schema.run("DELETE FROM posts").await.unwrap();
    let problems = schema.problems();
    assert!(problems.contains(&("users".to_owned(), Problem::Cascade)), "{problems:?}");
    assert!(problems.contains(&("posts".to_owned(), Problem::ForeignKey)), "{problems:?}");
    Schema::with(loose, |builder| builder.trusted(["users"])).await.run("DELETE FROM users").await.unwrap();

    let tight =
        "CREATE TABLE users (id INTEGER PRIMARY KEY, tenant_id TEXT NOT NULL, UNIQUE (tenant_id, id));
        CREATE TABLE posts (tenant_id TEXT NOT NULL, author INTEGER,
            FOREIGN KEY (tenant_id, author) REFERENCES users (tenant_id, id) ON DELETE CASCADE);";
    let schema = Schema::of(tight).await;
    schema.run("DELETE FROM users").await.unwrap();
    assert_eq!(schema.problems(), []);
}

#[tokio::test]
async fn a_cascade_that_ends_in_a_trigger_makes_the_parent_read_only() {
    let schema = Schema::of(
        "CREATE TABLE users (id INTEGER PRIMARY KEY, tenant_id TEXT NOT NULL, UNIQUE (tenant_id, id));
         CREATE TABLE posts (tenant_id TEXT NOT NULL, author INTEGER, reply_to INTEGER, UNIQUE (tenant_id, author),
            FOREIGN KEY (tenant_id, author) REFERENCES users (tenant_id, id) ON DELETE CASCADE,
            FOREIGN KEY (tenant_id, reply_to) REFERENCES posts (tenant_id, author) ON DELETE CASCADE);
         CREATE TABLE log (tenant_id TEXT NOT NULL);
         CREATE TRIGGER wipe AFTER DELETE ON posts BEGIN DELETE FROM log; END;",
    )
    .await;
    refusal(schema.run("DELETE FROM users").await);
    refusal(schema.run("DELETE FROM posts").await);
    schema.run("DELETE FROM log").await.unwrap();
    let problem = |name: &str, problem| (name.to_owned(), problem);
    assert_eq!(schema.problems(), [problem("posts", Problem::Trigger), problem("users", Problem::Cascade)]);
}

#[tokio::test]
async fn a_table_that_replaces_on_conflict_is_read_only_where_a_key_lacks_the_tenant() {
    let schema = Schema::of(
        "CREATE TABLE loose (tenant_id TEXT NOT NULL, email TEXT UNIQUE ON /* always */ CONFLICT REPLACE);
         INSERT INTO loose VALUES ('globex', 'a');
         CREATE TABLE numbered (id INTEGER PRIMARY KEY ON CONFLICT REPLACE, tenant_id TEXT NOT NULL);
         CREATE TABLE tied (tenant_id TEXT NOT NULL, email TEXT, UNIQUE (tenant_id, email) ON CONFLICT REPLACE);",
    )
    .await;
    refusal(schema.run("INSERT INTO loose (email) VALUES ('a')").await);
    refusal(schema.run("INSERT INTO numbered (id) VALUES (1)").await);
    for _ in 0..2 {
        schema.run("INSERT INTO tied (email) VALUES ('a')").await.unwrap();
    }
    let rows = sqlx::query("SELECT * FROM tied").fetch_all(&schema.db.scoped(&schema.acme)).await;
    assert_eq!(rows.unwrap().len(), 1);
    assert!(schema.problems().contains(&("loose".to_owned(), Problem::Conflict)));
}

const VIEWS: &str = "CREATE TABLE users (tenant_id TEXT NOT NULL, x INTEGER);
    INSERT INTO users VALUES ('acme', 1), ('globex', 2);
    CREATE VIEW doubled AS SELECT tenant_id, x * 2 AS x FROM users;
    CREATE VIEW counted AS SELECT tenant_id, (SELECT count(*) FROM users) AS x FROM users;
    CREATE VIEW broken AS SELECT * FROM nowhere;";

#[tokio::test]
async fn views_are_hidden_unless_they_are_declared() {
    let schema = Schema::with(VIEWS, |builder| builder.views(["doubled", "broken"])).await;
    let found: Vec<i64> =
        sqlx::query_scalar("SELECT x FROM doubled").fetch_all(&schema.db.scoped(&schema.acme)).await.unwrap();
    assert_eq!(found, [2]);
    refusal(schema.run("DELETE FROM doubled").await);
    for sql in ["SELECT x FROM counted", "SELECT x FROM broken"] {
        assert_eq!(refusal(schema.run(sql).await), RefusalKind::HiddenRelation, "{sql}");
    }
}

#[tokio::test]
async fn virtual_tables_and_what_is_behind_them_are_hidden() {
    let schema = Schema::of("CREATE VIRTUAL TABLE search USING fts5 (tenant_id, body);").await;
    for sql in ["SELECT body FROM search", "SELECT * FROM search_content", "SELECT * FROM search_data"] {
        assert_eq!(refusal(schema.run(sql).await), RefusalKind::HiddenRelation, "{sql}");
    }
}

#[tokio::test]
async fn upserts_depend_on_keys_that_carry_the_tenant() {
    let schema = Schema::of(
        "CREATE TABLE own (tenant_id TEXT NOT NULL, k TEXT, v INTEGER, PRIMARY KEY (tenant_id, k));
         CREATE TABLE expression (tenant_id TEXT NOT NULL, k TEXT, v INTEGER, PRIMARY KEY (tenant_id, k));
         CREATE UNIQUE INDEX by_expression ON expression (lower(k));
         CREATE TABLE part (tenant_id TEXT NOT NULL, k TEXT, v INTEGER, PRIMARY KEY (tenant_id, k));
         CREATE UNIQUE INDEX by_part ON part (v) WHERE v > 0;
         CREATE TABLE folded (tenant_id TEXT NOT NULL, k TEXT, v INTEGER);
         CREATE UNIQUE INDEX by_folded ON folded (tenant_id COLLATE NOCASE, k);",
    )
    .await;
    schema.run("REPLACE INTO own (k, v) VALUES ('a', 1)").await.unwrap();
    schema.run("INSERT INTO own (k, v) VALUES ('a', 2) ON CONFLICT (k) DO UPDATE SET v = 3").await.unwrap();
    for sql in [
        "REPLACE INTO expression (k, v) VALUES ('a', 1)",
        "REPLACE INTO part (k, v) VALUES ('a', 1)",
        "REPLACE INTO folded (k, v) VALUES ('a', 1)",
        "INSERT INTO folded (k, v) VALUES ('a', 2) ON CONFLICT (k) DO UPDATE SET v = 3",
    ] {
        refusal(schema.run(sql).await);
    }
    let lacking = |name: &str| (name.to_owned(), Problem::UniqueKey);
    assert_eq!(schema.problems(), [lacking("expression"), lacking("folded"), lacking("part")]);
}

#[tokio::test]
async fn an_insert_without_columns_takes_them_from_the_schema() {
    let schema = Schema::of("CREATE TABLE notes (a INTEGER, tenant_id TEXT NOT NULL, b INTEGER)").await;
    schema.run("INSERT INTO notes VALUES (1, 2)").await.unwrap();
    let row: (i64, String, i64) =
        sqlx::query_as("SELECT * FROM notes").fetch_one(&schema.db.scoped(&schema.acme)).await.unwrap();
    assert_eq!(row, (1, "acme".to_owned(), 2));
}

#[tokio::test]
async fn odd_names_cost_nobody_else_anything() {
    let schema = Schema::of(
        "CREATE TABLE \"it's\" (tenant_id TEXT NOT NULL, x); CREATE TABLE notes (tenant_id TEXT NOT NULL, x);
         CREATE TABLE \"two words\" (tenant_id TEXT NOT NULL, \"select\" INTEGER);",
    )
    .await;
    schema.run("SELECT x FROM notes").await.unwrap();
    schema.run("SELECT \"select\" FROM \"two words\"").await.unwrap();
    refusal(schema.run("SELECT x FROM \"it's\"").await);
    assert_eq!(schema.problems(), [("it's".to_owned(), Problem::Name)]);
}

#[tokio::test]
async fn a_given_catalog_stays_and_still_hides_the_frameworks_tables() {
    let catalog = Catalog::builder(Dialect::Sqlite)
        .unknown(Unknown::Owned)
        .table(Table::owned("tenant_hosts"))
        .table(Table::shared("tenants"))
        .build()
        .unwrap();
    let schema =
        Schema::with("CREATE TABLE notes (tenant_id TEXT NOT NULL, x)", |builder| builder.catalog(catalog))
            .await;
    schema.db.migrate_tenants().await.unwrap();
    schema.run("SELECT x FROM notes").await.unwrap();
    for sql in ["SELECT * FROM tenants", "SELECT * FROM tenant_hosts", "SELECT * FROM _tenant_migrations"] {
        assert_eq!(refusal(schema.run(sql).await), RefusalKind::HiddenRelation, "{sql}");
    }
}
