//! The table of rejections: one row per code.

use http::StatusCode;

macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident = $status:literal, $code:literal, $title:literal, $detail:literal;)*) => {
        /// Why a request was rejected.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum RejectionKind {
            $($(#[$doc])* $kind,)*
        }

        impl RejectionKind {
            /// Every kind.
            pub const ALL: &'static [Self] = &[$(Self::$kind),*];

            /// The code in the body: stable, for programs.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self { $(Self::$kind => $code),* }
            }

            /// The status code as a number.
            pub(crate) const fn number(self) -> u16 {
                match self { $(Self::$kind => $status),* }
            }

            /// The title in the body: for people.
            #[must_use]
            pub const fn title(self) -> &'static str {
                match self { $(Self::$kind => $title),* }
            }

            /// The detail where nothing more is known.
            pub(crate) const fn detail(self) -> &'static str {
                match self { $(Self::$kind => $detail),* }
            }

            /// The problem's type (RFC 9457, section 3.1.1).
            pub(crate) const fn type_uri(self) -> &'static str {
                match self { $(Self::$kind => concat!("urn:problem-type:tenant:", $code)),* }
            }

            /// The body of a rejection that has nothing to add.
            pub(super) const fn plain_body(self) -> &'static str {
                match self {
                    $(Self::$kind => concat!(
                        r#"{"type":"urn:problem-type:tenant:"#, $code,
                        r#"","title":""#, $title,
                        r#"","status":"#, $status,
                        r#","detail":""#, $detail,
                        r#"","code":""#, $code, r#""}"#,
                    )),*
                }
            }
        }
    };
}

kinds! {
    /// No tenant was named, and one is required.
    TenantRequired = 401, "tenant_required", "Tenant required", "the request names no tenant";
    /// The tenant's name is malformed.
    InvalidTenantId = 400, "invalid_tenant_id", "Invalid tenant id", "the tenant's id is not valid";
    /// No tenant has this id.
    TenantNotFound = 404, "tenant_not_found", "Tenant not found", "no tenant has this id";
    /// The tenant is suspended or deleted.
    TenantInactive = 403, "tenant_inactive", "Tenant inactive", "the tenant is not active";
    /// Two sources name different tenants.
    TenantMismatch = 403, "tenant_mismatch", "Tenant mismatch", "the request speaks for different tenants";
    /// The tenant's policy denies.
    PolicyDenied = 403, "policy_denied", "Policy denied", "the tenant's policy does not allow this";
    /// A limit is reached.
    QuotaExceeded = 429, "quota_exceeded", "Quota exceeded", "a limit of the tenant is reached";
    /// The TLS server name and the host belong to different tenants.
    MisdirectedRequest = 421, "misdirected_request", "Misdirected request", "the connection belongs to another host";
    /// The store of configs or counts failed.
    StoreUnavailable = 503, "tenant_store_unavailable", "Tenant store unavailable", "the tenant's data can't be reached";
    /// More requests wait than can be served soon.
    Overloaded = 503, "overloaded", "Overloaded", "too many requests are waiting";
    /// The request is malformed.
    InvalidRequest = 400, "invalid_request", "Invalid request", "the request is not valid";
    /// The body is too large.
    BodyTooLarge = 413, "body_too_large", "Body too large", "the body is too large";
    /// The credential is missing or wrong.
    Unauthenticated = 401, "unauthenticated", "Unauthenticated", "the credential is missing or not valid";
    /// The caller's role, scope or project does not suffice.
    Forbidden = 403, "forbidden", "Forbidden", "the caller may not do this";
    /// The request came from another site.
    CsrfFailed = 403, "csrf_failed", "Cross-site request", "the request came from another site";
    /// A second factor is required.
    MfaRequired = 403, "mfa_required", "Second factor required", "a second factor is required";
    /// The tenant has no such thing.
    NotFound = 404, "not_found", "Not found", "the resource does not exist";
    /// The resource does not know the method.
    MethodNotAllowed = 405, "method_not_allowed", "Method not allowed", "the resource does not know the method";
    /// The body's type is not the one that is expected.
    UnsupportedMediaType = 415, "unsupported_media_type", "Unsupported media type", "the body is of another type";
    /// It exists already.
    Conflict = 409, "conflict", "Conflict", "the resource exists already";
    /// It was there once, and is not any more.
    Gone = 410, "gone", "Gone", "the resource is not there any more";
    /// It was changed since it was read.
    PreconditionFailed = 412, "precondition_failed", "Precondition failed", "the resource was changed since it was read";
    /// The service is put together wrongly, or failed.
    Internal = 500, "internal_error", "Internal error", "the service failed";
}

impl RejectionKind {
    /// The status code.
    #[must_use]
    pub fn status(self) -> StatusCode {
        StatusCode::from_u16(self.number()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// The equal gRPC status code: 401 is `UNAUTHENTICATED` (16), 403 `PERMISSION_DENIED` (7), 404 and 410 `NOT_FOUND` (5),
    /// 400 and 415 `INVALID_ARGUMENT` (3), 405
    /// `UNIMPLEMENTED` (12), 409 `ALREADY_EXISTS` (6), 412 and 421 `FAILED_PRECONDITION` (9), 413 and 429
    /// `RESOURCE_EXHAUSTED` (8), 503 `UNAVAILABLE` (14), anything else `INTERNAL` (13).
    #[must_use]
    pub const fn grpc_status(self) -> u8 {
        match self.number() {
            401 => 16,
            403 => 7,
            404 | 410 => 5,
            400 | 415 => 3,
            405 => 12,
            409 => 6,
            412 | 421 => 9,
            413 | 429 => 8,
            503 => 14,
            _ => 13,
        }
    }
}
