//! Which host is whose: one tenant per host, and no other tenant's below or over a wildcard, whatever instance writes.

use tenant_core::{StoreError, StoreErrorKind, TenantConfig, TenantId};

use super::sql;
use crate::{
    driver::{Cell, TenantDatabase},
    own::{run, taken},
};

const TAKEN: &str = "a host belongs to another tenant";

/// Gives a tenant all hosts of its config in place of those that it has.
pub(super) async fn replace<DB: TenantDatabase>(
    connection: &mut DB::Connection,
    config: &TenantConfig,
) -> Result<(), StoreError> {
    // Before anything of the table is locked: who holds a part of it and waits for the turn blocks the one whose it is.
    turn::<DB>(connection, config).await?;
    free::<DB>(connection, &config.tenant_id).await?;
    give::<DB>(connection, config).await
}

/// Gives a tenant that has none all hosts of its config.
pub(super) async fn take<DB: TenantDatabase>(
    connection: &mut DB::Connection,
    config: &TenantConfig,
) -> Result<(), StoreError> {
    turn::<DB>(connection, config).await?;
    give::<DB>(connection, config).await
}

/// Takes all hosts from a tenant.
pub(super) async fn free<DB: TenantDatabase>(
    connection: &mut DB::Connection,
    id: &TenantId,
) -> Result<(), StoreError> {
    run::<DB>(connection, sql::FREE_HOSTS, vec![id.as_str().into()]).await.map(drop)
}

/// Takes all claims to hosts from a tenant: who has its id one day must not find them.
pub(super) async fn forget_claims<DB: TenantDatabase>(
    connection: &mut DB::Connection,
    id: &TenantId,
) -> Result<(), StoreError> {
    run::<DB>(connection, sql::FREE_CLAIMS, vec![id.as_str().into()]).await.map(drop)
}

/// The wildcard that would cover a host.
pub(super) fn wildcard_over(host: &str) -> Option<String> {
    host.split_once('.').map(|(_, base)| format!("*.{base}"))
}

async fn turn<DB: TenantDatabase>(
    connection: &mut DB::Connection,
    config: &TenantConfig,
) -> Result<(), StoreError> {
    if config.hosts.is_empty() {
        return Ok(());
    }
    run::<DB>(connection, sql::TAKE_TURN, vec![]).await.map(drop)
}

async fn give<DB: TenantDatabase>(
    connection: &mut DB::Connection,
    config: &TenantConfig,
) -> Result<(), StoreError> {
    for host in &config.hosts {
        let id = || Cell::from(config.tenant_id.as_str());
        let (sql, other) = match host.strip_prefix("*.") {
            Some(base) => (sql::TAKE_WILDCARD, base.to_owned()),
            None => (sql::TAKE_HOST, wildcard_over(host).unwrap_or_default()),
        };
        let added = DB::execute(connection, sql, vec![host.as_str().into(), id(), other.into(), id()]).await;
        let added = added.map_err(|error| taken(error, StoreErrorKind::HostTaken, TAKEN))?;
        if added == 0 {
            return Err(StoreError::new(StoreErrorKind::HostTaken, TAKEN));
        }
    }
    Ok(())
}
