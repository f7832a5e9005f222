use std::fmt;

use async_trait::async_trait;
use subtle::ConstantTimeEq;
use tenant_core::auth::{AuthError, Authenticator, Credential, CredentialKind, Principal, Proof};

use crate::{password::BasicCredentials, random::sha256};

/// The secret of whoever operates the deployment: shown as `Bearer <token>`, or as the password of `admin` (RFC 7617).
///
/// It is compared in constant time, and proves nobody of any tenant. It judges all bearers: it belongs on the operator's routes
/// and not in front of tenants'.
///
/// # Example
/// ```
/// use tenant_auth::OperatorToken;
/// use tenant_core::auth::{Authenticator, Credential, CredentialKind};
///
/// let operator = OperatorToken::new("a long and random text").expect("it is not empty");
/// let shown = Credential::new(CredentialKind::Bearer, "a long and random text");
/// assert!(operator.peek(&shown).is_some_and(|answer| answer.is_ok()));
/// ```
#[derive(Clone)]
pub struct OperatorToken {
    digest: [u8; 32],
    principal: Principal,
}

const NAME: &str = "admin";
const REJECTED: AuthError = AuthError::rejected("the operator's token is not valid");

impl OperatorToken {
    /// The token; `None` for an empty one, which anybody has.
    #[must_use]
    pub fn new(token: &str) -> Option<Self> {
        let principal = || Principal::builder(NAME, Proof::Password).build();
        (!token.is_empty()).then(|| Self { digest: sha256(token), principal: principal() })
    }

    fn look(&self, credential: &Credential<'_>) -> Result<Principal, AuthError> {
        let is_valid = match credential.kind() {
            CredentialKind::Bearer => self.is(credential.secret()),
            CredentialKind::Basic => {
                let shown = BasicCredentials::parse(credential.secret()).ok_or(REJECTED)?;
                self.is(shown.password()) & (shown.name() == NAME)
            }
            _ => false,
        };
        if is_valid { Ok(self.principal.clone()) } else { Err(REJECTED) }
    }

    /// Digests are as long as each other: not even the length of the token shows.
    fn is(&self, shown: &str) -> bool {
        self.digest.ct_eq(&sha256(shown)).into()
    }
}

#[async_trait]
impl Authenticator for OperatorToken {
    fn judges(&self, credential: &Credential<'_>) -> bool {
        matches!(credential.kind(), CredentialKind::Bearer | CredentialKind::Basic)
    }

    fn peek(&self, credential: &Credential<'_>) -> Option<Result<Principal, AuthError>> {
        Some(self.look(credential))
    }

    async fn verify(&self, credential: &Credential<'_>) -> Result<Principal, AuthError> {
        self.look(credential)
    }

    async fn holds(&self, _principal: &Principal) -> Result<bool, AuthError> {
        Ok(true)
    }
}

impl fmt::Debug for OperatorToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OperatorToken").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use data_encoding::BASE64;

    use super::*;

    fn opens(kind: CredentialKind, secret: &str) -> bool {
        let operator = OperatorToken::new("s3cret:token").unwrap();
        operator.peek(&Credential::new(kind, secret)).unwrap().is_ok()
    }

    #[test]
    fn the_token_and_nothing_else_is_taken_in_both_ways() {
        let basic = |text: &str| opens(CredentialKind::Basic, &BASE64.encode(text.as_bytes()));
        assert!(opens(CredentialKind::Bearer, "s3cret:token") && basic("admin:s3cret:token"));
        for wrong in ["", "s3cret:toke", "s3cret:tokenx", "S3cret:token", "admin:s3cret:token"] {
            assert!(!opens(CredentialKind::Bearer, wrong), "{wrong}");
        }
        for wrong in
            ["", ":", "root:s3cret:token", "Admin:s3cret:token", "admin:s3cret", "admin:", "s3cret:token"]
        {
            assert!(!basic(wrong), "{wrong}");
        }
        for kind in [CredentialKind::ApiKey, CredentialKind::Session, CredentialKind::Certificate] {
            assert!(!opens(kind, "s3cret:token"));
        }
        assert!(OperatorToken::new("").is_none());
    }

    #[test]
    fn the_operator_belongs_to_no_tenant() {
        let operator = OperatorToken::new("x").unwrap();
        let caller = operator.peek(&Credential::new(CredentialKind::Bearer, "x")).unwrap().unwrap();
        assert!(caller.memberships().is_empty() && caller.subject() == "admin");
        assert!(!format!("{operator:?}").contains('x'));
    }
}
