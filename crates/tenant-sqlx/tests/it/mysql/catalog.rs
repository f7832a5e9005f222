//! What is read from the schema: which tables are open to tenants, and which are not.

use sqlx::MySql;
use tenant_core::DatabaseKey;
use tenant_sql::{RefusalKind, TenantType};
use tenant_sqlx::{Problem, TenantDb};

use super::suite::support::{Schema, refusal, setup, sql};

fn problem(name: &str, problem: Problem) -> (String, Problem) {
    (name.to_owned(), problem)
}

#[tokio::test]
async fn a_tenant_column_that_does_not_compare_bytes_hides_its_table() {
    let schema = Schema::of(
        "CREATE TABLE folded (tenant_id VARCHAR(63) COLLATE utf8mb4_general_ci, x INT);
         CREATE TABLE usual (tenant_id VARCHAR(63) CHARACTER SET utf8mb4, x INT);
         CREATE TABLE numbers (tenant_id INT, x INT);
         CREATE TABLE sound (tenant_id VARCHAR(63) COLLATE utf8mb4_bin, x INT);
         CREATE TABLE ascii_ (tenant_id VARCHAR(63) CHARACTER SET ascii COLLATE ascii_bin, x INT);
         CREATE TABLE bytes (tenant_id VARBINARY(63), x INT);",
    )
    .await;
    for sql in ["SELECT x FROM folded", "SELECT x FROM usual", "SELECT x FROM numbers", "DELETE FROM folded"]
    {
        assert_eq!(refusal(schema.run(sql).await), RefusalKind::HiddenRelation, "{sql}");
    }
    for (insert, delete) in [
        ("INSERT INTO sound (x) VALUES (1)", "DELETE FROM sound"),
        ("INSERT INTO ascii_ (x) VALUES (1)", "DELETE FROM ascii_"),
        ("INSERT INTO bytes (x) VALUES (1)", "DELETE FROM bytes"),
    ] {
        assert_eq!(schema.run(insert).await.unwrap(), 1, "{insert}");
        assert_eq!(schema.run(delete).await.unwrap(), 1, "{delete}");
    }
    let collation = |name: &str| problem(name, Problem::Collation);
    let expected = [collation("folded"), problem("numbers", Problem::Affinity), collation("usual")];
    assert_eq!(schema.problems(), expected);
}

#[tokio::test]
async fn tenants_are_keyed_by_uuids_where_that_is_declared() {
    let schema = Schema::keyed(
        "CREATE TABLE notes (tenant_id BINARY(16) NOT NULL, x TEXT);
         CREATE TABLE texts (tenant_id CHAR(36) COLLATE utf8mb4_bin NOT NULL, x TEXT);
         INSERT INTO notes VALUES (X'550e8400e29b41d4a716446655440000', 'own'),
            (X'550e8400e29b41d4a716446655440001', 'foreign');",
        DatabaseKey::Uuid(0x550e_8400_e29b_41d4_a716_4466_5544_0000),
        |builder| builder.tenant_type(TenantType::Uuid),
    )
    .await;
    assert_eq!(schema.run("UPDATE notes SET x = 'changed'").await.unwrap(), 1);
    assert_eq!(schema.run("INSERT INTO notes (x) VALUES ('new')").await.unwrap(), 1);
    assert_eq!(schema.run("DELETE FROM notes").await.unwrap(), 2);
    assert_eq!(refusal(schema.run("SELECT x FROM texts").await), RefusalKind::HiddenRelation);
}

#[tokio::test]
async fn tenants_are_keyed_by_integers_of_every_width() {
    let schema = Schema::with(
        "CREATE TABLE small (tenant_id SMALLINT UNSIGNED NOT NULL, x TEXT);
         CREATE TABLE large (tenant_id BIGINT NOT NULL, x TEXT);
         CREATE TABLE odd (tenant_id DECIMAL(20) NOT NULL, x TEXT);
         INSERT INTO small VALUES (7, 'own'), (8, 'foreign');
         INSERT INTO large VALUES (7, 'own'), (8, 'foreign');",
        |builder| builder.tenant_type(TenantType::Integer),
    )
    .await;
    for (insert, delete) in [
        ("INSERT INTO small (x) VALUES ('2')", "DELETE FROM small"),
        ("INSERT INTO large (x) VALUES ('2')", "DELETE FROM large"),
    ] {
        assert_eq!(schema.run(insert).await.unwrap(), 1, "{insert}");
        assert_eq!(schema.run(delete).await.unwrap(), 2, "{delete}");
    }
    assert_eq!(refusal(schema.run("SELECT x FROM odd").await), RefusalKind::HiddenRelation);
}

const TRIGGER: &str = "CREATE TABLE notes (tenant_id VARCHAR(63) COLLATE utf8mb4_bin NOT NULL, x INT);
    CREATE TABLE log (tenant_id VARCHAR(63) COLLATE utf8mb4_bin NOT NULL, x INT);
    CREATE TRIGGER wipe AFTER INSERT ON notes FOR EACH ROW DELETE FROM log;";

#[tokio::test]
async fn a_table_with_triggers_is_read_only_until_somebody_vouches_for_them() {
    let schema = Schema::of(TRIGGER).await;
    schema.run("SELECT x FROM notes").await.unwrap();
    schema.run("INSERT INTO log (x) VALUES (1)").await.unwrap();
    refusal(schema.run("INSERT INTO notes (x) VALUES (1)").await);
    assert_eq!(schema.problems(), [problem("notes", Problem::Trigger)]);
    let trusted = Schema::with(TRIGGER, |builder| builder.trusted(["notes"])).await;
    trusted.run("INSERT INTO notes (x) VALUES (1)").await.unwrap();
}

#[tokio::test]
async fn who_is_not_shown_the_triggers_can_not_write() {
    let schema = Schema::of(TRIGGER).await;
    let database: String =
        sqlx::query_scalar("SELECT database()").fetch_one(&schema.db.unscoped(setup())).await.unwrap();
    let run = async |text: String| {
        sqlx::raw_sql(sql(&text)).execute(&schema.db.unscoped(setup())).await.unwrap();
    };
    run(format!("CREATE USER '{database}'@'127.0.0.1' IDENTIFIED BY 'secret'")).await;
    run(format!("GRANT SELECT, INSERT, UPDATE, DELETE ON `{database}`.* TO '{database}'@'127.0.0.1'")).await;
    let url = schema.place().tcp_url();
    let (_, server) = url.rsplit_once('@').unwrap();
    let url = format!("mysql://{database}:secret@{server}");
    let db = TenantDb::<MySql>::connect(&url).await.unwrap();
    let scoped = db.scoped(&schema.acme);
    sqlx::query("SELECT x FROM notes").execute(&scoped).await.unwrap();
    refusal(sqlx::query("DELETE FROM notes").execute(&scoped).await);
    refusal(sqlx::query("DELETE FROM log").execute(&scoped).await);
    // MariaDB shows that there is a trigger, MySQL does not.
    let found = db.findings();
    assert!(
        found.iter().any(|found| found.relation == "log" && found.problem == Problem::Privileges),
        "{found:?}"
    );
    // A grant's database is a pattern, in which `_` alone stands for any character.
    let escaped = database.replace('_', "\\_");
    let all = "SELECT, INSERT, UPDATE, DELETE, TRIGGER";
    run(format!("GRANT {all} ON `{escaped}`.* TO '{database}'@'127.0.0.1'")).await;
    let db = TenantDb::<MySql>::connect(&url).await.unwrap();
    sqlx::query("DELETE FROM log").execute(&db.scoped(&schema.acme)).await.unwrap();
    refusal(sqlx::query("DELETE FROM notes").execute(&db.scoped(&schema.acme)).await);
}

#[tokio::test]
async fn a_cascade_without_the_tenant_makes_the_parent_read_only() {
    let schema = Schema::of(
        "CREATE TABLE users (id BIGINT PRIMARY KEY, tenant_id VARCHAR(63) COLLATE utf8mb4_bin NOT NULL,
            UNIQUE (tenant_id, id));
         CREATE TABLE posts (tenant_id VARCHAR(63) COLLATE utf8mb4_bin NOT NULL, author BIGINT,
            FOREIGN KEY (author) REFERENCES users (id) ON DELETE SET NULL);
         CREATE TABLE orders (id BIGINT, tenant_id VARCHAR(63) COLLATE utf8mb4_bin NOT NULL,
            PRIMARY KEY (tenant_id, id));
         CREATE TABLE lines_ (tenant_id VARCHAR(63) COLLATE utf8mb4_bin NOT NULL, item BIGINT,
            FOREIGN KEY (tenant_id, item) REFERENCES orders (tenant_id, id) ON DELETE CASCADE);
         CREATE TABLE kept (id BIGINT, tenant_id VARCHAR(63) COLLATE utf8mb4_bin NOT NULL,
            PRIMARY KEY (tenant_id, id));",
    )
    .await;
    let database: String =
        sqlx::query_scalar("SELECT database()").fetch_one(&schema.db.unscoped(setup())).await.unwrap();
    for text in [
        format!("CREATE DATABASE `{database}_other`"),
        format!(
            "CREATE TABLE `{database}_other`.notes (tenant_id VARCHAR(63) COLLATE utf8mb4_bin, kept BIGINT,
            FOREIGN KEY (tenant_id, kept) REFERENCES `{database}`.kept (tenant_id, id) ON DELETE CASCADE)"
        ),
    ] {
        sqlx::raw_sql(sql(&text)).execute(&schema.db.unscoped(setup())).await.unwrap();
    }
    schema.db.refresh_catalog().await.unwrap();
    refusal(schema.run("DELETE FROM users").await);
    refusal(schema.run("DELETE FROM kept").await);
    for sql in ["SELECT id FROM users", "DELETE FROM posts", "DELETE FROM orders", "DELETE FROM lines_"] {
        schema.run(sql).await.unwrap();
    }
    assert_eq!(
        schema.problems(),
        [
            problem("kept", Problem::Cascade),
            problem("posts", Problem::ForeignKey),
            problem("users", Problem::UniqueKey),
            problem("users", Problem::Cascade),
        ]
    );
}

#[tokio::test]
async fn views_sequences_and_tables_made_of_others_are_hidden() {
    let schema = Schema::with(
        "CREATE TABLE users (tenant_id VARCHAR(63) COLLATE utf8mb4_bin NOT NULL, x INTEGER) ENGINE = MyISAM;
         INSERT INTO users VALUES ('acme', 1), ('globex', 2);
         CREATE VIEW doubled AS SELECT tenant_id, x * 2 AS x FROM users;
         CREATE VIEW counted AS SELECT tenant_id, (SELECT count(*) FROM users) AS x FROM users;
         CREATE TABLE merged (tenant_id VARCHAR(63) COLLATE utf8mb4_bin NOT NULL, x INTEGER)
            ENGINE = MERGE UNION = (users);
         CREATE SEQUENCE counter;",
        |builder| builder.views(["doubled"]),
    )
    .await;
    let found: Vec<i64> =
        sqlx::query_scalar("SELECT x FROM doubled").fetch_all(&schema.db.scoped(&schema.acme)).await.unwrap();
    assert_eq!(found, [2]);
    refusal(schema.run("DELETE FROM doubled").await);
    for sql in ["SELECT x FROM counted", "SELECT x FROM merged", "SELECT * FROM counter"] {
        assert_eq!(refusal(schema.run(sql).await), RefusalKind::HiddenRelation, "{sql}");
    }
}

#[tokio::test]
async fn upserts_depend_on_keys_that_carry_the_tenant() {
    let schema = Schema::of(
        "CREATE TABLE own (tenant_id VARCHAR(63) COLLATE utf8mb4_bin NOT NULL, k VARCHAR(20), v INTEGER,
            PRIMARY KEY (tenant_id, k));
         CREATE TABLE numbered (id BIGINT AUTO_INCREMENT PRIMARY KEY,
            tenant_id VARCHAR(63) COLLATE utf8mb4_bin NOT NULL, k VARCHAR(20), v INTEGER, UNIQUE (tenant_id, k));
         CREATE TABLE loose (tenant_id VARCHAR(63) COLLATE utf8mb4_bin NOT NULL, k VARCHAR(20), v INTEGER,
            PRIMARY KEY (tenant_id, k), UNIQUE (v));
         CREATE TABLE cut (tenant_id VARCHAR(63) COLLATE utf8mb4_bin NOT NULL, k VARCHAR(20), v INTEGER,
            UNIQUE (tenant_id(3), k));",
    )
    .await;
    for sql in [
        "REPLACE INTO own (k, v) VALUES ('a', 1)",
        "INSERT INTO own (k, v) VALUES ('b', 2) ON DUPLICATE KEY UPDATE v = 3",
        "INSERT INTO numbered (k, v) VALUES ('a', 2) ON DUPLICATE KEY UPDATE v = 3",
    ] {
        assert_eq!(schema.run(sql).await.unwrap(), 1, "{sql}");
    }
    for sql in [
        "REPLACE INTO numbered (id, k, v) VALUES (1, 'a', 1)",
        "REPLACE INTO loose (k, v) VALUES ('a', 1)",
        "INSERT INTO loose (k, v) VALUES ('a', 2) ON DUPLICATE KEY UPDATE v = 3",
        "REPLACE INTO cut (k, v) VALUES ('a', 1)",
        "INSERT INTO cut (k, v) VALUES ('a', 2) ON DUPLICATE KEY UPDATE v = 3",
    ] {
        refusal(schema.run(sql).await);
    }
    let lacking = |name: &str| problem(name, Problem::UniqueKey);
    assert_eq!(schema.problems(), [lacking("cut"), lacking("loose")]);
}
