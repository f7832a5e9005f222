//! How many of something a tenant may have, held where it is created.

use std::{error::Error as StdError, iter};

use sqlx::{ColumnIndex, Decode, Executor, IntoArguments, Row, SqlSafeStr, Type};
use tenant_sql::Refusal;

use crate::{
    ScopedTransaction,
    driver::{Sql, TenantDatabase, sql},
    error::refused,
    statement::ScopedStatement,
};

/// Makes those who create for one tenant and in one dimension wait for each other, until their transactions end.
pub(crate) const LOCK: Sql = sql!(
    "INSERT INTO tenant_stocks (tenant_id, dimension, turns) VALUES (?, ?, 1) \
     ON CONFLICT (tenant_id, dimension) DO UPDATE SET turns = tenant_stocks.turns + 1"
);

/// The tenant has as many as it may have. Waiting does not help.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the limit {limit} of {most} is reached")]
#[non_exhaustive]
pub struct StockDenied {
    /// The limit's name.
    pub limit: Box<str>,
    /// How many there may be.
    pub most: u64,
    /// How many there are.
    pub used: u64,
}

impl StockDenied {
    /// Finds it in an error or in what caused it.
    ///
    /// # Example
    /// ```
    /// use tenant_sqlx::StockDenied;
    ///
    /// assert!(StockDenied::of(&sqlx::Error::RowNotFound).is_none());
    /// ```
    pub fn of<'e>(error: &'e (dyn StdError + 'static)) -> Option<&'e Self> {
        let mut causes = iter::successors(Some(error), |&error| error.source());
        causes.find_map(|error| error.downcast_ref())
    }
}

impl From<StockDenied> for sqlx::Error {
    fn from(denied: StockDenied) -> Self {
        Self::Configuration(Box::new(denied))
    }
}

impl<DB> ScopedTransaction<'_, DB>
where
    DB: TenantDatabase,
    DB::Arguments: IntoArguments<DB>,
    for<'c> &'c mut DB::Connection: Executor<'c, Database = DB>,
    for<'r> i64: Decode<'r, DB> + Type<DB>,
    usize: ColumnIndex<DB::Row>,
{
    /// Admits `amount` more of `dimension` under the tenant's stock limit, to be created in this transaction. `count` tells
    /// how many there are: a query with one integer, which is scoped as any other, without a locking clause of its own.
    ///
    /// Of several transactions of one tenant that create at once, each waits for the one before it to end, and counts what
    /// that one has created: exactly as many succeed as there is room for. This takes the table `tenant_stocks` of
    /// [`TenantDb::migrate_tenants`](crate::TenantDb::migrate_tenants). A tenant without such a limit does not wait, and
    /// nothing is counted.
    ///
    /// Rows that are created without asking are not held back; they count the next time.
    ///
    /// Answers how many there were before, or `None` where nothing was counted.
    ///
    /// On MySQL a transaction sees the moment of its first read from then on. There the tables of the count are locked,
    /// so that it sees what is there. No lock reaches into a subquery, a CTE, a `UNION` or a view: such a count has to be
    /// the transaction's first statement, and is refused later.
    ///
    /// # Errors
    /// There is no room ([`StockDenied`]): the transaction stands as it was, and should be given up. Or the statement was
    /// refused, or the database failed; in PostgreSQL's `REPEATABLE READ` and above also because another transaction has
    /// created meanwhile.
    ///
    /// # Example
    /// ```
    /// # #[cfg(feature = "sqlite")]
    /// async fn create(
    ///     db: &tenant_sqlx::TenantDb<sqlx::Sqlite>,
    ///     tenant: &tenant_core::TenantContext,
    ///     name: &str,
    /// ) -> sqlx::Result<()> {
    ///     let mut tx = db.begin(tenant).await?;
    ///     tx.admit_stock("workflows", 1, "SELECT COUNT(*) FROM workflows").await?;
    ///     sqlx::query("INSERT INTO workflows (name) VALUES (?)").bind(name).execute(&mut tx).await?;
    ///     tx.commit().await
    /// }
    /// ```
    pub async fn admit_stock(
        &mut self,
        dimension: &str,
        amount: u64,
        count: impl SqlSafeStr,
    ) -> Result<Option<u64>, sqlx::Error> {
        let limits = std::sync::Arc::clone(self.tenant().limits_at(self.clock_now()));
        let Some(limit) = limits.stock(dimension) else { return Ok(None) };
        let count = self.counting_latest(count)?;
        self.take_turn(dimension).await?;
        let row = self.one(count).await?.ok_or(sqlx::Error::RowNotFound)?;
        let used: i64 = row.try_get(0)?;
        let used = u64::try_from(used).unwrap_or(0);
        if limit.shadow || used.saturating_add(amount) <= limit.limit {
            return Ok(Some(used));
        }
        Err(StockDenied { limit: (&*limit.name).into(), most: limit.limit, used }.into())
    }

    /// A transaction that has read before may see the moment of that read for ever. A locking read sees what is there,
    /// and so does the first one, which comes when it is this transaction's turn.
    fn counting_latest(&mut self, count: impl SqlSafeStr) -> Result<ScopedStatement<DB>, sqlx::Error> {
        let count = self.scoped(sqlx::query(count))?;
        match (DB::READ_LATEST, count.is_one_select()) {
            ("", _) => Ok(count),
            (lock, true) => Ok(count.ending_with(lock)),
            (_, false) if self.state().has_read => Err(refused(Refusal::unsupported(
                "count with a subquery or a view, in a transaction that has read",
                "admit first, or count in one SELECT from tables",
            ))),
            (_, false) => {
                self.state().has_read = true;
                Ok(count)
            }
        }
    }
}
