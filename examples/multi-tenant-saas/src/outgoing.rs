//! What happens in a tenant, told to servers of its own.

use std::{fmt, net::IpAddr, sync::Arc, time::Duration};

use serde_json::Value;
use sqlx::Sqlite;
use tenant::{
    Clock, DbWebhooks, ScopedTransaction, TenantContext, TenantDb, async_trait,
    auth::Dns,
    control::{Attempt, Outbox, Resolve, WebhookReach, WebhookSender, Webhooks},
    webhooks::{OutboxStore, Settled, Told, WebhookStore},
};
use tokio::{sync::oneshot, task::JoinHandle, time::timeout};

use crate::settings::Settings;

/// Webhooks, what is still to be told to them, and who tells it.
pub(crate) struct Outgoing {
    pub(crate) webhooks: Webhooks,
    store: Arc<DbWebhooks<Sqlite>>,
    outbox: Outbox,
    sender: WebhookSender,
}

/// The sender at work.
pub(crate) struct Sending {
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

/// How long what is under way may take when the server ends. What was not taken by then is told again.
const PATIENCE: Duration = Duration::from_secs(5);

/// Where no name servers are known, only addresses are reached.
struct NoNames;

#[async_trait]
impl Resolve for NoNames {
    async fn addresses(&self, _: &str) -> Vec<IpAddr> {
        Vec::new()
    }
}

impl Outgoing {
    /// That of a database. It reads the authorities that the system trusts.
    pub(crate) fn open(settings: &Settings, db: &TenantDb<Sqlite>, clock: &Arc<dyn Clock>) -> Arc<Self> {
        let reach = match settings.webhook_allow_private {
            true => WebhookReach::PrivateToo,
            false => WebhookReach::Public,
        };
        let store = Arc::new(DbWebhooks::new(db));
        let webhooks = Webhooks::new(Arc::clone(&store) as Arc<dyn WebhookStore>);
        let webhooks = webhooks.reach(reach).with_clock(Arc::clone(clock));
        let outbox = Outbox::new(Arc::clone(&store) as Arc<dyn OutboxStore>).with_clock(Arc::clone(clock));
        let sender = WebhookSender::builder(&outbox, names()).reach(reach).listen(log).build();
        Arc::new(Self { webhooks, store, outbox, sender })
    }

    /// Keeps an event as a part of what it tells of; [`wake`](Self::wake) when that is committed.
    pub(crate) async fn keep(
        &self,
        tx: &mut ScopedTransaction<'_, Sqlite>,
        kind: &str,
        data: &Value,
    ) -> Result<(), sqlx::Error> {
        let event = self.outbox.event(tx.tenant(), kind, data);
        let event = event.map_err(|error| sqlx::Error::Configuration(Box::new(error)))?;
        let told = self.store.put_within(tx, &event).await?;
        warn(tx.tenant(), &told);
        Ok(())
    }

    pub(crate) fn wake(&self) {
        self.outbox.wake();
    }

    /// Keeps an event of what is so already. Who leaves meanwhile does not take it along.
    pub(crate) async fn tell(self: &Arc<Self>, tenant: &TenantContext, kind: &'static str, data: Value) {
        let (outgoing, tenant) = (Arc::clone(self), tenant.clone());
        let telling = tokio::spawn(async move {
            match outgoing.outbox.tell(&tenant, kind, &data).await {
                Ok(told) => warn(&tenant, &told),
                Err(error) => {
                    tracing::error!(%error, tenant.id = %tenant.id(), "webhooks are not told of {kind}");
                }
            }
        });
        if let Err(error) = telling.await {
            tracing::error!(%error, "webhooks are not told of {kind}");
        }
    }

    /// Starts to send.
    pub(crate) fn start(&self) -> Sending {
        let (sender, (stop, stopped)) = (self.sender.clone(), oneshot::channel::<()>());
        let task = tokio::spawn(async move { sender.run(async { drop(stopped.await) }).await });
        Sending { stop, task }
    }
}

impl Sending {
    /// Waits, but not for long, until what is under way has ended.
    pub(crate) async fn finish(mut self) {
        drop(self.stop);
        if timeout(PATIENCE, &mut self.task).await.is_err() {
            self.task.abort();
        }
    }
}

fn names() -> Arc<dyn Resolve> {
    match Dns::of_system() {
        Ok(dns) => Arc::new(dns),
        Err(error) => {
            tracing::warn!(%error, "webhooks reach no hosts by name");
            Arc::new(NoNames)
        }
    }
}

fn warn(tenant: &TenantContext, told: &Told) {
    if told.left_out > 0 {
        tracing::warn!(tenant.id = %tenant.id(), "an event was left out: too many wait for the tenant's webhooks");
    }
}

/// Neither where to, which may hold a secret, nor what.
fn log(attempt: &Attempt<'_>) {
    let (delivery, outcome) = (attempt.delivery, attempt.outcome.as_str());
    let (tenant, webhook) = (delivery.event.tenant, &*delivery.webhook_id);
    match attempt.settled {
        Settled::GivenUp => {
            tracing::warn!(tenant.id = %tenant, webhook, outcome, "an event was given up: it was not taken");
        }
        Settled::Delivered | Settled::Again(_) => {
            tracing::debug!(tenant.id = %tenant, webhook, outcome, tries = delivery.tries, "an event was sent");
        }
    }
}

impl fmt::Debug for Outgoing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outgoing").field("webhooks", &self.webhooks).finish_non_exhaustive()
    }
}
