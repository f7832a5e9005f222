use std::{collections::HashMap, fmt, sync::Arc, time::Duration};

use tenant::TenantId;
use tokio::sync::watch;

/// The executions that run in this process, and the way to end them.
pub(crate) struct Running {
    by_tenant: watch::Sender<HashMap<TenantId, usize>>,
    stop: watch::Sender<bool>,
}

// For tenants whose config limits nothing: a task and a row for each request must end somewhere.
const MAX_PER_TENANT: usize = 10_000;
const MAX_WAIT: Duration = Duration::from_secs(10);

impl Running {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self { by_tenant: watch::Sender::default(), stop: watch::Sender::default() })
    }

    /// A place for one more; `None` if the tenant has as many as any tenant may have.
    pub(super) fn enter(self: &Arc<Self>, tenant: &TenantId) -> Option<Place> {
        let is_in = self.by_tenant.send_if_modified(|counts| {
            let count = counts.entry(*tenant).or_default();
            let has_room = *count < MAX_PER_TENANT;
            *count += usize::from(has_room);
            has_room
        });
        is_in.then(|| Place { running: Arc::clone(self), tenant: *tenant })
    }

    /// Completes when executions are to end.
    pub(super) async fn stopped(&self) {
        // It fails where nobody can tell any more; this is the one who tells.
        let _ = self.stop.subscribe().wait_for(|stop| *stop).await;
    }

    /// Tells all executions to end, those that begin from now on too, and waits until they are marked.
    pub(crate) async fn stop(&self) {
        self.stop.send_replace(true);
        let mut counts = self.by_tenant.subscribe();
        if tokio::time::timeout(MAX_WAIT, counts.wait_for(HashMap::is_empty)).await.is_err() {
            tracing::warn!("some executions could not be marked as interrupted before the end");
        }
    }
}

/// The place of one execution. It is free again when this is dropped.
pub(super) struct Place {
    running: Arc<Running>,
    tenant: TenantId,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.running.by_tenant.send_modify(|counts| {
            if let Some(count) = counts.get_mut(&self.tenant) {
                *count = count.saturating_sub(1);
                if *count == 0 {
                    counts.remove(&self.tenant);
                }
            }
        });
    }
}

impl fmt::Debug for Running {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Running").field("tenants", &self.by_tenant.borrow().len()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tenant_without_limits_has_an_end_and_no_other_tenant_feels_it() {
        let running = Running::new();
        let [acme, globex] = ["acme", "globex"].map(|id| TenantId::parse(id).unwrap());
        let mut places: Vec<_> = (0..MAX_PER_TENANT).filter_map(|_| running.enter(&acme)).collect();
        assert_eq!(places.len(), MAX_PER_TENANT);
        assert!(running.enter(&acme).is_none());
        assert!(running.enter(&globex).is_some());
        places.pop();
        assert!(running.enter(&acme).is_some());
        drop(places);
        assert!(running.by_tenant.borrow().is_empty(), "nothing is kept of tenants that run nothing");
    }
}
