//! What happens in a tenant, told to those of it who listen.
//!
//! Events carry ids, not what they are ids of: who wants to know more asks for it, with a credential that may. They are told
//! after what they tell of was committed, once at most.

mod happening;

use std::{fmt, sync::Arc, time::Duration};

use serde_json::Value;
use tenant::{
    Clock, StreamGuard, TenantContext, Timestamp,
    events::{Event, EventBus},
    redis::{EventReader, RedisEvents},
};

pub(crate) use self::happening::{Happening, Kind};
use crate::{
    callers::Callers,
    places::{Place, Places},
    shared::Shared,
    state::Configs,
};

/// The bus, and who watches over streams of it.
pub(crate) struct Events {
    bus: EventBus,
    guard: StreamGuard,
    sockets: Arc<Places>,
    clock: Arc<dyn Clock>,
    /// Ends where this is dropped.
    _reader: Option<EventReader>,
}

const PATIENCE: Duration = Duration::from_secs(3);

impl Events {
    /// With Redis, what happens on other instances is heard too.
    pub(crate) fn open(
        callers: &Callers,
        configs: &Arc<Configs>,
        clock: &Arc<dyn Clock>,
        shared: Option<&Shared>,
    ) -> Arc<Self> {
        let bus = EventBus::new().with_clock(Arc::clone(clock));
        let (bus, reader) = match shared {
            Some(shared) => {
                let bus = bus.with_relay(Arc::<RedisEvents>::clone(shared.events()));
                let reader = shared.events().listen(bus.clone());
                (bus, Some(reader))
            }
            None => (bus, None),
        };
        let guard = callers.guard(configs);
        let sockets = Places::new(usize::MAX);
        Arc::new(Self { bus, guard, sockets, clock: Arc::clone(clock), _reader: reader })
    }

    pub(crate) const fn bus(&self) -> &EventBus {
        &self.bus
    }

    /// Who ends streams of events: they have no end of their own, so that a server that stops does not wait for them.
    pub(crate) const fn guard(&self) -> &StreamGuard {
        &self.guard
    }

    /// A socket is no connection of the server's any more; one that holds this is waited for all the same.
    pub(crate) fn socket(&self, tenant: &TenantContext) -> Option<Place> {
        self.sockets.enter(tenant.id())
    }

    /// What is told of it, as what.
    pub(crate) fn message(&self, tenant: &TenantContext, happening: &Happening<'_>) -> (&'static str, Value) {
        let now = Timestamp::from(self.clock.unix());
        (happening.kind().name(), happening.told(tenant.id(), now))
    }

    pub(crate) fn tell(&self, tenant: &TenantContext, happening: &Happening<'_>) {
        let (name, data) = self.message(tenant, happening);
        match Event::new(name, &data) {
            Ok(event) => self.bus.publish(tenant, event),
            Err(error) => tracing::error!(%error, "an event could not be told"),
        }
    }

    /// Ends all streams of events.
    pub(crate) fn stop(&self) {
        self.guard.stop();
    }

    /// Waits until sockets have said goodbye.
    pub(crate) async fn finish(&self) {
        if tokio::time::timeout(PATIENCE, self.sockets.all_free()).await.is_err() {
            tracing::warn!("some sockets were not closed before the end");
        }
    }
}

impl fmt::Debug for Events {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Events").field("bus", &self.bus).finish_non_exhaustive()
    }
}
