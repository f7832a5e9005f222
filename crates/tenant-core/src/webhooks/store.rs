use async_trait::async_trait;

use super::{Claim, Claimed, DueDelivery, OutboxEvent, Settled, Webhook, WebhookSecret};
use crate::{StoreError, TenantContext, TenantId, Timestamp};

/// Whether a webhook was kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[must_use]
pub enum WebhookKept {
    /// It was.
    Kept,
    /// The tenant has as many as it may have.
    TooMany,
}

/// What became of events that were put into the outbox.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Told {
    /// How many deliveries there are by them. An event that no webhook wants to hear of is not kept, nor is one that was put before.
    pub deliveries: u64,
    /// How many events were left out, because as many deliveries of the tenant wait as may wait.
    pub left_out: u64,
}

/// Keeps webhooks.
#[async_trait]
pub trait WebhookStore: Send + Sync {
    /// Keeps a webhook of the tenant's with its secret, as one of so many at most.
    ///
    /// # Errors
    /// The tenant is not active (`NotFound`), a part of it can't be kept (`Invalid`), or the store failed.
    async fn create(
        &self,
        tenant: &TenantContext,
        webhook: &Webhook,
        secret: &WebhookSecret,
        most: u32,
    ) -> Result<WebhookKept, StoreError>;

    /// The tenant's webhooks, the oldest first.
    ///
    /// # Errors
    /// The store failed.
    async fn list(&self, tenant: &TenantContext) -> Result<Vec<Webhook>, StoreError>;

    /// Removes a webhook of the tenant's, with what it was still to be told; `false` where there is none.
    ///
    /// # Errors
    /// The store failed. Then the webhook may be gone, and it is told nothing more.
    async fn delete(&self, tenant: &TenantContext, webhook_id: &str) -> Result<bool, StoreError>;
}

/// Keeps what is to be told.
#[async_trait]
pub trait OutboxStore: Send + Sync {
    /// Keeps events of the tenant's, all or none, each once for its id, with a delivery to each of its webhooks that wants to hear
    /// of it. Who does not know whether they were kept gives them again as they are.
    ///
    /// # Errors
    /// One of them is another tenant's or can't be kept (`Invalid`); or the store failed: then nobody knows whether they were kept.
    async fn put(&self, tenant: &TenantContext, events: &[OutboxEvent]) -> Result<Told, StoreError>;

    /// Gives deliveries that are due, each to one caller alone until that time is over. Tenants take turns, in the order of their
    /// ids, and so many of each are given at most, to those of its webhooks first that have least under way. Nothing is given of a
    /// tenant that is not active.
    ///
    /// # Errors
    /// The store failed: what was given by then is given again when that time is over.
    async fn claim(&self, claim: &Claim<'_>) -> Result<Claimed, StoreError>;

    /// Says what became of a delivery; `false` where it was somebody else's meanwhile, or is there no more. One that was taken is
    /// told no more in any case.
    ///
    /// # Errors
    /// The store failed. Unless it is settled, it is given again.
    async fn settle(&self, delivery: &DueDelivery, settled: Settled) -> Result<bool, StoreError>;

    /// Forgets events older than this, told or not, with their ids, at most so many; says how many.
    ///
    /// # Errors
    /// The store failed.
    async fn forget(&self, older_than: Timestamp, limit: u32) -> Result<u64, StoreError>;

    /// Removes all that is kept of a tenant, its webhooks too, for one that is purged.
    ///
    /// # Errors
    /// The store failed.
    async fn erase(&self, tenant: &TenantId) -> Result<(), StoreError>;
}
