//! Webhooks: what happens in a tenant, told to servers of its own.

mod attempt;
mod back_off;
mod endpoint;
mod error;
mod outbox;
mod own;
mod post;
mod resolve;
mod round;
mod sender;
mod sign;

pub use self::{
    attempt::{Attempt, AttemptOutcome},
    back_off::BackOff,
    endpoint::{InvalidWebhookUrl, WebhookReach},
    error::{WebhookError, WebhookErrorKind},
    outbox::Outbox,
    own::Webhooks,
    post::InvalidAuthority,
    resolve::Resolve,
    sender::{WebhookSender, WebhookSenderBuilder},
};
