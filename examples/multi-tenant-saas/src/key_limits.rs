//! How many requests a minute an API key admits, within this instance.

use std::{fmt, num::NonZeroUsize, sync::Arc};

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use lru::LruCache;
use parking_lot::Mutex;
use tenant::{
    Clock, Rejection,
    auth::{Principal, Proof},
};

/// Counts by key, in whole minutes.
#[derive(Clone)]
pub(crate) struct KeyLimits {
    counts: Arc<Mutex<LruCache<Box<str>, Count>>>,
    clock: Arc<dyn Clock>,
    usual: u64,
}

#[derive(Clone, Copy, Default)]
struct Count {
    minute: u64,
    requests: u64,
}

/// Of so many keys; the one that was used the longest ago is forgotten first.
const MOST: NonZeroUsize = NonZeroUsize::new(65_536).unwrap();

impl KeyLimits {
    pub(crate) fn new(clock: Arc<dyn Clock>, usual: u64) -> Self {
        Self { counts: Arc::new(Mutex::new(LruCache::sparse(MOST))), clock, usual }
    }

    /// Counts a request, or says in how many seconds there may be another.
    fn admit(&self, key: &str, limit: u64) -> Result<(), u64> {
        let second = self.clock.unix().as_secs();
        let mut counts = self.counts.lock();
        if counts.get(key).is_none() {
            counts.put(key.into(), Count::default());
        }
        let Some(count) = counts.get_mut(key) else { return Ok(()) };
        if count.minute != second / 60 {
            *count = Count { minute: second / 60, requests: 0 };
        }
        if count.requests >= limit {
            return Err(60 - second % 60);
        }
        count.requests += 1;
        Ok(())
    }
}

pub(crate) async fn limit(State(limits): State<KeyLimits>, request: Request, next: Next) -> Response {
    let caller = request.extensions().get::<Principal>();
    let key = caller.filter(|caller| caller.proof() == Proof::ApiKey);
    let admitted =
        key.map_or(Ok(()), |key| limits.admit(key.subject(), key.rate_limit().unwrap_or(limits.usual)));
    match admitted {
        Ok(()) => next.run(request).await,
        Err(wait) => Rejection::quota_exceeded(Some(wait))
            .with_detail("the rate limit of the API key is reached")
            .into_response(),
    }
}

impl fmt::Debug for KeyLimits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyLimits").field("usual", &self.usual).finish_non_exhaustive()
    }
}
