//! What a tenant's own callers see. Every route here stands behind the tenant layer.

mod analytics;
mod chat;
mod described;
mod events;
mod executions;
mod hosts;
mod info;
mod kept;
pub(crate) mod keys;
mod me;
mod mfa;
mod users;
pub(crate) mod whole;
mod workflows;

use axum::{
    Router,
    middleware::from_fn_with_state,
    routing::{MethodFilter, on, post},
};
pub(crate) use chat::MAX_PER_TENANT as MAX_CHATS_PER_TENANT;
pub(crate) use described::described;
use tenant::{Hooks, KeyLimitLayer, TenantLayer, control::AuditLog};

use crate::{
    audit::record,
    callers::Callers,
    fair::{Slots, take_turns},
    login,
    route::{ANYBODY, MANAGES, Route, reads, writes},
    server::method_not_allowed,
    state::AppState,
    unmatched,
};

/// Declares the routes once: for the router, and for whoever wants to know them all.
macro_rules! routes {
    (
        requests { $($method:ident $path:literal => $handler:path, $needs:expr;)* }
        streams { $($stream_method:ident $stream_path:literal => $stream:path, $stream_needs:expr;)* }
    ) => {
        /// Every route behind the tenant layer.
        pub const ROUTES: &[Route] = &[
            $(Route { method: stringify!($method), path: $path, needs: $needs },)*
            $(Route { method: stringify!($stream_method), path: $stream_path, needs: $stream_needs },)*
        ];

        /// What stays open for as long as it likes: it must not hold a slot.
        fn streams(is_open: bool) -> Router<AppState> {
            Router::new()$(
                .route($stream_path, on(MethodFilter::$stream_method, $stream).layer($stream_needs.layer(is_open)))
            )*
        }

        fn handlers(is_open: bool) -> Router<AppState> {
            Router::new()
                $(.route($path, on(MethodFilter::$method, $handler).layer($needs.layer(is_open))))*
        }
    };
}

routes! {
    requests {
        GET "/api/users" => users::list, reads("read:users");
        POST "/api/users" => users::create, writes("write:users");
        GET "/api/users/{id}" => users::show, reads("read:users");
        DELETE "/api/users/{id}" => users::delete, writes("write:users");
        GET "/api/workflows" => workflows::list, reads("read:workflows");
        POST "/api/workflows" => workflows::create, writes("write:workflows");
        GET "/api/workflows/{id}" => workflows::show, reads("read:workflows");
        DELETE "/api/workflows/{id}" => workflows::delete, writes("write:workflows");
        POST "/api/workflows/{id}/execute" => workflows::execute, writes("write:workflows");
        GET "/api/executions/{id}" => executions::show, reads("read:workflows");
        POST "/api/chat" => chat::chat, writes("write:chat");
        GET "/api/analytics/requests" => analytics::requests, reads("read:analytics");
        GET "/api/tenant/info" => info::show, ANYBODY;
        GET "/api/me" => me::show, ANYBODY;
        GET "/api/me/mfa" => mfa::show, ANYBODY;
        POST "/api/me/mfa" => mfa::enrol, ANYBODY;
        DELETE "/api/me/mfa" => mfa::remove, ANYBODY;
        POST "/api/me/mfa/verify" => mfa::confirm, ANYBODY;
        GET "/api/api-keys" => keys::list, MANAGES;
        POST "/api/api-keys" => keys::create, MANAGES;
        DELETE "/api/api-keys/{id}" => keys::revoke, MANAGES;
        GET "/api/hosts" => hosts::list, MANAGES;
        POST "/api/hosts" => hosts::claim, MANAGES;
        DELETE "/api/hosts/{host}" => hosts::remove, MANAGES;
        POST "/api/hosts/{host}/verify" => hosts::verify, MANAGES;
    }
    streams {
        GET "/api/events" => events::events, reads("read:events");
    }
}

/// Where who has not shown the second factor that their tenant requires sees who they are, and enrols.
pub(crate) const ENROLMENT_PATHS: [&str; 3] = ["/api/me", "/api/me/mfa", "/api/me/mfa/verify"];

/// All routes under `/api`, and signing in and out; where there are `slots`, they stand between the tenant layer and the
/// handlers, but for streams.
pub(crate) fn router(
    tenancy: TenantLayer,
    callers: &Callers,
    hooks: &Hooks,
    limits: &KeyLimitLayer,
    slots: Option<Slots>,
    log: &AuditLog,
) -> Router<AppState> {
    let routes = handlers(callers.is_open()).route("/api/{*rest}", axum::routing::any(unmatched));
    let routes = match slots {
        Some(slots) => routes.layer(from_fn_with_state(slots, take_turns)),
        None => routes,
    };
    let routes = routes.merge(streams(callers.is_open()));
    let routes = routes.layer(from_fn_with_state(log.clone(), record));
    let signing_out = Router::new().route("/logout", post(login::sign_out));
    let signing_out = signing_out.layer(from_fn_with_state(log.clone(), record));
    let proved = routes.layer(tenancy).merge(signing_out);
    let proved = proved.layer(limits.clone()).layer(callers.layer(hooks));
    let all = proved.route("/login", post(login::sign_in));
    // Here, so that what stands around the routes hears of every method: browsers ask for leave with OPTIONS.
    all.method_not_allowed_fallback(method_not_allowed)
}
