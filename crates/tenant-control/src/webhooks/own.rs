use std::{fmt, sync::Arc};

use tenant_core::{
    Clock, StoreError, SystemClock, TenantContext,
    webhooks::{OutboxEvent, Webhook, WebhookKept, WebhookSecret, WebhookStore},
};
use uuid::Uuid;

use super::{WebhookError, WebhookReach, endpoint::Endpoint, sign::new_secret};

/// The webhooks of tenants. Clones share it.
///
/// # Example
/// ```
/// use std::sync::Arc;
///
/// use tenant_control::{WebhookError, Webhooks};
/// use tenant_core::{TenantContext, webhooks::WebhookStore};
///
/// async fn listen(store: Arc<dyn WebhookStore>, tenant: &TenantContext) -> Result<(), WebhookError> {
///     let webhooks = Webhooks::new(store);
///     let (webhook, secret) =
///         webhooks.create(tenant, "https://hooks.acme.example/tenant", &["user.created"]).await?;
///     println!("{} signs with {}", webhook.webhook_id, secret.expose());
///     Ok(())
/// }
/// ```
#[derive(Clone)]
pub struct Webhooks {
    store: Arc<dyn WebhookStore>,
    clock: Arc<dyn Clock>,
    reach: WebhookReach,
    most: u32,
}

/// So many of each tenant.
const MOST: u32 = 20;
const MOST_EVENTS: usize = 100;

impl Webhooks {
    /// Those of a store, which lead to the internet alone.
    #[must_use]
    pub fn new(store: Arc<dyn WebhookStore>) -> Self {
        Self { store, clock: Arc::new(SystemClock::new()), reach: WebhookReach::Public, most: MOST }
    }

    /// Takes the time from another clock than the system's.
    #[must_use]
    pub fn with_clock(self, clock: Arc<dyn Clock>) -> Self {
        Self { clock, ..self }
    }

    /// Lets them lead elsewhere too; what sends them has to be told the same.
    #[must_use]
    pub fn reach(self, reach: WebhookReach) -> Self {
        Self { reach, ..self }
    }

    /// Lets each tenant have so many; 20 by default.
    #[must_use]
    pub fn at_most(self, most: u32) -> Self {
        Self { most, ..self }
    }

    /// Makes a webhook, which hears of events of these exact names, or of all (`*`). The secret is shown here alone.
    ///
    /// The URL is `http` or `https`, without credentials and fragment. It leads to a public address, or to a name that is not known to
    /// be private; where the name leads is looked at with each try, not here: it may change at any time, and whoever makes a webhook
    /// would learn from the answer what a private network calls its hosts.
    ///
    /// # Errors
    /// The URL or the names can't be taken (`Url`, `Events`), the tenant has as many as it may have (`TooMany`), it is not active
    /// (`Inactive`), or the store failed.
    pub async fn create<E: AsRef<str>>(
        &self,
        tenant: &TenantContext,
        url: &str,
        events: &[E],
    ) -> Result<(Webhook, WebhookSecret), WebhookError> {
        tenant.ensure_active().map_err(|_| WebhookError::INACTIVE)?;
        Endpoint::parse(url, self.reach)?;
        let events = check(events)?;
        let id = format!("wh_{}", Uuid::new_v4().simple());
        let (webhook, secret) = (Webhook::new(id, url, events, self.clock.unix().into()), new_secret()?);
        match self.store.create(tenant, &webhook, &secret, self.most).await? {
            WebhookKept::Kept => Ok((webhook, secret)),
            WebhookKept::TooMany => Err(WebhookError::TOO_MANY),
        }
    }

    /// The tenant's webhooks, the oldest first.
    ///
    /// # Errors
    /// The store failed.
    pub async fn list(&self, tenant: &TenantContext) -> Result<Vec<Webhook>, StoreError> {
        self.store.list(tenant).await
    }

    /// Removes a webhook, with what it was still to be told; `false` where the tenant has none of this id. What is being sent at that
    /// moment may still arrive.
    ///
    /// # Errors
    /// The store failed.
    pub async fn delete(&self, tenant: &TenantContext, webhook_id: &str) -> Result<bool, StoreError> {
        self.store.delete(tenant, webhook_id).await
    }
}

fn check<E: AsRef<str>>(events: &[E]) -> Result<Vec<Box<str>>, WebhookError> {
    let events: Vec<Box<str>> =
        events.iter().take(MOST_EVENTS + 1).map(|event| event.as_ref().into()).collect();
    let is_one = |event: &str| event == Webhook::ALL || OutboxEvent::is_kind(event);
    let is_once = |(at, event): (usize, &str)| events.iter().skip(at + 1).all(|other| **other != *event);
    let is_list = (1..=MOST_EVENTS).contains(&events.len())
        && events.iter().all(|event| is_one(event))
        && events.iter().map(|event| &**event).enumerate().all(is_once);
    if is_list { Ok(events) } else { Err(WebhookError::EVENTS) }
}

impl fmt::Debug for Webhooks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Webhooks")
            .field("reach", &self.reach)
            .field("most", &self.most)
            .finish_non_exhaustive()
    }
}
