//! What is refused, as what kind, and that the answer helps without repeating the caller's values.

use tenant_sql::{Catalog, Dialect, RefusalKind, Rewriter, Table, Unknown};

use crate::common::{refused, rewriter};

fn expect(kind: RefusalKind, statements: &[&str]) {
    for sql in statements {
        let refusal = refused(sql);
        assert_eq!(refusal.kind(), kind, "{refusal}: {sql}");
        assert!(!refusal.hint().contains("proved"), "only the verifier refused: {sql}");
    }
}

#[test]
fn unknown_relations_are_refused() {
    expect(
        RefusalKind::UnknownRelation,
        &[
            "SELECT * FROM nowhere",
            "SELECT (SELECT 1 FROM nowhere)",
            "INSERT INTO nowhere (a) VALUES (1)",
            "UPDATE nowhere SET a = 1",
            "DELETE FROM nowhere",
            "INSERT INTO users (id) SELECT id FROM nowhere",
            "SELECT * FROM users u JOIN nowhere n ON 1",
        ],
    );
}

#[test]
fn hidden_relations_are_refused_whatever_the_catalog_says_of_unknown_ones() {
    let hidden = [
        "SELECT * FROM secrets",
        "SELECT * FROM sqlite_master",
        "SELECT * FROM main.sqlite_schema",
        "SELECT * FROM \"SQLITE_MASTER\"",
        "SELECT * FROM sqlite_sequence",
        "SELECT * FROM dbstat",
        "SELECT * FROM pragma_table_list",
        "SELECT * FROM temp.users",
        "SELECT * FROM other.users",
        "DELETE FROM secrets",
        "UPDATE sqlite_sequence SET seq = 0",
    ];
    expect(RefusalKind::HiddenRelation, &hidden);
    let builder = Catalog::builder(Dialect::Sqlite).unknown(Unknown::Owned).table(Table::hidden("secrets"));
    let rewriter = Rewriter::new(builder.build().expect("sound"));
    for sql in hidden {
        assert_eq!(rewriter.rewrite(sql).unwrap_err().kind(), RefusalKind::HiddenRelation, "{sql}");
    }
    assert!(
        rewriter
            .rewrite("SELECT * FROM anything")
            .unwrap()
            .sql()
            .contains(r#"FROM anything AS "tenant_scope_1" WHERE "tenant_scope_1"."tenant_id" = ?1"#)
    );
}

#[test]
fn shared_relations_are_not_written() {
    expect(
        RefusalKind::WriteToShared,
        &[
            "INSERT INTO plans (id) VALUES (1)",
            "UPDATE plans SET name = 'x'",
            "DELETE FROM plans",
            "REPLACE INTO plans VALUES (1)",
        ],
    );
}

#[test]
fn other_statements_are_refused_with_a_way_out() {
    let statements = [
        "CREATE TABLE t (a int)",
        "CREATE TABLE t AS SELECT * FROM users",
        "DROP TABLE users",
        "ALTER TABLE users ADD a int",
        "CREATE VIEW v AS SELECT * FROM users",
        "CREATE TRIGGER t AFTER INSERT ON users BEGIN SELECT 1; END",
        "PRAGMA table_info(users)",
        "ATTACH 'x' AS y",
        "DETACH y",
        "VACUUM",
        "ANALYZE",
        "REINDEX users",
        "EXPLAIN SELECT 1",
        "EXPLAIN QUERY PLAN SELECT * FROM users",
        "BEGIN",
        "COMMIT",
        "ROLLBACK",
        "SAVEPOINT a",
        "RELEASE a",
        "END",
        "SET a = 1",
        "SHOW TABLES",
        "COPY users TO 'x'",
        "TRUNCATE users",
        "PREPARE p AS SELECT 1",
        "EXECUTE p",
        "CALL p()",
        "DO 1",
        "LISTEN a",
        "LOCK TABLE users",
        "LOAD DATA INFILE 'x' INTO TABLE users",
        "GRANT ALL ON users TO x",
        "USE x",
        "SELECT 1; SELECT 2",
        "SELECT 1; DELETE FROM users",
    ];
    expect(RefusalKind::UnsupportedStatement, &statements);
    assert!(refused("BEGIN").hint().contains("begin"));
    assert!(statements.iter().all(|sql| !refused(sql).hint().is_empty()));
}

#[test]
fn functions_that_are_not_known_to_be_pure_are_refused() {
    expect(
        RefusalKind::Function,
        &[
            "SELECT load_extension('x')",
            "SELECT readfile('/etc/passwd')",
            "SELECT writefile('x', 'y')",
            "SELECT edit('x')",
            "SELECT last_insert_rowid()",
            "SELECT changes()",
            "SELECT total_changes()",
            "SELECT sqlite_version()",
            "SELECT \"load_extension\"('x')",
            "SELECT LOAD_EXTENSION('x')",
            "SELECT main.abs(1)",
            "SELECT my_function(id) FROM users",
            "SELECT * FROM generate_everything(1)",
            "SELECT * FROM users, pragma_table_info('users')",
            "SELECT bm25(users) FROM users",
            "SELECT max((SELECT load_extension('x')))",
        ],
    );
    let catalog = Catalog::builder(Dialect::Sqlite).allow_function("My_Function").build().expect("sound");
    assert!(Rewriter::new(catalog).rewrite("SELECT MY_FUNCTION(1)").is_ok());
}

#[test]
fn the_tenant_column_is_never_set() {
    expect(
        RefusalKind::TenantColumnWrite,
        &[
            "UPDATE users SET tenant_id = 'x'",
            "UPDATE users SET TENANT_ID = 'x'",
            "UPDATE users SET \"tenant_id\" = 'x'",
            "UPDATE users SET [Tenant_Id] = 'x'",
            "UPDATE users SET 'tenant_id' = 'x'",
            "UPDATE users SET age = 1, `tenant_id` = tenant_id",
            "UPDATE users SET (age, tenant_id) = (1, 'x')",
            "UPDATE users SET (tenant_id, age) = (SELECT 'x', 1)",
            "UPDATE items SET org = 'x'",
            "INSERT INTO users (id) VALUES (1) ON CONFLICT (id) DO UPDATE SET tenant_id = 'x'",
            "INSERT INTO users (id) VALUES (1) ON CONFLICT (id) DO UPDATE SET tenant_id = excluded.tenant_id",
            "INSERT INTO users (id) VALUES (1) ON CONFLICT (id) DO UPDATE SET (age, Tenant_ID) = (1, 'x')",
        ],
    );
}

#[test]
fn upserts_that_another_tenants_row_could_meet_are_refused() {
    expect(
        RefusalKind::UnsupportedConstruct,
        &[
            "INSERT INTO tickets (id, code) VALUES (1, 'x') ON CONFLICT (id) DO NOTHING",
            "INSERT INTO tickets (id, code) VALUES (1, 'x') ON CONFLICT (code) DO UPDATE SET id = 2",
            "INSERT INTO tickets (id, code) VALUES (1, 'x') ON CONFLICT DO NOTHING",
            "INSERT OR IGNORE INTO tickets (id, code) VALUES (1, 'x')",
            "INSERT OR REPLACE INTO tickets (id, code) VALUES (1, 'x')",
            "REPLACE INTO tickets (id, code) VALUES (1, 'x')",
            "UPDATE OR REPLACE tickets SET code = 'x'",
            "UPDATE OR IGNORE tickets SET code = 'x'",
            "INSERT INTO users (id) VALUES (1) ON CONFLICT (name) DO NOTHING",
            "INSERT INTO users (id) VALUES (1) ON CONFLICT (id, name) DO NOTHING",
            "INSERT OR ROLLBACK INTO users (id) VALUES (1)",
            "UPDATE OR ROLLBACK users SET age = 1",
        ],
    );
}

#[test]
fn system_columns_are_refused() {
    expect(
        RefusalKind::UnsupportedConstruct,
        &[
            "SELECT rowid FROM users",
            "SELECT oid FROM users",
            "SELECT _rowid_ FROM users",
            "SELECT users.ROWID FROM users",
            "SELECT \"rowid\" FROM users",
            "SELECT id FROM users ORDER BY rowid",
            "UPDATE users SET rowid = 1",
            "INSERT INTO users (rowid, id) VALUES (1, 2)",
            "DELETE FROM users WHERE rowid = 1",
            "SELECT id FROM users WHERE id IN (SELECT rowid FROM orders)",
            "SELECT * FROM users u JOIN orders o USING (rowid)",
        ],
    );
}

#[test]
fn names_that_can_mean_two_things_are_refused() {
    expect(
        RefusalKind::Ambiguous,
        &[
            "SELECT * FROM users, users",
            "SELECT * FROM users u, plans U",
            "SELECT * FROM users u JOIN orders \"u\" ON 1",
            "SELECT * FROM users u, (SELECT 1 AS tenant_id) u",
            "SELECT * FROM users u LEFT JOIN (orders o JOIN items u ON 1) ON 1",
            "WITH x AS (SELECT 1) SELECT * FROM x, users AS x",
            "WITH users AS (SELECT * FROM users) SELECT * FROM users",
            "WITH a AS (SELECT * FROM b), b AS (SELECT 1) SELECT * FROM a",
            "WITH a AS (SELECT 1), a AS (SELECT 2) SELECT * FROM a",
            "WITH a AS (SELECT 1), A AS (SELECT 2) SELECT * FROM a",
            "WITH users AS (SELECT 1) DELETE FROM users",
            "WITH users AS (SELECT 1) UPDATE users SET age = 1",
            "WITH users AS (SELECT 1) INSERT INTO users (id) VALUES (1)",
            "UPDATE users SET age = 1 FROM users",
            "UPDATE users AS u SET age = 1 FROM orders u",
            "INSERT INTO users AS excluded (id) VALUES (1) ON CONFLICT (id) DO UPDATE SET age = 1",
            "INSERT INTO orders VALUES (1, 2)",
            "INSERT INTO orders SELECT * FROM orders",
        ],
    );
}

#[test]
fn arguments_that_cannot_be_counted_are_refused() {
    expect(
        RefusalKind::Arguments,
        &[
            "SELECT :id",
            "SELECT @id",
            "SELECT $id",
            "SELECT ?1, ?",
            "SELECT ?, $1",
            "SELECT ?0",
            "SELECT ?01",
            "SELECT ?99999",
            "SELECT ?32766",
            "SELECT $99999999999999999999",
        ],
    );
}

#[test]
fn texts_that_are_not_one_statement_are_refused() {
    expect(
        RefusalKind::Syntax,
        &[
            "",
            " ",
            ";",
            "-- nothing",
            "/* nothing */ ;",
            "SELECT FROM WHERE",
            "SELECT 'open",
            "SELECT \"open",
            "SELECT /* open",
            "SELECT 1 \0",
            "(",
            "SELECT 1a",
            "SELECT ?1a",
            "SELECT x'6'",
            "SELECT x'6g'",
        ],
    );
}

#[test]
fn texts_that_the_printer_would_change_are_refused() {
    expect(
        RefusalKind::RoundTrip,
        &["SELECT - -1", "SELECT id FROM users WHERE age > - - 1", "SELECT id FROM users LIMIT ALL"],
    );
}

#[test]
fn constructs_of_other_databases_are_refused() {
    let statements = [
        "SELECT DISTINCT ON (id) id FROM users",
        "SELECT * FROM users FOR UPDATE",
        "SELECT * FROM users SEMI JOIN orders ON 1",
        "SELECT * FROM users PIVOT (count(id) FOR x IN (1))",
        "SELECT DATE '2020-01-01'",
        "SELECT INTERVAL '1' DAY",
        "SELECT * EXCEPT (id) FROM users",
        "SELECT a -> b -> lambda FROM users WHERE a ~ b",
        "SELECT * FROM users QUALIFY 1",
        "SELECT TOP 5 id FROM users",
        "SELECT * INTO x FROM users",
        "SELECT * FROM users u (a, b)",
        "SELECT 0xFFFFFFFFFFFFFFFFF",
        "SELECT 0X1F",
        "SELECT ISNULL FROM users",
        "SELECT id FROM users WHERE NOT NULL ISNULL NOT",
        "SELECT 1 IN",
        "SELECT \"a\"\"b\" FROM users",
        "DELETE users FROM users",
        "DELETE FROM users, orders",
        "UPDATE users u JOIN orders o ON 1 SET age = 1",
        "UPDATE users SET age = 1 FROM orders o RIGHT JOIN items i ON 1",
        "INSERT INTO users SET id = 1",
        "TABLE users",
        "SELECT 1 UNION TABLE users",
        "SELECT temp.users.id FROM users",
        "SELECT main.users.rowid FROM users",
        "SELECT id FROM plans WHERE id IN json_each('[1]')",
        "INSERT INTO users (id) DELETE FROM orders RETURNING id",
        "SELECT * FROM (DELETE FROM users RETURNING id)",
    ];
    for sql in statements {
        let refusal = refused(sql);
        let kinds = [RefusalKind::UnsupportedConstruct, RefusalKind::Syntax, RefusalKind::RoundTrip];
        assert!(kinds.contains(&refusal.kind()), "{refusal}: {sql}");
        assert!(!refusal.hint().contains("proved"), "only the verifier refused: {sql}");
    }
}

#[test]
fn foreign_literals_for_the_tenant_column_are_refused_when_the_tenant_is_known() {
    use tenant_sql::TenantValue::{Integer, Text};
    let rewriter = rewriter(Dialect::Sqlite);
    let statements = [
        "INSERT INTO users (id, tenant_id) VALUES (1, 'acme')",
        "INSERT INTO users (id, TENANT_ID) VALUES (1, 'acme'), (2, ('acme'))",
        "INSERT INTO users VALUES (1, 'n', 'e', 3, 'acme')",
        "INSERT INTO users (id, tenant_id) SELECT id, 'acme' FROM orders",
        "INSERT INTO users (id, tenant_id) SELECT id, 'acme' FROM orders UNION ALL SELECT 1, 'acme'",
    ];
    for sql in statements {
        let plan = rewriter.rewrite(sql).unwrap_or_else(|refusal| panic!("{refusal}: {sql}"));
        assert!(!plan.sql().contains("acme"), "{}", plan.sql());
        assert!(plan.check_tenant(&Text("acme")).is_ok(), "{sql}");
        for other in [Text("other"), Text("ACME"), Text("acme "), Text("")] {
            assert_eq!(
                plan.check_tenant(&other).unwrap_err().kind(),
                RefusalKind::ForeignTenantLiteral,
                "{sql}"
            );
        }
        assert_eq!(plan.check_tenant(&Integer(1)).unwrap_err().kind(), RefusalKind::Arguments);
    }
    let never = [
        "INSERT INTO users (id, tenant_id) VALUES (1, NULL)",
        "INSERT INTO users (id, tenant_id) VALUES (1, 5)",
        "INSERT INTO users (id, tenant_id) VALUES (1, x'61')",
    ];
    expect(RefusalKind::ForeignTenantLiteral, &never);
}

#[test]
fn refusals_never_repeat_a_value_of_the_caller() {
    let statements = [
        "SELECT * FROM nowhere WHERE x = 'hunter2'",
        "SELECT load_extension('hunter2')",
        "SELECT 'hunter2' FROM secrets",
        "INSERT INTO users (id, tenant_id) VALUES (1, 'hunter2'), (2, NULL)",
        "SELECT 'hunter2",
        "SELECT 'hunter2' +",
        "PRAGMA key = 'hunter2'",
        "UPDATE users SET tenant_id = 'hunter2'",
        "SELECT * FROM users WHERE x = 'hunter2' FOR UPDATE",
        "SELECT x'hunter2'",
    ];
    for sql in statements {
        let refusal = refused(sql);
        let told = format!("{refusal} {refusal:?} {} {}", refusal.construct(), refusal.hint());
        assert!(!told.contains("hunter"), "{told}");
        let text = refusal.to_string();
        assert!(!text.ends_with('.') && text.starts_with(char::is_lowercase), "{text}");
    }
}

#[test]
fn refusals_tell_where() {
    let location = refused("SELECT *\nFROM users\n  JOIN nowhere ON 1").location().expect("a location");
    assert_eq!((location.line, location.column), (3, 8));
}
