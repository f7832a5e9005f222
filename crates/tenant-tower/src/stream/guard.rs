use std::{fmt, sync::Arc};

use tenant_core::{
    Clock, ConfigManager, SystemClock, TenantContext,
    auth::{Authenticator, Principal},
};
use tokio::sync::watch;

use super::{StreamWatch, WatchedBody, watch::Watched};

/// Watches what stays open (event streams, WebSockets, long answers) and ends it when its tenant is no longer served or its
/// caller's credential does not hold any more. Cheap to clone.
///
/// A layer asks once, when a request comes. What goes on after that outlives whatever it was admitted by, unless somebody
/// asks again: a guard asks every 750 ms, waits half a second for the answer at most, and ends what nobody can vouch for. With
/// authenticators that believe what they know for half a second, as those of `tenant-auth` do, a stream ends within 2 s
/// of what ends it on any instance. A credential that ends by itself ends it then, by the injected clock.
///
/// A stream that is open is no use of a session: who does nothing else is idle. Roles and scopes are those that the stream was
/// opened with; whoever changes somebody's rights ends their sessions, and with them their streams.
///
/// It takes the timer of a tokio runtime. What a reader does not take is not looked at: a body that is watched ends when it
/// is polled next, and holds what it holds until then.
///
/// # Example
/// ```
/// use std::sync::Arc;
///
/// use tenant_core::{ConfigManager, TenantContext, auth::{Authenticators, Principal}};
/// use tenant_tower::{StreamGuard, WatchedBody};
///
/// fn guard(authenticators: Authenticators, configs: Arc<dyn ConfigManager>) -> StreamGuard {
///     StreamGuard::new(authenticators).configs(configs)
/// }
///
/// fn stream<B>(guard: &StreamGuard, tenant: &TenantContext, caller: &Principal, body: B) -> WatchedBody<B> {
///     guard.body(tenant, Some(caller), body)
/// }
/// ```
#[derive(Clone)]
pub struct StreamGuard {
    pub(super) authenticator: Arc<dyn Authenticator>,
    pub(super) configs: Option<Arc<dyn ConfigManager>>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) stopped: Arc<watch::Sender<bool>>,
}

impl StreamGuard {
    /// Asks this authenticator: the one that admits requests.
    #[must_use]
    pub fn new(authenticator: impl Authenticator + 'static) -> Self {
        Self {
            authenticator: Arc::new(authenticator),
            configs: None,
            clock: Arc::new(SystemClock::new()),
            stopped: Arc::default(),
        }
    }

    /// Looks tenants up here as well. Without it a suspension is noticed where something else on this instance has heard of it.
    #[must_use]
    pub fn configs(mut self, configs: impl ConfigManager + 'static) -> Self {
        self.configs = Some(Arc::new(configs));
        self
    }

    /// Takes the time from `clock`.
    #[must_use]
    pub fn with_clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Comes to its end when a stream of this caller in this tenant has to; `None` is a caller who has shown nothing, where
    /// that is allowed.
    #[must_use]
    pub fn watch(&self, tenant: &TenantContext, caller: Option<&Principal>) -> StreamWatch {
        StreamWatch::new(Watched { guard: self.clone(), tenant: tenant.clone(), caller: caller.cloned() })
    }

    /// A body that ends when it has to. It is dropped then, with what it holds, and ends as if there were no more of it: its
    /// format should tell whether it is whole.
    #[must_use]
    pub fn body<B>(&self, tenant: &TenantContext, caller: Option<&Principal>, body: B) -> WatchedBody<B> {
        WatchedBody::new(body, self.watch(tenant, caller))
    }

    /// Ends all that is watched, and what is watched from now on: the server stops.
    pub fn stop(&self) {
        self.stopped.send_replace(true);
    }
}

impl fmt::Debug for StreamGuard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StreamGuard").field("stopped", &*self.stopped.borrow()).finish_non_exhaustive()
    }
}
