use std::collections::HashMap;

use super::{OutboxEvent, WebhookSecret};
use crate::{TenantId, Timestamp};

/// Which deliveries somebody takes on. Another field breaks stores that would not heed it.
#[derive(Clone, Copy, Debug)]
pub struct Claim<'a> {
    /// Those that are due by now.
    pub now: Timestamp,
    /// Until when nobody else is given them, unless they are settled before.
    pub until: Timestamp,
    /// From which tenant on, this one left out; `None` from the first.
    pub after: Option<TenantId>,
    /// So many at most.
    pub most: u32,
    /// So many of one tenant at most, with those of it that are under way.
    pub most_of_tenant: u32,
    /// What is under way with who claims.
    pub underway: &'a Underway,
}

/// What was claimed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Claimed {
    /// The deliveries.
    pub deliveries: Vec<DueDelivery>,
    /// The tenant behind which it goes on; `None` where the last was looked at.
    pub next: Option<TenantId>,
}

/// An event that is to be told to one webhook.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DueDelivery {
    /// What is told.
    pub event: OutboxEvent,
    /// To which of the tenant's webhooks.
    pub webhook_id: Box<str>,
    /// Where that is.
    pub url: Box<str>,
    /// What it is signed with.
    pub secret: WebhookSecret,
    /// How often it was tried, with this time.
    pub tries: u32,
}

/// What became of a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settled {
    /// It was taken.
    Delivered,
    /// It is tried again, not before this.
    Again(Timestamp),
    /// It is tried no more.
    GivenUp,
}

/// How many deliveries somebody has under way, of each tenant and to each of its webhooks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Underway(HashMap<TenantId, HashMap<Box<str>, u32>>);

impl Underway {
    /// Nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// One more.
    pub fn enter(&mut self, tenant: TenantId, webhook_id: &str) {
        *self.0.entry(tenant).or_default().entry(webhook_id.into()).or_default() += 1;
    }

    /// One less.
    pub fn leave(&mut self, tenant: &TenantId, webhook_id: &str) {
        let Some(webhooks) = self.0.get_mut(tenant) else { return };
        if let Some(count) = webhooks.get_mut(webhook_id) {
            *count = count.saturating_sub(1);
        }
        webhooks.retain(|_, count| *count > 0);
        if webhooks.is_empty() {
            self.0.remove(tenant);
        }
    }

    /// How many of a tenant.
    #[must_use]
    pub fn of_tenant(&self, tenant: &TenantId) -> u32 {
        self.0.get(tenant).map_or(0, |webhooks| webhooks.values().sum())
    }

    /// How many to one of a tenant's webhooks.
    #[must_use]
    pub fn of_webhook(&self, tenant: &TenantId, webhook_id: &str) -> u32 {
        self.0.get(tenant).and_then(|webhooks| webhooks.get(webhook_id)).copied().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_comes_and_goes_leaves_nothing_behind() {
        let [acme, globex] = ["acme", "globex"].map(|id| TenantId::parse(id).unwrap());
        let mut underway = Underway::new();
        for (tenant, webhook) in [(acme, "a"), (acme, "a"), (acme, "b"), (globex, "a")] {
            underway.enter(tenant, webhook);
        }
        assert_eq!((underway.of_tenant(&acme), underway.of_webhook(&acme, "a")), (3, 2));
        assert_eq!((underway.of_tenant(&globex), underway.of_webhook(&globex, "b")), (1, 0));
        for (tenant, webhook) in [(acme, "a"), (acme, "b"), (acme, "a"), (acme, "a"), (globex, "a")] {
            underway.leave(&tenant, webhook);
        }
        assert_eq!(underway, Underway::new());
    }
}
