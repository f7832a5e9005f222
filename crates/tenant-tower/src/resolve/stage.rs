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
    /// Where who has not shown the second factor that their tenant requires is let in.
    pub(crate) enrolment_paths: Arc<[Box<str>]>,
}

impl ResolveStage {
    pub(crate) fn new(
        resolver: Arc<dyn TenantResolver>,
        configs: Arc<dyn ConfigManager>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self {
            waits: resolver.waits(),
            resolver,
            configs,
            clock,
            session_clock: None,
            allows_missing: false,
            enrolment_paths: Arc::default(),
        }
    }

    pub(crate) fn now(&self) -> UnixTime {
        self.session_clock.as_ref().unwrap_or(&self.clock).coarse_unix()
    }

    /// Byte for byte: what a router would take for the same path is not.
    #[cold]
    pub(crate) fn enrols(&self, path: &str) -> bool {
        self.enrolment_paths.iter().any(|own| **own == *path)
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
