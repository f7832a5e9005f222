//! What is read from the schema: which tables are open to tenants, and which are not.

use tenant_core::DatabaseKey;
use tenant_sql::{RefusalKind, TenantType};
use tenant_sqlx::Problem;

use super::suite::support::{Schema, refusal};

fn problem(name: &str, problem: Problem) -> (String, Problem) {
    (name.to_owned(), problem)
}

const IGNORES_CASE: &str =
    "CREATE COLLATION ignores_case (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
     CREATE EXTENSION citext;";

#[tokio::test]
async fn a_tenant_column_that_ignores_case_hides_its_table() {
    let sql = [
        IGNORES_CASE,
        "CREATE DOMAIN label AS TEXT COLLATE ignores_case;
         CREATE DOMAIN sound_name AS TEXT CHECK (VALUE <> '');
         CREATE TABLE collated (tenant_id TEXT COLLATE ignores_case, x INT);
         CREATE TABLE folded (tenant_id CITEXT, x INT);
         CREATE TABLE named (tenant_id label, x INT);
         CREATE TABLE padded (tenant_id CHAR(20), x INT);
         CREATE TABLE binary_ (tenant_id TEXT COLLATE \"C\", x INT);
         CREATE TABLE sound (tenant_id VARCHAR(63), x INT);
         CREATE TABLE domained (tenant_id sound_name, x INT);",
    ];
    let schema = Schema::of(sql.concat().leak()).await;
    for sql in [
        "SELECT x FROM collated",
        "SELECT x FROM folded",
        "SELECT x FROM named",
        "SELECT x FROM padded",
        "DELETE FROM collated",
    ] {
        assert_eq!(refusal(schema.run(sql).await), RefusalKind::HiddenRelation, "{sql}");
    }
    for sql in ["SELECT x FROM binary_", "SELECT x FROM sound", "INSERT INTO domained (x) VALUES (1)"] {
        schema.run(sql).await.unwrap();
    }
    let expected = ["collated", "folded", "named"].map(|name| problem(name, Problem::Collation));
    let padded = problem("padded", Problem::Affinity);
    assert_eq!(schema.problems(), expected.into_iter().chain([padded]).collect::<Vec<_>>());
}

#[tokio::test]
async fn tenants_are_keyed_by_uuids_where_that_is_declared() {
    let schema = Schema::keyed(
        "CREATE TABLE notes (tenant_id UUID NOT NULL, x TEXT);
         CREATE TABLE texts (tenant_id TEXT NOT NULL, x TEXT);
         INSERT INTO notes VALUES ('550e8400-e29b-41d4-a716-446655440000', 'own'),
            ('550e8400-e29b-41d4-a716-446655440001', 'foreign');",
        DatabaseKey::Uuid(0x550e_8400_e29b_41d4_a716_4466_5544_0000),
        |builder| builder.tenant_type(TenantType::Uuid),
    )
    .await;
    assert_eq!(schema.run("UPDATE notes SET x = 'changed'").await.unwrap(), 1);
    assert_eq!(schema.run("INSERT INTO notes (x) VALUES ('new')").await.unwrap(), 1);
    let own = "INSERT INTO notes VALUES ('550e8400-e29b-41d4-a716-446655440000', 'given')";
    assert_eq!(schema.run(own).await.unwrap(), 1);
    assert_eq!(schema.run("DELETE FROM notes").await.unwrap(), 3);
    assert_eq!(refusal(schema.run("SELECT x FROM texts").await), RefusalKind::HiddenRelation);
}

#[tokio::test]
async fn tenants_are_keyed_by_integers_of_every_width() {
    let schema = Schema::with(
        "CREATE TABLE small (tenant_id SMALLINT NOT NULL, x TEXT);
         CREATE TABLE middle (tenant_id INTEGER NOT NULL, x TEXT);
         CREATE TABLE large (tenant_id BIGINT NOT NULL, x TEXT);
         CREATE TABLE odd (tenant_id NUMERIC NOT NULL, x TEXT);
         INSERT INTO small VALUES (7, 'own'), (8, 'foreign');
         INSERT INTO middle VALUES (7, 'own'), (8, 'foreign');
         INSERT INTO large VALUES (7, 'own'), (8, 'foreign');",
        |builder| builder.tenant_type(TenantType::Integer),
    )
    .await;
    for (update, insert, delete) in [
        ("UPDATE small SET x = '1'", "INSERT INTO small (x) VALUES ('2')", "DELETE FROM small"),
        ("UPDATE middle SET x = '1'", "INSERT INTO middle (x) VALUES ('2')", "DELETE FROM middle"),
        ("UPDATE large SET x = '1'", "INSERT INTO large (x) VALUES ('2')", "DELETE FROM large"),
    ] {
        assert_eq!(schema.run(update).await.unwrap(), 1, "{update}");
        assert_eq!(schema.run(insert).await.unwrap(), 1, "{insert}");
        assert_eq!(schema.run(delete).await.unwrap(), 2, "{delete}");
    }
    assert_eq!(refusal(schema.run("SELECT x FROM odd").await), RefusalKind::HiddenRelation);
}

#[tokio::test]
async fn names_that_differ_by_case_are_two() {
    let schema = Schema::with(
        "CREATE TABLE users (tenant_id TEXT NOT NULL, x INT);
         CREATE TABLE \"Users\" (\"TENANT_ID\" TEXT NOT NULL, x INT);
         CREATE TABLE \"Plans\" (x INT); CREATE TABLE plans (x INT);
         CREATE TABLE keyed (tenant_id TEXT, \"TENANT_ID\" TEXT, x INT, UNIQUE (\"TENANT_ID\", x));",
        |builder| builder.shared(["plans"]),
    )
    .await;
    schema.run("SELECT x FROM Users").await.unwrap();
    schema.run("SELECT x FROM PLANS").await.unwrap();
    for sql in ["SELECT x FROM \"Users\"", "SELECT x FROM \"Plans\""] {
        assert_eq!(refusal(schema.run(sql).await), RefusalKind::HiddenRelation, "{sql}");
    }
    refusal(schema.run("INSERT INTO keyed (x) VALUES (1) ON CONFLICT DO NOTHING").await);
    assert_eq!(schema.problems(), [problem("keyed", Problem::UniqueKey)]);
}

const TRIGGER: &str = "CREATE TABLE notes (tenant_id TEXT NOT NULL, x INT);
    CREATE TABLE log (tenant_id TEXT NOT NULL, x INT);
    CREATE FUNCTION wipe() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
        AS 'BEGIN DELETE FROM log; RETURN NULL; END';
    CREATE TRIGGER wipe AFTER INSERT ON notes EXECUTE FUNCTION wipe();
    CREATE RULE also AS ON DELETE TO log DO ALSO DELETE FROM notes;";

#[tokio::test]
async fn a_table_with_triggers_or_rules_is_read_only_until_somebody_vouches_for_them() {
    let schema = Schema::of(TRIGGER).await;
    schema.run("SELECT x FROM notes").await.unwrap();
    refusal(schema.run("INSERT INTO notes (x) VALUES (1)").await);
    refusal(schema.run("DELETE FROM log").await);
    assert_eq!(schema.problems(), [problem("log", Problem::Trigger), problem("notes", Problem::Trigger)]);
    let trusted = Schema::with(TRIGGER, |builder| builder.trusted(["notes", "LOG"])).await;
    trusted.run("INSERT INTO notes (x) VALUES (1)").await.unwrap();
    refusal(trusted.run("DELETE FROM log").await);
}

#[tokio::test]
async fn a_table_that_calls_functions_of_the_application_is_read_only() {
    let schema = Schema::of(
        "CREATE FUNCTION total() RETURNS bigint LANGUAGE sql SECURITY DEFINER AS 'SELECT 1::bigint';
         CREATE FUNCTION fine(bigint) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT true';
         CREATE FUNCTION twice(bigint) RETURNS bigint LANGUAGE sql IMMUTABLE AS 'SELECT $1 * 2';
         CREATE DOMAIN checked AS BIGINT CHECK (fine(VALUE));
         CREATE EXTENSION \"uuid-ossp\";
         CREATE TABLE defaulted (tenant_id TEXT NOT NULL, x BIGINT DEFAULT total());
         CREATE TABLE checking (tenant_id TEXT NOT NULL, x BIGINT CHECK (fine(x)));
         CREATE TABLE computed (tenant_id TEXT NOT NULL, x BIGINT, y BIGINT GENERATED ALWAYS AS (twice(x)) STORED);
         CREATE TABLE indexed (tenant_id TEXT NOT NULL, x BIGINT);
         CREATE INDEX by_twice ON indexed (twice(x));
         CREATE TABLE domained (tenant_id TEXT NOT NULL, x checked);
         CREATE TABLE sound (tenant_id TEXT NOT NULL, id UUID DEFAULT uuid_generate_v4(), at TIMESTAMPTZ DEFAULT now(),
            x BIGINT CHECK (abs(x) > 0), y BIGINT GENERATED ALWAYS AS (abs(x)) STORED);",
    )
    .await;
    for sql in [
        "INSERT INTO defaulted DEFAULT VALUES",
        "INSERT INTO checking (x) VALUES (1)",
        "INSERT INTO computed (x) VALUES (1)",
        "UPDATE indexed SET x = 1",
        "INSERT INTO domained (x) VALUES (1)",
    ] {
        refusal(schema.run(sql).await);
    }
    schema.run("SELECT x FROM defaulted").await.unwrap();
    schema.run("INSERT INTO sound (x) VALUES (1)").await.unwrap();
    let expected = ["checking", "computed", "defaulted", "domained", "indexed"];
    assert_eq!(schema.problems(), expected.map(|name| problem(name, Problem::Function)));
}

#[tokio::test]
async fn a_cascade_without_the_tenant_makes_the_parent_read_only() {
    let schema = Schema::of(
        "CREATE TABLE users (id BIGINT PRIMARY KEY, tenant_id TEXT NOT NULL, UNIQUE (tenant_id, id));
         CREATE TABLE posts (tenant_id TEXT NOT NULL, author BIGINT REFERENCES users ON DELETE SET NULL);
         CREATE TABLE orders (id BIGINT, tenant_id TEXT NOT NULL, PRIMARY KEY (tenant_id, id));
         CREATE TABLE lines (tenant_id TEXT NOT NULL, item BIGINT,
            FOREIGN KEY (tenant_id, item) REFERENCES orders (tenant_id, id) ON DELETE CASCADE ON UPDATE CASCADE);
         CREATE TABLE swapped (id BIGINT, tenant_id TEXT NOT NULL, code TEXT, UNIQUE (code, tenant_id));
         CREATE TABLE crossed (tenant_id TEXT NOT NULL, code TEXT,
            FOREIGN KEY (tenant_id, code) REFERENCES swapped (code, tenant_id) ON DELETE CASCADE);
         CREATE TABLE kept (id BIGINT, tenant_id TEXT NOT NULL, PRIMARY KEY (id, tenant_id));
         CREATE SCHEMA other;
         CREATE TABLE other.notes (kept BIGINT, tenant TEXT,
            FOREIGN KEY (kept, tenant) REFERENCES kept (id, tenant_id) ON DELETE CASCADE);",
    )
    .await;
    for sql in ["DELETE FROM users", "DELETE FROM swapped", "DELETE FROM kept"] {
        refusal(schema.run(sql).await);
    }
    for sql in ["SELECT id FROM users", "DELETE FROM posts", "DELETE FROM orders", "DELETE FROM lines"] {
        schema.run(sql).await.unwrap();
    }
    assert_eq!(
        schema.problems(),
        [
            problem("crossed", Problem::ForeignKey),
            problem("kept", Problem::Cascade),
            problem("posts", Problem::ForeignKey),
            problem("swapped", Problem::Cascade),
            problem("users", Problem::UniqueKey),
            problem("users", Problem::Cascade),
        ]
    );
}

#[tokio::test]
async fn a_cascade_into_another_schema_is_followed_to_its_trigger() {
    let schema = Schema::of(
        "CREATE TABLE users (id BIGINT, tenant_id TEXT NOT NULL, PRIMARY KEY (tenant_id, id));
         CREATE SCHEMA other;
         CREATE TABLE other.posts (tenant_id TEXT NOT NULL, author BIGINT, PRIMARY KEY (tenant_id, author),
            FOREIGN KEY (tenant_id, author) REFERENCES users ON DELETE CASCADE);
         CREATE FUNCTION act() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
         CREATE TRIGGER act AFTER DELETE ON other.posts EXECUTE FUNCTION act();",
    )
    .await;
    refusal(schema.run("DELETE FROM users").await);
    assert_eq!(schema.problems(), [problem("users", Problem::Cascade)]);
}

#[tokio::test]
async fn partitions_and_children_are_scoped_with_their_parent_and_alone() {
    let schema = Schema::of(
        "CREATE TABLE events (tenant_id TEXT NOT NULL, at INT NOT NULL, x INT) PARTITION BY RANGE (at);
         CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM (0) TO (10);
         CREATE TABLE events_2 PARTITION OF events FOR VALUES FROM (10) TO (20);
         INSERT INTO events VALUES ('acme', 1, 1), ('acme', 11, 2), ('globex', 1, 3), ('globex', 11, 4);
         CREATE TABLE animals (tenant_id TEXT NOT NULL, x INT);
         CREATE TABLE dogs (breed TEXT) INHERITS (animals);
         INSERT INTO dogs VALUES ('acme', 1), ('globex', 2);",
    )
    .await;
    for (sql, rows) in [
        ("SELECT x FROM events", 2),
        ("SELECT x FROM events_1", 1),
        ("UPDATE events_2 SET x = 9", 1),
        ("INSERT INTO events (at, x) VALUES (5, 5)", 1),
        ("DELETE FROM events", 3),
        ("SELECT x FROM animals", 1),
        ("UPDATE animals SET x = 5", 1),
        ("DELETE FROM dogs", 1),
    ] {
        assert_eq!(schema.run(sql).await.unwrap(), rows, "{sql}");
    }
    assert_eq!(schema.problems(), []);
}

#[tokio::test]
async fn what_a_partition_does_its_parent_does() {
    let schema = Schema::of(
        "CREATE FUNCTION act() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
         CREATE TABLE events (tenant_id TEXT NOT NULL, at INT NOT NULL, x INT) PARTITION BY RANGE (at);
         CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM (0) TO (10) PARTITION BY RANGE (at);
         CREATE TABLE events_2 PARTITION OF events_1 FOR VALUES FROM (0) TO (5);
         CREATE TRIGGER act AFTER INSERT ON events_2 EXECUTE FUNCTION act();
         CREATE TABLE items (tenant_id TEXT NOT NULL, at INT, x INT, UNIQUE (tenant_id, at)) PARTITION BY RANGE (at);
         CREATE TABLE items_1 PARTITION OF items FOR VALUES FROM (0) TO (10);
         CREATE UNIQUE INDEX by_x ON items_1 (x);",
    )
    .await;
    refusal(schema.run("INSERT INTO events (at) VALUES (1)").await);
    refusal(schema.run("DELETE FROM events_1").await);
    schema.run("SELECT x FROM events").await.unwrap();
    refusal(schema.run("INSERT INTO items (at) VALUES (1) ON CONFLICT DO NOTHING").await);
    let expected = [
        problem("events", Problem::Trigger),
        problem("events_1", Problem::Trigger),
        problem("events_2", Problem::Trigger),
        problem("items", Problem::UniqueKey),
        problem("items_1", Problem::UniqueKey),
    ];
    assert_eq!(schema.problems(), expected);
}

#[tokio::test]
async fn a_shared_table_with_rows_of_tenants_below_is_hidden() {
    let schema = Schema::with(
        "CREATE TABLE plans (x INT); CREATE TABLE notes (tenant_id TEXT NOT NULL) INHERITS (plans);
         CREATE TABLE prices (x INT); CREATE TABLE more_prices () INHERITS (prices);
         INSERT INTO notes VALUES (1, 'globex');",
        |builder| builder.shared(["plans", "prices", "more_prices"]),
    )
    .await;
    assert_eq!(refusal(schema.run("SELECT x FROM plans").await), RefusalKind::HiddenRelation);
    schema.run("SELECT x FROM prices").await.unwrap();
    assert_eq!(schema.problems(), [problem("plans", Problem::Family)]);
}

#[tokio::test]
async fn foreign_tables_are_hidden_and_what_has_one_below_it() {
    let schema = Schema::of(
        "CREATE EXTENSION file_fdw; CREATE SERVER files FOREIGN DATA WRAPPER file_fdw;
         CREATE TABLE events (tenant_id TEXT NOT NULL, x INT);
         CREATE FOREIGN TABLE old_events () INHERITS (events) SERVER files OPTIONS (filename '/dev/null');
         CREATE FOREIGN TABLE remote (tenant_id TEXT, x INT) SERVER files OPTIONS (filename '/dev/null');",
    )
    .await;
    for sql in ["SELECT x FROM events", "SELECT x FROM old_events", "SELECT x FROM remote"] {
        assert_eq!(refusal(schema.run(sql).await), RefusalKind::HiddenRelation, "{sql}");
    }
}

const VIEWS: &str = "CREATE TABLE users (tenant_id TEXT NOT NULL, x INTEGER);
    INSERT INTO users VALUES ('acme', 1), ('globex', 2);
    CREATE VIEW doubled AS SELECT tenant_id, x * 2 AS x FROM users;
    CREATE VIEW counted AS SELECT tenant_id, (SELECT count(*) FROM users) AS x FROM users;
    CREATE MATERIALIZED VIEW kept AS SELECT tenant_id, x FROM users;";

#[tokio::test]
async fn views_are_hidden_unless_they_are_declared() {
    let schema = Schema::with(VIEWS, |builder| builder.views(["doubled"])).await;
    let found: Vec<i32> =
        sqlx::query_scalar("SELECT x FROM doubled").fetch_all(&schema.db.scoped(&schema.acme)).await.unwrap();
    assert_eq!(found, [2]);
    refusal(schema.run("DELETE FROM doubled").await);
    for sql in ["SELECT x FROM counted", "SELECT x FROM kept"] {
        assert_eq!(refusal(schema.run(sql).await), RefusalKind::HiddenRelation, "{sql}");
    }
}

#[tokio::test]
async fn upserts_depend_on_keys_that_carry_the_tenant() {
    let sql = [
        IGNORES_CASE,
        "CREATE TABLE own (tenant_id TEXT NOT NULL, k TEXT, v INTEGER, PRIMARY KEY (tenant_id, k));
         CREATE TABLE numbered (id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, tenant_id TEXT NOT NULL, k TEXT,
            UNIQUE (tenant_id, k));
         CREATE TABLE serial_ (id SERIAL PRIMARY KEY, tenant_id TEXT NOT NULL, k TEXT, UNIQUE (tenant_id, k));
         CREATE TABLE random_ (id UUID PRIMARY KEY DEFAULT gen_random_uuid(), tenant_id TEXT, k TEXT,
            UNIQUE (tenant_id, k));
         CREATE TABLE expression (tenant_id TEXT NOT NULL, k TEXT, v INTEGER, PRIMARY KEY (tenant_id, k));
         CREATE UNIQUE INDEX by_expression ON expression (lower(k));
         CREATE TABLE part (tenant_id TEXT NOT NULL, k TEXT, v INTEGER, PRIMARY KEY (tenant_id, k));
         CREATE UNIQUE INDEX by_part ON part (v) WHERE v > 0;
         CREATE TABLE only_part (tenant_id TEXT NOT NULL, k TEXT, v INTEGER);
         CREATE UNIQUE INDEX by_only_part ON only_part (tenant_id, k) WHERE v > 0;
         CREATE TABLE folded (tenant_id TEXT NOT NULL, k TEXT, v INTEGER);
         CREATE UNIQUE INDEX by_folded ON folded (tenant_id COLLATE ignores_case, k);
         CREATE TABLE including (tenant_id TEXT NOT NULL, k TEXT, v INTEGER, UNIQUE (k) INCLUDE (tenant_id));
         CREATE TABLE late (tenant_id TEXT NOT NULL, k TEXT, UNIQUE (tenant_id, k) DEFERRABLE INITIALLY DEFERRED);
         CREATE TABLE booked (tenant_id TEXT NOT NULL, k INT4RANGE, EXCLUDE USING gist (k WITH &&));",
    ];
    let schema = Schema::of(sql.concat().leak()).await;
    for sql in [
        "INSERT INTO own (k, v) VALUES ('a', 2) ON CONFLICT (k) DO UPDATE SET v = 3",
        "INSERT INTO own (k, v) VALUES ('a', 2) ON CONFLICT (k) DO UPDATE SET v = 3",
        "INSERT INTO numbered (k) VALUES ('a') ON CONFLICT DO NOTHING",
        "INSERT INTO serial_ (k) VALUES ('a') ON CONFLICT DO NOTHING",
        "INSERT INTO random_ (k) VALUES ('a') ON CONFLICT DO NOTHING",
    ] {
        assert_eq!(schema.run(sql).await.unwrap(), 1, "{sql}");
    }
    for sql in [
        "INSERT INTO serial_ (id, k) VALUES (7, 'a') ON CONFLICT DO NOTHING",
        "INSERT INTO expression (k) VALUES ('a') ON CONFLICT DO NOTHING",
        "INSERT INTO part (k) VALUES ('a') ON CONFLICT DO NOTHING",
        "INSERT INTO only_part (k) VALUES ('a') ON CONFLICT (k) DO NOTHING",
        "INSERT INTO folded (k) VALUES ('a') ON CONFLICT DO NOTHING",
        "INSERT INTO folded (k, v) VALUES ('a', 2) ON CONFLICT (k) DO UPDATE SET v = 3",
        "INSERT INTO including (k) VALUES ('a') ON CONFLICT DO NOTHING",
        "INSERT INTO late (k) VALUES ('a') ON CONFLICT (k) DO NOTHING",
        "INSERT INTO booked (k) VALUES ('[1,2)') ON CONFLICT DO NOTHING",
    ] {
        refusal(schema.run(sql).await);
    }
    let lacking = |name: &str| problem(name, Problem::UniqueKey);
    let expected = ["booked", "expression", "folded", "including", "part"].map(lacking);
    assert_eq!(schema.problems(), expected);
}

#[tokio::test]
async fn sequences_and_the_frameworks_tables_are_out_of_reach() {
    let schema = Schema::with(
        "CREATE TABLE notes (id SERIAL, tenant_id TEXT NOT NULL); CREATE TABLE dropped (a INT, tenant_id TEXT, b INT);
         ALTER TABLE dropped DROP COLUMN tenant_id;",
        |builder| builder.shared(["tenants", "_tenant_migrations", "notes_id_seq"]),
    )
    .await;
    schema.db.migrate_tenants().await.unwrap();
    for sql in [
        "SELECT * FROM tenants",
        "SELECT * FROM tenant_hosts",
        "SELECT * FROM _tenant_migrations",
        "SELECT * FROM notes_id_seq",
        "SELECT a FROM dropped",
    ] {
        refusal(schema.run(sql).await);
    }
}
