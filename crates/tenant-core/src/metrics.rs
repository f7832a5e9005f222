//! Metrics of tenancy on the `metrics` facade.

use std::{collections::HashSet, fmt};

use ::metrics::{SharedString, counter, histogram};
use parking_lot::RwLock;

use crate::{
    FailurePolicy, TenantContext, TenantHooks, TenantId,
    hooks::{
        BypassEvent, ConfigLookup, CrossTenantAttempt, LimitWarning, PolicyEvent, QuotaEvent, QuotaFallback,
        RequestEvent, ResolveEvent, RewriteEvent, SettlementsLost,
    },
};

/// Reports what happens to the `metrics` facade.
///
/// | metric | kind | labels |
/// |---|---|---|
/// | `tenant_requests_total` | counter | `status`, `tenant` |
/// | `tenant_request_duration_seconds` | histogram | `tenant` |
/// | `tenant_denials_total` | counter | `kind` (the rejection's code), `tenant` |
/// | `tenant_config_lookups_total` | counter | `result` (`hit`, `miss`) |
/// | `tenant_rewrites_total` | counter | `result` (`hit`, `miss`, `refused`) |
/// | `tenant_cross_tenant_attempts_total` | counter | |
/// | `tenant_bypasses_total` | counter | |
/// | `tenant_limit_warnings_total` | counter | `percent`, `tenant` |
/// | `tenant_quota_fallbacks_total` | counter | `policy` (`open`, `closed`, `local`), `tenant` |
/// | `tenant_settlements_lost_total` | counter | |
///
/// The label `tenant` is there only where [`TenantLabels`] allows it.
#[derive(Debug)]
pub struct TenantMetrics {
    labels: TenantLabels,
}

/// Whether series carry the tenant's id: each tenant multiplies the number of series.
pub struct TenantLabels {
    limit: usize,
    named: RwLock<HashSet<TenantId>>,
}

impl TenantLabels {
    /// No series names a tenant.
    #[must_use]
    pub fn off() -> Self {
        Self::up_to(0)
    }

    /// The first `limit` tenants are named; all others share the label `other`.
    #[must_use]
    pub fn up_to(limit: usize) -> Self {
        Self { limit, named: RwLock::default() }
    }

    fn of(&self, tenant: &TenantId) -> Option<SharedString> {
        if self.limit == 0 {
            return None;
        }
        if self.named.read().contains(tenant) {
            return Some(tenant.as_str().to_owned().into());
        }
        let mut named = self.named.write();
        let room = named.len() < self.limit;
        if named.contains(tenant) || (room && named.insert(*tenant)) {
            return Some(tenant.as_str().to_owned().into());
        }
        Some("other".into())
    }
}

impl fmt::Debug for TenantLabels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TenantLabels").field("limit", &self.limit).finish_non_exhaustive()
    }
}

impl TenantMetrics {
    /// Metrics without the tenant's id.
    #[must_use]
    pub fn new() -> Self {
        Self::with_labels(TenantLabels::off())
    }

    /// Metrics with the tenant's id where `labels` allow it.
    #[must_use]
    pub const fn with_labels(labels: TenantLabels) -> Self {
        Self { labels }
    }

    fn labelled(
        &self,
        tenant: Option<&TenantId>,
        first: Option<(&'static str, SharedString)>,
    ) -> Vec<::metrics::Label> {
        let tenant = tenant.and_then(|tenant| self.labels.of(tenant));
        let labels = first.into_iter().chain(tenant.map(|tenant| ("tenant", tenant)));
        labels.map(|(key, value)| ::metrics::Label::new(key, value)).collect()
    }
}

impl Default for TenantMetrics {
    fn default() -> Self {
        Self::new()
    }
}

impl TenantHooks for TenantMetrics {
    fn on_resolve(&self, _: &ResolveEvent<'_>) {}

    fn on_policy(&self, _: &PolicyEvent<'_>) {}

    fn on_quota(&self, _: &QuotaEvent<'_>) {}

    fn on_cross_tenant_attempt(&self, _: &CrossTenantAttempt<'_>) {
        counter!("tenant_cross_tenant_attempts_total").increment(1);
    }

    fn on_bypass(&self, _: &BypassEvent<'_>) {
        counter!("tenant_bypasses_total").increment(1);
    }

    fn on_limit_warning(&self, event: &LimitWarning<'_>) {
        let percent = Some(("percent", event.percent.to_string().into()));
        counter!("tenant_limit_warnings_total", self.labelled(Some(event.tenant), percent)).increment(1);
    }

    fn on_quota_fallback(&self, event: &QuotaFallback<'_>) {
        let policy = match event.policy {
            FailurePolicy::Open => "open",
            FailurePolicy::Closed => "closed",
            FailurePolicy::Local => "local",
        };
        let labels = self.labelled(Some(event.tenant.id()), Some(("policy", policy.into())));
        counter!("tenant_quota_fallbacks_total", labels).increment(1);
    }

    fn on_settlements_lost(&self, event: &SettlementsLost) {
        counter!("tenant_settlements_lost_total").increment(event.count);
    }

    fn on_request(&self, event: &RequestEvent<'_>) {
        let tenant = event.tenant.map(TenantContext::id);
        let status = Some(("status", event.status.to_string().into()));
        counter!("tenant_requests_total", self.labelled(tenant, status)).increment(1);
        histogram!("tenant_request_duration_seconds", self.labelled(tenant, None))
            .record(event.duration.as_secs_f64());
        if let Some(kind) = event.rejection {
            counter!("tenant_denials_total", self.labelled(tenant, Some(("kind", kind.into())))).increment(1);
        }
    }

    fn on_config_lookup(&self, event: &ConfigLookup<'_>) {
        counter!("tenant_config_lookups_total", "result" => hit_or_miss(event.is_hit)).increment(1);
    }

    fn on_rewrite(&self, event: &RewriteEvent) {
        let result = if event.refusal.is_some() { "refused" } else { hit_or_miss(event.is_hit) };
        counter!("tenant_rewrites_total", "result" => result).increment(1);
    }
}

const fn hit_or_miss(is_hit: bool) -> &'static str {
    if is_hit { "hit" } else { "miss" }
}
