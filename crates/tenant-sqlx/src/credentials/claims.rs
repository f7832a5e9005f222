use async_trait::async_trait;
use tenant_core::{
    HostClaim, HostClaimStatus, HostClaimStore, HostClaimed, StoreError, StoreErrorKind, TenantContext,
    TenantId, Timestamp,
};

use crate::{
    TenantDb,
    driver::{Cell, Sql, TenantDatabase, sql},
    own::{
        Own, again, fetch, is_exact,
        row::{Row, corrupt},
        run,
    },
};

/// Keeps claims to hosts in the table `tenant_host_claims` of [`TenantDb::migrate_tenants`], with their tokens: each is to be
/// published by the one tenant that it was made for, and proves nothing of any other. Who reads the table learns who claims
/// which host, and gains none.
#[derive(Debug)]
pub struct DbHostClaims<DB: TenantDatabase>(Own<DB>);

macro_rules! columns {
    () => {
        "tenant_id, host, token, status, tries, created_at, next_try_at, expires_at"
    };
}

/// One at a time of each tenant counts its claims, and none of a tenant that is being deleted, which clears them away.
const TAKE_TURN: Sql = sql!("UPDATE tenants SET name = name WHERE id = ? AND status = 'active'");
const FORGET: Sql = sql!("DELETE FROM tenant_host_claims WHERE tenant_id = ? AND expires_at <= ?");
const HOSTS: Sql = sql!("SELECT host FROM tenant_host_claims WHERE tenant_id = ?");
const CLAIM: Sql = sql!("INSERT INTO tenant_host_claims (", columns!(), ") VALUES (?, ?, ?, ?, ?, ?, ?, ?)");
const LIST: Sql = sql!(
    "SELECT ",
    columns!(),
    " FROM tenant_host_claims WHERE tenant_id = ? AND expires_at > ? ORDER BY host"
);
const FIND: Sql = sql!(
    "SELECT ",
    columns!(),
    " FROM tenant_host_claims WHERE tenant_id = ? AND host = ? AND expires_at > ?"
);
const WITHDRAW: Sql = sql!("DELETE FROM tenant_host_claims WHERE tenant_id = ? AND host = ?");
/// Whoever claims a great many slow hosts waits behind itself, and nobody else does.
const DUE: Sql = sql!(
    "SELECT ",
    columns!(),
    " FROM (SELECT ",
    columns!(),
    ", row_number() OVER (PARTITION BY tenant_id ORDER BY next_try_at, host) AS place FROM tenant_host_claims \
     WHERE status = 'pending' AND next_try_at <= ? AND expires_at > ?) AS due \
     WHERE place = 1 ORDER BY next_try_at, tenant_id LIMIT ?"
);
/// Of several instances that have seen the same claim, one changes it.
const LEASE: Sql = sql!(
    "UPDATE tenant_host_claims SET tries = ?, next_try_at = ? \
     WHERE tenant_id = ? AND host = ? AND token = ? AND next_try_at = ?"
);
const FULFIL: Sql = sql!("DELETE FROM tenant_host_claims WHERE tenant_id = ? AND host = ? AND token = ?");
const MARK_TAKEN: Sql =
    sql!("UPDATE tenant_host_claims SET status = 'taken' WHERE tenant_id = ? AND host = ? AND token = ?");
const EXPIRED: Sql = sql!(
    "SELECT tenant_id, host, token FROM tenant_host_claims WHERE expires_at <= ? ORDER BY expires_at LIMIT ?"
);

const PENDING: &str = "pending";
const TAKEN: &str = "taken";

impl<DB: TenantDatabase> DbHostClaims<DB> {
    /// Those of a database.
    #[must_use]
    pub fn new(db: &TenantDb<DB>) -> Self {
        Self(Own::of(db))
    }

    async fn try_claim(&self, claim: &HostClaim, most: u32) -> Result<HostClaimed, StoreError> {
        let id = || Cell::from(claim.tenant.as_str());
        let (mut tx, _turn) = self.0.begin().await?;
        if run::<DB>(&mut tx, TAKE_TURN, vec![id()]).await? == 0 {
            return Err(StoreError::new(StoreErrorKind::NotFound, "the tenant is not active"));
        }
        run::<DB>(&mut tx, FORGET, vec![id(), claim.created_at.as_unix_micros().into()]).await?;
        let hosts = fetch::<DB>(&mut tx, HOSTS, vec![id()]).await?;
        if hosts.contains(&vec![Cell::from(&*claim.host)]) {
            return Ok(HostClaimed::Exists);
        }
        if hosts.len() >= usize::try_from(most).unwrap_or(usize::MAX) {
            return Ok(HostClaimed::TooMany);
        }
        run::<DB>(&mut tx, CLAIM, write(claim)).await?;
        tx.commit().await.map_err(StoreError::unavailable)?;
        Ok(HostClaimed::Made)
    }

    async fn try_sweep(&self, now: Timestamp, limit: u32) -> Result<u64, StoreError> {
        let (mut tx, _turn) = self.0.begin().await?;
        let window = vec![now.as_unix_micros().into(), i64::from(limit).into()];
        let mut gone = 0;
        for row in fetch::<DB>(&mut tx, EXPIRED, window).await? {
            gone += run::<DB>(&mut tx, FULFIL, row).await?;
        }
        tx.commit().await.map_err(StoreError::unavailable)?;
        Ok(gone)
    }

    async fn try_lease(&self, due: &HostClaim, leased: &HostClaim) -> Result<bool, StoreError> {
        let mut cells = vec![i64::from(leased.tries).into(), leased.next_try_at.as_unix_micros().into()];
        cells.extend(which(due));
        cells.push(due.next_try_at.as_unix_micros().into());
        Ok(self.0.write(LEASE, cells).await? > 0)
    }
}

/// Which claim: one that was made anew has another token.
fn which(claim: &HostClaim) -> [Cell; 3] {
    [claim.tenant.as_str().into(), (*claim.host).into(), (*claim.token).into()]
}

fn write(claim: &HostClaim) -> Vec<Cell> {
    let status = match claim.status {
        HostClaimStatus::Pending => PENDING,
        HostClaimStatus::Taken => TAKEN,
    };
    let mut cells = Vec::from(which(claim));
    cells.extend([
        status.into(),
        i64::from(claim.tries).into(),
        claim.created_at.as_unix_micros().into(),
        claim.next_try_at.as_unix_micros().into(),
        claim.expires_at.as_unix_micros().into(),
    ]);
    cells
}

fn read(cells: Vec<Cell>) -> Result<HostClaim, StoreError> {
    let mut row = Row::new(cells);
    let (tenant, host, token) = (row.tenant()?, row.text()?, row.text()?);
    let status = row.parsed(|text| match text {
        PENDING => Some(HostClaimStatus::Pending),
        TAKEN => Some(HostClaimStatus::Taken),
        _ => None,
    })?;
    let tries = u32::try_from(row.integer()?).map_err(|_| corrupt())?;
    let (created_at, next_try_at, expires_at) = (row.moment()?, row.moment()?, row.moment()?);
    let mut claim = HostClaim::new(tenant, host, token, created_at, expires_at);
    (claim.status, claim.tries, claim.next_try_at) = (status, tries, next_try_at);
    Ok(claim)
}

#[async_trait]
impl<DB: TenantDatabase> HostClaimStore for DbHostClaims<DB> {
    async fn claim(
        &self,
        tenant: &TenantContext,
        claim: &HostClaim,
        most: u32,
    ) -> Result<HostClaimed, StoreError> {
        if claim.tenant != *tenant.id() || !is_exact(&claim.host) || !is_exact(&claim.token) {
            return Err(StoreError::new(
                StoreErrorKind::Invalid,
                "the claim is another tenant's, or to no proper host",
            ));
        }
        again::<DB, _, _, _>(|| self.try_claim(claim, most)).await
    }

    async fn list(&self, tenant: &TenantContext, now: Timestamp) -> Result<Vec<HostClaim>, StoreError> {
        let cells = vec![tenant.id().as_str().into(), now.as_unix_micros().into()];
        self.0.read(LIST, cells).await?.into_iter().map(read).collect()
    }

    async fn find(
        &self,
        tenant: &TenantId,
        host: &str,
        now: Timestamp,
    ) -> Result<Option<HostClaim>, StoreError> {
        if !is_exact(host) {
            return Ok(None);
        }
        let cells = vec![tenant.as_str().into(), host.into(), now.as_unix_micros().into()];
        self.0.read(FIND, cells).await?.into_iter().next().map(read).transpose()
    }

    async fn withdraw(&self, tenant: &TenantContext, host: &str) -> Result<bool, StoreError> {
        if !is_exact(host) {
            return Ok(false);
        }
        Ok(self.0.write(WITHDRAW, vec![tenant.id().as_str().into(), host.into()]).await? > 0)
    }

    async fn lease(&self, now: Timestamp, limit: u32) -> Result<Vec<HostClaim>, StoreError> {
        let moment = || Cell::from(now.as_unix_micros());
        let due = self.0.read(DUE, vec![moment(), moment(), i64::from(limit).into()]).await?;
        let mut leased = Vec::new();
        for row in due {
            let due = read(row)?;
            let mut claim = due.clone();
            claim.put_off(now);
            if self.try_lease(&due, &claim).await? {
                leased.push(claim);
            }
        }
        Ok(leased)
    }

    async fn fulfil(&self, claim: &HostClaim) -> Result<(), StoreError> {
        self.0.write(FULFIL, which(claim).into()).await.map(drop)
    }

    async fn mark_taken(&self, claim: &HostClaim) -> Result<(), StoreError> {
        self.0.write(MARK_TAKEN, which(claim).into()).await.map(drop)
    }

    async fn sweep(&self, now: Timestamp, limit: u32) -> Result<u64, StoreError> {
        again::<DB, _, _, _>(|| self.try_sweep(now, limit)).await
    }
}
