//! The operator's API: tenants, their quotas and their life. It sits outside the tenant layer.

mod audit;
mod body;
mod boosts;
mod described;
mod guard;
mod hosts;
mod jobs;
mod members;
mod mirror;
mod revocations;
mod tenants;
mod usage;
mod version;

use axum::{
    Router,
    middleware::from_fn_with_state,
    routing::{MethodFilter, on},
};

pub(crate) use body::invalid;
pub(crate) use described::described;
pub(crate) use guard::Guard;
pub(crate) use mirror::{is_mirrored, original};

use tenant::control::AuditLog;

use crate::{audit::record, state::AppState, telemetry, unmatched};

/// Declares the routes once: for the router, and for whoever wants to know them all.
macro_rules! routes {
    ($($method:ident $path:literal => $handler:path;)*) => {
        /// Every route of the operator, by method and path.
        pub const ADMIN_ROUTES: &[(&str, &str)] = &[$((stringify!($method), $path)),*];

        /// Those that are about tenants, under `/api/v1`: by method and path.
        pub fn mirrored_admin_routes() -> impl Iterator<Item = (&'static str, &'static str)> {
            let all = [$((stringify!($method), $path, concat!("/api/v1", $path))),*].into_iter();
            all.filter(|(_, path, _)| is_mirrored(path)).map(|(method, _, mirrored)| (method, mirrored))
        }

        fn handlers() -> Router<AppState> {
            Router::new()$(
                .route($path, on(MethodFilter::$method, $handler))
                .merge(mirrored($path, || {
                    Router::new().route(concat!("/api/v1", $path), on(MethodFilter::$method, $handler))
                }))
            )*
        }
    };
}

routes! {
    GET "/admin/tenants" => tenants::list;
    POST "/admin/tenants" => tenants::create;
    GET "/admin/tenants/{id}" => tenants::show;
    PUT "/admin/tenants/{id}" => tenants::replace;
    DELETE "/admin/tenants/{id}" => tenants::delete;
    PUT "/admin/tenants/{id}/quota" => tenants::set_quota;
    PUT "/admin/tenants/{id}/quotas" => tenants::set_quota;
    POST "/admin/tenants/{id}/suspend" => tenants::suspend;
    POST "/admin/tenants/{id}/activate" => tenants::activate;
    GET "/admin/tenants/{id}/usage" => usage::show;
    GET "/admin/tenants/{id}/hosts" => hosts::list;
    POST "/admin/tenants/{id}/hosts" => hosts::add;
    PUT "/admin/tenants/{id}/hosts" => hosts::replace;
    DELETE "/admin/tenants/{id}/hosts/{host}" => hosts::remove;
    GET "/admin/tenants/{id}/boosts" => boosts::list;
    POST "/admin/tenants/{id}/boosts" => boosts::add;
    DELETE "/admin/tenants/{id}/boosts/{name}" => boosts::end;
    POST "/admin/tenants/{id}/members" => members::create;
    POST "/admin/tenants/import" => jobs::import;
    POST "/admin/tenants/{id}/export" => jobs::export;
    POST "/admin/tenants/{id}/clone" => jobs::clone;
    POST "/admin/tenants/{id}/purge" => jobs::purge;
    GET "/admin/jobs/{job_id}" => jobs::show;
    GET "/admin/jobs/{job_id}/archive" => jobs::archive;
    POST "/admin/revocations" => revocations::create;
    GET "/admin/audit" => audit::list;
    GET "/metrics" => telemetry::metrics;
}

/// What mirrors a route, where it is mirrored.
fn mirrored(path: &str, mirror: impl FnOnce() -> Router<AppState>) -> Router<AppState> {
    if is_mirrored(path) { mirror() } else { Router::new() }
}

/// All of them behind the guard.
pub(crate) fn router(guard: Guard, log: AuditLog) -> Router<AppState> {
    handlers()
        .route("/admin/{*rest}", axum::routing::any(unmatched))
        .route("/api/v1/admin/{*rest}", axum::routing::any(unmatched))
        .layer(from_fn_with_state(log, record))
        .layer(from_fn_with_state(guard, guard::guard))
}
