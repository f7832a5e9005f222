use std::{error::Error, fmt};

use tenant_core::{StoreError, StoreErrorKind, webhooks::InvalidOutboxEvent};

use super::InvalidWebhookUrl;

/// Something could not be done with a webhook, or an event could not be told.
#[derive(Clone, Debug)]
pub struct WebhookError(Cause);

/// The kinds of [`WebhookError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum WebhookErrorKind {
    /// The URL can't be taken.
    Url,
    /// The events' names can't be taken.
    Events,
    /// The event can't be told as it is.
    Event,
    /// The tenant has as many webhooks as it may have.
    TooMany,
    /// The tenant is not active.
    Inactive,
    /// The store failed: nothing is known about the effect.
    Unavailable,
}

#[derive(Clone, Debug)]
enum Cause {
    Url(InvalidWebhookUrl),
    Events,
    Event(InvalidOutboxEvent),
    TooMany,
    Inactive,
    Store(StoreError),
}

impl WebhookError {
    pub(super) const EVENTS: Self = Self(Cause::Events);
    pub(super) const TOO_MANY: Self = Self(Cause::TooMany);
    pub(super) const INACTIVE: Self = Self(Cause::Inactive);

    /// What kind of error it is.
    #[must_use]
    pub const fn kind(&self) -> WebhookErrorKind {
        match &self.0 {
            Cause::Url(_) => WebhookErrorKind::Url,
            Cause::Events => WebhookErrorKind::Events,
            Cause::Event(_) => WebhookErrorKind::Event,
            Cause::TooMany => WebhookErrorKind::TooMany,
            Cause::Inactive => WebhookErrorKind::Inactive,
            Cause::Store(_) => WebhookErrorKind::Unavailable,
        }
    }
}

impl From<InvalidWebhookUrl> for WebhookError {
    fn from(problem: InvalidWebhookUrl) -> Self {
        Self(Cause::Url(problem))
    }
}

impl From<InvalidOutboxEvent> for WebhookError {
    fn from(problem: InvalidOutboxEvent) -> Self {
        Self(Cause::Event(problem))
    }
}

impl From<StoreError> for WebhookError {
    fn from(error: StoreError) -> Self {
        match error.kind() {
            StoreErrorKind::NotFound => Self::INACTIVE,
            _ => Self(Cause::Store(error)),
        }
    }
}

impl fmt::Display for WebhookError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Cause::Url(problem) => problem.fmt(f),
            Cause::Events => {
                f.write_str("the events must be 1 to 100 names of [a-z0-9_.], each once, or * for all")
            }
            Cause::Event(problem) => problem.fmt(f),
            Cause::TooMany => f.write_str("the tenant has as many webhooks as it may have"),
            Cause::Inactive => f.write_str("the tenant is not active"),
            Cause::Store(_) => f.write_str("the webhooks' store failed"),
        }
    }
}

impl Error for WebhookError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.0 {
            Cause::Store(error) => Some(error),
            Cause::Url(_) | Cause::Events | Cause::Event(_) | Cause::TooMany | Cause::Inactive => None,
        }
    }
}
