use async_trait::async_trait;
use tenant_core::{
    StoreError, TenantId, UnixTime,
    auth::{Revocation, RevocationStore, Revoked},
};

use crate::{
    TenantDb,
    driver::{Cell, Sql, TenantDatabase, sql},
    own::{
        Own, again, fetch,
        row::{Row, corrupt},
        run,
    },
};

/// Keeps revocations in the table `tenant_token_revocations` of [`TenantDb::migrate_tenants`].
///
/// Who revokes holds one row from taking a number until that is committed, so that a number becomes visible after all before
/// it. Who reads what came after a number misses none, however late another one commits.
#[derive(Debug)]
pub struct DbRevocations<DB: TenantDatabase>(Own<DB>);

const TAKE_TURN: Sql = sql!("UPDATE tenant_token_revocation_turns SET last = last + 1 WHERE id = 1");
const TURN: Sql = sql!("SELECT last FROM tenant_token_revocation_turns WHERE id = 1");
const REVOKE: Sql = sql!(
    "INSERT INTO tenant_token_revocations (number, kind, name, until, forget_at) VALUES (?, ?, ?, ?, ?)"
);
const AFTER: Sql = sql!(
    "SELECT number, kind, name, until, forget_at FROM tenant_token_revocations WHERE number > ? \
     ORDER BY number LIMIT ?"
);
const SWEEP: Sql = sql!("DELETE FROM tenant_token_revocations WHERE forget_at <= ?");

const TOKEN: &str = "token";
const SUBJECT: &str = "subject";
const TENANT: &str = "tenant";

impl<DB: TenantDatabase> DbRevocations<DB> {
    /// Those of a database.
    #[must_use]
    pub fn new(db: &TenantDb<DB>) -> Self {
        Self(Own::of(db))
    }

    async fn try_revoke(&self, revoked: &Revoked, forget_at: UnixTime) -> Result<(), StoreError> {
        let (mut tx, _turn) = self.0.begin().await?;
        run::<DB>(&mut tx, TAKE_TURN, vec![]).await?;
        let number = fetch::<DB>(&mut tx, TURN, vec![]).await?.into_iter().next().ok_or_else(corrupt)?;
        let number = Row::new(number).integer()?;
        run::<DB>(&mut tx, REVOKE, write(number, revoked, forget_at)).await?;
        tx.commit().await.map_err(StoreError::unavailable)
    }
}

fn write(number: i64, revoked: &Revoked, forget_at: UnixTime) -> Vec<Cell> {
    let (kind, name, until) = match revoked {
        Revoked::Token(id) => (TOKEN, &**id, None),
        Revoked::Subject { subject, until } => (SUBJECT, &**subject, Some(*until)),
        Revoked::Tenant { tenant, until } => (TENANT, tenant.as_str(), Some(*until)),
    };
    vec![number.into(), kind.into(), name.into(), until.map(nanos).into(), nanos(forget_at).into()]
}

/// What lies beyond the year 2262 is that year.
fn nanos(moment: UnixTime) -> i64 {
    i64::try_from(moment.as_nanos()).unwrap_or(i64::MAX)
}

fn read(cells: Vec<Cell>) -> Result<Revocation, StoreError> {
    let mut row = Row::new(cells);
    let moment = |nanos: i64| u64::try_from(nanos).map(UnixTime::from_nanos).map_err(|_| corrupt());
    let number = u64::try_from(row.integer()?).map_err(|_| corrupt())?;
    let (kind, name) = (row.text()?, row.text()?.into_boxed_str());
    let (until, forget_at) = (row.optional_integer()?.map(moment).transpose()?, moment(row.integer()?)?);
    let revoked = match (kind.as_str(), until) {
        (TOKEN, None) => Revoked::Token(name),
        (SUBJECT, Some(until)) => Revoked::Subject { subject: name, until },
        (TENANT, Some(until)) => {
            Revoked::Tenant { tenant: TenantId::parse(&name).map_err(|_| corrupt())?, until }
        }
        _ => return Err(corrupt()),
    };
    Ok(Revocation::new(number, revoked, forget_at))
}

#[async_trait]
impl<DB: TenantDatabase> RevocationStore for DbRevocations<DB> {
    async fn revoke(&self, revoked: &Revoked, forget_at: UnixTime) -> Result<(), StoreError> {
        again::<DB, _, _, _>(|| self.try_revoke(revoked, forget_at)).await
    }

    async fn after(&self, number: u64, limit: u32) -> Result<Vec<Revocation>, StoreError> {
        let number = i64::try_from(number).unwrap_or(i64::MAX);
        let rows = self.0.read(AFTER, vec![number.into(), i64::from(limit).into()]).await?;
        rows.into_iter().map(read).collect()
    }

    async fn sweep(&self, now: UnixTime) -> Result<(), StoreError> {
        self.0.write(SWEEP, vec![nanos(now).into()]).await.map(drop)
    }
}
