//! The records that contexts hold on to, so that a newer config of a tenant reaches the contexts of an older one.

use std::sync::{Arc, Weak};

use foldhash::{HashMap, HashMapExt};
use parking_lot::Mutex;
use tenant_core::{TenantConfig, TenantId, TenantRecord};

#[derive(Debug)]
pub(super) struct Records(Mutex<Alive>);

#[derive(Debug)]
struct Alive {
    records: HashMap<TenantId, Weak<TenantRecord>>,
    prune_at: usize,
}

const FIRST_PRUNE: usize = 1_024;

impl Default for Records {
    fn default() -> Self {
        Self(Mutex::new(Alive {
            records: HashMap::new(),
            prune_at: FIRST_PRUNE,
        }))
    }
}

impl Records {
    /// The record of a config, as the successor of the one that is in use.
    pub(super) fn of(&self, config: TenantConfig) -> Arc<TenantRecord> {
        let mut alive = self.0.lock();
        let id = config.tenant_id;
        let known = alive.records.get(&id).and_then(Weak::upgrade);
        let record = Arc::new(match known {
            Some(known) => known.succeed(config),
            None => TenantRecord::new(config),
        });
        alive.records.insert(id, Arc::downgrade(&record));
        alive.prune();
        record
    }

    /// Ends a tenant for the contexts in use, if there are any.
    pub(super) fn retire(&self, id: &TenantId) {
        let known = self
            .0
            .lock()
            .records
            .remove(id)
            .and_then(|record| record.upgrade());
        if let Some(record) = known {
            record.retire();
        }
    }
}

impl Alive {
    /// Bounded by the contexts in use, not by the tenants there are.
    fn prune(&mut self) {
        if self.records.len() > self.prune_at {
            self.records.retain(|_, record| record.strong_count() > 0);
            self.prune_at = (self.records.len() * 2).max(FIRST_PRUNE);
        }
    }
}
