use std::fmt;

use tokio::sync::watch;

use super::{Event, EventId, bus::Seat};
use crate::TenantContext;

/// Somebody who listens to the events of one tenant; made by [`EventBus::subscribe`](super::EventBus::subscribe).
///
/// It is worth nothing more once its tenant is not served any more.
pub struct Subscription {
    tenant: TenantContext,
    seat: Seat,
    next: u64,
    /// It does not go on where the last one ended.
    is_broken: bool,
    changed: watch::Receiver<()>,
}

/// What a [`Subscription`] hears.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Received {
    /// Something has happened.
    Event(EventId, Event),
    /// So many events can't be told any more; nobody knows how many where that is `None`. What is of interest is to be read
    /// anew.
    Missed(Option<u64>),
}

impl Subscription {
    pub(super) fn new(tenant: &TenantContext, seat: Seat, after: Option<EventId>) -> Self {
        let channel = seat.channel();
        let changed = channel.changed();
        let found = after.map(|last| channel.after(last));
        let next = found.flatten().unwrap_or_else(|| channel.end());
        let is_broken = found == Some(None);
        Self { tenant: tenant.clone(), seat, next, is_broken, changed }
    }

    /// Begins by telling that something was missed.
    #[must_use]
    pub fn broken(mut self) -> Self {
        self.is_broken = true;
        self
    }

    /// The next event; `None` once the tenant is no longer active. It may be dropped at any time, and nothing is lost.
    pub async fn recv(&mut self) -> Option<Received> {
        loop {
            self.changed.mark_unchanged();
            self.tenant.ensure_active().ok()?;
            if std::mem::take(&mut self.is_broken) {
                return Some(Received::Missed(None));
            }
            if let Some(received) = self.seat.channel().take(&mut self.next) {
                return Some(received);
            }
            self.changed.changed().await.ok()?;
        }
    }

    /// The tenant.
    #[must_use]
    pub const fn tenant(&self) -> &TenantContext {
        &self.tenant
    }
}

impl fmt::Debug for Subscription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subscription").field("tenant", &self.tenant).finish_non_exhaustive()
    }
}
