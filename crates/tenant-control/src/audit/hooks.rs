use tenant_core::{
    TenantHooks,
    audit::AuditOutcome,
    hooks::{BypassEvent, CredentialEvent, CrossTenantAttempt},
};

use super::AuditLog;

/// Notes what the edges tell of: attempts across tenants in the log of the credential's tenant; bypasses and rejected
/// credentials in the deployment's own. Attempts and rejected credentials are noted
/// [sparingly](AuditLog::note_sparingly).
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
#[derive(Debug)]
pub struct AuditHooks {
    log: AuditLog,
}

/// What nobody has proved.
const SOMEBODY: &str = "unknown";

impl AuditHooks {
    /// Notes them in this log.
    #[must_use]
    pub const fn new(log: AuditLog) -> Self {
        Self { log }
    }
}

impl TenantHooks for AuditHooks {
    fn on_credential(&self, event: &CredentialEvent<'_>) {
        if event.outcome == "ok" {
            return;
        }
        self.log.note_sparingly(None, || {
            let rejected = self.log.event(SOMEBODY, "credential.rejected", "credential");
            rejected.on(short(event.outcome)).with_outcome(AuditOutcome::Denied)
        });
    }

    fn on_cross_tenant_attempt(&self, event: &CrossTenantAttempt<'_>) {
        self.log.note_sparingly(Some(*event.tenant), || {
            let crossed = self.log.event(short(event.source), "tenant.crossed", "tenant");
            crossed.on(event.claimed.as_str()).with_outcome(AuditOutcome::Denied)
        });
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
