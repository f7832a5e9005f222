//! How many requests an address has, before anything else is looked at.

use std::{net::IpAddr, num::NonZeroU32, sync::Arc};

use http::Request;
use tenant_core::{Clock, SystemClock};
use tower_layer::Layer;

use crate::{
    ClientAddr, Rejection,
    guard::{Guard, GuardService},
    rate::{Counts, Rate, denied},
};

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
    exempt: Arc<[Box<str>]>,
    clock: Arc<dyn Clock>,
    counts: Arc<Counts<IpAddr>>,
}

impl AddressLimitLayer {
    /// Admits so many requests a minute from each address.
    #[must_use]
    pub fn per_minute(requests: NonZeroU32) -> Self {
        Self {
            rate: Rate::per_minute(requests),
            exempt: Arc::default(),
            clock: Arc::new(SystemClock::new()),
            counts: Arc::new(Counts::new()),
        }
    }

    /// Does not count requests for this path: for probes of load balancers, which must not be denied. It is compared as
    /// it stands; neither a longer path nor another spelling of it is exempt.
    #[must_use]
    pub fn exempt(mut self, path: impl Into<Box<str>>) -> Self {
        self.exempt = self.exempt.iter().cloned().chain([path.into()]).collect();
        self
    }

    /// Takes the time from `clock`.
    #[must_use]
    pub fn with_clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }
}

impl Guard for AddressLimitLayer {
    fn check<B>(&self, request: &mut Request<B>) -> Result<(), Rejection> {
        let path = request.uri().path();
        if self.exempt.iter().any(|exempt| **exempt == *path) {
            return Ok(());
        }
        let client = request.extensions().get::<ClientAddr>().ok_or_else(no_client)?;
        let taken = self.counts.take(&client.network(), self.clock.coarse_monotonic(), self.rate);
        taken.map_err(|wait| denied(wait, "the limit of requests from one address is reached"))
    }
}

#[cold]
fn no_client() -> Rejection {
    Rejection::internal().with_detail("no layer that finds out the client's address ran before this one")
}

impl<S> Layer<S> for AddressLimitLayer {
    type Service = GuardService<S, Self>;

    /// All services that one layer makes count together: a router makes one for each of its routes and methods.
    fn layer(&self, inner: S) -> Self::Service {
        GuardService::new(inner, self)
    }
}
