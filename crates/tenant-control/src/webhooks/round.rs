//! What one sender has under way.

use std::{collections::HashMap, sync::Arc};

use tenant_core::{
    StoreError, TenantId, Timestamp,
    webhooks::{Claim, Underway},
};
use tokio::task::{Id, JoinError, JoinSet};

use super::sender::Sending;

/// Dropped, it ends what is under way: that is given again when its time is over.
pub(super) struct Round {
    sending: Arc<Sending>,
    tasks: JoinSet<()>,
    /// To whom each task tells.
    webhooks: HashMap<Id, (TenantId, Box<str>)>,
    underway: Underway,
    /// Where the next claim goes on.
    after: Option<TenantId>,
    /// Whether anything was due since the first tenant.
    has_found: bool,
    pub(super) tries: u64,
}

impl Round {
    pub(super) fn new(sending: &Arc<Sending>) -> Self {
        Self {
            sending: Arc::clone(sending),
            tasks: JoinSet::new(),
            webhooks: HashMap::new(),
            underway: Underway::new(),
            after: None,
            has_found: false,
            tries: 0,
        }
    }

    /// Takes on what is due and fits; says whether there may be more.
    pub(super) async fn claim(&mut self) -> Result<bool, StoreError> {
        while let Some(ended) = self.tasks.try_join_next_with_id() {
            self.note(ended);
        }
        let free =
            usize::try_from(self.sending.at_once).unwrap_or(usize::MAX).saturating_sub(self.tasks.len());
        if free == 0 {
            return Ok(false);
        }
        let now = Timestamp::from(self.sending.clock.unix());
        let claim = Claim {
            now,
            until: self.sending.lease_from(now),
            after: self.after.take(),
            most: u32::try_from(free).unwrap_or(u32::MAX),
            most_of_tenant: self.sending.of_a_tenant,
            underway: &self.underway,
        };
        let claimed = self.sending.store.claim(&claim).await?;
        self.after = claimed.next;
        self.has_found |= !claimed.deliveries.is_empty();
        for delivery in claimed.deliveries {
            let webhook = (delivery.event.tenant, delivery.webhook_id.clone());
            self.underway.enter(webhook.0, &webhook.1);
            let task = self.tasks.spawn(Arc::clone(&self.sending).deliver(delivery));
            self.webhooks.insert(task.id(), webhook);
            self.tries += 1;
        }
        Ok(self.after.is_some() || std::mem::take(&mut self.has_found))
    }

    /// Waits until one has ended; `false` where none is under way.
    pub(super) async fn one_ended(&mut self) -> bool {
        match self.tasks.join_next_with_id().await {
            Some(ended) => {
                self.note(ended);
                true
            }
            None => false,
        }
    }

    fn note(&mut self, ended: Result<(Id, ()), JoinError>) {
        let id = ended.map_or_else(|error| error.id(), |(id, ())| id);
        if let Some((tenant, webhook_id)) = self.webhooks.remove(&id) {
            self.underway.leave(&tenant, &webhook_id);
        }
    }
}
