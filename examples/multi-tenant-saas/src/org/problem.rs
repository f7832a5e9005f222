//! What an organisation's refusals are on the wire.

use tenant::{
    ApiError, Rejection, RejectionKind, TenantContext,
    organisations::{OrganisationError, OrganisationErrorKind as Kind},
};

use crate::{plans, state::AppState};

/// The answer to what could not be done. `limit` is what would be full.
pub(super) fn problem(
    app: &AppState,
    error: &OrganisationError,
    tenant: &TenantContext,
    limit: &'static str,
) -> ApiError {
    let detail = error.to_string();
    let rejection = match error.kind() {
        Kind::NotFound => Rejection::not_found(),
        Kind::Conflict | Kind::LastOwner => Rejection::conflict(),
        Kind::Full { most } => return plans::exceeded(&app.offers, tenant, limit, most).into(),
        Kind::Expired | Kind::Used => Rejection::gone(),
        Kind::Forbidden => Rejection::forbidden(),
        Kind::PolicyDenied => Rejection::policy_denied(detail.clone()),
        Kind::Invalid => Rejection::invalid_request(detail.clone()),
        Kind::Unauthenticated => Rejection::new(RejectionKind::Unauthenticated),
        Kind::Overloaded => Rejection::overloaded(),
        _ => {
            return match error.cause() {
                Some(cause) => cause.clone().into(),
                None => Rejection::new(RejectionKind::StoreUnavailable).into(),
            };
        }
    };
    rejection.with_detail(detail).into()
}
