//! Who is calling, as they are told themselves.

use axum::{
    Json,
    response::{IntoResponse, Response},
};
use serde::Serialize;
use tenant::{
    Require, Tenant, TenantId,
    auth::{Membership, Scopes},
};
use utoipa::ToSchema;

use crate::docs::schemas;

#[derive(Serialize, ToSchema)]
pub(super) struct Me<'a> {
    user_id: &'a str,
    #[schema(schema_with = schemas::tenant_id)]
    tenant_id: &'a TenantId,
    #[schema(value_type = Vec<String>)]
    roles: Vec<&'a str>,
    /// Null where the credential has none: roles alone decide.
    #[schema(value_type = Option<Vec<String>>)]
    scopes: Option<&'a Scopes>,
}

pub(super) async fn show(tenant: Tenant, caller: Require) -> Response {
    let roles: Vec<_> = caller.membership_in(tenant.id()).into_iter().flat_map(Membership::roles).collect();
    let me = Me { user_id: caller.subject(), tenant_id: tenant.id(), roles, scopes: caller.scopes() };
    Json(me).into_response()
}
