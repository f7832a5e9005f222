//! Where credentials are handed in, and a principal comes out.

use std::sync::Arc;

use arrayvec::ArrayVec;
use http::HeaderName;
use tenant_core::{
    Clock, Hooks,
    auth::{AuthError, AuthErrorKind, Authenticator, Credential, CredentialKind, Principal},
    hooks::{CredentialEvent, CrossTenantAttempt},
};

use super::{
    intent::Intent,
    shown::{Ambiguous, Places, Shown},
};
use crate::{Rejection, RejectionKind, RequestHead};

const PROJECT: HeaderName = HeaderName::from_static("x-project-id");

#[derive(Clone)]
pub(super) struct Desk {
    pub(super) authenticator: Arc<dyn Authenticator>,
    pub(super) places: Places,
    pub(super) intent: Intent,
    pub(super) hooks: Hooks,
    pub(super) clock: Arc<dyn Clock>,
}

/// Whom each of the credentials proved, in their order.
type Proved = ArrayVec<(CredentialKind, Principal), 4>;

/// What can be said at once of a request.
pub(super) enum Received {
    Decided(Admission),
    /// It takes asking for these.
    Asks(Vec<(CredentialKind, String)>),
}

/// Who is calling, or nobody who says so.
pub(super) type Admission = Result<Option<Principal>, Rejection>;

impl Desk {
    pub(super) fn look<'a>(&self, head: &RequestHead<'a>) -> Result<Shown<'a>, Rejection> {
        let unreadable = |Ambiguous(detail)| unauthenticated().with_detail(detail);
        self.places.look(head).map_err(unreadable)
    }

    /// Looks at what a head shows, as far as that takes no waiting.
    pub(super) fn receive(&self, head: &RequestHead<'_>) -> Received {
        let shown = match self.look(head) {
            Ok(shown) => shown,
            Err(rejection) => return Received::Decided(Err(rejection)),
        };
        match self.peek(head, &shown) {
            Some(admission) => Received::Decided(admission),
            None => {
                let secrets = shown.iter().map(|shown| (shown.kind(), shown.secret().to_owned()));
                Received::Asks(secrets.collect())
            }
        }
    }

    /// The answer that is in memory.
    fn peek(&self, head: &RequestHead<'_>, shown: &Shown<'_>) -> Option<Admission> {
        let mut proved = Proved::new();
        for credential in shown {
            match self.heard(credential, self.authenticator.peek(credential)?) {
                Ok(principal) => proved.push((credential.kind(), principal)),
                Err(rejection) => return Some(Err(rejection)),
            }
        }
        Some(self.admit(head, shown, proved))
    }

    /// The answer of whoever keeps credentials; what was in memory a moment ago is asked for once more.
    pub(super) async fn verify(
        &self,
        shown: &[(CredentialKind, String)],
    ) -> Result<Vec<Principal>, Rejection> {
        let mut principals = Vec::with_capacity(shown.len());
        for (kind, secret) in shown {
            let credential = Credential::new(*kind, secret);
            principals.push(self.heard(&credential, self.authenticator.verify(&credential).await)?);
        }
        Ok(principals)
    }

    pub(super) fn admit_verified(
        &self,
        head: &RequestHead<'_>,
        shown: &Shown<'_>,
        principals: Vec<Principal>,
    ) -> Admission {
        let proved = shown.iter().map(Credential::kind).zip(principals).collect();
        self.admit(head, shown, proved)
    }

    /// All that is shown must be good, and speak for the same tenants. The strongest is who is calling.
    fn admit(&self, head: &RequestHead<'_>, shown: &Shown<'_>, mut proved: Proved) -> Admission {
        if let Some(certified) = head.extensions().get::<Principal>() {
            // The handshake has looked, perhaps long ago.
            if certified.expires_at().is_some_and(|end| end <= self.clock.coarse_unix()) {
                return Err(unauthenticated().with_detail("the certificate has ended"));
            }
            proved.push((CredentialKind::Certificate, certified.clone()));
        }
        let mut proved = proved.into_iter();
        let Some((kind, principal)) = proved.next() else { return Ok(None) };
        for (other_kind, other) in proved {
            self.agree((kind, &principal), (other_kind, &other))?;
        }
        match (kind, shown.first()) {
            (CredentialKind::Session, Some(session)) => {
                self.intent.check(head, &principal, session.secret())?;
            }
            (CredentialKind::Certificate | CredentialKind::Basic, _) => {
                self.intent.check_unprompted(head, &principal)?;
            }
            _ => {}
        }
        check_project(head, &principal)?;
        Ok(Some(principal))
    }

    fn agree(
        &self,
        (kind, one): (CredentialKind, &Principal),
        (other_kind, other): (CredentialKind, &Principal),
    ) -> Result<(), Rejection> {
        let belongs = |one: &Principal, other: &Principal| {
            one.memberships().iter().all(|own| other.membership_in(own.tenant()).is_some())
        };
        if belongs(one, other) && belongs(other, one) {
            return Ok(());
        }
        let stray = |one: &Principal, other: &Principal| {
            let mut own = one.memberships().iter().map(|own| *own.tenant());
            own.clone().find(|tenant| other.membership_in(tenant).is_none()).or_else(|| own.next())
        };
        if let Some((tenant, claimed)) = stray(one, other).zip(stray(other, one)) {
            let (source, claimed_by) = (name(kind), name(other_kind));
            self.hooks
                .on_cross_tenant_attempt(&CrossTenantAttempt::new(&tenant, source, &claimed, claimed_by));
        }
        Err(Rejection::new(RejectionKind::TenantMismatch))
    }

    fn heard(
        &self,
        credential: &Credential<'_>,
        answer: Result<Principal, AuthError>,
    ) -> Result<Principal, Rejection> {
        let kind = credential.kind();
        match answer {
            Ok(principal) => {
                self.hooks.on_credential(&CredentialEvent::new(kind, Some(&principal), "ok"));
                Ok(principal)
            }
            Err(error) => {
                self.hooks.on_credential(&CredentialEvent::new(kind, None, error.reason()));
                Err(rejection(&error))
            }
        }
    }
}

/// Why is for the log: whoever tries credentials learns nothing from it.
fn rejection(error: &AuthError) -> Rejection {
    match (error.kind(), error.cause()) {
        (AuthErrorKind::Rejected, _) => unauthenticated(),
        (AuthErrorKind::Overloaded, _) => Rejection::overloaded(),
        (_, Some(cause)) => Rejection::store_unavailable(cause.clone()),
        (_, None) => Rejection::new(RejectionKind::StoreUnavailable),
    }
}

fn unauthenticated() -> Rejection {
    Rejection::invalid_token()
}

/// A credential of one project does not speak for another.
fn check_project(head: &RequestHead<'_>, principal: &Principal) -> Result<(), Rejection> {
    let Some(own) = principal.project() else { return Ok(()) };
    let wrong = || Rejection::forbidden().with_detail("the credential is bound to another project");
    match head.only(&PROJECT).map_err(|_| wrong())? {
        Some(named) if named.as_bytes() != own.as_bytes() => Err(wrong()),
        Some(_) | None => Ok(()),
    }
}

const fn name(kind: CredentialKind) -> &'static str {
    match kind {
        CredentialKind::Bearer => "bearer",
        CredentialKind::Basic => "basic",
        CredentialKind::ApiKey => "api_key",
        CredentialKind::Session => "session",
        CredentialKind::Certificate => "certificate",
        _ => "credential",
    }
}
