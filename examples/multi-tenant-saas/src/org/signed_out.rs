//! Whoever becomes something else signs in again.

use tenant::{ApiError, TenantId, UnixTime, auth::Revoked};

use crate::state::AppState;

/// Ends what somebody's sign-ins in this organisation have begun, and nothing of what they do in another.
pub(super) async fn sign_out(app: &AppState, tenant: &TenantId, subject: &str) -> Result<(), ApiError> {
    let lifetime = app.callers.sessions.lifetime().as_secs();
    let end = UnixTime::from_secs(app.clock.unix().as_secs().saturating_add(lifetime));
    for name in app.callers.sessions.end_all(tenant, subject).await? {
        if let Some(revocations) = &app.callers.revocations {
            revocations.revoke(&Revoked::Token(name.into()), end).await?;
        }
    }
    Ok(())
}
