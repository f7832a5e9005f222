//! Webhooks: what happens in a tenant, told to servers of its own.

mod attempt;
pub(crate) mod endpoint;
mod error;
pub(crate) mod line;
mod outbox;
mod own;
mod post;
mod resolve;
mod round;
mod sender;
mod sign;

pub use self::{
    attempt::{Attempt, AttemptOutcome},
    endpoint::{InvalidWebhookUrl, WebhookReach},
    error::{WebhookError, WebhookErrorKind},
    line::InvalidAuthority,
    outbox::Outbox,
    own::Webhooks,
    resolve::Resolve,
    sender::{WebhookSender, WebhookSenderBuilder},
};
