//! Webhooks: what happens in a tenant, told to servers of its own.
//!
//! An event is kept in an outbox before anybody is told of it, with a delivery to each webhook that wants to hear of it. Deliveries
//! are claimed for a while: what who claimed them does not settle in time is claimed again. So each is tried once at least, and with
//! the same event's id each time.

mod claim;
mod event;
mod store;
mod webhook;

pub use self::{
    claim::{Claim, Claimed, DueDelivery, Settled, Underway},
    event::{InvalidOutboxEvent, OutboxEvent},
    store::{OutboxStore, Told, WebhookKept, WebhookStore},
    webhook::{Webhook, WebhookSecret},
};
