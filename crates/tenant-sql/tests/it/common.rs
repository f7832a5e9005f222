use tenant_sql::{Catalog, CatalogBuilder, Dialect, Refusal, Rewriter, Table};

/// A shop: two tables of one tenant column, one of another, a shared one, a hidden one.
pub(crate) fn shop(dialect: Dialect) -> CatalogBuilder {
    Catalog::builder(dialect)
        .table(
            Table::owned("users")
                .columns(["id", "name", "email", "age", "tenant_id"])
                .unique(["tenant_id", "id"])
                .unique(["tenant_id", "email"]),
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
        .table(Table::owned("tickets").columns(["id", "code", "tenant_id"]).unique(["id"]).unique(["code"]))
        .table(Table::owned("user_names").columns(["id", "name", "tenant_id"]).view())
        .table(Table::shared("plans").columns(["id", "name", "price"]).unique(["id"]))
        .table(Table::hidden("secrets"))
}

pub(crate) fn rewriter(dialect: Dialect) -> Rewriter {
    Rewriter::new(shop(dialect).build().expect("the catalog is sound"))
}

pub(crate) fn sqlite(sql: &str) -> Result<String, Refusal> {
    rewriter(Dialect::Sqlite).rewrite(sql).map(|plan| plan.sql().to_string())
}

pub(crate) fn refused(sql: &str) -> Refusal {
    match rewriter(Dialect::Sqlite).rewrite(sql) {
        Ok(plan) => panic!("accepted: {sql}\n      as: {}", plan.sql()),
        Err(refusal) => refusal,
    }
}
