//! What becomes a rejection.

use tenant_core::{
    AdmissionError, Inactive, InvalidConfig, StoreError, StoreErrorKind,
    policy::{PolicyDecision, PolicyDenial},
    quota::Decision,
    settings::InvalidSetting,
};

use super::{Rejection, RejectionKind};

impl From<AdmissionError> for Rejection {
    // Whatever kind of failure a lookup met, nothing is known about the tenant: a 503, never a 404.
    fn from(error: AdmissionError) -> Self {
        match error {
            AdmissionError::NotFound => Self::tenant_not_found(),
            AdmissionError::Inactive => Self::tenant_inactive(),
            AdmissionError::Store(cause) => Self::store_unavailable(cause),
            _ => Self::internal(),
        }
    }
}

impl From<Inactive> for Rejection {
    fn from(_: Inactive) -> Self {
        Self::tenant_inactive()
    }
}

impl From<StoreError> for Rejection {
    fn from(error: StoreError) -> Self {
        let kind = match error.kind() {
            StoreErrorKind::AlreadyExists | StoreErrorKind::HostTaken => RejectionKind::Conflict,
            StoreErrorKind::NotFound => RejectionKind::NotFound,
            StoreErrorKind::StaleRevision => RejectionKind::PreconditionFailed,
            StoreErrorKind::Invalid => RejectionKind::InvalidRequest,
            _ => return Self::store_unavailable(error),
        };
        Self::new(kind).with_detail(error.detail().to_owned())
    }
}

impl From<InvalidConfig> for Rejection {
    fn from(error: InvalidConfig) -> Self {
        Self::invalid_request(error.to_string()).with_field(error.field().to_owned())
    }
}

impl From<InvalidSetting> for Rejection {
    // What a handler finds in its tenant's config is not the caller's mistake.
    fn from(_: InvalidSetting) -> Self {
        Self::internal()
    }
}

impl From<PolicyDenial> for Rejection {
    fn from(denial: PolicyDenial) -> Self {
        Self::policy_denied(denial.reason().to_owned())
    }
}

impl Rejection {
    /// The rejection that a policy's decision amounts to; `None` if it allows.
    #[must_use]
    pub fn of_policy(decision: &PolicyDecision) -> Option<Self> {
        match decision {
            PolicyDecision::Allow => None,
            PolicyDecision::Deny(denial) => Some(denial.clone().into()),
        }
    }

    /// The rejection that a quota's decision amounts to; `None` if it admits.
    #[must_use]
    pub fn of_quota(decision: &Decision) -> Option<Self> {
        if decision.is_admitted() {
            return None;
        }
        // A denial of a limit that the decision can't name is a denial all the same.
        let Some((limit, denial)) = decision.denial() else {
            return Some(Self::quota_exceeded(None));
        };
        let detail = match denial.retry_after {
            Some(_) => format!("the limit {} is reached", limit.name),
            None => format!("the request costs more than the limit {} ever admits", limit.name),
        };
        Some(Self::quota_exceeded(denial.retry_after_secs()).with_detail(detail))
    }
}
