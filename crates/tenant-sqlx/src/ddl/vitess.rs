//! A VSchema of Vitess (<https://vitess.io/docs/reference/features/vschema/>).

use serde_json::{Map, Value, json};
use tenant_sql::{Catalog, TableKind, TenantType};

use crate::model::{Model, Register};

/// A VSchema that shards the tables of tenants by their tenant, and copies shared ones to every shard.
///
/// # Example
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use tenant_sql::{Catalog, Dialect, Table};
/// use tenant_sqlx::{Model, ddl};
///
/// let catalog = Catalog::builder(Dialect::MySql).table(Table::owned("users")).build()?;
/// let vschema = ddl::vschema(&Model::of(&catalog), &catalog);
/// assert!(vschema.contains(r#""type": "xxhash""#));
/// # Ok(())
/// # }
/// ```
#[must_use]
pub fn vschema(model: &Model, catalog: &Catalog) -> String {
    // Byte by byte: the vindexes for texts that ignore case would put two tenants in one place, and look for one in
    // that of the other.
    let vindex = match catalog.tenant_type() {
        TenantType::Text | TenantType::Uuid => "xxhash",
        TenantType::Integer => "hash",
    };
    let register = Register::new(model, catalog);
    let owned = register.tenancy().owned().map(|owned| {
        let vindexes = json!([{ "column": owned.tenant, "name": "tenant" }]);
        (owned.relation.name.clone(), json!({ "column_vindexes": vindexes }))
    });
    let shared = catalog.tables().filter(|table| table.kind() == TableKind::Shared && !table.is_view());
    let shared = shared.map(|table| (table.name().to_owned(), json!({ "type": "reference" })));
    let tables: Map<String, Value> = owned.chain(shared).collect();
    let schema = json!({ "sharded": true, "vindexes": { "tenant": { "type": vindex } }, "tables": tables });
    format!("{schema:#}\n")
}
