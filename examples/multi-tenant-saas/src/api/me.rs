//! Who is calling, as they are told themselves.

use axum::{
    Json,
    response::{IntoResponse, Response},
};
use serde_json::json;
use tenant::{Require, Tenant, auth::Membership};

pub(super) async fn show(tenant: Tenant, caller: Require) -> Response {
    let roles: Vec<_> = caller.membership_in(tenant.id()).into_iter().flat_map(Membership::roles).collect();
    Json(json!({
        "user_id": caller.subject(),
        "tenant_id": tenant.id(),
        "roles": roles,
        "scopes": caller.scopes(),
    }))
    .into_response()
}
