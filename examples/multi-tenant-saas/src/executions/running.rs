use std::{fmt, sync::Arc, time::Duration};

use tenant::{Clock, TenantId};
use tokio::sync::watch;

use super::alarm::Alarm;
use crate::places::{Place, Places};

/// The executions that run in this process, and the ways to end them.
pub(crate) struct Running {
    places: Arc<Places>,
    pub(super) alarm: Arc<Alarm>,
    stop: watch::Sender<bool>,
}

// Each is a task, a row, and a row to be written when it ends.
const MAX_PER_TENANT: usize = 1_000;
const MAX_WAIT: Duration = Duration::from_secs(10);

impl Running {
    pub(crate) fn new(clock: Arc<dyn Clock>) -> Arc<Self> {
        let (places, alarm) = (Places::new(MAX_PER_TENANT), Alarm::start(clock));
        Arc::new(Self { places, alarm, stop: watch::Sender::default() })
    }

    /// A place for one more; `None` if the tenant has as many as any tenant may have.
    pub(super) fn enter(&self, tenant: &TenantId) -> Option<Place> {
        self.places.enter(tenant)
    }

    /// Holds `true` once executions are to end.
    pub(super) fn stopped(&self) -> watch::Receiver<bool> {
        self.stop.subscribe()
    }

    /// Tells all executions to end, those that begin from now on too, and waits until they are marked.
    pub(crate) async fn stop(&self) {
        self.stop.send_replace(true);
        if tokio::time::timeout(MAX_WAIT, self.places.all_free()).await.is_err() {
            tracing::warn!("some executions could not be marked as interrupted before the end");
        }
    }
}

impl fmt::Debug for Running {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { places, alarm, stop: _ } = self;
        f.debug_struct("Running").field("places", places).field("alarm", alarm).finish_non_exhaustive()
    }
}
