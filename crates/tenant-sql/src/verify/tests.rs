//! Sabotage: whatever the scoper gets wrong, the verifier refuses.

use std::ops::ControlFlow;

use sqlparser::ast::{BinaryOperator, Expr, Ident, UnaryOperator, Value, VisitMut, VisitorMut};

use crate::catalog::{Catalog, Dialect};
use crate::corpus;
use crate::dialect::Rules;
use crate::limits::Limits;
use crate::plan::TenantBind;
use crate::table::Table;
use crate::{pipeline, round_trip};

/// As the pipeline does it: the printed text, read again.
fn verify(printed: &str, catalog: &Catalog, marker: &str) -> super::Proof {
    let read = round_trip::reparse(printed, Rules::of(catalog.dialect()))?;
    super::verify(&read, catalog, marker)
}

fn catalog() -> Catalog {
    Catalog::builder(Dialect::Sqlite)
        .table(
            Table::owned("users")
                .columns(["id", "name", "email", "age", "tenant_id"])
                .unique(["tenant_id", "id"]),
        )
        .table(
            Table::owned("orders")
                .columns(["id", "user_id", "total", "status", "tenant_id"])
                .unique(["tenant_id", "id"]),
        )
        .table(
            Table::owned("items")
                .columns(["id", "order_id", "sku", "qty", "org"])
                .unique(["org", "id"])
                .tenant_column("org"),
        )
        .table(Table::owned("tickets").unique(["id"]))
        .table(Table::owned("user_names").view())
        .table(Table::shared("plans"))
        .table(Table::hidden("secrets"))
        .build()
        .expect("sound")
}

/// A way to break one predicate, or one cell of an `INSERT`.
#[derive(Debug, Clone, Copy)]
enum Fault {
    Drop,
    OrTrue,
    OrTrueOpen,
    Negate,
    NotEqual,
    OtherAlias,
    OtherColumn,
    OtherArgument,
    Unqualified,
}

const FAULTS: [Fault; 9] = [
    Fault::Drop,
    Fault::OrTrue,
    Fault::OrTrueOpen,
    Fault::Negate,
    Fault::NotEqual,
    Fault::OtherAlias,
    Fault::OtherColumn,
    Fault::OtherArgument,
    Fault::Unqualified,
];

/// Breaks the predicate of this number.
struct Saboteur {
    fault: Fault,
    marker: String,
    at: usize,
    seen: usize,
}

fn truth() -> Expr {
    Expr::Value(Value::Number("1".to_owned(), false).with_empty_span())
}

fn or(expr: Expr) -> Expr {
    Expr::BinaryOp { left: Box::new(expr), op: BinaryOperator::Or, right: Box::new(truth()) }
}

impl Saboteur {
    fn broken(&self, predicate: &Expr) -> Expr {
        let Expr::BinaryOp { left, op, right } = predicate.clone() else { unreachable!() };
        let Expr::CompoundIdentifier(parts) = &*left else { unreachable!() };
        let with = |left: Expr, op: BinaryOperator, right: Box<Expr>| Expr::BinaryOp {
            left: Box::new(left),
            op,
            right,
        };
        let named =
            |alias: &Ident, column: &Ident| Expr::CompoundIdentifier(vec![alias.clone(), column.clone()]);
        let other = Ident::with_quote('"', "other");
        match self.fault {
            Fault::Drop => truth(),
            Fault::OrTrue => Expr::Nested(Box::new(or(predicate.clone()))),
            Fault::OrTrueOpen => or(predicate.clone()),
            Fault::Negate => Expr::UnaryOp { op: UnaryOperator::Not, expr: Box::new(predicate.clone()) },
            Fault::NotEqual => with(*left, BinaryOperator::NotEq, right),
            Fault::OtherAlias => with(named(&other, &parts[1]), op, right),
            Fault::OtherColumn => with(named(&parts[0], &other), op, right),
            Fault::OtherArgument => with(
                *left,
                op,
                Box::new(Expr::Value(Value::Placeholder("?31000".to_owned()).with_empty_span())),
            ),
            Fault::Unqualified => with(Expr::Identifier(parts[1].clone()), op, right),
        }
    }
}

impl VisitorMut for Saboteur {
    type Break = ();

    fn post_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<()> {
        let Expr::BinaryOp { left, op: BinaryOperator::Eq, right } = &*expr else {
            return ControlFlow::Continue(());
        };
        let marker =
            matches!(&**right, Expr::Value(value) if value.value == Value::Placeholder(self.marker.clone()));
        if marker && matches!(**left, Expr::CompoundIdentifier(_)) {
            if self.seen == self.at {
                *expr = self.broken(expr);
            }
            self.seen += 1;
        }
        ControlFlow::Continue(())
    }
}

#[test]
fn every_predicate_of_every_statement_is_needed() {
    let (catalog, rules) = (catalog(), Rules::of(Dialect::Sqlite));
    let mut broken = 0;
    for sql in corpus::STATEMENTS {
        let plan = match pipeline::plan(sql, &catalog, Limits::default()) {
            Ok(plan) => plan,
            // This catalog has fewer keys than the corpus needs.
            Err(refusal) => {
                assert!(refusal.construct().contains("unique key"), "{refusal}: {sql}");
                continue;
            }
        };
        let TenantBind::Argument(number) = plan.tenant() else {
            continue;
        };
        let marker = format!("?{number}");
        verify(plan.sql(), &catalog, &marker).expect("the scoper's work is sound");
        for fault in FAULTS {
            for at in 0.. {
                let mut statement = round_trip::reparse(plan.sql(), rules).expect("it was printed by us");
                let mut saboteur = Saboteur { fault, marker: marker.clone(), at, seen: 0 };
                let _ = statement.visit(&mut saboteur);
                if saboteur.seen <= at {
                    break;
                }
                let text = statement.to_string();
                assert!(
                    verify(&text, &catalog, &marker).is_err(),
                    "{fault:?} went unnoticed\n{}\n{text}",
                    plan.sql()
                );
                broken += 1;
            }
        }
    }
    assert!(broken > 900, "only {broken} faults were tried");
}

/// Each text is what a faulty scoper could have printed.
#[test]
fn unsound_scopes_are_refused() {
    let catalog = catalog();
    let unsound = [
        // Not scoped, or not everywhere.
        "SELECT * FROM users",
        "SELECT * FROM users u WHERE \"users\".\"tenant_id\" = ?1",
        "SELECT * FROM users u, orders o WHERE \"u\".\"tenant_id\" = ?1",
        "SELECT * FROM users WHERE \"users\".\"tenant_id\" = ?1 AND (id IN (SELECT user_id FROM orders))",
        "SELECT (SELECT count(*) FROM orders)",
        "SELECT * FROM plans ORDER BY (SELECT count(*) FROM orders)",
        "SELECT * FROM plans LIMIT (SELECT count(*) FROM orders)",
        "SELECT sum(id) FILTER (WHERE EXISTS (SELECT 1 FROM orders)) FROM plans",
        "SELECT sum(id) OVER (PARTITION BY (SELECT count(*) FROM orders)) FROM plans",
        "SELECT 1 FROM plans p LEFT JOIN plans q ON q.id IN (SELECT id FROM orders)",
        "SELECT id FROM plans UNION SELECT id FROM users",
        "VALUES ((SELECT count(*) FROM users))",
        "WITH x AS (SELECT * FROM users) SELECT * FROM x",
        "WITH x AS (SELECT 1) SELECT * FROM main.users",
        "WITH users AS (SELECT 1) SELECT * FROM main.users AS users",
        "SELECT * FROM (WITH users AS (SELECT 1) SELECT * FROM users) x, users",
        "SELECT * FROM json_each((SELECT name FROM users)) AS j",
        // Weakened.
        "SELECT * FROM users WHERE \"users\".\"tenant_id\" = ?1 OR (id = 1)",
        "SELECT * FROM users WHERE \"users\".\"tenant_id\" = ?1 AND id = 1 OR id = 2",
        "SELECT * FROM users WHERE \"users\".\"tenant_id\" = ?1 AND id = 1",
        "SELECT * FROM users WHERE (id = 1) AND \"users\".\"tenant_id\" = ?1",
        "SELECT * FROM users WHERE NOT \"users\".\"tenant_id\" = ?1",
        "SELECT * FROM users WHERE (\"users\".\"tenant_id\" = ?1)",
        "SELECT * FROM users WHERE \"users\".\"tenant_id\" = ?1 = 0",
        "SELECT * FROM users WHERE \"users\".\"tenant_id\" = ?1 COLLATE NOCASE",
        "SELECT * FROM users WHERE \"users\".\"tenant_id\" = ?2",
        "SELECT * FROM users WHERE \"users\".\"tenant_id\" >= ?1",
        "SELECT * FROM users WHERE \"users\".\"id\" = ?1",
        "SELECT * FROM users WHERE \"tenant_id\" = ?1",
        "SELECT * FROM users WHERE tenant_id = ?1",
        "SELECT * FROM users WHERE users.tenant_id = ?1",
        "SELECT * FROM users HAVING \"users\".\"tenant_id\" = ?1",
        "SELECT * FROM users, items WHERE \"users\".\"tenant_id\" = ?1 AND \"items\".\"tenant_id\" = ?1",
        // On the wrong side of an outer join.
        "SELECT * FROM users u LEFT JOIN orders o ON o.id = u.id WHERE \"u\".\"tenant_id\" = ?1 AND \"o\".\"tenant_id\" = ?1",
        "SELECT * FROM users u LEFT JOIN orders o ON \"u\".\"tenant_id\" = ?1 AND \"o\".\"tenant_id\" = ?1 AND (o.id = u.id)",
        "SELECT * FROM users u RIGHT JOIN orders o ON \"o\".\"tenant_id\" = ?1 AND (o.id = u.id) WHERE \"u\".\"tenant_id\" = ?1",
        "SELECT * FROM users u FULL JOIN orders o ON \"u\".\"tenant_id\" = ?1 AND \"o\".\"tenant_id\" = ?1 AND (1)",
        "SELECT * FROM users u FULL JOIN orders o ON 1 WHERE \"u\".\"tenant_id\" = ?1 AND \"o\".\"tenant_id\" = ?1",
        "SELECT * FROM users u, plans p RIGHT JOIN plans q ON 1 WHERE \"u\".\"tenant_id\" = ?1",
        "SELECT * FROM users u LEFT JOIN orders o USING (id) WHERE \"u\".\"tenant_id\" = ?1 AND \"o\".\"tenant_id\" = ?1",
        "SELECT * FROM plans p LEFT JOIN (users u JOIN plans q ON 1) ON \"u\".\"tenant_id\" = ?1 AND (1)",
        "SELECT * FROM (users u JOIN plans q ON 1) WHERE \"u\".\"tenant_id\" = ?1",
        // Ambiguous.
        "SELECT * FROM users u, plans u WHERE \"u\".\"tenant_id\" = ?1",
        "SELECT * FROM users u, (SELECT 1 AS tenant_id) U WHERE \"u\".\"tenant_id\" = ?1",
        "WITH a AS (SELECT * FROM b), b AS (SELECT 1) SELECT * FROM a",
        "WITH users AS (SELECT * FROM users) SELECT * FROM users",
        "WITH users AS (SELECT 1) DELETE FROM users WHERE \"users\".\"tenant_id\" = ?1",
        // Hidden, unknown, shared, a view.
        "SELECT * FROM secrets WHERE \"secrets\".\"tenant_id\" = ?1",
        "SELECT * FROM nowhere WHERE \"nowhere\".\"tenant_id\" = ?1",
        "SELECT * FROM sqlite_master",
        "SELECT * FROM temp.users WHERE \"users\".\"tenant_id\" = ?1",
        "DELETE FROM plans WHERE \"plans\".\"tenant_id\" = ?1",
        "DELETE FROM user_names WHERE \"user_names\".\"tenant_id\" = ?1",
        // Writes.
        "DELETE FROM users",
        "DELETE FROM users WHERE id = 1",
        "DELETE FROM users RETURNING (SELECT count(*) FROM orders)",
        "UPDATE users SET age = 1",
        "UPDATE users SET tenant_id = ?1 WHERE \"users\".\"tenant_id\" = ?1",
        "UPDATE users SET \"Tenant_ID\" = 2 WHERE \"users\".\"tenant_id\" = ?1",
        "UPDATE users SET (age, tenant_id) = (1, 2) WHERE \"users\".\"tenant_id\" = ?1",
        "UPDATE users SET age = 1 FROM orders o WHERE \"users\".\"tenant_id\" = ?1",
        "UPDATE users SET age = 1 FROM plans o RIGHT JOIN plans p ON 1 WHERE \"users\".\"tenant_id\" = ?1",
        "UPDATE users SET age = (SELECT max(total) FROM orders) WHERE \"users\".\"tenant_id\" = ?1",
        "UPDATE OR REPLACE tickets SET id = 1 WHERE \"tickets\".\"tenant_id\" = ?1",
        "INSERT INTO users (id) VALUES (1)",
        "INSERT INTO users DEFAULT VALUES",
        "INSERT INTO users VALUES (1, ?1)",
        "INSERT INTO users (id, tenant_id) VALUES (1, 'x')",
        "INSERT INTO users (id, tenant_id) VALUES (1, ?1), (2, 'x')",
        "INSERT INTO users (id, tenant_id) VALUES (?1, 2)",
        "INSERT INTO users (id, tenant_id, tenant_id) VALUES (1, 2, ?1)",
        "INSERT INTO users (id, tenant_id) VALUES (1, 2, ?1)",
        "INSERT INTO users (id, tenant_id) VALUES (1, CASE WHEN (2) COLLATE BINARY = ?1 THEN 2 ELSE json('another tenant') END)",
        "INSERT INTO users (id, tenant_id) VALUES (1, CASE WHEN (2) COLLATE BINARY = ?1 THEN ?1 ELSE json('{}') END)",
        "INSERT INTO users (id, tenant_id) VALUES (1, CASE WHEN (2) COLLATE BINARY = ?1 THEN ?1 END)",
        "INSERT INTO users (id, tenant_id) SELECT id, tenant_id FROM plans",
        "INSERT INTO users (id, tenant_id) SELECT ?1, * FROM plans",
        "INSERT INTO users (id, tenant_id) SELECT 1, ?1 UNION SELECT 1, 2",
        "INSERT INTO users (tenant_id, id, age) SELECT ?1, * FROM plans",
        "INSERT INTO users (id, tenant_id) SELECT id, ?1 FROM orders",
        "INSERT INTO users (id, tenant_id) VALUES (1, ?1) ON CONFLICT (id) DO NOTHING",
        "INSERT INTO users (id, tenant_id) VALUES (1, ?1) ON CONFLICT (tenant_id, id) DO UPDATE SET age = 1",
        "INSERT INTO users (id, tenant_id) VALUES (1, ?1) ON CONFLICT (tenant_id, id) DO UPDATE SET tenant_id = 1 WHERE \"users\".\"tenant_id\" = ?1",
        "INSERT INTO users AS excluded (id, tenant_id) VALUES (1, ?1) ON CONFLICT (tenant_id, id) DO UPDATE SET age = 1 WHERE \"excluded\".\"tenant_id\" = ?1",
        "INSERT INTO tickets (id, tenant_id) VALUES (1, ?1) ON CONFLICT DO NOTHING",
        "INSERT OR IGNORE INTO tickets (id, tenant_id) VALUES (1, ?1)",
        "INSERT OR REPLACE INTO tickets (id, tenant_id) VALUES (1, ?1)",
        "INSERT INTO tickets (id, tenant_id) VALUES (1, ?1) ON CONFLICT (id) DO NOTHING",
        "INSERT INTO users (id, tenant_id) VALUES (1, ?1) ON CONFLICT (tenant_id, name) DO NOTHING",
        // The tenant where it proves nothing, or tells itself.
        "SELECT ?1",
        "SELECT * FROM users WHERE \"users\".\"tenant_id\" = ?1 AND (name = ?1)",
        // What has no business here.
        "SELECT load_extension('x')",
        "SELECT rowid FROM plans",
        "SELECT 1; SELECT 2",
        "DROP TABLE users",
        "SELECT 1 UNION TABLE users",
        "TABLE users",
    ];
    for text in unsound {
        assert!(verify(text, &catalog, "?1").is_err(), "{text}");
    }
}

#[test]
fn sound_scopes_are_proved() {
    let sound = [
        "SELECT * FROM users WHERE \"users\".\"tenant_id\" = ?1",
        "SELECT * FROM users u JOIN orders o ON \"o\".\"tenant_id\" = ?1 AND (o.id = u.id) WHERE \"u\".\"tenant_id\" = ?1 AND (1)",
        "INSERT INTO users (id, tenant_id) VALUES (1, ?1)",
        // A condition that can fail waits for the tenant of one row, or of several.
        "SELECT * FROM users u WHERE \"u\".\"tenant_id\" = ?1 AND (CASE WHEN \"u\".\"tenant_id\" = ?1 THEN u.name -> 'a' END)",
        "SELECT * FROM users u, orders o, items i WHERE \"u\".\"tenant_id\" = ?1 AND \"o\".\"tenant_id\" = ?1 AND \"i\".\"org\" = ?1 \
         AND (CASE WHEN \"u\".\"tenant_id\" = ?1 AND \"o\".\"tenant_id\" = ?1 AND \"i\".\"org\" = ?1 THEN u.name -> 'a' END)",
    ];
    for text in sound {
        verify(text, &catalog(), "?1").unwrap_or_else(|refusal| panic!("{refusal}: {text}"));
    }
}

/// The census is what notices a part of the tree that the proof passed by.
#[test]
fn a_part_that_was_passed_by_is_noticed() {
    let catalog = catalog();
    let rules = Rules::of(Dialect::Sqlite);
    let statement = round_trip::reparse("SELECT (SELECT 1), 2", rules).expect("it parses");
    let verifier = super::Verifier {
        catalog: &catalog,
        rules,
        marker: "?1",
        copies: std::collections::HashMap::new(),
        ctes: Vec::new(),
        subqueries: 0,
        seen: super::census::Count::default(),
        raising: false,
    };
    assert!(super::census::compare(&statement, &verifier).is_err());
}

#[test]
fn a_qualified_name_that_is_no_column_is_not_proved_on_postgres() {
    let users = Table::owned("users").columns(["id", "name", "tenant_id"]);
    let catalog = Catalog::builder(Dialect::Postgres).table(users).build().expect("sound");
    let proved = |fields: &str| {
        let sql = format!(r#"SELECT {fields} FROM users u WHERE "u"."tenant_id" = $1"#);
        verify(&sql, &catalog, "$1").is_ok()
    };
    assert!(proved("u.id, u.name, lower(u.name) AS low"));
    assert!(!proved("u.sum_of_all"));
    assert!(!proved("count(u.sum_of_all)"));
    let from = |fields: &str, more: &str| {
        let sql = format!(r#"SELECT {fields} FROM users u, {more} WHERE "u"."tenant_id" = $1"#);
        verify(&sql, &catalog, "$1").is_ok()
    };
    for (field, more) in [
        ("e.key", "json_each(u.name) e"),
        ("e.value", "json_each(u.name) e"),
        ("e.v", "json_each(u.name) AS e (k, v)"),
        ("g.g", "generate_series(1, 2) AS g"),
        ("generate_series.generate_series", "generate_series(1, 2)"),
        ("g.g", "LATERAL generate_series(1, u.id) AS g"),
        ("d.n", "(SELECT u.id FROM users u WHERE \"u\".\"tenant_id\" = $1) AS d (n)"),
    ] {
        assert!(from(field, more), "{field} of {more}");
        assert!(!from(&field.replace('.', ".x"), more), "{field} of {more}");
    }
}

#[test]
fn merges_of_the_tenants_rows_are_proved() {
    let users = Table::owned("users").columns(["id", "age", "tenant_id"]).unique(["tenant_id", "id"]);
    let orders = Table::owned("orders").columns(["id", "total", "tenant_id"]);
    let catalog =
        Catalog::builder(Dialect::Postgres).table(users).table(orders).table(Table::shared("plans"));
    let catalog = catalog.build().expect("sound");
    let proved = |source: &str, clause: &str| {
        let sql = format!(
            r#"MERGE INTO users AS u USING {source} ON "u"."tenant_id" = $1 AND (u.id = s.id) WHEN {clause}"#
        );
        verify(&sql, &catalog, "$1").is_ok()
    };
    let scoped = r#"(SELECT * FROM orders WHERE "orders"."tenant_id" = $1) AS s"#;
    for source in ["plans AS s", scoped] {
        for clause in [
            "MATCHED THEN DELETE",
            "MATCHED AND s.id > 1 THEN UPDATE SET age = 2",
            "MATCHED THEN DO NOTHING",
            "NOT MATCHED THEN INSERT (id, tenant_id) VALUES (s.id, $1)",
            "NOT MATCHED THEN DO NOTHING WHEN MATCHED THEN DELETE",
        ] {
            assert!(proved(source, clause), "{source}: {clause}");
        }
        for clause in [
            "NOT MATCHED BY SOURCE THEN DO NOTHING",
            "NOT MATCHED BY SOURCE THEN DELETE",
            "MATCHED THEN UPDATE SET tenant_id = 2",
            "NOT MATCHED THEN INSERT (id, tenant_id) VALUES (s.id, s.id)",
        ] {
            assert!(!proved(source, clause), "{source}: {clause}");
        }
    }
    assert!(!proved("orders AS s", "MATCHED THEN DELETE") && !proved("plans AS u", "MATCHED THEN DELETE"));
}

/// By a name of its own: if the relation lacks the tenant column, the predicate must not bind around.
#[test]
fn a_relation_that_is_only_taken_for_owned_has_a_name_of_its_own() {
    let catalog =
        Catalog::builder(Dialect::Sqlite).unknown(crate::catalog::Unknown::Owned).build().expect("sound");
    let proved = |name: &str| {
        let sql = format!(
            "SELECT * FROM (SELECT * FROM ghosts AS {name} WHERE \"{name}\".\"tenant_id\" = ?1) AS g"
        );
        verify(&sql, &catalog, "?1").is_ok()
    };
    assert!(proved("tenant_scope_1") && !proved("ghosts") && !proved("g"));
}

#[test]
fn joined_tables_are_written_on_mysql_without_a_limit() {
    let [users, orders] =
        ["users", "orders"].map(|name| Table::owned(name).columns(["id", "age", "tenant_id"]));
    let catalog = Catalog::builder(Dialect::MySql).table(users).table(orders).build().expect("sound");
    let proved = |end: &str| {
        let sql = format!(
            "UPDATE users u JOIN orders o ON o.id = u.id SET u.age = 1 \
             WHERE `u`.`tenant_id` <=> :tenant AND `o`.`tenant_id` <=> :tenant{end}"
        );
        verify(&sql, &catalog, ":tenant").is_ok()
    };
    assert!(proved("") && !proved(" LIMIT 1") && !proved(" ORDER BY u.id"));
    let delete = "DELETE u FROM users u JOIN orders o ON o.id = u.id \
                  WHERE `u`.`tenant_id` <=> :tenant AND `o`.`tenant_id` <=> :tenant";
    assert!(verify(delete, &catalog, ":tenant").is_ok());
    assert!(verify(&format!("{delete} LIMIT 1"), &catalog, ":tenant").is_err());
}

/// A tenant given as an expression is the tenant, or what the database cannot evaluate; what else could stand there is not.
#[test]
fn a_given_tenant_is_the_tenant_or_an_error() {
    let number = "CAST(concat('another tenant') AS BIGINT)";
    let (text, uuid) = (format!("CAST({number} AS TEXT)"), format!("CAST(CAST({number} AS TEXT) AS UUID)"));
    for (dialect, marker, failing) in [
        (Dialect::Sqlite, "?1", vec!["json('another tenant')"]),
        (Dialect::Postgres, "$1", vec![number, text.as_str(), uuid.as_str()]),
        (Dialect::MySql, ":tenant", vec!["(SELECT 1 UNION SELECT 2)"]),
    ] {
        let users = Table::owned("users").columns(["id", "tenant_id"]).unique(["tenant_id", "id"]);
        let catalog = Catalog::builder(dialect).table(users).build().expect("sound");
        let proved = |fails: &str, result: &str, op: &str| {
            let given = format!("CASE WHEN (2) {op} {marker} THEN {result} ELSE {fails} END");
            let sql = format!("INSERT INTO users (id, tenant_id) VALUES (1, {given})");
            verify(&sql, &catalog, marker).is_ok()
        };
        for fails in failing {
            assert!(proved(fails, marker, "="), "{dialect:?}: {fails}");
            assert!(!proved(fails, "2", "=") && !proved(fails, marker, "<>"), "{dialect:?}: {fails}");
        }
        for other in ["2", "NULL", marker, "CAST('another tenant' AS BIGINT)", "json('{}')", "(SELECT 1)"] {
            assert!(!proved(other, marker, "="), "{dialect:?}: {other}");
        }
    }
}

/// Each text is what a faulty scoper could have printed for another database.
#[test]
fn unsound_scopes_of_other_databases_are_refused() {
    let on = |dialect, marker: &str, unsound: &[&str]| {
        let catalog = Catalog::builder(dialect)
            .table(Table::owned("users").columns(["id", "age", "tenant_id"]).unique(["tenant_id", "id"]))
            .table(Table::owned("orders").columns(["id", "total", "tenant_id"]).unique(["tenant_id", "id"]))
            .table(Table::owned("items").columns(["id", "org"]).tenant_column("org"))
            .table(Table::owned("tickets").columns(["id", "tenant_id"]).unique(["id"]))
            .table(Table::owned("unkeyed").columns(["id", "tenant_id"]))
            .table(Table::owned("names").view())
            .table(Table::shared("plans"))
            .build()
            .expect("sound");
        for text in unsound {
            let text = text.replace("$$", marker);
            assert!(verify(&text, &catalog, marker).is_err(), "{text}");
        }
    };
    on(
        Dialect::Postgres,
        "$1",
        &[
            r#"MERGE INTO users u USING plans p ON u.id = p.id WHEN MATCHED THEN DELETE"#,
            r#"MERGE INTO users u USING plans p ON "p"."tenant_id" = $$ AND (u.id = p.id) WHEN MATCHED THEN DELETE"#,
            r#"MERGE INTO users u USING plans p ON "u"."tenant_id" = $$ OR (u.id = p.id) WHEN MATCHED THEN DELETE"#,
            r#"MERGE INTO users u USING orders o ON "u"."tenant_id" = $$ AND "o"."tenant_id" = $$ AND (u.id = o.id) WHEN MATCHED THEN DELETE"#,
            r#"MERGE INTO plans u USING plans p ON "u"."tenant_id" = $$ AND (u.id = p.id) WHEN MATCHED THEN DELETE"#,
            r#"MERGE INTO users u USING plans p ON "u"."tenant_id" = $$ AND (u.id = p.id) WHEN NOT MATCHED BY SOURCE THEN DELETE"#,
            r#"MERGE INTO users u USING plans p ON "u"."tenant_id" = $$ AND (u.id = p.id) WHEN MATCHED THEN UPDATE SET tenant_id = p.id"#,
            r#"MERGE INTO users u USING plans p ON "u"."tenant_id" = $$ AND (u.id = p.id) WHEN NOT MATCHED THEN INSERT (id) VALUES (1)"#,
            r#"MERGE INTO users u USING plans p ON "u"."tenant_id" = $$ AND (u.id = p.id) WHEN NOT MATCHED THEN INSERT (id, tenant_id) VALUES (1, 2)"#,
            r#"MERGE INTO users u USING plans p ON "u"."tenant_id" = $$ AND (u.id = p.id) WHEN MATCHED AND EXISTS (SELECT 1 FROM orders) THEN DELETE"#,
            r#"MERGE INTO users u USING plans p ON "u"."tenant_id" = $$ AND (u.id IN (SELECT id FROM orders)) WHEN MATCHED THEN DELETE"#,
            r#"MERGE INTO users u USING plans u ON "u"."tenant_id" = $$ AND (true) WHEN MATCHED THEN DELETE"#,
            r#"SELECT id FROM users WHERE "users"."tenant_id" <=> $$"#,
        ],
    );
    on(
        Dialect::MySql,
        ":tenant",
        &[
            "SELECT * FROM users WHERE (id = 1) AND `users`.`tenant_id` = $$ AND (id = 2)",
            "SELECT * FROM users WHERE id = 1 AND `users`.`tenant_id` = $$",
            "SELECT * FROM users WHERE (id = 1) OR `users`.`tenant_id` = $$",
            "SELECT * FROM users WHERE (id = 1) AND (`users`.`tenant_id` = $$)",
            "SELECT * FROM users WHERE NOT (id = 1) AND `users`.`tenant_id` = $$",
            "SELECT * FROM users WHERE (id = 1) AND `users`.`tenant_id` = $$ OR id = 2",
            "SELECT * FROM users WHERE `users`.`tenant_id` = $$ AND (id = 1) AND `users`.`tenant_id` = $$",
            "UPDATE users u JOIN orders o ON o.id = u.id SET u.age = 1 WHERE `u`.`tenant_id` <=> $$",
            "UPDATE users u JOIN orders o ON o.id = u.id SET u.age = 1 WHERE `o`.`tenant_id` <=> $$",
            "UPDATE users u JOIN plans p ON p.id = u.id SET p.age = 1 WHERE `u`.`tenant_id` <=> $$",
            "UPDATE users u JOIN plans p ON p.id = u.id SET age = 1 WHERE `u`.`tenant_id` <=> $$",
            "UPDATE users u JOIN (plans p JOIN plans q ON 1) ON p.id = u.id SET age = 1 WHERE `u`.`tenant_id` <=> $$",
            "UPDATE users u JOIN items i ON i.id = u.id SET org = 1 WHERE `u`.`tenant_id` <=> $$ AND `i`.`org` <=> $$",
            "UPDATE users u JOIN items i ON i.id = u.id SET i.org = 1 WHERE `u`.`tenant_id` <=> $$ AND `i`.`org` <=> $$",
            "UPDATE users u JOIN items i ON i.id = u.id SET tenant_id = 1 WHERE `u`.`tenant_id` <=> $$ AND `i`.`org` <=> $$",
            "UPDATE users u JOIN names n ON n.id = u.id SET n.age = 1 WHERE `u`.`tenant_id` <=> $$ AND `n`.`tenant_id` <=> $$",
            "UPDATE users u LEFT JOIN orders o ON o.id = u.id SET o.total = 1 WHERE `u`.`tenant_id` <=> $$ AND `o`.`tenant_id` <=> $$",
            "UPDATE users SET age = 1 WHERE (id = 1) AND `users`.`tenant_id` = $$",
            "DELETE FROM users WHERE (id = 1) AND `users`.`tenant_id` = $$",
            "UPDATE users SET orders.total = 1 WHERE `users`.`tenant_id` = $$",
            "UPDATE users SET users.tenant_id = 1 WHERE `users`.`tenant_id` = $$",
            "DELETE u FROM users u JOIN orders o ON o.id = u.id WHERE `u`.`tenant_id` <=> $$",
            "DELETE p FROM users u JOIN plans p ON p.id = u.id WHERE `u`.`tenant_id` <=> $$",
            "DELETE u, p FROM users u JOIN plans p ON p.id = u.id WHERE `u`.`tenant_id` <=> $$",
            "DELETE n FROM users u JOIN names n ON n.id = u.id WHERE `u`.`tenant_id` <=> $$ AND `n`.`tenant_id` <=> $$",
            "DELETE FROM u USING users u WHERE `u`.`tenant_id` <=> $$",
            "INSERT INTO users SET id = 1",
            "INSERT IGNORE INTO users (id, tenant_id) VALUES (1, CASE WHEN CAST((2) AS BINARY) = $$ THEN $$ ELSE (SELECT 1 UNION SELECT 2) END)",
            "INSERT INTO users (id, tenant_id) VALUES (1, CASE WHEN CAST((2) AS BINARY) = $$ THEN $$ ELSE (SELECT 1) END)",
            "INSERT INTO users (id, tenant_id) VALUES (1, $$) ON DUPLICATE KEY UPDATE users.tenant_id = 2",
            "SELECT * FROM users WHERE (id = 1) XOR `users`.`tenant_id` = $$",
            "SELECT * FROM users WHERE (id = 1) AND `users`.`tenant_id` = $$ XOR id = 2",
            "SELECT * FROM users WHERE (id = 1) XOR (id = 2) AND `users`.`tenant_id` = $$",
            "UPDATE OR IGNORE tickets SET id = 1 WHERE `tickets`.`tenant_id` = $$",
            "UPDATE OR IGNORE unkeyed SET id = 1 WHERE `unkeyed`.`tenant_id` = $$",
            "SELECT @@hostname",
            "SELECT @x",
            "SELECT last_insert_id()",
            "SELECT 1 FROM `dual`",
            "SELECT SQL_CALC_FOUND_ROWS 1",
            "REPLACE INTO tickets (id, tenant_id) VALUES (1, $$)",
            "INSERT IGNORE INTO tickets (id, tenant_id) VALUES (1, $$)",
        ],
    );
}

#[test]
fn what_becomes_of_a_row_that_is_there_is_proved_on_mysql() {
    let keyed = Table::owned("users").columns(["id", "age", "tenant_id"]).unique(["tenant_id", "id"]);
    let catalog = Catalog::builder(Dialect::MySql).table(keyed).table(Table::owned("tickets").unique(["id"]));
    let catalog = catalog.build().expect("sound");
    let proved = |table: &str, update: &str| {
        let sql = format!(
            "INSERT INTO {table} (id, tenant_id) VALUES (1, :tenant) ON DUPLICATE KEY UPDATE {update}"
        );
        verify(&sql, &catalog, ":tenant").is_ok()
    };
    assert!(proved("users", "age = age + 1") && proved("users", "age = VALUES(id)"));
    assert!(!proved("users", "tenant_id = 2") && !proved("users", "age = (SELECT max(age) FROM users)"));
    assert!(!proved("tickets", "id = 2"));
}

#[test]
fn an_outer_join_of_a_subquery_that_hangs_on_the_query_around_is_not_proved_on_mysql() {
    let tables =
        ["users", "orders", "tags"].map(|name| Table::owned(name).columns(["id", "age", "tenant_id"]));
    let [users, orders, tags] = tables;
    let catalog = Catalog::builder(Dialect::MySql).table(users).table(orders).table(tags);
    let catalog = catalog.build().expect("sound");
    let proved = |on: &str| {
        let sql = format!(
            "SELECT u.id FROM users u WHERE (EXISTS (SELECT 1 FROM orders o LEFT JOIN \
             (SELECT * FROM tags WHERE `tags`.`tenant_id` <=> :tenant LIMIT 9) AS t ON {on} \
             WHERE `o`.`tenant_id` <=> :tenant)) AND `u`.`tenant_id` <=> :tenant"
        );
        verify(&sql, &catalog, ":tenant").is_ok()
    };
    for on in [
        "t.id = o.id",
        "t.age > u.age",
        "age > u.age",
        "o.id = u.id",
        "1 = 0",
        "@@autocommit = 0",
        "(t.id = o.id AND t.age > u.age)",
    ] {
        assert!(proved(on), "{on}");
    }
    for on in [
        "u.age > 3",
        "t.id = o.id AND u.age > 3",
        "(t.id = o.id AND u.age > 3)",
        "u.age = o.tenant_id",
        "CASE WHEN `o`.`tenant_id` <=> :tenant THEN abs(u.age) > 3 END",
        "`@@autocommit` > 3",
        "EXISTS (SELECT 1 FROM orders x WHERE (x.id = u.id) AND `x`.`tenant_id` <=> :tenant)",
    ] {
        assert!(!proved(on), "{on}");
    }
}

/// What hangs on nothing around is not looked at: beside a subquery, and on other databases.
#[test]
fn an_outer_join_is_held_to_that_in_subqueries_of_mariadb_alone() {
    let catalog = |dialect| {
        let users = Table::owned("users").columns(["id", "age", "tenant_id"]);
        Catalog::builder(dialect).table(users).table(Table::shared("plans")).build().expect("sound")
    };
    let beside = "SELECT (SELECT 1) UNION SELECT p.id FROM plans p LEFT JOIN plans q ON age > 3";
    assert!(verify(beside, &catalog(Dialect::MySql), ":tenant").is_ok());
    let inside = "SELECT (SELECT 1 FROM plans p LEFT JOIN plans q ON u.age > 3) FROM users u WHERE ";
    let mysql = format!("{inside}`u`.`tenant_id` <=> :tenant");
    let sqlite = format!("{inside}\"u\".\"tenant_id\" = ?1");
    assert!(verify(&mysql, &catalog(Dialect::MySql), ":tenant").is_err());
    assert!(verify(&sqlite, &catalog(Dialect::Sqlite), "?1").is_ok());
}

/// By our own predicates a tenant column is a constant, and so is its copy where the subquery is merged.
#[test]
fn an_outer_join_of_a_subquery_that_hangs_on_a_copy_of_the_tenant_is_not_proved_on_mysql() {
    let [users, orders] =
        ["users", "orders"].map(|name| Table::owned(name).columns(["id", "age", "tenant_id"]));
    let catalog = Catalog::builder(Dialect::MySql).table(users).table(orders).table(Table::shared("plans"));
    let catalog = catalog.build().expect("sound");
    let proved = |with: &str, joined: &str, on: &str| {
        let sql = format!(
            "{with}SELECT u.id FROM users u WHERE (EXISTS (SELECT 1 FROM orders o LEFT JOIN {joined} ON {on} \
             WHERE `o`.`tenant_id` <=> :tenant)) AND `u`.`tenant_id` <=> :tenant"
        );
        verify(&sql, &catalog, ":tenant").map_err(|refusal| refusal.construct().to_owned())
    };
    let orders = "FROM orders x WHERE `x`.`tenant_id` <=> :tenant";
    let copy = format!("SELECT tenant_id AS k, id, age AS n {orders}");
    for (with, joined) in [
        (String::new(), format!("({copy}) t")),
        (String::new(), format!("(SELECT * FROM ({copy}) y) t")),
        (String::new(), format!("(SELECT y.* FROM ({copy}) y) t")),
        (String::new(), format!("(SELECT y.k, n FROM ({copy}) y) t")),
        (
            String::new(),
            format!("(SELECT lower(z) AS k, n FROM (SELECT x.tenant_id z, age AS n {orders}) y) t"),
        ),
        (String::new(), format!("({copy} UNION SELECT 1, 2, 3) t")),
        (String::new(), format!("(plans p JOIN ({copy}) t ON p.id = t.n)")),
        (format!("WITH c AS ({copy}) "), "c AS t".to_owned()),
        (format!("WITH t AS ({copy}) "), "t".to_owned()),
        (format!("WITH b AS ({copy}), t AS (SELECT * FROM b) "), "t".to_owned()),
        (format!("WITH t (k, m, n) AS ({copy}) "), "t".to_owned()),
        (format!("WITH t (k, n, z) AS (SELECT * FROM ({copy}) y) "), "t".to_owned()),
    ] {
        for on in ["t.k = u.age", "u.age = t.k AND t.n = u.id", "k = u.age"] {
            let construct = proved(&with, &joined, on).expect_err("a copy of the tenant");
            assert_eq!(construct, "join on columns of the query around", "{with}{joined}: {on}");
        }
        if with.contains('*') {
            continue;
        }
        for on in ["t.n = u.age", "t.k = o.id AND t.n = u.id", "u.age = t.n OR u.age > 3"] {
            assert_eq!(proved(&with, &joined, on), Ok(()), "{with}{joined}: {on}");
        }
    }
    let unread = format!("WITH t AS (WITH z AS ({copy}) SELECT k, n FROM z) ");
    assert!(proved(&unread, "t", "t.k = u.age").is_err());
}

#[test]
fn a_cte_from_around_is_not_believed_in_the_elements_of_a_with_on_mysql() {
    let catalog = |dialect| Catalog::builder(dialect).table(Table::owned("users")).build().expect("sound");
    let sql = "WITH users (k) AS (SELECT 1) SELECT (WITH w AS (SELECT 2 FROM users) SELECT count(*) FROM w)";
    assert!(verify(sql, &catalog(Dialect::MySql), "?").is_err());
    assert!(verify(sql, &catalog(Dialect::Postgres), "$1").is_ok());
}
