//! PostgreSQL's own wall behind the rewriter: row-level security, told the tenant by each transaction.

mod gaps;
mod setting;

pub(crate) use self::{gaps::Gaps, setting::Setting};

/// What row-level security is to a [`TenantDb`](crate::TenantDb), where it is anything.
///
/// The database itself then shows a tenant its own rows alone: by policies on each table that compare the tenant column
/// with a setting, which each transaction makes for itself and which ends with it
/// (<https://www.postgresql.org/docs/current/ddl-rowsecurity.html>). `tenant ddl` prints the policies. Every statement
/// runs in a transaction then, and those that [`TenantDb::scoped`](crate::TenantDb::scoped) would have run by themselves
/// in one of their own: reads are ended by a `ROLLBACK` that nobody waits for, writes by a `COMMIT`. A stream of a write
/// that is dropped before its end is rolled back.
///
/// A place of tenants' own is looked at when it is first entered: one without these policies serves nobody.
///
/// Statements that the rewriter can't prove to stay within the tenant are refused either way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RowLevelSecurity {
    /// The second wall: statements are scoped as without it.
    BehindRewriting,
    /// The only wall: statements are looked at, and run as they stand. The tenant column of a new row is then filled by
    /// its default, which reads the setting.
    Alone,
}

/// What makes each statement run in a transaction.
#[derive(Debug)]
pub(crate) struct Session {
    /// The database is told the tenant.
    pub(crate) wall: Option<(RowLevelSecurity, Setting)>,
    /// The next transaction may run on another connection of the server.
    pub(crate) is_pooled: bool,
}
