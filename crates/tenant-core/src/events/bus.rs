use std::{
    collections::{BTreeMap, HashMap},
    fmt,
    sync::Arc,
    time::Duration,
};

use parking_lot::RwLock;

use super::{
    Envelope, Event, EventId, Subscription,
    channel::{Channel, Entry},
};
use crate::{Clock, Monotonic, SystemClock, TenantContext, TenantId, Timestamp};

/// Tells what happens in a tenant to those of the same tenant who listen. Cheap to clone.
///
/// # Example
/// ```
/// use tenant_core::events::{Event, EventBus, Received};
/// # use tenant_core::{InMemoryConfigManager, TenantConfig, TenantContext, TenantId};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let id = TenantId::parse("acme")?;
/// # let configs = InMemoryConfigManager::with([TenantConfig::builder(id).build()?])?;
/// # let tenant = TenantContext::of(&configs, &id).await?;
/// let events = EventBus::new();
/// let mut listener = events.subscribe(&tenant)?;
/// events.publish(&tenant, Event::new("user.created", &"u1")?);
/// match listener.recv().await {
///     Some(Received::Event(_, event)) => assert_eq!(event.name(), "user.created"),
///     other => panic!("{other:?}"),
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct EventBus(Arc<Bus>);

struct Bus {
    settings: Settings,
    channels: RwLock<Channels>,
}

#[derive(Clone)]
struct Settings {
    kept: usize,
    most: usize,
    clock: Arc<dyn Clock>,
    relay: Option<Arc<dyn EventRelay>>,
}

/// Carries events to other instances, which hand them to their own bus with [`EventBus::receive`].
pub trait EventRelay: Send + Sync {
    /// Takes one along. It must not block.
    fn relay(&self, envelope: Envelope);
}

/// A tenant has as many subscriptions as any tenant may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the tenant has as many subscriptions as any tenant may have")]
pub struct TooManySubscriptions;

/// A tenant in one of its lives: one that was created anew under the same id is another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Key {
    pub(super) tenant: TenantId,
    pub(super) created_at: Timestamp,
}

impl Key {
    pub(super) fn of(tenant: &TenantContext) -> Self {
        Self { tenant: *tenant.id(), created_at: tenant.config().created_at }
    }
}

#[derive(Default)]
struct Channels {
    by_key: HashMap<Key, Place>,
    /// To which nobody listens any more, each once: a tenant that comes and goes pushes no other one out.
    left: BTreeMap<Left, Key>,
    leavings: u64,
}

/// Since when, and a number that tells those apart that were left together.
type Left = (Monotonic, u64);

struct Place {
    channel: Arc<Channel>,
    listeners: usize,
    left: Option<Left>,
}

const KEPT: usize = 256;
const MOST: usize = 100;
/// So long events are kept of a tenant to which nobody listens any more: who was cut off may come back.
const LINGERS: Duration = Duration::from_secs(30);
const MOST_LEFT: usize = 256;

impl Default for EventBus {
    fn default() -> Self {
        Self::new()
    }
}

impl EventBus {
    /// One that keeps the last 256 events of each tenant to which somebody listens, and at most 256 KiB of them, and admits
    /// 100 subscriptions per tenant.
    #[must_use]
    pub fn new() -> Self {
        let clock = Arc::new(SystemClock::new());
        Self::of(Settings { kept: KEPT, most: MOST, clock, relay: None })
    }

    fn of(settings: Settings) -> Self {
        Self(Arc::new(Bus { settings, channels: RwLock::default() }))
    }

    fn with(self, change: impl FnOnce(&mut Settings)) -> Self {
        let mut settings = self.0.settings.clone();
        change(&mut settings);
        Self::of(settings)
    }

    /// Keeps so many events for each tenant: who falls behind by more has missed some.
    #[must_use]
    pub fn keeping(self, events: usize) -> Self {
        self.with(|settings| settings.kept = events)
    }

    /// Admits so many subscriptions per tenant.
    #[must_use]
    pub fn admitting(self, subscriptions: usize) -> Self {
        self.with(|settings| settings.most = subscriptions)
    }

    /// Takes the time from `clock`.
    #[must_use]
    pub fn with_clock(self, clock: Arc<dyn Clock>) -> Self {
        self.with(|settings| settings.clock = clock)
    }

    /// Has what is published here carried to other instances.
    #[must_use]
    pub fn with_relay(self, relay: Arc<dyn EventRelay>) -> Self {
        self.with(|settings| settings.relay = Some(relay))
    }

    /// Tells those of this tenant who listen, here and on other instances. It never waits: publish what was committed.
    pub fn publish(&self, tenant: &TenantContext, event: Event) {
        let envelope = Envelope { key: Key::of(tenant), entry: Entry::Event(event) };
        match &self.0.settings.relay {
            Some(relay) => {
                self.receive(envelope.clone());
                relay.relay(envelope);
            }
            None => self.receive(envelope),
        }
    }

    /// Hands over what another instance published, to those of its tenant who listen here.
    pub fn receive(&self, envelope: Envelope) {
        let channel =
            self.0.channels.read().by_key.get(&envelope.key).map(|place| Arc::clone(&place.channel));
        if let Some(channel) = channel {
            channel.add(envelope.entry);
        }
    }

    /// Tells all who listen that they may have missed something: this instance was cut off from others.
    pub fn doubt(&self) {
        let channels = self.0.channels.read();
        channels.by_key.values().for_each(|place| place.channel.add(Entry::Missed(None)));
    }

    /// Listens to the events of this tenant, from now on.
    ///
    /// # Errors
    /// The tenant has as many subscriptions as any tenant may have.
    pub fn subscribe(&self, tenant: &TenantContext) -> Result<Subscription, TooManySubscriptions> {
        Ok(Subscription::new(tenant, self.enter(tenant)?, None))
    }

    /// Goes on behind an event that was received before, or tells that something was missed where that can't be.
    ///
    /// # Errors
    /// As [`subscribe`](Self::subscribe).
    pub fn resume(
        &self,
        tenant: &TenantContext,
        last: EventId,
    ) -> Result<Subscription, TooManySubscriptions> {
        Ok(Subscription::new(tenant, self.enter(tenant)?, Some(last)))
    }

    fn enter(&self, tenant: &TenantContext) -> Result<Seat, TooManySubscriptions> {
        let key = Key::of(tenant);
        let Settings { kept, most, clock, relay: _ } = &self.0.settings;
        let mut channels = self.0.channels.write();
        channels.clear(clock.coarse_monotonic());
        let Channels { by_key, left, .. } = &mut *channels;
        let place = by_key.entry(key).or_insert_with(|| Place::new(*kept));
        if place.listeners >= *most {
            return Err(TooManySubscriptions);
        }
        place.listeners += 1;
        if let Some(since) = place.left.take() {
            left.remove(&since);
        }
        Ok(Seat { bus: Arc::clone(&self.0), key, channel: Arc::clone(&place.channel) })
    }
}

impl Place {
    fn new(kept: usize) -> Self {
        Self { channel: Arc::new(Channel::new(kept)), listeners: 0, left: None }
    }
}

impl Channels {
    fn leave(&mut self, key: Key, now: Monotonic) {
        let Some(place) = self.by_key.get_mut(&key) else { return };
        place.listeners = place.listeners.saturating_sub(1);
        if place.listeners == 0 {
            let since = (now, self.leavings);
            self.leavings = self.leavings.wrapping_add(1);
            place.left = Some(since);
            self.left.insert(since, key);
        }
        self.clear(now);
    }

    /// Forgets those to which nobody has listened for a while, and the first of them where they are many.
    fn clear(&mut self, now: Monotonic) {
        while let Some(((since, _), _)) = self.left.first_key_value()
            && (self.left.len() > MOST_LEFT || now.since(*since) >= LINGERS)
            && let Some((_, key)) = self.left.pop_first()
        {
            self.by_key.remove(&key);
        }
    }
}

/// One of a tenant's subscriptions; it is free again when this is dropped.
pub(super) struct Seat {
    bus: Arc<Bus>,
    key: Key,
    channel: Arc<Channel>,
}

impl Seat {
    pub(super) fn channel(&self) -> &Channel {
        &self.channel
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let now = self.bus.settings.clock.coarse_monotonic();
        self.bus.channels.write().leave(self.key, now);
    }
}

impl fmt::Debug for EventBus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventBus")
            .field("tenants", &self.0.channels.read().by_key.len())
            .finish_non_exhaustive()
    }
}
