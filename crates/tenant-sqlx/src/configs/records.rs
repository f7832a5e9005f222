//! The records that contexts hold on to, so that a newer config of a tenant reaches the contexts of an older one.

use std::{
    collections::VecDeque,
    sync::{Arc, Weak},
};

use foldhash::{HashMap, HashMapExt};
use parking_lot::Mutex;
use tenant_core::{TenantConfig, TenantId, TenantRecord};

#[derive(Debug)]
pub(super) struct Records(Mutex<Alive>);

#[derive(Debug)]
struct Alive {
    /// For each tenant the records in use: one for each revision that somebody still holds.
    records: HashMap<TenantId, Vec<Weak<TenantRecord>>>,
    prune_at: usize,
    /// The last ones that were written, so that a read which started before a write knows better when it ends.
    written: VecDeque<Arc<TenantRecord>>,
}

const FIRST_PRUNE: usize = 1_024;
const WRITTEN: usize = 256;

impl Default for Records {
    fn default() -> Self {
        Self(Mutex::new(Alive { records: HashMap::new(), prune_at: FIRST_PRUNE, written: VecDeque::new() }))
    }
}

impl Records {
    /// The record of a config: the one in use, or a successor of those in use.
    pub(super) fn of(&self, config: TenantConfig) -> Arc<TenantRecord> {
        let mut alive = self.0.lock();
        let records = alive.records.entry(config.tenant_id).or_default();
        let in_use: Vec<Arc<TenantRecord>> = records.iter().filter_map(Weak::upgrade).collect();
        if let Some(same) = in_use.iter().find(|record| *record.config() == config) {
            return Arc::clone(same);
        }
        records.retain(|record| record.strong_count() > 0);
        let record = Arc::new(match predecessor(&in_use, &config) {
            Some(predecessor) => predecessor.succeed(config),
            None => TenantRecord::new(config),
        });
        records.push(Arc::downgrade(&record));
        alive.prune();
        record
    }

    /// The record of a config that was written just now. Contexts of older ones are served or not as it says.
    pub(super) fn written(&self, config: TenantConfig) -> Arc<TenantRecord> {
        let record = self.of(config);
        let mut alive = self.0.lock();
        alive.written.push_back(Arc::clone(&record));
        if alive.written.len() > WRITTEN {
            alive.written.pop_front();
        }
        record
    }
}

/// Of two tenants that had the same id one after the other, the same one; else the other, which so learns of its end.
fn predecessor<'a>(in_use: &'a [Arc<TenantRecord>], config: &TenantConfig) -> Option<&'a Arc<TenantRecord>> {
    let same = |record: &&Arc<TenantRecord>| record.config().created_at == config.created_at;
    in_use.iter().find(same).or(in_use.first())
}

impl Alive {
    /// Bounded by the records in use, not by the tenants there are.
    fn prune(&mut self) {
        if self.records.len() > self.prune_at {
            let in_use = |record: &Weak<TenantRecord>| record.strong_count() > 0;
            self.records.retain(|_, records| records.iter().any(in_use));
            self.prune_at = (self.records.len() * 2).max(FIRST_PRUNE);
        }
    }
}

#[cfg(test)]
mod tests {
    use tenant_core::{TenantStatus, Timestamp};

    use super::*;

    fn config(revision: u64, status: TenantStatus) -> TenantConfig {
        let builder = TenantConfig::builder(TenantId::parse("acme").unwrap());
        builder.revision(revision).status(status).build().unwrap()
    }

    #[test]
    fn a_config_that_did_not_change_is_one_record() {
        let records = Records::default();
        let first = records.of(config(1, TenantStatus::Active));
        assert!(Arc::ptr_eq(&first, &records.of(config(1, TenantStatus::Active))));
    }

    #[test]
    fn the_oldest_in_use_hears_of_what_comes_though_those_between_are_gone() {
        let records = Records::default();
        let first = records.of(config(1, TenantStatus::Active));
        drop(records.of(config(2, TenantStatus::Suspended)));
        assert!(!first.is_live());
        drop(records.of(config(3, TenantStatus::Active)));
        assert!(first.is_live());
        drop(records.of(config(4, TenantStatus::Deleted)));
        assert!(!first.is_live());
    }

    #[test]
    fn a_read_that_started_before_a_suspension_does_not_undo_it() {
        let records = Records::default();
        drop(records.written(config(2, TenantStatus::Suspended)));
        assert!(!records.of(config(1, TenantStatus::Active)).is_live());
        drop(records.written(config(3, TenantStatus::Active)));
        assert!(records.of(config(3, TenantStatus::Active)).is_live());
    }

    #[test]
    fn only_so_many_writes_are_remembered() {
        let records = Records::default();
        for revision in 0..1_000 {
            drop(records.written(config(revision, TenantStatus::Active)));
        }
        assert_eq!(records.0.lock().written.len(), WRITTEN);
        assert!(records.0.lock().records.values().all(|records| records.len() <= WRITTEN + 1));
    }

    #[test]
    fn a_tenant_created_anew_ends_the_one_before_and_is_not_ended_by_it() {
        let records = Records::default();
        let old = records.of(config(1, TenantStatus::Active));
        let mut anew = config(1, TenantStatus::Active);
        anew.created_at = Timestamp::from_unix_micros(1);
        let new = records.of(anew.clone());
        assert!(!old.is_live() && new.is_live());
        anew.revision = 2;
        assert!(records.of(anew).is_live() && new.is_live() && !old.is_live());
    }

    #[test]
    fn what_nobody_uses_is_forgotten() {
        let records = Records::default();
        for number in 0..FIRST_PRUNE * 3 {
            let id = TenantId::parse(&format!("tenant-{number}")).unwrap();
            drop(records.of(TenantConfig::builder(id).build().unwrap()));
        }
        assert!(records.0.lock().records.len() <= FIRST_PRUNE + 1);
    }
}
