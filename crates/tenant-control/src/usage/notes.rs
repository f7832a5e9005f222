//! What was noted and is not written yet: added up, so that a flood of notes is a few numbers.

use std::{
    collections::{BTreeMap, HashMap},
    mem,
};

use parking_lot::Mutex;
use tenant_core::{
    TenantId, Timestamp,
    usage::{UsageDate, UsageRecord, UsageSeries},
};
use uuid::Uuid;

type Sums = BTreeMap<(UsageSeries, UsageDate), (u64, Timestamp)>;

#[derive(Default)]
pub(super) struct Notes(Mutex<Held>);

#[derive(Default)]
struct Held {
    sums: HashMap<TenantId, Sums>,
    count: usize,
}

/// So many sums wait, of all tenants, and of one: no tenant takes another's room.
const MOST: usize = 10_000;
const MOST_OF_ONE: usize = 500;
/// The most that one record says.
const LARGEST: u64 = i64::MAX as u64;

impl Notes {
    /// Adds a record to its sum; says whether it was the first, or `None` where there is no room for it.
    pub(super) fn add(&self, record: &UsageRecord) -> Option<bool> {
        let held = &mut *self.0.lock();
        let is_first = held.count == 0;
        let own = held.sums.entry(record.tenant).or_default();
        let place = (record.series(), record.date());
        if let Some((sum, time)) = own.get_mut(&place) {
            *sum = sum.checked_add(record.quantity).filter(|sum| *sum <= LARGEST)?;
            *time = record.time;
        } else if own.len() < MOST_OF_ONE && held.count < MOST {
            own.insert(place, (record.quantity, record.time));
            held.count += 1;
        } else {
            return None;
        }
        Some(is_first)
    }

    /// All of them, as records.
    pub(super) fn take(&self) -> Vec<UsageRecord> {
        let held = mem::take(&mut *self.0.lock());
        let records = held.sums.into_iter().flat_map(|(tenant, sums)| {
            sums.into_iter().map(move |((series, _), (quantity, time))| {
                let UsageSeries { measure, project, kind } = series;
                let id = Uuid::new_v4().to_string();
                let record = UsageRecord::new(id, tenant, kind, quantity, time);
                UsageRecord { measure, project, ..record }
            })
        });
        records.collect()
    }
}

#[cfg(test)]
mod tests {
    use tenant_core::usage::UsageKind;

    use super::*;

    #[test]
    fn a_tenant_that_notes_much_takes_no_room_of_another() {
        let notes = Notes::default();
        let note = |tenant: &str, project: usize, quantity| {
            let tenant = TenantId::parse(tenant).unwrap();
            let time = Timestamp::default();
            let record = UsageRecord::new("n", tenant, UsageKind::API_CALL, quantity, time);
            notes.add(&UsageRecord { project: Some(project.to_string().into()), ..record })
        };
        let taken = (0..10_000).filter(|project| note("acme", *project, 1).is_some()).count();
        assert_eq!(taken, MOST_OF_ONE);
        assert_eq!(note("acme", 0, 1), Some(false), "what has its room keeps it");
        assert_eq!(note("acme", 0, LARGEST), None);
        assert_eq!(note("globex", 0, 1), Some(false));
        let records = notes.take();
        assert_eq!(records.iter().map(|record| record.quantity).sum::<u64>(), 502);
        assert_eq!((notes.take().len(), note("globex", 0, 1)), (0, Some(true)));
    }
}
