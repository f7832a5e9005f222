use std::{borrow::Cow, error::Error, fmt};

use serde::{Deserialize, Serialize};

use crate::{TenantId, Timestamp};

/// Something that happened. It holds no secret, and nothing of what was written or read.
///
/// All of it is sealed and kept: another field breaks whoever does that.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditEvent {
    /// Unique, and tells nothing of how many there are.
    pub event_id: Box<str>,
    /// When it happened.
    pub time: Timestamp,
    /// In whose log it stands; `None` for the deployment's own.
    pub tenant: Option<TenantId>,
    /// Who did it: a person's or a key's id, `admin` or `system`.
    pub actor: Box<str>,
    /// What was done, such as `user.created`.
    pub action: Cow<'static, str>,
    /// What it was done to, such as `user`.
    pub resource_type: Cow<'static, str>,
    /// To which of them.
    pub resource_id: Option<Box<str>>,
    /// How it went.
    pub outcome: AuditOutcome,
    /// The request that it was done by.
    pub request_id: Option<Box<str>>,
}

/// How something went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AuditOutcome {
    /// It was done.
    Success,
    /// It was not allowed.
    Denied,
    /// It was allowed, and could not be done.
    Failure,
}

/// A text is no outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownOutcome;

impl AuditEvent {
    /// Something that went well, done by `actor` in the deployment's own log.
    #[must_use]
    pub fn new(
        event_id: impl Into<Box<str>>,
        time: Timestamp,
        actor: impl Into<Box<str>>,
        action: impl Into<Cow<'static, str>>,
        resource_type: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self {
            event_id: event_id.into(),
            time,
            tenant: None,
            actor: actor.into(),
            action: action.into(),
            resource_type: resource_type.into(),
            resource_id: None,
            outcome: AuditOutcome::Success,
            request_id: None,
        }
    }

    /// Stands in the log of this tenant.
    #[must_use]
    pub const fn of(mut self, tenant: TenantId) -> Self {
        self.tenant = Some(tenant);
        self
    }

    /// Names what it was done to.
    #[must_use]
    pub fn on(mut self, resource_id: impl Into<Box<str>>) -> Self {
        self.resource_id = Some(resource_id.into());
        self
    }

    /// Says how it went.
    #[must_use]
    pub const fn with_outcome(mut self, outcome: AuditOutcome) -> Self {
        self.outcome = outcome;
        self
    }

    /// Names the request that it was done by.
    #[must_use]
    pub fn by_request(mut self, request_id: impl Into<Box<str>>) -> Self {
        self.request_id = Some(request_id.into());
        self
    }
}

impl AuditOutcome {
    /// Its name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Denied => "denied",
            Self::Failure => "failure",
        }
    }

    /// The outcome of this name.
    ///
    /// # Errors
    /// There is none.
    pub fn parse(name: &str) -> Result<Self, UnknownOutcome> {
        let all = [Self::Success, Self::Denied, Self::Failure];
        all.into_iter().find(|outcome| outcome.as_str() == name).ok_or(UnknownOutcome)
    }
}

impl fmt::Display for UnknownOutcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an outcome is success, denied or failure")
    }
}

impl Error for UnknownOutcome {}
