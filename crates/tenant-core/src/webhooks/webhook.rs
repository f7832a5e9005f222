use std::fmt;

use crate::Timestamp;

/// Where a tenant wants to be told of what happens in it.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Webhook {
    /// Unique, and tells nothing of how many there are.
    pub webhook_id: Box<str>,
    /// Where. What is in it may be a secret of who listens there.
    pub url: Box<str>,
    /// Of what, by the events' exact names; [`Webhook::ALL`] is all.
    pub events: Vec<Box<str>>,
    /// When it was made.
    pub created_at: Timestamp,
}

/// What events to a webhook are signed with: who knows it can pretend to be this service, to that webhook alone. It prints nothing
/// of itself.
///
/// # Example
/// ```
/// use tenant_core::webhooks::WebhookSecret;
///
/// let secret = WebhookSecret::new("whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=");
/// assert_eq!(format!("{secret:?}"), "WebhookSecret");
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct WebhookSecret(Box<str>);

impl Webhook {
    /// What stands for all events.
    pub const ALL: &str = "*";

    /// A webhook.
    #[must_use]
    pub fn new(
        webhook_id: impl Into<Box<str>>,
        url: impl Into<Box<str>>,
        events: Vec<Box<str>>,
        created_at: Timestamp,
    ) -> Self {
        Self { webhook_id: webhook_id.into(), url: url.into(), events, created_at }
    }
}

impl WebhookSecret {
    /// A secret as it is shown to who listens: `whsec_` and base64.
    #[must_use]
    pub fn new(text: impl Into<Box<str>>) -> Self {
        Self(text.into())
    }

    /// The text: for who makes the webhook, once, and for who signs.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Webhook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Webhook")
            .field("webhook_id", &self.webhook_id)
            .field("events", &self.events)
            .field("created_at", &self.created_at)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for WebhookSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WebhookSecret")
    }
}
