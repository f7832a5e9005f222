//! Which places of tenants' own have the policies that are to be obeyed.

use std::collections::HashSet;

use parking_lot::{RwLock, RwLockWriteGuard};
use sqlx::{Pool, SqlStr};
use tenant_core::Placement;

use super::TenantDb;
use crate::driver::TenantDatabase;

/// The places whose policies were found. Each is looked at when it is first entered, and again once the catalog was read
/// anew.
#[derive(Debug, Default)]
pub(super) struct Walls(RwLock<Found>);

#[derive(Debug, Default)]
pub(super) struct Found {
    /// Counts the catalogs.
    round: u64,
    places: HashSet<Placement>,
}

impl Walls {
    /// Nobody enters on what was found before, once the guard is gone: the catalog is replaced meanwhile.
    pub(super) fn forget_all(&self) -> RwLockWriteGuard<'_, Found> {
        let mut found = self.0.write();
        found.round += 1;
        found.places.clear();
        found
    }

    pub(super) fn forget(&self, placement: &Placement) {
        self.0.write().places.remove(placement);
    }
}

impl<DB: TenantDatabase> TenantDb<DB> {
    /// Whether policies are to be obeyed in a place of tenants' own that nobody has looked at. The tables of many are looked
    /// at with the catalog.
    pub(super) fn has_unseen_wall(&self, placement: &Placement) -> bool {
        let is_own = matches!(placement, Placement::Schema(_) | Placement::Database(_));
        is_own && self.setting().is_some() && !self.0.walls.0.read().places.contains(placement)
    }

    /// Fails where such a place lacks policies.
    pub(super) async fn look_at_wall(
        &self,
        placement: &Placement,
        pool: &Pool<DB>,
        begin: Option<SqlStr>,
    ) -> Result<(), sqlx::Error> {
        let Some(setting) = self.setting() else { return Ok(()) };
        let (round, catalog) = {
            let found = self.0.walls.0.read();
            (found.round, self.catalog())
        };
        DB::check_row_security(pool, begin, &catalog, setting).await?;
        let mut found = self.0.walls.0.write();
        if found.round == round {
            found.places.insert(placement.clone());
        }
        Ok(())
    }

    /// Those of the tables of many.
    pub(super) async fn check_walls(&self, catalog: &tenant_sql::Catalog) -> Result<(), sqlx::Error> {
        let Some(setting) = self.setting() else { return Ok(()) };
        let places = self.places();
        let copies = places.replicas.iter().flat_map(|replicas| replicas.pools());
        for pool in [self.pool()].into_iter().chain(places.shards.values()).chain(copies) {
            DB::check_row_security(pool, None, catalog, setting).await?;
        }
        Ok(())
    }

    pub(crate) fn forget_wall(&self, placement: &Placement) {
        self.0.walls.forget(placement);
    }
}
