//! Whether a request that a browser authenticates by itself was meant by whoever uses it.

use std::sync::Arc;

use http::{HeaderName, HeaderValue, Method, header};
use tenant_core::auth::Principal;

use crate::{Rejection, RequestHead, cors::FromAllowedOrigin};

/// Compares the token that a page sends along with what its session expects.
pub(super) type CsrfCheck = Arc<dyn Fn(&str, &str) -> bool + Send + Sync>;

const CSRF_TOKEN: HeaderName = HeaderName::from_static("x-csrf-token");
const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// What tells a request of one's own pages from one that another site has caused.
#[derive(Clone, Default)]
pub(super) struct Intent {
    /// Without it no unsafe request passes by a session.
    pub(super) csrf: Option<CsrfCheck>,
    /// Origins of pages that are served elsewhere.
    pub(super) origins: Vec<HeaderValue>,
}

impl Intent {
    /// What a browser sends along by itself, and no session is: a certificate, a password that it remembers. Programs name no
    /// origin.
    pub(super) fn check_unprompted(
        &self,
        head: &RequestHead<'_>,
        caller: &Principal,
    ) -> Result<(), Rejection> {
        if is_safe(head.method()) && !head.headers().contains_key(header::UPGRADE) {
            return Ok(());
        }
        self.check_origin(head, Some(caller))
    }

    /// Safe methods pass, for they change nothing; not so an upgrade, over which anything may be sent.
    pub(super) fn check(
        &self,
        head: &RequestHead<'_>,
        caller: &Principal,
        session: &str,
    ) -> Result<(), Rejection> {
        let is_upgrade = head.headers().contains_key(header::UPGRADE);
        let is_safe = is_safe(head.method());
        if is_safe && !is_upgrade {
            return Ok(());
        }
        self.check_origin(head, Some(caller))?;
        // A page can't set a header of an upgrade: its origin has to do, and has to be there.
        if is_safe {
            let has_origin = head.headers().contains_key(header::ORIGIN);
            return has_origin
                .then_some(())
                .ok_or_else(|| failed("an upgrade by a session must name its origin"));
        }
        let token = head.only(&CSRF_TOKEN).map_err(|_| failed("the token comes more than once"))?;
        let token = token.and_then(|token| token.to_str().ok());
        let token = token.ok_or_else(|| failed("the header X-CSRF-Token is missing"))?;
        let is_right = self.csrf.as_ref().is_some_and(|check| check(session, token));
        is_right.then_some(()).ok_or_else(|| failed("the header X-CSRF-Token is not the session's"))
    }

    /// A browser names the origin of each unsafe request (<https://fetch.spec.whatwg.org/#origin-header>). Another host of
    /// the same site is another tenant's, perhaps.
    fn check_origin(&self, head: &RequestHead<'_>, caller: Option<&Principal>) -> Result<(), Rejection> {
        let origin = head.only(&header::ORIGIN).map_err(|_| foreign())?;
        if is_of_own_tenant(head, caller) {
            return Ok(());
        }
        if origin.is_some_and(|origin| self.origins.contains(origin)) {
            return Ok(());
        }
        if origin.is_some_and(|origin| !is_own(origin, head)) {
            return Err(foreign());
        }
        match head.only(&SEC_FETCH_SITE).map_err(|_| foreign())?.map(HeaderValue::as_bytes) {
            None | Some(b"same-origin" | b"none") => Ok(()),
            Some(_) => Err(foreign()),
        }
    }
}

/// Rejects a request that a page of another origin has sent (403 `csrf_failed`): for routes outside of an
/// [`AuthLayer`](crate::AuthLayer) that begin a session. Programs, which name no origin, pass.
///
/// Inside of a [`TenantCorsLayer`](crate::TenantCorsLayer) pages of the origins pass that the tenant of the host allows: a route
/// that signs somebody in must do so in that tenant.
///
/// # Errors
/// `Origin` or `Sec-Fetch-Site` names another origin than the request's host.
pub fn check_same_origin(head: &RequestHead<'_>) -> Result<(), Rejection> {
    Intent::default().check_origin(head, None)
}

/// Whether a page sent it whose origin the tenant allows that the caller belongs to. What another tenant allows, who shares the
/// host, does not count; so where nobody is known yet, the host must be the tenant's: else a page of one tenant puts its own
/// session in the place of another's.
fn is_of_own_tenant(head: &RequestHead<'_>, caller: Option<&Principal>) -> bool {
    let Some(from) = head.extensions().get::<FromAllowedOrigin>() else { return false };
    caller.map_or(from.has_host, |caller| caller.membership_in(&from.tenant).is_some())
}

const fn is_safe(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS | Method::TRACE)
}

/// Whether a page of this very host sent it. Which scheme the caller used is not known behind a proxy.
fn is_own(origin: &HeaderValue, head: &RequestHead<'_>) -> bool {
    let Ok(origin) = origin.to_str() else { return false };
    let authority = origin.strip_prefix("https://").or_else(|| origin.strip_prefix("http://"));
    let host = match head.uri().authority() {
        Some(authority) => Some(authority.as_str()),
        None => head.only(&header::HOST).ok().flatten().and_then(|host| host.to_str().ok()),
    };
    authority.zip(host).is_some_and(|(authority, host)| authority.eq_ignore_ascii_case(host))
}

fn foreign() -> Rejection {
    failed("the request comes from a page of another origin")
}

fn failed(detail: &'static str) -> Rejection {
    Rejection::csrf_failed().with_detail(detail)
}
