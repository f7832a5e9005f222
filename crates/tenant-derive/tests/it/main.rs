//! The derived description of a table is the one that one writes by hand.
#![allow(dead_code, clippy::unwrap_used)]

use tenant_sql::{Catalog, Dialect, Refusal, RefusalKind, Rewriter, Table, TenantScoped};

#[derive(TenantScoped)]
#[tenant(
    table = "users",
    all_columns,
    unique("tenant_id", "id"),
    unique("tenant_id", "email"),
    generated("id")
)]
struct User<'a> {
    tenant_id: &'a str,
    id: i64,
    email: String,
    #[sqlx(rename = "isActive", default)]
    active: bool,
    #[tenant(rename = "type")]
    r#type: String,
    #[sqlx(skip)]
    cached: Option<u8>,
}

#[derive(TenantScoped)]
#[tenant(table = "Orders", tenant_column = "orgId", all_columns)]
#[sqlx(type_name = "orders", rename_all = "camelCase")]
struct Order<T: Clone> {
    org_id: T,
    placed_at: i64,
}

#[derive(TenantScoped)]
#[tenant(table = "plans", shared)]
enum Plan {
    Free,
    Paid,
}

#[derive(TenantScoped)]
#[tenant(table = "user_names")]
#[tenant(view)]
struct UserName(String);

#[test]
fn says_what_one_would_say_by_hand() {
    let users = Table::owned("users")
        .columns(["tenant_id", "id", "email", "isActive", "type"])
        .unique(["tenant_id", "id"])
        .unique(["tenant_id", "email"])
        .generated(["id"]);
    assert_eq!(User::table(), users);
    let orders = Table::owned("Orders").tenant_column("orgId").columns(["orgId", "placedAt"]);
    assert_eq!(Order::<u8>::table(), orders);
    assert_eq!(Plan::table(), Table::shared("plans"));
    assert_eq!(UserName::table(), Table::owned("user_names").view());
}

#[test]
fn without_all_columns_nothing_depends_on_the_order_of_the_fields() {
    #[derive(TenantScoped)]
    #[tenant(table = "notes")]
    struct Note {
        body: String,
        id: i64,
    }
    let catalog = Catalog::builder(Dialect::Sqlite).table(Note::table()).build().unwrap();
    let refusal: Refusal = Rewriter::new(catalog).rewrite("INSERT INTO notes VALUES (1, 'a')").unwrap_err();
    assert_eq!(refusal.kind(), RefusalKind::Ambiguous);
}

#[test]
fn what_can_not_be_meant_does_not_compile() {
    trybuild::TestCases::new().compile_fail("tests/fail/*.rs");
}
