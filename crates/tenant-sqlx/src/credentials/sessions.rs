use async_trait::async_trait;
use tenant_core::{
    StoreError, StoreErrorKind, TenantId, Timestamp,
    auth::{SessionRecord, SessionStore},
};

use crate::{
    TenantDb,
    driver::{Cell, Sql, TenantDatabase, sql},
    own::{
        Own, again, fetch, is_exact,
        row::{Row, corrupt, hex},
        run,
    },
};

/// Keeps sessions in the table `tenant_sessions` of [`TenantDb::migrate_tenants`]: never what a cookie holds, but its SHA-256.
/// Every lookup reads the database.
#[derive(Debug)]
pub struct DbSessions<DB: TenantDatabase>(Own<DB>);

macro_rules! columns {
    () => {
        "digest, tenant_id, subject, roles, created_at, seen_at, expires_at, second_factor"
    };
}

const LOAD: Sql = sql!("SELECT ", columns!(), " FROM tenant_sessions WHERE digest = ?");
const CREATE: Sql = sql!("INSERT INTO tenant_sessions (", columns!(), ") VALUES (?, ?, ?, ?, ?, ?, ?, ?)");
const TOUCH: Sql = sql!("UPDATE tenant_sessions SET seen_at = ? WHERE digest = ? AND seen_at < ?");
const END: Sql = sql!("DELETE FROM tenant_sessions WHERE digest = ?");
const OF: Sql =
    sql!("SELECT digest FROM tenant_sessions WHERE tenant_id = ? AND subject = ? ORDER BY digest");
const EXPIRED: Sql =
    sql!("SELECT digest FROM tenant_sessions WHERE expires_at <= ? ORDER BY expires_at, digest LIMIT ?");

/// How many are cleared away in one transaction: nobody waits for long behind them.
const BATCH: u32 = 200;
/// The longest subject, in characters.
const LONGEST: usize = 255;

impl<DB: TenantDatabase> DbSessions<DB> {
    /// Those of a database.
    #[must_use]
    pub fn new(db: &TenantDb<DB>) -> Self {
        Self(Own::of(db))
    }

    /// How many were due, and how many are gone by it: another instance may sweep too.
    async fn sweep_some(&self, now: Timestamp, limit: u32) -> Result<(u32, u64), StoreError> {
        let (mut tx, _turn) = self.0.begin().await?;
        let window = vec![now.as_unix_micros().into(), i64::from(limit).into()];
        let (mut due, mut gone) = (0, 0);
        for row in fetch::<DB>(&mut tx, EXPIRED, window).await? {
            gone += run::<DB>(&mut tx, END, row).await?;
            due += 1;
        }
        tx.commit().await.map_err(StoreError::unavailable)?;
        Ok((due, gone))
    }

    async fn try_end_all(&self, tenant: &TenantId, subject: &str) -> Result<Vec<[u8; 32]>, StoreError> {
        let (mut tx, _turn) = self.0.begin().await?;
        let mut ended = Vec::new();
        for row in fetch::<DB>(&mut tx, OF, vec![tenant.as_str().into(), subject.into()]).await? {
            if run::<DB>(&mut tx, END, row.clone()).await? > 0 {
                ended.push(Row::new(row).digest()?);
            }
        }
        tx.commit().await.map_err(StoreError::unavailable)?;
        Ok(ended)
    }
}

fn write(session: &SessionRecord) -> Result<Vec<Cell>, StoreError> {
    let roles = serde_json::to_string(&session.roles).map_err(|_| corrupt())?;
    Ok(vec![
        hex(&session.digest).into(),
        session.tenant.as_str().into(),
        (*session.subject).into(),
        roles.into(),
        session.created_at.as_unix_micros().into(),
        session.seen_at.as_unix_micros().into(),
        session.expires_at.as_unix_micros().into(),
        i64::from(session.second_factor).into(),
    ])
}

fn read(cells: Vec<Cell>) -> Result<SessionRecord, StoreError> {
    let mut row = Row::new(cells);
    let (digest, tenant, subject) = (row.digest()?, row.tenant()?, row.text()?);
    let roles = row.parsed(|text| serde_json::from_str(text).ok())?;
    let (created_at, seen_at, expires_at) = (row.moment()?, row.moment()?, row.moment()?);
    let mut session = SessionRecord::new(digest, tenant, subject, created_at, expires_at);
    (session.roles, session.seen_at, session.second_factor) = (roles, seen_at, row.integer()? == 1);
    Ok(session)
}

#[async_trait]
impl<DB: TenantDatabase> SessionStore for DbSessions<DB> {
    async fn load(&self, digest: &[u8; 32]) -> Result<Option<SessionRecord>, StoreError> {
        let rows = self.0.read(LOAD, vec![hex(digest).into()]).await?;
        rows.into_iter().next().map(read).transpose()
    }

    async fn create(&self, session: &SessionRecord) -> Result<(), StoreError> {
        if session.subject.chars().count() > LONGEST || !is_exact(&session.subject) {
            return Err(StoreError::new(
                StoreErrorKind::Invalid,
                "the subject is too long, or ends in a blank",
            ));
        }
        self.0.add(CREATE, write(session)?, "the session exists already").await
    }

    async fn touch(&self, digest: &[u8; 32], seen_at: Timestamp) -> Result<(), StoreError> {
        let at = seen_at.as_unix_micros();
        self.0.write(TOUCH, vec![at.into(), hex(digest).into(), at.into()]).await.map(drop)
    }

    async fn end(&self, digest: &[u8; 32]) -> Result<bool, StoreError> {
        Ok(self.0.write(END, vec![hex(digest).into()]).await? > 0)
    }

    async fn end_all(&self, tenant: &TenantId, subject: &str) -> Result<Vec<[u8; 32]>, StoreError> {
        if !is_exact(subject) {
            return Ok(Vec::new());
        }
        again::<DB, _, _, _>(|| self.try_end_all(tenant, subject)).await
    }

    async fn sweep(&self, now: Timestamp, limit: u32) -> Result<u64, StoreError> {
        let (mut left, mut all) = (limit, 0);
        while left > 0 {
            let some = left.min(BATCH);
            let (due, gone) = again::<DB, _, _, _>(|| self.sweep_some(now, some)).await?;
            all += gone;
            left -= due.min(left);
            if due < some {
                break;
            }
        }
        Ok(all)
    }
}

#[cfg(all(test, feature = "postgres", feature = "sqlite"))]
mod tests {
    use super::*;
    use crate::own::explain::{assert_in_order, assert_on_an_index};

    #[tokio::test]
    async fn pages_are_read_on_an_index() {
        assert_in_order(&[LOAD]).await;
        // No pages: they are ended in one order, so that two who do it don't wait for each other.
        assert_on_an_index(&[OF, EXPIRED]).await;
    }
}
