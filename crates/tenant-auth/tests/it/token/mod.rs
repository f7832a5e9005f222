//! Signed tokens.

mod accepted;
mod forge;
mod hostile;
mod keys;
mod mutated;
mod remembered;
mod revoked;
mod rotated;
#[cfg(feature = "jwks-url")]
mod url;

use std::{sync::Arc, time::Duration};

use tenant_auth::{TokenKeys, TokenVerifier, TokenVerifierBuilder};
use tenant_core::{
    ManualClock, TenantId, UnixTime,
    auth::{AuthError, AuthErrorKind, Authenticator, Credential, CredentialKind, Principal},
};

use self::forge::{NOW, jwks};

fn id(name: &str) -> TenantId {
    TenantId::parse(name).unwrap()
}

fn bearer(token: &str) -> Credential<'_> {
    Credential::new(CredentialKind::Bearer, token)
}

fn clock() -> Arc<ManualClock> {
    Arc::new(ManualClock::starting_at(UnixTime::from_secs(NOW)))
}

/// Takes the tokens of the forge, of its issuer and for its audience.
fn builder(clock: &Arc<ManualClock>) -> TokenVerifierBuilder {
    of(TokenKeys::jwks(&jwks()).unwrap(), clock).issuer("https://id.example").audience("api")
}

fn of(keys: TokenKeys, clock: &Arc<ManualClock>) -> TokenVerifierBuilder {
    TokenVerifier::builder(keys).clock(Arc::clone(clock) as _)
}

async fn show(verifier: &TokenVerifier, token: &str) -> Result<Principal, AuthError> {
    verifier.verify(&bearer(token)).await
}

/// Why a token is refused, which it is as not valid, and by who looks first as well.
async fn refused(verifier: &TokenVerifier, token: &str) -> &'static str {
    let error = show(verifier, token).await.expect_err("the token is taken");
    assert_eq!(error.kind(), AuthErrorKind::Rejected, "{error}");
    assert!(!matches!(verifier.peek(&bearer(token)), Some(Ok(_))), "the token is remembered as valid");
    error.reason()
}

const MINUTE: Duration = Duration::from_secs(60);
