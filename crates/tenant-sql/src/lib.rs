//! Scopes SQL statements to one tenant by rewriting their syntax tree, or refuses them.
//!
//! ```
//! use tenant_sql::{Catalog, Dialect, Rewriter, Table};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let catalog = Catalog::builder(Dialect::Sqlite).table(Table::owned("users")).build()?;
//! let rewriter = Rewriter::new(catalog);
//! let plan = rewriter.rewrite("SELECT id FROM users WHERE active = ? OR admin = ?")?;
//! assert_eq!(
//!     &**plan.sql(),
//!     r#"SELECT id FROM users WHERE "users"."tenant_id" = ?3 AND (active = ?1 OR admin = ?2)"#,
//! );
//! # Ok(())
//! # }
//! ```

mod cache;
mod catalog;
mod dialect;
mod lex;
mod limits;
mod pipeline;
mod plan;
mod refusal;
mod rewriter;
mod round_trip;
mod scope;
mod table;
mod tenant;
mod verify;
mod words;

pub use cache::CacheStats;
pub use catalog::{Catalog, CatalogBuilder, CatalogError, Dialect, Unknown};
pub use limits::Limits;
pub use plan::{Plan, StatementKind, TenantBind};
pub use refusal::{Location, Refusal, RefusalKind};
pub use rewriter::Rewriter;
pub use table::{Table, TableKind};
pub use tenant::{TenantType, TenantValue};
