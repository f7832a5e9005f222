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
//!
//! # The claim
//!
//! Run for a tenant on the shared database, an accepted statement does exactly what the caller's own text does on a
//! database that holds only that tenant's rows of the owned tables, and the shared tables. What cannot be shown to be so
//! is a [`Refusal`], which names the construct and the way out, and never repeats a value.
//!
//! Three things together make the claim:
//!
//! - The *scoper* walks every field of the tree by name. A relation, function, operator or clause that it does not know
//!   is refused; so is a version of the parser that knows more.
//! - The text that is sent is printed from the tree that was analysed, read again, and compared: with the tree, and token
//!   by token with the caller's text.
//! - The *verifier* takes the printed text alone and proves, for each relation in each scope, that its tenant column is
//!   bound to the tenant at a place that filters it. It shares no judgement with the scoper, and is on in every build.
//!
//! # What it is not
//!
//! The claim is about statements. It holds on writes only where unique and foreign keys carry the tenant column, and only if
//! the catalog is true: that an owned table has its tenant column, that the column compares byte by byte (on SQLite:
//! affinity TEXT for text, collation BINARY), that views, triggers and allowed functions keep to their tenant. It says
//! nothing of generated keys, of `random()`, of the order of rows without `ORDER BY`, or of which row a `LIMIT` over ties
//! picks.
//!
//! # Sending a plan
//!
//! [`Plan::sql`] takes the caller's arguments first, and the tenant as the argument of [`Plan::tenant`]. Check
//! [`Plan::check_arguments`] and [`Plan::check_tenant`] before. Where the tenant is [`TenantBind::Inline`] (MySQL), send
//! [`Plan::sql_for`] instead, or [`Plan::trailing`] where there is one.
//!
//! ```
//! use tenant_sql::{Catalog, Dialect, Rewriter, Table, TenantBind, TenantValue};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let catalog = Catalog::builder(Dialect::Sqlite).table(Table::owned("users")).build()?;
//! let plan = Rewriter::new(catalog).rewrite("INSERT INTO users (name) VALUES (?)")?;
//! plan.check_arguments(1)?;
//! plan.check_tenant(&TenantValue::Text("acme"))?;
//! assert_eq!(plan.tenant(), TenantBind::Argument(2));
//! # Ok(())
//! # }
//! ```

mod cache;
mod catalog;
#[cfg(test)]
#[path = "../tests/it/oracle/corpus.rs"]
mod corpus;
#[cfg(feature = "serde")]
mod declaration;
mod dialect;
mod lex;
mod limits;
mod pipeline;
mod plan;
mod reach;
mod refusal;
mod rewriter;
mod round_trip;
mod scope;
mod scoped_type;
mod table;
mod tenant;
mod tree;
mod verify;
mod walk;
mod words;

pub use cache::CacheStats;
pub use catalog::{Catalog, CatalogBuilder, CatalogError, Dialect, Unknown};
#[cfg(feature = "serde")]
pub use declaration::CatalogDeclaration;
pub use limits::Limits;
pub use plan::{Plan, StatementKind, TenantBind, Trailing};
pub use refusal::{Location, Refusal, RefusalKind};
pub use rewriter::Rewriter;
pub use scoped_type::TenantScoped;
pub use table::{Table, TableKind};
pub use tenant::{TenantType, TenantValue};
#[cfg(feature = "derive")]
pub use tenant_derive::TenantScoped;
