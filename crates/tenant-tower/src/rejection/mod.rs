//! Requests that don't reach the inner service.

mod convert;
mod grpc;
mod kind;
mod problem;
mod response;
mod trace_id;

use std::{borrow::Cow, collections::BTreeMap, error::Error as StdError, fmt, sync::Arc};

use http::{HeaderValue, StatusCode};
use serde_json::Value;
use tenant_core::StoreError;

pub use self::{kind::RejectionKind, trace_id::TraceId};
use crate::{Claim, Source};

/// A request that is not served, and why.
///
/// It becomes a response in one place: a problem document (RFC 9457) of type `application/problem+json`, or the equal
/// status for a gRPC caller. It stays in the response's extensions, so that outer layers see it. Handlers answer in
/// the same form by returning one.
///
/// # Example
/// ```
/// use tenant_tower::Rejection;
///
/// let rejection = Rejection::invalid_request("must be an integer").with_field("limit");
/// assert_eq!((rejection.status().as_u16(), rejection.code()), (400, "invalid_request"));
/// ```
#[derive(Clone)]
pub struct Rejection {
    kind: RejectionKind,
    extra: Option<Arc<Extra>>,
}

/// What is known beyond the kind. It stands apart so that a result with a rejection stays small.
#[derive(Clone, Debug, Default)]
struct Extra {
    detail: Option<Cow<'static, str>>,
    reason: Option<Cow<'static, str>>,
    retry_after: Option<u64>,
    field: Option<Cow<'static, str>>,
    position: Option<(usize, usize)>,
    challenge: Option<HeaderValue>,
    trace_id: Option<TraceId>,
    source: Option<Source>,
    disagreement: Option<Disagreement>,
    cause: Option<StoreError>,
    members: BTreeMap<&'static str, Value>,
}

/// Two claims that name different tenants.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Disagreement {
    pub(crate) stronger: Claim,
    pub(crate) weaker: Claim,
}

macro_rules! plain {
    ($($(#[$doc:meta])* $name:ident = $kind:ident;)*) => {
        $($(#[$doc])*
        #[must_use]
        pub const fn $name() -> Self {
            Self::new(RejectionKind::$kind)
        })*
    };
}

impl Rejection {
    /// A rejection with nothing to add to its kind.
    #[must_use]
    pub const fn new(kind: RejectionKind) -> Self {
        Self { kind, extra: None }
    }

    plain! {
        /// 401: no tenant was named, and one is required.
        tenant_required = TenantRequired;
        /// 404: no tenant has this id.
        tenant_not_found = TenantNotFound;
        /// 403: the tenant is suspended or deleted.
        tenant_inactive = TenantInactive;
        /// 421: the TLS server name and the host belong to different tenants.
        misdirected_request = MisdirectedRequest;
        /// 413: the body is too large.
        body_too_large = BodyTooLarge;
        /// 403: the caller's role, scope or project does not suffice.
        forbidden = Forbidden;
        /// 403: the request came from another site.
        csrf_failed = CsrfFailed;
        /// 404: the tenant has no such thing, or another one has.
        not_found = NotFound;
        /// 405: the resource does not know the method.
        method_not_allowed = MethodNotAllowed;
        /// 415: the body's type is not the one that is expected.
        unsupported_media_type = UnsupportedMediaType;
        /// 409: it exists already.
        conflict = Conflict;
        /// 410: it was there once, and is not any more.
        gone = Gone;
        /// 412: it was changed since it was read.
        precondition_failed = PreconditionFailed;
        /// 500: the service failed. Why is for the log, not for the caller.
        internal = Internal;
    }

    /// 400: a source's claim is malformed. The detail never repeats what was sent.
    #[must_use]
    pub fn invalid_tenant_id(source: Source, detail: impl Into<Cow<'static, str>>) -> Self {
        let rejection = Self::new(RejectionKind::InvalidTenantId).with_detail(detail);
        rejection.with(|extra| extra.source = Some(source))
    }

    /// 400: the request is malformed; `detail` says what it must be.
    #[must_use]
    pub fn invalid_request(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(RejectionKind::InvalidRequest).with_detail(detail)
    }

    /// 401: the credential is missing or wrong; `challenge` is the `WWW-Authenticate` value (RFC 9110, section 11.6.1).
    #[must_use]
    pub fn unauthenticated(challenge: HeaderValue) -> Self {
        Self::new(RejectionKind::Unauthenticated).with(|extra| extra.challenge = Some(challenge))
    }

    /// 401: a token, or what stands for one, is not taken (RFC 6750, section 3.1).
    pub(crate) fn invalid_token() -> Self {
        Self::unauthenticated(HeaderValue::from_static(r#"Bearer error="invalid_token""#))
    }

    /// 403: the policy denies, for a reason that the caller may read. The layer that charged the request refunds it.
    #[must_use]
    pub fn policy_denied(reason: impl Into<Cow<'static, str>>) -> Self {
        let reason = reason.into();
        Self::new(RejectionKind::PolicyDenied).with(|extra| extra.reason = Some(reason))
    }

    /// 429: a limit is reached; `retry_after` is in whole seconds, at least 1, and `None` where waiting does not help.
    /// The layer that charged the request refunds it.
    #[must_use]
    pub fn quota_exceeded(retry_after: Option<u64>) -> Self {
        let rejection = Self::new(RejectionKind::QuotaExceeded);
        rejection.with(|extra| extra.retry_after = retry_after.map(|seconds| seconds.max(1)))
    }

    /// 503: more requests wait than can be served soon; a second later there may be room.
    #[must_use]
    pub fn overloaded() -> Self {
        Self::new(RejectionKind::Overloaded).with(|extra| extra.retry_after = Some(1))
    }

    /// 503: the store failed. The cause is for the log; the caller does not get to see it.
    #[must_use]
    pub fn store_unavailable(cause: StoreError) -> Self {
        Self::new(RejectionKind::StoreUnavailable).with(|extra| extra.cause = Some(cause))
    }

    pub(crate) fn mismatch(disagreement: Disagreement) -> Self {
        Self::new(RejectionKind::TenantMismatch).with(|extra| extra.disagreement = Some(disagreement))
    }

    /// Says more precisely what is wrong. It must not hold a secret or another tenant's id.
    #[must_use]
    pub fn with_detail(self, detail: impl Into<Cow<'static, str>>) -> Self {
        let detail = detail.into();
        self.with(|extra| extra.detail = Some(detail))
    }

    /// Names the field, parameter or header that is wrong.
    #[must_use]
    pub fn with_field(self, field: impl Into<Cow<'static, str>>) -> Self {
        let field = field.into();
        self.with(|extra| extra.field = Some(field))
    }

    /// Names the place in the body, counted from 1.
    #[must_use]
    pub fn with_position(self, line: usize, column: usize) -> Self {
        self.with(|extra| extra.position = Some((line, column)))
    }

    /// Adds a member of its own to the body (RFC 9457, section 3.2). One that every problem has stays as it is.
    ///
    /// # Example
    /// ```
    /// use tenant_tower::Rejection;
    ///
    /// let rejection = Rejection::quota_exceeded(None).with_member("plan", "free").with_member("status", 200);
    /// let body = rejection.to_response().into_body();
    /// assert!(body.ends_with(br#""code":"quota_exceeded","plan":"free"}"#));
    /// ```
    #[must_use]
    pub fn with_member(self, name: &'static str, value: impl Into<Value>) -> Self {
        if problem::is_standard(name) {
            return self;
        }
        self.with(|extra| drop(extra.members.insert(name, value.into())))
    }

    /// Names the trace that the request belongs to.
    #[must_use]
    pub fn with_trace_id(self, trace_id: TraceId) -> Self {
        self.with(|extra| extra.trace_id = Some(trace_id))
    }

    fn with(mut self, change: impl FnOnce(&mut Extra)) -> Self {
        change(Arc::make_mut(self.extra.get_or_insert_default()));
        self
    }

    /// Which row of the table it is.
    #[must_use]
    pub const fn kind(&self) -> RejectionKind {
        self.kind
    }

    /// The status code.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.kind.status()
    }

    /// The code in the body.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        self.kind.code()
    }

    /// What is wrong, in a sentence.
    #[must_use]
    pub fn detail(&self) -> &str {
        let extra = self.extra();
        extra.and_then(|extra| extra.detail.as_deref()).unwrap_or(self.kind.detail())
    }

    /// Why the policy denied.
    #[must_use]
    pub fn reason(&self) -> Option<&str> {
        self.extra()?.reason.as_deref()
    }

    /// How long to wait, in seconds.
    #[must_use]
    pub fn retry_after(&self) -> Option<u64> {
        self.extra()?.retry_after
    }

    /// The source whose claim is malformed.
    #[must_use]
    pub fn source_of_claim(&self) -> Option<Source> {
        self.extra()?.source
    }

    pub(crate) fn disagreement(&self) -> Option<Disagreement> {
        self.extra()?.disagreement
    }

    fn extra(&self) -> Option<&Extra> {
        self.extra.as_deref()
    }
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.detail())
    }
}

impl fmt::Debug for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rejection")
            .field("kind", &self.kind)
            .field("detail", &self.detail())
            .finish_non_exhaustive()
    }
}

impl StdError for Rejection {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        let cause = self.extra()?.cause.as_ref()?;
        Some(cause)
    }
}
