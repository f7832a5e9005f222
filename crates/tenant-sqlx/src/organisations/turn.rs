//! Those who write for one tenant, one after the other.

use sqlx::Transaction;
use tenant_core::{
    StoreError, TenantContext,
    auth::Role,
    organisations::{Actor, OrganisationError, OrganisationErrorKind},
};

use super::of;
use crate::{
    db::Turn,
    driver::{Cell, Sql, TenantDatabase, sql},
    own::{Own, fetch, is_exact, row::Row, run},
};

const ROLE: Sql = sql!("SELECT role FROM tenant_memberships WHERE tenant_id = ? AND person_id = ?");

/// A transaction in which nobody else changes who belongs to the tenant. It reads nothing before it has the turn: MySQL would
/// show it that moment for ever.
pub(super) async fn begin<DB: TenantDatabase>(
    own: &Own<DB>,
    tenant: &TenantContext,
) -> Result<(Transaction<'static, DB>, Turn), StoreError> {
    let (mut tx, turn) = own.begin().await?;
    run::<DB>(&mut tx, DB::LOCK_STOCK, vec![of(tenant), "organisation".into()]).await?;
    Ok((tx, turn))
}

pub(super) async fn commit<DB: TenantDatabase>(tx: Transaction<'static, DB>) -> Result<(), StoreError> {
    tx.commit().await.map_err(StoreError::unavailable)
}

/// What somebody is at this moment.
pub(super) async fn role_of<DB: TenantDatabase>(
    tx: &mut DB::Connection,
    tenant: &TenantContext,
    person_id: &str,
) -> Result<Option<Role>, StoreError> {
    if !is_exact(person_id) {
        return Ok(None);
    }
    let rows = fetch::<DB>(tx, ROLE, vec![of(tenant), person_id.into()]).await?;
    rows.into_iter().next().map(|cells| Row::new(cells).parsed(Role::parse)).transpose()
}

/// What who asks may give and take at most. Who was demoted since their credential was made is what they are now.
pub(super) async fn authority<DB: TenantDatabase>(
    tx: &mut DB::Connection,
    tenant: &TenantContext,
    by: &Actor,
) -> Result<Role, OrganisationError> {
    let role = match by {
        Actor::Operator => Role::Owner,
        Actor::Person { person_id, role } => {
            role_of::<DB>(tx, tenant, person_id).await?.map_or(*role, |current| current.min(*role))
        }
    };
    if role >= Role::Admin { Ok(role) } else { Err(forbidden()) }
}

pub(super) fn forbidden() -> OrganisationError {
    OrganisationError::new(OrganisationErrorKind::Forbidden, "the role does not suffice")
}

/// The number that a query gives.
pub(super) async fn count<DB: TenantDatabase>(
    tx: &mut DB::Connection,
    sql: Sql,
    cells: Vec<Cell>,
) -> Result<u64, StoreError> {
    let row = fetch::<DB>(tx, sql, cells).await?.into_iter().next().unwrap_or_default();
    Ok(u64::try_from(Row::new(row).integer()?).unwrap_or(0))
}

/// Whether there may be one more than there are.
pub(super) fn admit(used: u64, most: Option<u64>) -> Result<(), OrganisationError> {
    match most {
        Some(most) if used >= most => {
            Err(OrganisationError::new(OrganisationErrorKind::Full { most }, "the limit is reached"))
        }
        Some(_) | None => Ok(()),
    }
}
