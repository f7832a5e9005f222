use std::{num::NonZeroU32, sync::Arc};

use http::Request;
use tenant_core::{
    Clock, SystemClock,
    auth::{Principal, Proof},
};
use tower_layer::Layer;

use super::{Anonymous, resolver::no_layer};
use crate::{
    Rejection,
    guard::{Guard, GuardService},
    rate::{Counts, Rate, denied},
};

/// Lets each API key send as many requests a minute as [its principal](Principal::rate_limit) says, and not more than the
/// tenant may: 429 `quota_exceeded` with a `Retry-After`.
///
/// It stands inside of an [`AuthLayer`](crate::AuthLayer); whoever calls by other credentials, or by none, passes. A key that has
/// been quiet may send all requests of a minute at once. The 65 536 keys seen last are remembered; each instance counts by
/// itself, and all services that one layer makes count together.
///
/// # Example
/// ```
/// use std::num::NonZeroU32;
///
/// use tenant_tower::KeyLimitLayer;
///
/// let usual = NonZeroU32::new(1_000).ok_or("a limit")?;
/// let layer = KeyLimitLayer::per_minute(usual);
/// # let _ = layer;
/// # Ok::<(), &str>(())
/// ```
#[derive(Clone, Debug)]
pub struct KeyLimitLayer {
    usual: NonZeroU32,
    clock: Arc<dyn Clock>,
    counts: Arc<Counts<String>>,
}

impl KeyLimitLayer {
    /// Admits so many requests a minute of a key that has no limit of its own.
    #[must_use]
    pub fn per_minute(usual: NonZeroU32) -> Self {
        Self { usual, clock: Arc::new(SystemClock::new()), counts: Arc::new(Counts::new()) }
    }

    /// Takes the time from `clock`.
    #[must_use]
    pub fn with_clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    fn rate_of(&self, key: &Principal) -> Result<Rate, Rejection> {
        let Some(own) = key.rate_limit() else { return Ok(Rate::per_minute(self.usual)) };
        let own = NonZeroU32::new(u32::try_from(own).unwrap_or(u32::MAX));
        own.map(Rate::per_minute).ok_or_else(|| Rejection::quota_exceeded(None).with_detail(REACHED))
    }
}

const REACHED: &str = "the limit of requests of the API key is reached";

impl Guard for KeyLimitLayer {
    fn check<B>(&self, request: &mut Request<B>) -> Result<(), Rejection> {
        let extensions = request.extensions();
        match extensions.get::<Principal>() {
            Some(key) if key.proof() == Proof::ApiKey => {
                let taken =
                    self.counts.take(key.subject(), self.clock.coarse_monotonic(), self.rate_of(key)?);
                taken.map_err(|wait| denied(wait, REACHED))
            }
            Some(_) => Ok(()),
            None if extensions.get::<Anonymous>().is_some() => Ok(()),
            None => Err(no_layer()),
        }
    }
}

impl<S> Layer<S> for KeyLimitLayer {
    type Service = GuardService<S, Self>;

    fn layer(&self, inner: S) -> Self::Service {
        GuardService::new(inner, self)
    }
}
