use std::{fmt, sync::Arc};

use tenant_core::{Clock, ConfigManager, UnixTime};

use crate::{
    RequestHead, TenantResolver, host,
    resolver::{Resolution, ResolveFuture},
};

/// What the step from a request to a tenant takes.
#[derive(Clone)]
pub(crate) struct ResolveStage {
    resolver: Arc<dyn TenantResolver>,
    pub(crate) configs: Arc<dyn ConfigManager>,
    pub(crate) clock: Arc<dyn Clock>,
    /// Where the age of sessions and tokens comes from, where that is not `clock`.
    pub(crate) session_clock: Option<Arc<dyn Clock>>,
    pub(crate) waits: bool,
    pub(crate) allows_missing: bool,
}

impl ResolveStage {
    pub(crate) fn new(
        resolver: Arc<dyn TenantResolver>,
        configs: Arc<dyn ConfigManager>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { waits: resolver.waits(), resolver, configs, clock, session_clock: None, allows_missing: false }
    }

    pub(crate) fn now(&self) -> UnixTime {
        self.session_clock.as_ref().unwrap_or(&self.clock).coarse_unix()
    }

    #[inline]
    pub(crate) fn claim(&self, head: &RequestHead<'_>) -> Resolution {
        host::check(head)?;
        self.resolver.resolve(head)
    }

    pub(crate) fn claim_later(&self, head: &RequestHead<'_>) -> ResolveFuture {
        match host::check(head) {
            Ok(()) => self.resolver.resolve_later(head),
            Err(rejection) => Box::pin(std::future::ready(Err(rejection))),
        }
    }
}

impl fmt::Debug for ResolveStage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResolveStage").field("allows_missing", &self.allows_missing).finish_non_exhaustive()
    }
}
