//! The isolation oracle: shows on a real database that a statement stays within its tenant.
//!
//! It keeps a *shared* database with the rows of three tenants, and a *single* one of the same schema with the rows of
//! the tenant under test alone. A statement is scoped and run on the first, and run as it stands on the second. Result
//! rows, the number of changed rows, and the contents of all tables afterwards must be the same, and nothing of the other
//! tenants may have changed. On PostgreSQL the statement also runs under row-level security, as it
//! stands and scoped, as a third opinion. Whatever a statement changes is rolled back.
//!
//! ```
//! use tenant_testkit::oracle::Oracle;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), tenant_testkit::oracle::OracleError> {
//! let schema = "CREATE TABLE users (id INT, email TEXT, tenant_id TEXT NOT NULL, PRIMARY KEY (tenant_id, id))";
//! let mut oracle = Oracle::sqlite().schema(schema).open().await?;
//! oracle.prove("SELECT email FROM users WHERE id = ? OR email LIKE 'n%'", &[1.into()]).await?;
//! oracle.prove("DELETE FROM users WHERE id IN (SELECT max(id) FROM users)", &[]).await?;
//! # Ok(())
//! # }
//! ```
//!
//! # Rows
//!
//! Unless [`OracleBuilder::rows`] gives them, every table is filled with rows that make a leak seen: the three tenants
//! have the same keys and nearly the same values, NULLs and duplicates among them, their rows lie interleaved, and each
//! has a row whose values nobody else has (`canary-t1`).
//!
//! # What it cannot judge
//!
//! A statement whose result is not determined by the rows (`LIMIT` without a total order, a column beside an aggregate)
//! gives other rows on each database. Where the two differ, the oracle runs the statement on more databases of the one
//! tenant, whose rows lie in another order: if these differ too, the verdict is [`Verdict::Undetermined`]. Rows with
//! another tenant's canary in them are a [`Difference`] all the same. Keys that the database makes up, and functions of
//! time and chance, are outside of what can be compared.

mod alone;
mod answer;
mod builder;
mod canary;
mod compare;
mod contents;
mod databases;
mod difference;
mod disturb;
mod error;
mod fill;
mod introspect;
mod judge;
mod link;
mod schema;
mod secure;
mod shop;
mod texts;
mod trial;
mod value;
mod verdict;

pub use builder::OracleBuilder;
pub use difference::{Difference, DifferenceKind};
pub use error::OracleError;
pub use judge::Oracle;
pub use schema::{Column, Kind, Relation, Schema};
pub use shop::shop;
pub use value::Value;
pub use verdict::Verdict;
