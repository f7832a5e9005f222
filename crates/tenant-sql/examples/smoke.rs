use std::io::BufRead;
use tenant_sql::{Catalog, Dialect, Rewriter, Table};
fn main() {
    let catalog = Catalog::builder(match std::env::args().nth(1).as_deref() { Some("pg") => Dialect::Postgres, Some("my") => Dialect::MySql, _ => Dialect::Sqlite })
        .table(Table::owned("users").columns(["id", "name", "email", "age", "tenant_id"]).unique(["id"]).unique(["tenant_id", "email"]).generated(["id"]))
        .table(Table::owned("orders").columns(["id", "user_id", "total", "tenant_id"]).unique(["tenant_id", "id"]))
        .table(Table::shared("plans").columns(["id", "name"]))
        .table(Table::hidden("secrets"))
        .build().unwrap();
    let rewriter = Rewriter::new(catalog);
    for line in std::io::stdin().lock().lines() {
        let line = line.unwrap();
        match rewriter.rewrite(&line) { Ok(plan) => println!("  {}", plan.sql()), Err(e) => println!("X {} <- {line}", e) }
    }
}
