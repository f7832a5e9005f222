use std::{fmt, sync::Arc};

use serde::Serialize;
use tenant_core::{
    Clock, SystemClock, TenantContext,
    webhooks::{OutboxEvent, OutboxStore, Told},
};
use tokio::sync::Notify;
use uuid::Uuid;

use super::{Resolve, WebhookError, WebhookSender, WebhookSenderBuilder};

/// Where events are put that webhooks are to be told of. Clones share it.
///
/// What [was told](Self::tell) is kept when the call answers, and sent by a [`WebhookSender`], of this process or another. An event that
/// must be there exactly if what it tells of is there goes into the same transaction: [`event`](Self::event) makes one for
/// `DbWebhooks::put_within` of `tenant-sqlx`.
///
/// # Example
/// ```
/// use std::sync::Arc;
///
/// use tenant_control::{Outbox, WebhookError};
/// use tenant_core::{TenantContext, webhooks::OutboxStore};
///
/// async fn paid(store: Arc<dyn OutboxStore>, tenant: &TenantContext) -> Result<(), WebhookError> {
///     let outbox = Outbox::new(store);
///     outbox.tell(tenant, "invoice.paid", &serde_json::json!({ "invoice": "i7" })).await?;
///     Ok(())
/// }
/// ```
#[derive(Clone)]
pub struct Outbox {
    pub(super) store: Arc<dyn OutboxStore>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) wake: Arc<Notify>,
}

impl Outbox {
    /// That of a store.
    #[must_use]
    pub fn new(store: Arc<dyn OutboxStore>) -> Self {
        Self { store, clock: Arc::new(SystemClock::new()), wake: Arc::new(Notify::new()) }
    }

    /// Takes the time from another clock than the system's.
    #[must_use]
    pub fn with_clock(self, clock: Arc<dyn Clock>) -> Self {
        Self { clock, ..self }
    }

    /// Something that happens now, with an id of its own.
    ///
    /// # Errors
    /// The name is not 1 to 64 of `[a-z0-9_.]`, or the data are longer than 32 KiB of JSON, or can't be written as JSON.
    pub fn event<T: Serialize + ?Sized>(
        &self,
        tenant: &TenantContext,
        kind: &str,
        data: &T,
    ) -> Result<OutboxEvent, WebhookError> {
        let id = format!("msg_{}", Uuid::now_v7().simple());
        Ok(OutboxEvent::new(id, kind, *tenant.id(), self.clock.unix().into(), data)?)
    }

    /// Keeps an event for the tenant's webhooks; says to how many it will be told.
    ///
    /// # Errors
    /// Those of [`event`](Self::event), or the store failed.
    pub async fn tell<T: Serialize + ?Sized>(
        &self,
        tenant: &TenantContext,
        kind: &str,
        data: &T,
    ) -> Result<Told, WebhookError> {
        let event = self.event(tenant, kind, data)?;
        let told = self.store.put(tenant, &[event]).await?;
        if told.deliveries > 0 {
            self.wake();
        }
        Ok(told)
    }

    /// Has this process' sender look now: after a transaction with an event was committed. Without it the sender looks within a
    /// second.
    pub fn wake(&self) {
        self.wake.notify_one();
    }

    /// A sender of what is put here, that finds hosts by these names, and takes the time from the same clock.
    pub fn sender(&self, names: Arc<dyn Resolve>) -> WebhookSenderBuilder {
        WebhookSender::builder(self, names)
    }
}

impl fmt::Debug for Outbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outbox").finish_non_exhaustive()
    }
}
