//! Organisations, as their own people and the operator see them.
//!
//! The organisation that the path names, the caller's tenant and whatever else speaks must be the same. The operator's token takes
//! the caller's place on each route.

mod api_keys;
mod audit;
mod caller;
mod described;
mod invitations;
mod mail;
mod members;
mod organisation;
mod plan;
mod problem;
mod projects;
mod resolver;
mod settings;
mod signed_out;
mod usage;
mod ways;
mod webhooks;

use std::{convert::Infallible, sync::Arc};

use axum::{
    Extension, Router,
    extract::Request,
    middleware::from_fn_with_state,
    response::Response,
    routing::{MethodFilter, any, on, post},
};
use resolver::OfPath;
use tenant::{
    Hooks, KeyLimitLayer, PrincipalResolver, ResolveLayer, TenantLayer, TenantResolver, control::AuditLog,
    tower::TenantCorsLayer,
};
use ways::Ways;

use tower::Service;

pub(crate) use caller::Operator;
pub(crate) use described::described;
pub(crate) use mail::open;

use crate::{
    admin::Guard,
    audit::record,
    callers::Callers,
    route::{ANYBODY, MANAGES, OWNS, Route, reads, writes},
    state::AppState,
    unmatched,
};

/// Declares the routes once: for callers, for the operator, and for whoever wants to know them all.
macro_rules! routes {
    ($($method:ident $path:literal => $handler:path, $needs:expr;)*) => {
        /// Every route of an organisation.
        pub const ORGANISATION_ROUTES: &[Route] =
            &[$(Route { method: stringify!($method), path: $path, needs: $needs }),*];

        fn for_callers() -> Router<AppState> {
            Router::new()$(.route($path, on(MethodFilter::$method, $handler).layer($needs.layer(false))))*
        }

        fn for_the_operator() -> Router<AppState> {
            Router::new()$(.route($path, on(MethodFilter::$method, $handler)))*
        }
    };
}

routes! {
    GET "/organizations/{id}" => organisation::show, ANYBODY;
    PUT "/organizations/{id}/settings" => settings::change, MANAGES;
    PUT "/organizations/{id}/plan" => plan::change, OWNS;
    POST "/organizations/{id}/invitations" => invitations::create, MANAGES;
    GET "/organizations/{id}/users" => members::list, reads("read:users");
    GET "/organizations/{id}/users/{user_id}" => members::show, reads("read:users");
    PUT "/organizations/{id}/users/{user_id}" => members::change, MANAGES;
    DELETE "/organizations/{id}/users/{user_id}" => members::remove, MANAGES;
    GET "/organizations/{id}/projects" => projects::list, reads("read:resources");
    POST "/organizations/{id}/projects" => projects::create, writes("write:resources");
    GET "/organizations/{id}/projects/{project_id}" => projects::show, reads("read:resources");
    PUT "/organizations/{id}/projects/{project_id}" => projects::change, writes("write:resources");
    DELETE "/organizations/{id}/projects/{project_id}" => projects::delete, writes("write:resources");
    POST "/organizations/{id}/resources" => usage::record, writes("write:resources");
    GET "/organizations/{id}/usage" => usage::show, reads("read:resources");
    GET "/organizations/{id}/usage/history" => usage::history, reads("read:resources");
    GET "/organizations/{id}/api-keys" => api_keys::list, MANAGES;
    POST "/organizations/{id}/api-keys" => api_keys::create, MANAGES;
    DELETE "/organizations/{id}/api-keys/{key_id}" => api_keys::revoke, MANAGES;
    GET "/organizations/{id}/webhooks" => webhooks::list, MANAGES;
    POST "/organizations/{id}/webhooks" => webhooks::create, MANAGES;
    DELETE "/organizations/{id}/webhooks/{webhook_id}" => webhooks::delete, MANAGES;
    GET "/organizations/{id}/audit" => audit::list, MANAGES;
}

/// What stands around the routes.
pub(crate) struct Around<'a> {
    pub(crate) guard: Guard,
    /// For a resolver of who is meant, with the quotas and policies of all other routes.
    pub(crate) tenancy: &'a dyn Fn(Arc<dyn TenantResolver>) -> TenantLayer,
    pub(crate) callers: &'a Callers,
    pub(crate) hooks: &'a Hooks,
    pub(crate) limits: &'a KeyLimitLayer,
    pub(crate) log: &'a AuditLog,
    pub(crate) pages: TenantCorsLayer,
}

/// All routes under `/organizations`, and where invitations are accepted. It is no router among others: a request is either the
/// operator's or a caller's before it is looked at what it asks for.
pub(crate) fn service(
    around: Around<'_>,
    state: &AppState,
) -> impl Service<Request, Response = Response, Error = Infallible, Future: Send> + Clone + Send + Sync + 'static
{
    let Around { guard, tenancy, callers, hooks, limits, log, pages } = around;
    let audited = |routes: Router<AppState>| routes.layer(from_fn_with_state(log.clone(), record));
    let made = || audited(Router::new().route("/organizations", post(organisation::create)));
    let nothing = || Router::new().route("/organizations/{id}/{*rest}", any(unmatched));

    let resolver = PrincipalResolver::agreeing_with(OfPath::agreeing_with(callers));
    let own = audited(for_callers().merge(nothing())).layer(tenancy(Arc::new(resolver)));
    let own = own.merge(made()).layer(limits.clone()).layer(callers.layer(hooks));
    let own = own.route("/invitations/accept", post(invitations::accept)).layer(pages);

    let resolve = ResolveLayer::new(OfPath::agreeing_with(callers), Arc::clone(&state.configs));
    let operated = audited(for_the_operator().merge(nothing())).layer(resolve.with_hooks(hooks.clone()));
    let operated = operated.merge(made()).layer(Extension(Operator));

    Ways::new(guard, own, operated, state).service()
}
