use std::time::Duration;

use tower_layer::Layer;

use super::{gate::Gate, service::FairService, settings::Settings};

/// Lets so many requests run at once, and shares the slots out fairly between tenants: no tenant has all of them, and
/// where requests have to wait, tenants take turns.
///
/// It stands inside of the layer that resolves the tenant, next to the service it guards. A slot is held until the
/// response's body has ended or is dropped; a handler that panics and a caller who leaves give it back.
///
/// Who waits is bounded in number and in time. Where no more may wait, the tenant with the most requests, running and
/// waiting, loses its newest one. Where the queue has not been empty for an interval, it is no burst: each request that
/// then waited beyond the target costs the tenant with the most its oldest one, until the wait is short again. Who loses
/// is answered with a 503 `overloaded` and a `Retry-After` of a second; it was not charged less for that.
///
/// All callers without a tenant, on routes that allow it, count as one.
///
/// Waiting takes the timer of a tokio runtime.
///
/// # Example
/// ```
/// use std::time::Duration;
///
/// use tenant_tower::FairLayer;
///
/// let layer = FairLayer::new(64).per_tenant(16).waiting(256).patience(Duration::from_millis(500));
/// # let _ = layer;
/// ```
#[derive(Clone, Debug)]
pub struct FairLayer {
    settings: Settings,
}

impl FairLayer {
    /// At most `slots` requests run at once, at least 1. A tenant may have three quarters of them, eight times as many
    /// requests may wait, for a second.
    #[must_use]
    pub fn new(slots: usize) -> Self {
        Self { settings: Settings::new(slots) }
    }

    /// How many slots one tenant may have, at least 1 and at most all; by default three quarters, rounded down.
    #[must_use]
    pub fn per_tenant(mut self, slots: usize) -> Self {
        self.settings.per_tenant = slots.clamp(1, self.settings.slots);
        self
    }

    /// How many requests of all tenants may wait; by default eight times the slots. With 0 none waits.
    #[must_use]
    pub const fn waiting(mut self, requests: usize) -> Self {
        self.settings.waiting = requests;
        self
    }

    /// How long a request waits at most; by default 1 s.
    #[must_use]
    pub const fn patience(mut self, patience: Duration) -> Self {
        self.settings.patience = patience;
        self
    }

    /// How long requests may wait while the queue is never empty, and for how long it must not have been empty; by
    /// default 50 ms, and 500 ms.
    #[must_use]
    pub const fn target(mut self, wait: Duration, interval: Duration) -> Self {
        self.settings.target = wait;
        self.settings.interval = interval;
        self
    }
}

impl<S> Layer<S> for FairLayer {
    type Service = FairService<S>;

    /// Each service that is made has slots of its own; its clones share them.
    fn layer(&self, inner: S) -> Self::Service {
        FairService::new(inner, Gate::new(self.settings))
    }
}
