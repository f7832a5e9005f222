use std::{collections::HashMap, fmt, sync::Arc};

use parking_lot::Mutex;
use tenant::{Clock, TenantHooks, TenantId, Timestamp, hooks::RequestEvent};

use super::tally::{Answered, Tally};

/// Hears of each answered request and sums it up; it never waits for the database.
///
/// What it holds is bounded by the number of tenants that were served since the last batch.
pub(crate) struct Recorder {
    clock: Arc<dyn Clock>,
    tallies: Mutex<HashMap<TenantId, Tally>>,
}

// A path is the caller's: what is kept of it is bounded.
const MAX_PATH: usize = 512;

impl Recorder {
    /// A recorder that stamps requests by `clock`.
    pub(crate) fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, tallies: Mutex::default() }
    }

    /// Drops what was not written down yet of a tenant.
    pub(crate) fn forget(&self, tenant: &TenantId) {
        self.tallies.lock().remove(tenant);
    }

    /// Whether something of a tenant is still to be written down.
    pub(crate) fn knows(&self, tenant: &TenantId) -> bool {
        self.tallies.lock().contains_key(tenant)
    }

    pub(super) fn take(&self) -> HashMap<TenantId, Tally> {
        std::mem::take(&mut *self.tallies.lock())
    }

    pub(super) fn restore(&self, batch: HashMap<TenantId, Tally>) {
        let mut tallies = self.tallies.lock();
        for (tenant, tally) in batch {
            tallies.entry(tenant).or_default().restore(tally);
        }
    }
}

impl TenantHooks for Recorder {
    fn on_request(&self, event: &RequestEvent<'_>) {
        let Some(tenant) = event.tenant else { return };
        let answered = Answered {
            method: event.method.to_owned(),
            path: clip(event.path).to_owned(),
            status: event.status,
            duration_us: u64::try_from(event.duration.as_micros()).unwrap_or(u64::MAX),
            at: Timestamp::from(self.clock.unix()),
        };
        self.tallies.lock().entry(*tenant.id()).or_default().add(answered);
    }
}

fn clip(path: &str) -> &str {
    path.char_indices().nth(MAX_PATH).and_then(|(end, _)| path.get(..end)).unwrap_or(path)
}

impl fmt::Debug for Recorder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recorder").finish_non_exhaustive()
    }
}
