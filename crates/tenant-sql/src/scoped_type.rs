use crate::table::Table;

/// A type whose values are rows of a table.
///
/// With the feature `derive` a struct says so beside its fields:
///
/// ```
/// # #[cfg(feature = "derive")]
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use tenant_sql::{Catalog, Dialect, Rewriter, TenantScoped};
///
/// #[derive(TenantScoped)]
/// #[tenant(table = "users", all_columns, unique("tenant_id", "id"), unique("tenant_id", "email"))]
/// struct User {
///     tenant_id: String,
///     id: i64,
///     email: String,
/// }
///
/// let catalog = Catalog::builder(Dialect::Sqlite).table(User::table()).build()?;
/// let plan = Rewriter::new(catalog).rewrite("INSERT INTO users (id, email) VALUES (?, ?)")?;
/// assert_eq!(plan.arguments(), 2);
/// # Ok(())
/// # }
/// # #[cfg(not(feature = "derive"))]
/// # fn main() {}
/// ```
///
/// | `#[tenant(…)]` on the struct | |
/// |---|---|
/// | `table = "users"` | the table, spelled as the database stores it; required |
/// | `shared` | all tenants read it, none writes it; otherwise its rows belong to tenants |
/// | `view` | it is a view ([`Table::view`]) |
/// | `tenant_column = "org"` | the tenant column, where it is not the catalog's |
/// | `unique("tenant_id", "email")` | a unique key; list all of them, the primary key too ([`Table::unique`]) |
/// | `generated("id")` | columns that the database fills ([`Table::generated`]) |
/// | `all_columns` | the fields are *all* columns in the order of the table ([`Table::columns`]) |
/// | `crate = "path"` | where `tenant_sql` is, if it is neither `tenant_sql` nor in `tenant` |
///
/// Fields take `#[tenant(rename = "column")]` and `#[tenant(skip)]`; sqlx's `rename`, `rename_all` and `skip` are heeded.
/// Without `all_columns` no columns are declared, and statements that depend on them are refused: rows are often read
/// into structs that have fewer fields than their table, or in another order.
///
/// What is declared must be true: see [`Table`].
pub trait TenantScoped {
    /// Describes the table.
    fn table() -> Table;
}
