use tenant_sql::{Catalog, Dialect, Table, TenantType};
use tenant_testkit::oracle::{DifferenceKind, Oracle, OracleError, Value, Verdict, shop};
use tenant_testkit::servers::{MariaDb, Postgres};

pub(crate) const DIALECTS: [Dialect; 3] = [Dialect::Sqlite, Dialect::Postgres, Dialect::MySql];

pub(crate) fn url(dialect: Dialect) -> String {
    match dialect {
        Dialect::Sqlite => String::new(),
        Dialect::Postgres => Postgres::shared().unwrap().url(),
        Dialect::MySql => MariaDb::shared().unwrap().socket_url(),
    }
}

#[tokio::test]
async fn scoped_statements_do_what_they_do_on_a_database_of_one() {
    for dialect in DIALECTS {
        let mut oracle = shop(dialect, url(dialect)).open().await.unwrap();
        let argument = if dialect == Dialect::Postgres { "$1" } else { "?" };
        for sql in [
            "SELECT * FROM users".to_owned(),
            format!("SELECT id, meta FROM users WHERE age > {argument} OR name LIKE 'canary%'"),
            "SELECT u.name, o.total FROM users u LEFT JOIN orders o ON o.user_id = u.id ORDER BY u.id, o.id"
                .to_owned(),
            "SELECT p.name, count(*) FROM plans p JOIN users u ON u.age = p.price GROUP BY p.name".to_owned(),
            format!("UPDATE users SET age = age + 1 WHERE id = {argument} OR active"),
            "DELETE FROM orders WHERE user_id IN (SELECT id FROM users WHERE age > 2)".to_owned(),
            "INSERT INTO tags (user_id, tag) SELECT id, 'new' FROM users".to_owned(),
            "INSERT INTO items (id, qty) VALUES (500, 1), (501, 2)".to_owned(),
        ] {
            let arguments: &[Value] = if sql.contains(argument) { &[2.into()] } else { &[] };
            oracle.prove(&sql, arguments).await.unwrap_or_else(|error| panic!("{dialect:?}: {sql}\n{error}"));
        }
        oracle.check_untouched().await.unwrap();
        oracle.close().await.unwrap();
    }
}

/// A catalog that calls owned tables shared makes a rewriter that leaves them as they are.
async fn with_a_hole(dialect: Dialect) -> Oracle {
    let catalog = Catalog::builder(dialect)
        .table(Table::shared("users").columns(["id", "name", "email", "age", "tenant_id"]))
        .table(
            Table::owned("orders")
                .columns(["id", "user_id", "total", "status", "placed", "tenant_id"])
                .unique(["tenant_id", "id"]),
        )
        .build();
    shop(dialect, url(dialect)).catalog(catalog.unwrap()).open().await.unwrap()
}

fn kind(error: OracleError) -> DifferenceKind {
    match error {
        OracleError::Differs(difference) => difference.kind,
        other => panic!("{other}"),
    }
}

#[tokio::test]
async fn every_way_to_see_others_is_a_difference() {
    for dialect in DIALECTS {
        let mut oracle = with_a_hole(dialect).await;
        let mut seen = async |sql: &str| kind(oracle.check(sql, &[]).await.unwrap_err());
        assert_eq!(seen("SELECT * FROM users").await, DifferenceKind::OthersSeen);
        assert_eq!(seen("SELECT age FROM users").await, DifferenceKind::Rows);
        assert_eq!(seen("SELECT count(*) FROM users").await, DifferenceKind::Rows);
        assert_eq!(
            seen("SELECT o.id FROM orders o WHERE EXISTS (SELECT 1 FROM users WHERE name = 'canary-t1') ORDER BY o.id").await,
            DifferenceKind::Rows
        );
        let written = "UPDATE orders SET total = (SELECT count(*) FROM users) WHERE id = 1";
        assert_eq!(seen(written).await, DifferenceKind::Contents);
        let changed = "DELETE FROM orders WHERE user_id = 1 AND (SELECT count(*) FROM users) > 20";
        assert_eq!(seen(changed).await, DifferenceKind::Affected);
        let scalar = "SELECT id FROM orders WHERE user_id = (SELECT id FROM users WHERE id = 3)";
        if dialect != Dialect::Sqlite {
            assert_eq!(seen(scalar).await, DifferenceKind::Failure);
        }
        oracle.close().await.unwrap();
    }
}

#[tokio::test]
async fn what_the_rows_do_not_determine_is_no_difference() {
    for dialect in DIALECTS {
        let mut oracle = shop(dialect, url(dialect)).open().await.unwrap();
        let mut undetermined = 0;
        for sql in [
            "SELECT id FROM users LIMIT 2",
            "SELECT id FROM orders ORDER BY status LIMIT 3",
            "SELECT age FROM users ORDER BY 1 LIMIT 1",
        ] {
            match oracle.check(sql, &[]).await.unwrap() {
                Verdict::Undetermined => undetermined += 1,
                Verdict::Same { .. } => {}
                other => panic!("{sql}: {other:?}"),
            }
        }
        eprintln!("{dialect:?}: {undetermined}");
        oracle.close().await.unwrap();
    }
}

#[tokio::test]
async fn what_fails_refuses_or_explodes_proves_nothing() {
    for dialect in DIALECTS {
        let mut oracle = shop(dialect, url(dialect)).open().await.unwrap();
        let check = oracle.check("SELECT nothing FROM users", &[]).await.unwrap();
        assert!(matches!(check, Verdict::Fails(_) | Verdict::Refused(_)), "{check:?}");
        let check = oracle.check("SELECT * FROM secrets", &[]).await.unwrap();
        assert!(matches!(check, Verdict::Refused(_)), "{check:?}");
        let huge = "SELECT a.id FROM users a, users b, users c, users d, users e, users f, users g";
        let check = oracle.check(huge, &[]).await.unwrap();
        assert!(matches!(check, Verdict::TooLarge), "{check:?}");
        let endless = "SELECT count(*) FROM users a, users b, users c, users d, users e, users f, users g, users h, orders i, orders j";
        let check = oracle.check(endless, &[]).await.unwrap();
        assert!(matches!(check, Verdict::TooLarge), "{check:?}");
        assert!(matches!(oracle.prove(huge, &[]).await, Err(OracleError::Unproved(_))));
        oracle.prove("SELECT count(*) FROM users", &[]).await.unwrap();
        oracle.close().await.unwrap();
    }
}

#[tokio::test]
async fn tenants_may_be_numbers_and_uuids() {
    for dialect in DIALECTS {
        for tenant_type in [TenantType::Integer, TenantType::Uuid] {
            let column = match (tenant_type, dialect) {
                (TenantType::Integer, _) => "BIGINT",
                (_, Dialect::Postgres) => "UUID",
                (_, Dialect::MySql) => "BINARY(16)",
                (_, Dialect::Sqlite) => "BLOB",
            };
            let schema = format!(
                "CREATE TABLE notes (id INTEGER NOT NULL, body VARCHAR(99), account {column} NOT NULL, PRIMARY KEY (account, id))"
            );
            let builder = match dialect {
                Dialect::Sqlite => Oracle::sqlite(),
                Dialect::Postgres => Oracle::postgres(url(dialect)),
                Dialect::MySql => Oracle::mysql(url(dialect)),
            };
            let opened =
                builder.schema(schema).tenant_column("account").tenant_type(tenant_type).open().await;
            let mut oracle = opened.unwrap();
            oracle.prove("SELECT * FROM notes", &[]).await.unwrap();
            oracle.prove("UPDATE notes SET body = 'x'", &[]).await.unwrap();
            oracle.prove("INSERT INTO notes (id, body) VALUES (99, 'x')", &[]).await.unwrap();
            oracle.close().await.unwrap();
        }
    }
}

#[tokio::test]
async fn rows_may_be_given() {
    let mut oracle = Oracle::sqlite()
        .schema(
            "CREATE TABLE t (id INTEGER PRIMARY KEY, tenant_id TEXT NOT NULL); CREATE TABLE s (id INTEGER)",
        )
        .rows(|tenant| match tenant {
            Value::Text(name) => format!("INSERT INTO t (tenant_id) VALUES ('{name}'), ('{name}')"),
            _ => String::new(),
        })
        .shared("s")
        .shared_rows("INSERT INTO s VALUES (7)")
        .open()
        .await
        .unwrap();
    let same = oracle.check("SELECT tenant_id, s.id FROM t, s", &[]).await.unwrap();
    assert!(matches!(same, Verdict::Same { rows: 2, .. }), "{same:?}");
}

/// MariaDB 10.11 ends, with all its tenants, where it merges a derived table, and so one of ours, with a query of two
/// window functions that name a table.
#[tokio::test]
async fn windows_over_what_is_scoped_below_a_join_do_not_end_the_server() {
    let server = MariaDb::start().unwrap();
    let mut oracle = shop(Dialect::MySql, server.socket_url()).open().await.unwrap();
    let first = "max(items.id) OVER (PARTITION BY items.qty ORDER BY items.id)";
    for from in [
        "items LEFT JOIN items t USING (id)",
        "items JOIN (items t LEFT JOIN items s ON t.id = s.id) ON items.order_id = s.id",
        "items LEFT JOIN (orders t JOIN user_names n ON t.status = n.tenant_id) ON items.id = n.id",
        "items RIGHT JOIN orders t ON t.id = items.id",
    ] {
        for sql in [
            format!("SELECT {first}, max(t.id) OVER (PARTITION BY items.order_id) FROM {from}"),
            format!("SELECT {first}, min(t.id) OVER w FROM {from} WINDOW w AS (PARTITION BY items.order_id)"),
            format!("SELECT {first} * max(t.id) OVER (PARTITION BY items.order_id) FROM {from}"),
        ] {
            oracle.prove(&sql, &[]).await.unwrap_or_else(|error| panic!("{sql}\n{error}"));
        }
    }
    oracle.close().await.unwrap();
}
