use std::sync::Arc;

use crate::refusal::{Refusal, RefusalKind};
use crate::tenant::{TenantType, TenantValue};

/// What a statement does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StatementKind {
    /// `SELECT`, `VALUES`, or a query with `WITH`.
    Select,
    /// `INSERT` or `REPLACE`.
    Insert,
    /// `UPDATE`.
    Update,
    /// `DELETE`.
    Delete,
    /// `MERGE`.
    Merge,
}

/// How the tenant reaches the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TenantBind {
    /// As the argument of this number, counted from 1: appended to the caller's.
    Argument(usize),
    /// As a literal of [`Plan::sql_for`].
    Inline,
    /// Not at all: no owned relation is touched.
    None,
}

/// A literal the caller wrote for the tenant column of an `INSERT`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum GivenTenant {
    Text(String),
    Integer(i64),
}

/// A scoped statement.
#[derive(Debug)]
pub struct Plan {
    pub(crate) sql: Arc<str>,
    pub(crate) arguments: usize,
    pub(crate) tenant: TenantBind,
    pub(crate) tenant_type: TenantType,
    pub(crate) statement: StatementKind,
    pub(crate) returns_rows: bool,
    pub(crate) writes: bool,
    pub(crate) is_one_select: bool,
    pub(crate) given: Vec<GivenTenant>,
    /// The text between the places of the tenant's literal; empty unless it is inlined.
    pub(crate) segments: Vec<Box<str>>,
    pub(crate) trailing: Option<Trailing>,
}

/// A statement whose tenant is inlined, in the form in which it is bound behind the caller's arguments instead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trailing {
    pub(crate) sql: Arc<str>,
    pub(crate) times: usize,
}

impl Trailing {
    /// Returns the text to send. It is the same for all tenants: worth preparing once.
    pub fn sql(&self) -> &Arc<str> {
        &self.sql
    }

    /// Returns how often the tenant is bound, one after the other, behind the caller's arguments.
    pub fn times(&self) -> usize {
        self.times
    }
}

impl Plan {
    /// Returns the scoped text. Where the tenant is inlined, this is only a template: send [`Plan::sql_for`].
    pub fn sql(&self) -> &Arc<str> {
        &self.sql
    }

    /// Returns how many arguments the caller has to bind.
    pub fn arguments(&self) -> usize {
        self.arguments
    }

    /// Returns how the tenant reaches the database.
    pub fn tenant(&self) -> TenantBind {
        self.tenant
    }

    /// Returns what the statement does.
    pub fn statement(&self) -> StatementKind {
        self.statement
    }

    /// Returns whether the statement yields rows.
    pub fn returns_rows(&self) -> bool {
        self.returns_rows
    }

    /// Returns whether the statement changes rows: a query does whose CTE is an `INSERT`, an `UPDATE` or a `DELETE`.
    ///
    /// ```
    /// use tenant_sql::{Catalog, Dialect, Rewriter, StatementKind, Table};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let rewriter = Rewriter::new(Catalog::builder(Dialect::Postgres).table(Table::owned("users")).build()?);
    /// let plan = rewriter.rewrite("WITH gone AS (DELETE FROM users RETURNING id) SELECT count(*) FROM gone")?;
    /// assert_eq!((plan.statement(), plan.writes()), (StatementKind::Select, true));
    /// assert!(!rewriter.rewrite("SELECT id FROM users")?.writes());
    /// # Ok(())
    /// # }
    /// ```
    pub fn writes(&self) -> bool {
        self.writes
    }

    /// Returns whether the statement reads all that it reads in one `SELECT` from tables, with no locking clause of its
    /// own: one that is put behind the scoped text then reaches each table. It reaches none of a subquery or a view.
    ///
    /// ```
    /// use tenant_sql::{Catalog, Dialect, Rewriter, Table};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let rewriter = Rewriter::new(Catalog::builder(Dialect::MySql).table(Table::owned("users")).build()?);
    /// assert!(rewriter.rewrite("SELECT count(*) FROM users")?.is_one_select());
    /// assert!(!rewriter.rewrite("SELECT (SELECT count(*) FROM users)")?.is_one_select());
    /// # Ok(())
    /// # }
    /// ```
    pub fn is_one_select(&self) -> bool {
        self.is_one_select
    }

    /// Returns the text to send for this tenant: the literal stands at the places that were reserved for it.
    ///
    /// # Errors
    /// Refuses a value that is not of the catalog's tenant type.
    pub fn sql_for(&self, tenant: &TenantValue<'_>) -> Result<String, Refusal> {
        if self.tenant != TenantBind::Inline {
            return Ok(self.sql.to_string());
        }
        self.check_type(tenant)?;
        Ok(self.segments.join(crate::dialect::mysql::literal_of(tenant).as_str()))
    }

    /// Returns the form of an inlined statement that binds the tenant; `None` where a placeholder of the caller's stands
    /// behind a place of the tenant's, as arguments without numbers can only be appended.
    pub fn trailing(&self) -> Option<&Trailing> {
        self.trailing.as_ref()
    }

    /// Checks what the caller wrote for the tenant column of an `INSERT` against the tenant it runs for.
    ///
    /// # Errors
    /// Refuses a literal that is another tenant's, and a value that is not of the catalog's tenant type.
    pub fn check_tenant(&self, tenant: &TenantValue<'_>) -> Result<(), Refusal> {
        if self.tenant == TenantBind::None {
            return Ok(());
        }
        self.check_type(tenant)?;
        match self.given.iter().all(|given| given.is(tenant)) {
            true => Ok(()),
            false => Err(Refusal::new(
                RefusalKind::ForeignTenantLiteral,
                "INSERT",
                "leave the tenant column out: it is filled in",
            )),
        }
    }

    /// Checks the number of arguments the caller bound.
    ///
    /// # Errors
    /// Refuses any number but [`Plan::arguments`].
    pub fn check_arguments(&self, bound: usize) -> Result<(), Refusal> {
        if bound == self.arguments {
            return Ok(());
        }
        let construct = format!("{} placeholders, {bound} arguments", self.arguments);
        Err(Refusal::new(RefusalKind::Arguments, construct, "bind one value per placeholder"))
    }

    fn check_type(&self, tenant: &TenantValue<'_>) -> Result<(), Refusal> {
        if tenant.tenant_type() == self.tenant_type {
            return Ok(());
        }
        Err(Refusal::new(RefusalKind::Arguments, "tenant", "bind the tenant in the catalog's tenant type"))
    }
}

impl GivenTenant {
    fn is(&self, tenant: &TenantValue<'_>) -> bool {
        match (self, tenant) {
            (Self::Text(given), TenantValue::Text(tenant)) => given == tenant,
            (Self::Text(given), TenantValue::Uuid(tenant)) => parse_uuid(given) == Some(*tenant),
            (Self::Integer(given), TenantValue::Integer(tenant)) => given == tenant,
            (Self::Text(_) | Self::Integer(_), _) => false,
        }
    }
}

/// Only the hyphenated lower-case form: a column that stores text would keep any other spelling as it is.
fn parse_uuid(text: &str) -> Option<u128> {
    let hex: String = text.split('-').collect();
    let value = u128::from_str_radix(&hex, 16).ok()?;
    (hyphenated(value) == text).then_some(value)
}

pub(crate) fn hyphenated(value: u128) -> String {
    let hex = format!("{value:032x}");
    let cut = |from: usize, to: usize| hex.get(from..to).unwrap_or_default();
    format!("{}-{}-{}-{}-{}", cut(0, 8), cut(8, 12), cut(12, 16), cut(16, 20), cut(20, 32))
}
