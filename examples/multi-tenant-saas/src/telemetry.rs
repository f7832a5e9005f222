//! Logs and metrics.

use std::{sync::OnceLock, time::Instant};

use axum::{extract::Request, middleware::Next, response::Response};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use tenant::{
    TenantHooks,
    hooks::{BypassEvent, CrossTenantAttempt, LimitWarning, RequestEvent, SettlementsLost},
};
use tracing_subscriber::EnvFilter;

use crate::admin::original;

/// Writes one JSON line per event to standard output; `RUST_LOG` filters, `info` by default.
pub fn init() {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info,sqlx=warn"));
    tracing_subscriber::fmt().json().flatten_event(true).with_env_filter(filter).init();
}

/// One structured line per request of a tenant route, and one per event that an operator must see.
pub(crate) struct AccessLog;

impl TenantHooks for AccessLog {
    fn on_request(&self, event: &RequestEvent<'_>) {
        tracing::info!(
            tenant = event.tenant.map(|tenant| tenant.id().as_str()),
            method = event.method,
            path = event.path,
            status = event.status,
            rejection = event.rejection,
            duration_us = u64::try_from(event.duration.as_micros()).unwrap_or(u64::MAX),
            "request"
        );
    }

    fn on_cross_tenant_attempt(&self, event: &CrossTenantAttempt<'_>) {
        tracing::warn!(
            tenant = event.tenant.as_str(),
            source = event.source,
            claimed = event.claimed.as_str(),
            claimed_by = event.claimed_by,
            "cross_tenant_attempt"
        );
    }

    fn on_bypass(&self, event: &BypassEvent<'_>) {
        tracing::info!(actor = event.actor, reason = event.reason, "bypass");
    }

    fn on_limit_warning(&self, event: &LimitWarning<'_>) {
        tracing::warn!(
            tenant = event.tenant.as_str(),
            limit = event.limit,
            percent = event.percent,
            "limit_warning"
        );
    }

    fn on_settlements_lost(&self, event: &SettlementsLost) {
        tracing::warn!(count = event.count, "settlements_lost");
    }
}

/// One structured line per request that no tenant layer sees: health, admin, unknown paths.
pub(crate) async fn log_untenanted(request: Request, next: Next) -> Response {
    if is_tenanted(request.uri().path()) {
        return next.run(request).await;
    }
    let (method, path, start) = (request.method().clone(), request.uri().path().to_owned(), Instant::now());
    let response = next.run(request).await;
    tracing::info!(
        method = method.as_str(),
        path,
        status = response.status().as_u16(),
        duration_us = u64::try_from(start.elapsed().as_micros()).unwrap_or(u64::MAX),
        "request"
    );
    response
}

fn is_tenanted(path: &str) -> bool {
    path.starts_with("/api/") && original(path) == path
}

/// The process' metrics in Prometheus' text format.
pub(crate) async fn metrics() -> String {
    recorder().map_or_else(String::new, |handle| {
        handle.run_upkeep();
        handle.render()
    })
}

/// The process' recorder of metrics: there is one, however many servers run in it.
pub(crate) fn recorder() -> Option<&'static PrometheusHandle> {
    static HANDLE: OnceLock<Option<PrometheusHandle>> = OnceLock::new();
    HANDLE.get_or_init(|| PrometheusBuilder::new().install_recorder().ok()).as_ref()
}
