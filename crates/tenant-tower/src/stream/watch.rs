use std::{
    fmt,
    future::Future,
    hash::{BuildHasher, RandomState},
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use tenant_core::{
    AdmissionError, TenantContext, UnixTime,
    auth::{Authenticator, Principal},
};
use tokio::time::{sleep, timeout};

use super::{StreamEnd, StreamGuard};

/// Comes to its end when a stream has to, and tells why; made by [`StreamGuard::watch`].
pub struct StreamWatch {
    tenant: TenantContext,
    watching: Pin<Box<dyn Future<Output = StreamEnd> + Send>>,
}

pub(super) struct Watched {
    pub(super) guard: StreamGuard,
    pub(super) tenant: TenantContext,
    pub(super) caller: Option<Principal>,
}

const EVERY: Duration = Duration::from_millis(750);
const PATIENCE: Duration = Duration::from_millis(500);
const PAUSE: Duration = Duration::from_millis(100);

impl StreamWatch {
    pub(super) fn new(watched: Watched) -> Self {
        Self { tenant: watched.tenant.clone(), watching: Box::pin(watched.run()) }
    }
}

impl Future for StreamWatch {
    type Output = StreamEnd;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<StreamEnd> {
        // Whoever is asked for more does not wait for the next time that somebody asks.
        if self.tenant.ensure_active().is_err() {
            return Poll::Ready(StreamEnd::Inactive);
        }
        self.watching.as_mut().poll(cx)
    }
}

impl Watched {
    async fn run(self) -> StreamEnd {
        let mut stopped = self.guard.stopped.subscribe();
        loop {
            if timeout(self.until_next(), stopped.wait_for(|stopped| *stopped)).await.is_ok() {
                return StreamEnd::Stopped;
            }
            match timeout(PATIENCE, self.ask()).await {
                Ok(None) => {}
                Ok(Some(end)) => return end,
                Err(_) => return StreamEnd::Unknown,
            }
        }
    }

    /// Streams that were opened together are not asked for together.
    fn until_next(&self) -> Duration {
        let less = RandomState::new().hash_one(()) % 150;
        let next = EVERY.saturating_sub(Duration::from_millis(less));
        let end = self.caller.as_ref().and_then(Principal::expires_at);
        end.map_or(next, |end| end.until_from(self.now()).min(next))
    }

    /// Asks until there is an answer: `None` where it may go on.
    async fn ask(&self) -> Option<StreamEnd> {
        loop {
            match self.look().await {
                Some(StreamEnd::Unknown) => sleep(PAUSE).await,
                answer => return answer,
            }
        }
    }

    async fn look(&self) -> Option<StreamEnd> {
        let tenant = match self.look_at_tenant().await {
            Ok(tenant) => tenant,
            Err(end) => return Some(end),
        };
        let caller = self.caller.as_ref()?;
        if self.is_over(&tenant, caller) {
            return Some(StreamEnd::Expired);
        }
        if !tenant.edge_settings().admits_factors_of(caller) {
            return Some(StreamEnd::MfaRequired);
        }
        match self.guard.authenticator.holds(caller).await {
            Ok(true) => None,
            Ok(false) => Some(StreamEnd::Revoked),
            Err(_) => Some(StreamEnd::Unknown),
        }
    }

    fn is_over(&self, tenant: &TenantContext, caller: &Principal) -> bool {
        let now = self.now();
        let timeout = tenant.edge_settings().session_timeout();
        caller.expires_at().is_some_and(|end| end <= now)
            || timeout.is_some_and(|timeout| !timeout.admits(caller, now))
    }

    /// The tenant as it is now.
    async fn look_at_tenant(&self) -> Result<TenantContext, StreamEnd> {
        self.tenant.ensure_active().map_err(|_| StreamEnd::Inactive)?;
        let Some(configs) = self.guard.configs.as_deref() else { return Ok(self.tenant.clone()) };
        match TenantContext::of(configs, self.tenant.id()).await {
            // Another tenant, which was created anew under this id.
            Ok(now) if now.config().created_at != self.tenant.config().created_at => Err(StreamEnd::Inactive),
            Ok(now) => Ok(now),
            Err(AdmissionError::Store(_)) => Err(StreamEnd::Unknown),
            Err(_) => Err(StreamEnd::Inactive),
        }
    }

    fn now(&self) -> UnixTime {
        self.guard.clock.unix()
    }
}

impl fmt::Debug for StreamWatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StreamWatch").field("tenant", &self.tenant).finish_non_exhaustive()
    }
}
