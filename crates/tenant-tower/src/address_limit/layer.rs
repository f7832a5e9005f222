use std::{num::NonZeroU32, sync::Arc};

use tenant_core::{Clock, SystemClock};
use tower_layer::Layer;

use super::{AddressLimitService, bucket::Rate, counts::Counts, service::Limit};

/// Lets each address send so many requests a minute, before a credential or a tenant is looked at: whoever guesses
/// passwords, keys or tenants' ids is stopped by it, and costs no tenant anything.
///
/// It stands inside of a [`ForwardedLayer`](crate::ForwardedLayer), which says who is calling, and outside of all others. An
/// address of IPv6 counts with its /64. Who has been quiet may send all requests of a minute at once; one comes back
/// every `60 s / n`. Beyond it the answer is a 429 `quota_exceeded` with a `Retry-After`. Requests without a
/// [`ClientAddr`](crate::ClientAddr) are rejected with a 500: a layer that was forgotten is no open door.
///
/// The 65 536 addresses seen last are remembered, in about 6 MiB; each instance counts by itself. An address that is
/// forgotten for others starts anew, with a full minute's requests: who commands so many networks is not stopped by a
/// limit per address, but neither can they make it grow, or make it deny anybody else.
///
/// # Example
/// ```
/// use std::num::NonZeroU32;
///
/// use tenant_tower::AddressLimitLayer;
///
/// let limit = NonZeroU32::new(600).ok_or("a limit")?;
/// let layer = AddressLimitLayer::per_minute(limit).exempt("/health");
/// # let _ = layer;
/// # Ok::<(), &str>(())
/// ```
#[derive(Clone, Debug)]
pub struct AddressLimitLayer {
    rate: Rate,
    exempt: Vec<Box<str>>,
    clock: Arc<dyn Clock>,
    counts: Arc<Counts>,
}

impl AddressLimitLayer {
    /// Admits so many requests a minute from each address.
    #[must_use]
    pub fn per_minute(requests: NonZeroU32) -> Self {
        let clock = Arc::new(SystemClock::new());
        let counts = Arc::new(Counts::new());
        Self { rate: Rate::per_minute(requests), exempt: Vec::new(), clock, counts }
    }

    /// Does not count requests for this path: for probes of load balancers, which must not be denied. It is compared as
    /// it stands; neither a longer path nor another spelling of it is exempt.
    #[must_use]
    pub fn exempt(mut self, path: impl Into<Box<str>>) -> Self {
        self.exempt.push(path.into());
        self
    }

    /// Takes the time from `clock`.
    #[must_use]
    pub fn with_clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }
}

impl<S> Layer<S> for AddressLimitLayer {
    type Service = AddressLimitService<S>;

    /// All services that one layer makes count together: a router makes one for each of its routes and methods.
    fn layer(&self, inner: S) -> Self::Service {
        let limit = Limit {
            rate: self.rate,
            exempt: self.exempt.as_slice().into(),
            clock: Arc::clone(&self.clock),
            counts: Arc::clone(&self.counts),
        };
        AddressLimitService::new(inner, Arc::new(limit))
    }
}
