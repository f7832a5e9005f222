//! Where a tenant lives that is being moved, and holding it there for the time of a write.

use std::{borrow::Cow, collections::HashMap, fmt, sync::Arc};

use parking_lot::Mutex;
use tenant_core::{Placement, TenantContext, TenantId};
use tokio::sync::{OwnedRwLockReadGuard, OwnedRwLockWriteGuard, RwLock};

use crate::{
    TenantDb,
    driver::{self, Absence, Cell, Sql, TenantDatabase, sql},
};

/// As long as it lives, the tenant stays where it is.
pub(crate) struct Hold {
    _lock: Box<dyn Send + Sync>,
}

/// The tenants of this process that are held, or held up, where the database has no locks for it.
#[derive(Default)]
pub(crate) struct Gates(Mutex<HashMap<TenantId, Arc<RwLock<()>>>>);

impl Gates {
    fn of(&self, id: &TenantId) -> Arc<RwLock<()>> {
        let mut gates = self.0.lock();
        gates.retain(|_, gate| Arc::strong_count(gate) > 1);
        Arc::clone(gates.entry(*id).or_default())
    }

    async fn shared(&self, id: &TenantId) -> OwnedRwLockReadGuard<()> {
        self.of(id).read_owned().await
    }

    pub(super) async fn alone(&self, id: &TenantId) -> OwnedRwLockWriteGuard<()> {
        self.of(id).write_owned().await
    }
}

impl fmt::Debug for Gates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gates").finish_non_exhaustive()
    }
}

const PLACE: Sql = sql!(
    "SELECT coalesce((SELECT place FROM tenant_moves WHERE tenant_id = ?), \
     (SELECT coalesce(placement, '\"shared\"') FROM tenants WHERE id = ? AND status <> 'deleted'))"
);

impl<DB: TenantDatabase> TenantDb<DB> {
    /// Where a tenant's statement runs. Where it writes, the tenant stays there for as long as the hold lives.
    pub(crate) async fn whereabouts<'t>(
        &self,
        tenant: &'t TenantContext,
        writes: bool,
    ) -> Result<(Cow<'t, Placement>, Option<Hold>), sqlx::Error> {
        let config = tenant.config();
        if tenant.record().is_settled() {
            return Ok((Cow::Borrowed(&config.placement), None));
        }
        let hold = if writes { Some(self.hold(tenant.id()).await?) } else { None };
        let place = self.place_of(tenant.id()).await?;
        Ok((place.map_or(Cow::Borrowed(&config.placement), Cow::Owned), hold))
    }

    /// On the locks of the database, so that all processes obey.
    async fn hold(&self, id: &TenantId) -> Result<Hold, sqlx::Error> {
        let Some(holds) = &DB::MOVING.holds else {
            return Ok(Hold { _lock: Box::new(self.gates().shared(id).await) });
        };
        let mut transaction = driver::begin(self.holds_pool(), None).await?;
        DB::fetch(&mut transaction, holds.shared, vec![id.as_str().into()]).await?;
        Ok(Hold { _lock: Box::new(Mutex::new(transaction)) })
    }

    /// Asked after the hold was taken, and by nobody who sees an older moment. Nothing where configs are kept elsewhere.
    async fn place_of(&self, id: &TenantId) -> Result<Option<Placement>, sqlx::Error> {
        let cells: Vec<Cell> = vec![id.as_str().into(), id.as_str().into()];
        let mut connection = self.own_pool().acquire().await?;
        let rows = match DB::fetch(&mut connection, PLACE, cells).await {
            Ok(rows) => rows,
            Err(error) if DB::absence(&error) == Some(Absence::Table) => return Ok(None),
            Err(error) => return Err(error),
        };
        let place = rows.into_iter().flatten().next().and_then(Cell::into_text);
        place.map(|place| super::book::placement(&place)).transpose()
    }
}
