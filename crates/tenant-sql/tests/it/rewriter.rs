//! The cache, the catalog's replacement, and the plan's own checks.

use std::sync::Arc;

use tenant_sql::{
    Catalog, CatalogError, Dialect, RefusalKind, Rewriter, StatementKind, Table, TenantBind, TenantType,
    TenantValue,
};

use crate::common::{rewriter, shop};

#[test]
fn a_statement_is_rewritten_once() {
    let rewriter = rewriter(Dialect::Sqlite);
    let first = rewriter.rewrite("SELECT id FROM users").expect("scoped");
    let second = rewriter.rewrite("SELECT id FROM users").expect("scoped");
    assert!(Arc::ptr_eq(&first, &second));
    let stats = rewriter.stats();
    assert_eq!((stats.hits, stats.misses, stats.entries), (1, 1, 1));
}

#[test]
fn refusals_are_remembered_too() {
    let rewriter = rewriter(Dialect::Sqlite);
    let first = rewriter.rewrite("SELECT id FROM nowhere").unwrap_err();
    assert_eq!(rewriter.rewrite("SELECT id FROM nowhere").unwrap_err(), first);
    assert_eq!(rewriter.stats().hits, 1);
}

#[test]
fn the_cache_holds_no_more_than_its_capacity_in_entries_and_bytes() {
    let rewriter = rewriter(Dialect::Sqlite).with_cache_capacity(8);
    for number in 0..100 {
        let _ = rewriter.rewrite(&format!("SELECT {number}"));
    }
    assert!(rewriter.stats().entries <= 8);
    let long = "x".repeat(40_000);
    for number in 0..20 {
        let _ = rewriter.rewrite(&format!("SELECT {number}, '{long}'"));
    }
    assert!(rewriter.stats().entries <= 2, "{:?}", rewriter.stats());
}

#[test]
fn a_cache_of_no_capacity_keeps_nothing() {
    let rewriter = rewriter(Dialect::Sqlite).with_cache_capacity(0);
    for _ in 0..2 {
        rewriter.rewrite("SELECT 1").expect("scoped");
    }
    assert_eq!(rewriter.stats().entries, 0);
}

#[test]
fn a_flood_of_new_statements_leaves_the_hot_ones() {
    let rewriter = rewriter(Dialect::Sqlite).with_cache_capacity(16);
    let hot: Vec<String> = (0..8).map(|number| format!("SELECT id FROM users WHERE id = {number}")).collect();
    for sql in &hot {
        let _ = (rewriter.rewrite(sql), rewriter.rewrite(sql));
    }
    (0..1_000).for_each(|number| drop(rewriter.rewrite(&format!("SELECT {number}"))));
    let before = rewriter.stats().hits;
    hot.iter().for_each(|sql| drop(rewriter.rewrite(sql)));
    assert_eq!(rewriter.stats().hits - before, 8);
}

#[test]
fn a_new_catalog_holds_for_the_next_statement() {
    let rewriter = rewriter(Dialect::Sqlite);
    assert!(rewriter.rewrite("SELECT id FROM users").is_ok());
    assert!(rewriter.rewrite("SELECT id FROM nowhere").is_err());
    let catalog =
        Catalog::builder(Dialect::Sqlite).table(Table::owned("nowhere")).table(Table::hidden("users"));
    rewriter.replace_catalog(catalog.build().expect("sound"));
    assert_eq!(rewriter.stats().entries, 0);
    assert!(rewriter.rewrite("SELECT id FROM nowhere").is_ok());
    assert_eq!(rewriter.rewrite("SELECT id FROM users").unwrap_err().kind(), RefusalKind::HiddenRelation);
}

#[test]
fn threads_share_a_rewriter() {
    fn shared<T: Send + Sync + 'static>(_: &T) {}
    let rewriter = Arc::new(rewriter(Dialect::Sqlite));
    shared(&*rewriter);
    let threads: Vec<_> = (0..4)
        .map(|thread| {
            let rewriter = Arc::clone(&rewriter);
            std::thread::spawn(move || {
                for number in 0..200 {
                    rewriter
                        .rewrite(&format!("SELECT id FROM users WHERE id = {}", number % 50))
                        .expect("scoped");
                    if thread == 0 && number % 40 == 0 {
                        rewriter.replace_catalog(shop(Dialect::Sqlite).build().expect("sound"));
                    }
                }
            })
        })
        .collect();
    threads.into_iter().for_each(|thread| thread.join().expect("no panic"));
}

#[test]
fn plans_tell_what_they_are() {
    let rewriter = rewriter(Dialect::Sqlite);
    let cases = [
        ("SELECT id FROM users", StatementKind::Select, true, 0, TenantBind::Argument(1)),
        ("VALUES (?)", StatementKind::Select, true, 1, TenantBind::None),
        ("SELECT * FROM plans WHERE id = ?4", StatementKind::Select, true, 4, TenantBind::None),
        ("INSERT INTO users (id) VALUES (?)", StatementKind::Insert, false, 1, TenantBind::Argument(2)),
        (
            "REPLACE INTO users (id) VALUES (?) RETURNING id",
            StatementKind::Insert,
            true,
            1,
            TenantBind::Argument(2),
        ),
        (
            "UPDATE users SET age = ?2 WHERE id = ?1 OR id = ?2",
            StatementKind::Update,
            false,
            2,
            TenantBind::Argument(3),
        ),
        ("DELETE FROM users RETURNING id", StatementKind::Delete, true, 0, TenantBind::Argument(1)),
        ("WITH x AS (SELECT 1) DELETE FROM users", StatementKind::Delete, false, 0, TenantBind::Argument(1)),
        (
            "WITH x AS (SELECT 1) INSERT INTO users (id) SELECT * FROM x RETURNING id",
            StatementKind::Insert,
            true,
            0,
            TenantBind::Argument(1),
        ),
    ];
    for (sql, kind, rows, arguments, tenant) in cases {
        let plan = rewriter.rewrite(sql).unwrap_or_else(|refusal| panic!("{refusal}: {sql}"));
        assert_eq!(
            (plan.statement(), plan.returns_rows(), plan.arguments(), plan.tenant()),
            (kind, rows, arguments, tenant),
            "{sql}"
        );
        assert!(plan.check_arguments(arguments).is_ok());
        assert_eq!(plan.check_arguments(arguments + 1).unwrap_err().kind(), RefusalKind::Arguments);
    }
}

#[test]
fn placeholders_are_numbered_so_that_the_tenant_is_last() {
    let rewriter = rewriter(Dialect::Sqlite);
    let cases = [
        ("SELECT ?, ? FROM users LIMIT ?", "?4"),
        ("SELECT ?3, ?1 FROM users", "?4"),
        ("SELECT $2, $1 FROM users", "?3"),
    ];
    for (sql, tenant) in cases {
        let plan = rewriter.rewrite(sql).expect("scoped");
        assert!(plan.sql().contains(&format!(r#""users"."tenant_id" = {tenant}"#)), "{}", plan.sql());
        assert!(!plan.sql().contains("? ") && !plan.sql().contains("?,"), "{}", plan.sql());
    }
}

#[test]
fn tenants_are_bound_in_the_catalogs_type() {
    let catalog = |tenant_type| {
        let builder = Catalog::builder(Dialect::Sqlite).tenant_type(tenant_type).table(Table::owned("users"));
        Rewriter::new(builder.build().expect("sound"))
    };
    let integer =
        catalog(TenantType::Integer).rewrite("INSERT INTO users (tenant_id) VALUES (7)").expect("scoped");
    assert!(integer.check_tenant(&TenantValue::Integer(7)).is_ok());
    assert_eq!(
        integer.check_tenant(&TenantValue::Integer(8)).unwrap_err().kind(),
        RefusalKind::ForeignTenantLiteral
    );
    assert_eq!(integer.check_tenant(&TenantValue::Text("7")).unwrap_err().kind(), RefusalKind::Arguments);
    let id = 0x0191_8f3a_0000_7000_8000_0000_0000_0001_u128;
    let text = "01918f3a-0000-7000-8000-000000000001";
    let uuid = catalog(TenantType::Uuid);
    let plan = uuid.rewrite(&format!("INSERT INTO users (tenant_id) VALUES ('{text}')")).expect("scoped");
    assert!(plan.check_tenant(&TenantValue::Uuid(id)).is_ok());
    assert!(plan.check_tenant(&TenantValue::Uuid(id + 1)).is_err());
    let loud = uuid
        .rewrite(&format!("INSERT INTO users (tenant_id) VALUES ('{}')", text.to_uppercase()))
        .expect("scoped");
    assert!(loud.check_tenant(&TenantValue::Uuid(id)).is_err());
}

#[test]
fn catalogs_that_contradict_themselves_are_refused() {
    let build =
        |table: Table| Catalog::builder(Dialect::Sqlite).table(Table::owned("users")).table(table).build();
    let faulty = [
        Table::shared("USERS"),
        Table::owned("a\"b"),
        Table::owned("a'b"),
        Table::owned(""),
        Table::owned("a").tenant_column("b]"),
        Table::owned("a").columns(["id", "name"]),
        Table::owned("a").columns(["id", "tenant_id"]).unique(["id", "code"]),
    ];
    for table in faulty {
        let error: CatalogError = build(table.clone()).expect_err("a fault");
        assert!(error.to_string().contains(&table.name().to_lowercase()), "{error}");
    }
    let catalog = build(Table::shared("plans")).expect("sound");
    assert_eq!(catalog.tables().count(), 2);
}
