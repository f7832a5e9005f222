use std::{fmt, sync::Arc};

use parking_lot::Mutex;
use tenant_core::{
    Clock, SystemClock, TenantHooks,
    audit::AuditOutcome,
    hooks::{BypassEvent, CredentialEvent, CrossTenantAttempt},
};

use super::{
    AuditLog,
    sparing::{Sparing, Sparingly},
};

/// Notes what the edges tell of: attempts across tenants in the log of the credential's tenant; bypasses and rejected
/// credentials in the deployment's own. Of rejected credentials ten in a second, and how many there were beyond.
///
/// # Example
/// ```
/// use std::sync::Arc;
///
/// use tenant_control::{AuditHooks, AuditLog};
/// use tenant_core::Hooks;
///
/// fn hooks(log: AuditLog) -> Hooks {
///     Hooks::new([Arc::new(AuditHooks::new(log)) as _])
/// }
/// ```
pub struct AuditHooks {
    log: AuditLog,
    rejected: Mutex<Sparing>,
    clock: Arc<dyn Clock>,
}

/// What nobody has proved.
const SOMEBODY: &str = "unknown";

impl AuditHooks {
    /// Notes them in this log.
    #[must_use]
    pub fn new(log: AuditLog) -> Self {
        Self { log, rejected: Mutex::default(), clock: Arc::new(SystemClock::new()) }
    }
}

impl TenantHooks for AuditHooks {
    fn on_credential(&self, event: &CredentialEvent<'_>) {
        if event.outcome == "ok" {
            return;
        }
        let Sparingly::Noted { beyond } = self.rejected.lock().admit(self.clock.coarse_monotonic()) else {
            return;
        };
        if beyond > 0 {
            let more = self.log.event(SOMEBODY, "credential.rejected_more", "credential");
            self.log.note(more.on(beyond.to_string()).with_outcome(AuditOutcome::Denied));
        }
        let rejected = self.log.event(SOMEBODY, "credential.rejected", "credential");
        self.log.note(rejected.on(short(event.outcome)).with_outcome(AuditOutcome::Denied));
    }

    fn on_cross_tenant_attempt(&self, event: &CrossTenantAttempt<'_>) {
        let denied = self.log.event(short(event.source), "tenant.crossed", "tenant").of(*event.tenant);
        self.log.note(denied.on(event.claimed.as_str()).with_outcome(AuditOutcome::Denied));
    }

    fn on_bypass(&self, event: &BypassEvent<'_>) {
        let bypass = self.log.event(short(event.actor), "scope.bypassed", "database");
        self.log.note(bypass.on(short(event.reason)));
    }
}

/// What fits into the log of each store.
fn short(text: &str) -> &str {
    const LONGEST: usize = 255;
    text.char_indices().nth(LONGEST).map_or(text, |(end, _)| text.split_at(end).0)
}

impl fmt::Debug for AuditHooks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuditHooks").field("log", &self.log).finish_non_exhaustive()
    }
}
