//! A deployment with two tenants, and webhooks on this machine.

use std::{
    net::IpAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use sqlx::Sqlite;
use tempfile::TempDir;
use tenant_control::{
    AttemptOutcome, Outbox, Resolve, WebhookReach, WebhookSender, WebhookSenderBuilder, Webhooks,
};
use tenant_core::{
    Clock, ConfigStore, ManualClock, SystemClock, TenantConfig, TenantContext, async_trait,
    webhooks::{OutboxStore, WebhookStore},
};
use tenant_sqlx::{DbConfigManager, DbWebhooks, TenantDb};

use crate::support::{clock, database, id, open};

pub(crate) struct House {
    pub(crate) db: TenantDb<Sqlite>,
    pub(crate) folder: TempDir,
    pub(crate) configs: DbConfigManager<Sqlite>,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) webhooks: Webhooks,
    pub(crate) outbox: Outbox,
    pub(crate) acme: TenantContext,
    pub(crate) globex: TenantContext,
}

/// Names that lead to this machine, or elsewhere.
#[derive(Default)]
pub(crate) struct Names {
    pub(crate) lead_to: Vec<IpAddr>,
    pub(crate) asked: AtomicUsize,
}

impl Names {
    pub(crate) fn leading_to(addresses: &[&str]) -> Arc<Self> {
        let lead_to = addresses.iter().map(|address| address.parse().unwrap()).collect();
        Arc::new(Self { lead_to, asked: AtomicUsize::new(0) })
    }
}

#[async_trait]
impl Resolve for Names {
    async fn addresses(&self, _: &str) -> Vec<IpAddr> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        self.lead_to.clone()
    }
}

/// With a clock that stands still.
pub(crate) async fn house() -> House {
    let clock = clock();
    with_clock(Arc::clone(&clock) as Arc<dyn Clock>, clock).await
}

/// With the system's clock.
pub(crate) async fn running_house() -> House {
    with_clock(Arc::new(SystemClock::new()), clock()).await
}

async fn with_clock(time: Arc<dyn Clock>, clock: Arc<ManualClock>) -> House {
    let (db, folder) = database().await;
    let configs = DbConfigManager::new(&db);
    for name in ["acme", "globex"] {
        configs.create(TenantConfig::builder(id(name)).build().unwrap()).await.unwrap();
    }
    let acme = TenantContext::of(&configs, &id("acme")).await.unwrap();
    let globex = TenantContext::of(&configs, &id("globex")).await.unwrap();
    let store = Arc::new(DbWebhooks::new(&db));
    let webhooks = Webhooks::new(Arc::clone(&store) as Arc<dyn WebhookStore>);
    let webhooks = webhooks.reach(WebhookReach::PrivateToo).with_clock(Arc::clone(&time));
    let outbox = Outbox::new(store as Arc<dyn OutboxStore>).with_clock(time);
    House { db, folder, configs, clock, webhooks, outbox, acme, globex }
}

impl House {
    /// Another instance, on the same database.
    pub(crate) async fn elsewhere(&self) -> Outbox {
        Outbox::new(Arc::new(DbWebhooks::new(&open(&self.folder).await)))
    }

    /// Has a tenant listen, and gives the secret.
    pub(crate) async fn listen(&self, tenant: &TenantContext, url: &str, events: &[&str]) -> String {
        let (_, secret) = self.webhooks.create(tenant, url, events).await.unwrap();
        secret.expose().to_owned()
    }

    pub(crate) async fn tell(&self, tenant: &TenantContext, what: &str) {
        let told = self.outbox.tell(tenant, "user.created", &[what]).await.unwrap();
        assert!(told.deliveries > 0);
    }

    /// How many deliveries there are that were not taken yet.
    pub(crate) async fn waiting(&self) -> i64 {
        let bypass = tenant_sqlx::danger::Bypass::new("test", "counts");
        let count = sqlx::query_scalar("SELECT count(*) FROM tenant_deliveries");
        count.fetch_one(&self.db.unscoped(bypass)).await.unwrap()
    }

    pub(crate) fn sender(&self) -> WebhookSender {
        self.builder(Names::leading_to(&[])).build()
    }

    /// To this machine, and not for long.
    pub(crate) fn builder(&self, names: Arc<Names>) -> WebhookSenderBuilder {
        builder(&self.outbox, names)
    }

    /// Sends what is due, and says how each try went.
    pub(crate) async fn outcomes(&self, names: Arc<Names>, reach: WebhookReach) -> Vec<AttemptOutcome> {
        let (heard, outcomes) = std::sync::mpsc::channel();
        let sender = self.builder(names).reach(reach);
        let sender = sender.listen(move |attempt| heard.send(attempt.outcome).unwrap()).build();
        let tries = sender.deliver_due().await.unwrap();
        let outcomes: Vec<_> = outcomes.try_iter().collect();
        assert_eq!(outcomes.len() as u64, tries);
        outcomes
    }
}

pub(crate) fn builder(outbox: &Outbox, names: Arc<Names>) -> WebhookSenderBuilder {
    let builder = outbox.sender(names).reach(WebhookReach::PrivateToo);
    builder.timeout(Duration::from_millis(400))
}
