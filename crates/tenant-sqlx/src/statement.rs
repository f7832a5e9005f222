//! What the driver gets: the text of a plan, and the caller's arguments with the tenant behind them.

use std::sync::Arc;

use sqlx::{Arguments, AssertSqlSafe, Database, Execute, SqlSafeStr, SqlStr, error::BoxDynError};
use tenant_core::TenantContext;
use tenant_sql::{Plan, Refusal, TenantBind, TenantValue, Trailing};

use crate::{
    driver::TenantDatabase,
    error::{Moved, NoLongerActive, refused},
};

/// A statement that is scoped to a tenant. The caller's own text is gone.
pub(crate) struct ScopedStatement<DB: Database> {
    sql: SqlStr,
    arguments: DB::Arguments,
    persistent: bool,
    writes: bool,
    is_one_select: bool,
    /// Nothing keeps the tenant where this writes: it was at home there when the statement was scoped.
    is_at_home: bool,
    tenant: TenantContext,
}

/// What the caller wanted to run.
pub(crate) struct Wanted<DB: Database> {
    pub(crate) sql: SqlStr,
    arguments: DB::Arguments,
    persistent: bool,
}

impl<DB: Database> Wanted<DB> {
    pub(crate) fn read<'q, E: Execute<'q, DB>>(mut query: E) -> Result<Self, sqlx::Error> {
        let arguments = query.take_arguments().map_err(sqlx::Error::Encode)?;
        let persistent = query.persistent() && arguments.is_some();
        Ok(Self {
            sql: query.sql(),
            // Even without arguments: a statement that is prepared can't be several.
            arguments: arguments.unwrap_or_default(),
            persistent,
        })
    }
}

impl<DB: TenantDatabase> ScopedStatement<DB> {
    /// Puts the tenant behind the caller's arguments, whose number is checked first: one too few would shift the
    /// tenant into the caller's place, one too many would replace it.
    pub(crate) fn new(
        wanted: Wanted<DB>,
        plan: &Plan,
        value: &TenantValue<'_>,
        tenant: &TenantContext,
    ) -> Result<Self, sqlx::Error> {
        let Wanted { mut arguments, persistent, .. } = wanted;
        DB::admit(plan).map_err(refused)?;
        bind::<DB>(&mut arguments, plan, value)?;
        let (sql, is_for_all) = text(plan, value)?;
        Ok(Self {
            sql,
            arguments,
            // A text that holds the tenant is not one that another tenant's statement could be found under, but it
            // would push those out that can.
            persistent: persistent && is_for_all,
            writes: plan.writes(),
            is_one_select: plan.is_one_select(),
            is_at_home: plan.writes() && tenant.record().is_settled(),
            tenant: tenant.clone(),
        })
    }

    /// Leaves the statement as the caller wrote it: for a database that shows each tenant its own rows by itself. It was
    /// read as any other, and would have been refused as any other.
    pub(crate) fn as_it_stands(
        wanted: Wanted<DB>,
        plan: &Plan,
        tenant: &TenantContext,
    ) -> Result<Self, sqlx::Error> {
        let Wanted { sql, arguments, persistent } = wanted;
        plan.check_arguments(arguments.len()).map_err(refused)?;
        Ok(Self {
            sql,
            arguments,
            persistent,
            writes: plan.writes(),
            is_one_select: plan.is_one_select(),
            is_at_home: plan.writes() && tenant.record().is_settled(),
            tenant: tenant.clone(),
        })
    }

    /// Keeps no prepared statement on the server: there it may belong to somebody else by the next time.
    pub(crate) fn unnamed(self) -> Self {
        Self { persistent: false, ..self }
    }

    /// Whether it may lock rows, which only where writes go makes sense. What merely looks so is taken for it.
    pub(crate) fn may_lock(&self) -> bool {
        let text = self.sql.as_str().to_ascii_uppercase();
        ["FOR UPDATE", "FOR SHARE", "FOR NO KEY", "FOR KEY", "SHARE MODE"]
            .iter()
            .any(|lock| text.contains(lock))
    }

    /// Keeps none for a text that is another table's in each schema, whose columns may differ while schemas are brought up to
    /// date one by one. A connection finds what it has prepared by its text: this one is nobody else's.
    pub(crate) fn of_a_schema(self) -> Self {
        self.unnamed().ending_with(" ")
    }

    /// Runs under a hold, which keeps the tenant where it is.
    pub(crate) fn held(self) -> Self {
        Self { is_at_home: false, ..self }
    }

    pub(crate) const fn writes(&self) -> bool {
        self.writes
    }

    /// Whether a lock can be put at its end that reaches all that it reads.
    pub(crate) const fn is_one_select(&self) -> bool {
        self.is_one_select
    }

    /// The same with a clause at its end. No comment of the caller's is left there.
    pub(crate) fn ending_with(self, clause: &str) -> Self {
        Self { sql: trusted(format!("{}{clause}", self.sql.as_str())), ..self }
    }
}

fn bind<DB: TenantDatabase>(
    arguments: &mut DB::Arguments,
    plan: &Plan,
    value: &TenantValue<'_>,
) -> Result<(), sqlx::Error> {
    let bound = arguments.len();
    plan.check_arguments(bound).map_err(refused)?;
    plan.check_tenant(value).map_err(refused)?;
    match plan.tenant() {
        TenantBind::Argument(number) if number == bound + 1 => {
            DB::bind_tenant(arguments, value).map_err(sqlx::Error::Encode)
        }
        TenantBind::Argument(_) => Err(refused(Refusal::unsupported("placeholders", "number them from 1"))),
        TenantBind::Inline => {
            let times = plan.trailing().map_or(0, Trailing::times);
            (0..times).try_for_each(|_| DB::bind_tenant(arguments, value)).map_err(sqlx::Error::Encode)
        }
        TenantBind::None => Ok(()),
    }
}

/// The text to send, and whether it is the same for all tenants.
fn text(plan: &Plan, value: &TenantValue<'_>) -> Result<(SqlStr, bool), sqlx::Error> {
    let shared = match (plan.tenant(), plan.trailing()) {
        (TenantBind::Inline, None) => return Ok((trusted(plan.sql_for(value).map_err(refused)?), false)),
        (TenantBind::Inline, Some(trailing)) => trailing.sql(),
        (TenantBind::Argument(_) | TenantBind::None, _) => plan.sql(),
    };
    Ok((AssertSqlSafe(Arc::clone(shared)).into_sql_str(), true))
}

impl<DB: Database> Execute<'static, DB> for ScopedStatement<DB> {
    fn sql(self) -> SqlStr {
        self.sql
    }

    fn statement(&self) -> Option<&DB::Statement> {
        None
    }

    /// The driver asks once it has a connection: the last moment to hear that the tenant was suspended, or moved, while the
    /// statement waited for one.
    fn take_arguments(&mut self) -> Result<Option<DB::Arguments>, BoxDynError> {
        self.tenant.ensure_active().map_err(NoLongerActive::from)?;
        if self.is_at_home && !self.tenant.record().is_settled() {
            return Err(Moved.into());
        }
        Ok(Some(std::mem::take(&mut self.arguments)))
    }

    fn persistent(&self) -> bool {
        self.persistent
    }
}

/// A text that this crate has put together.
pub(crate) fn trusted(sql: String) -> SqlStr {
    AssertSqlSafe(sql).into_sql_str()
}

/// One that is kept: its clones share it.
pub(crate) fn lasting(sql: String) -> SqlStr {
    AssertSqlSafe(Arc::<str>::from(sql)).into_sql_str()
}
