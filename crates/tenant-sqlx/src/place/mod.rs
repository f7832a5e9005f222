//! Where tenants live: in the tables of many, or in tables of their own, in one deployment and through one handle.

mod databases;
mod home;
mod provision;
mod rooms;

use std::{collections::HashMap, sync::Arc};

use sqlx::Pool;
use tenant_core::{PlaceName, Placement};

pub(crate) use self::{
    databases::{Databases, Lease, Vacant},
    home::{Address, Home, Preamble, first_at_home, run_at_home},
    provision::Applied,
};
use crate::{driver::TenantDatabase, replicas::Replicas};

/// The places beside the tables of all.
#[derive(Debug)]
pub(crate) struct Places<DB: TenantDatabase> {
    pub(crate) shards: HashMap<PlaceName, Pool<DB>>,
    pub(crate) has_schemas: bool,
    pub(crate) databases: Option<Arc<Databases<DB>>>,
    pub(crate) replicas: Option<Arc<Replicas<DB>>>,
    /// Under which names the tables of many would be found as somebody's own.
    pub(crate) of_many: Vec<Placement>,
}

impl<DB: TenantDatabase> Places<DB> {
    /// Refuses a kind of place that was not announced, and the tables of many as somebody's own: with that they would be
    /// torn down.
    pub(crate) fn admit(&self, placement: &Placement) -> Result<(), sqlx::Error> {
        if self.of_many.contains(placement) {
            return Err(home::of_many());
        }
        let is_known = match placement {
            Placement::Shared => true,
            Placement::Shard(name) => self.shards.contains_key(name),
            Placement::Schema(_) => self.has_schemas,
            Placement::Database(_) => self.databases.is_some(),
        };
        is_known.then_some(()).ok_or_else(home::unknown)
    }

    /// Closes a database of a tenant's own; nobody enters it as long as the guard lives.
    pub(crate) async fn vacate(&self, placement: &Placement) -> Result<Option<Vacant<DB>>, sqlx::Error> {
        match (placement, &self.databases) {
            (Placement::Database(name), Some(databases)) => databases.vacate(name).await.map(Some),
            (Placement::Shared | Placement::Shard(_) | Placement::Schema(_) | Placement::Database(_), _) => {
                Ok(None)
            }
        }
    }

    pub(crate) async fn close(&self) {
        for pool in self.shards.values() {
            pool.close().await;
        }
        for pool in self.replicas.iter().flat_map(|replicas| replicas.pools()) {
            pool.close().await;
        }
        if let Some(databases) = &self.databases {
            databases.end().await;
        }
    }
}
