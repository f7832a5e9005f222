use std::{sync::Arc, time::Duration};

use parking_lot::Mutex;
use sqlx::Sqlite;
use tempfile::TempDir;
use tenant_control::{BackOff, UsageExporter, UsageExports, UsageExportsBuilder};
use tenant_core::{
    Clock, ConfigStore, InMemoryConfigManager, ManualClock, TenantConfig, Timestamp,
    usage::{UsageKind, UsageLedger, UsageRecord, UsageStore},
};
use tenant_sqlx::{DbUsage, TenantDb};

use super::bank::Bank;
use crate::support::{clock, database, id};

pub(crate) const DAY: Duration = Duration::from_secs(86_400);

pub(crate) struct House {
    pub(crate) db: TenantDb<Sqlite>,
    _folder: TempDir,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) configs: Arc<InMemoryConfigManager>,
    pub(crate) store: Arc<DbUsage<Sqlite>>,
    pub(crate) heard: Arc<Mutex<Vec<String>>>,
    count: Mutex<u32>,
}

pub(crate) fn customer(tenant: &str) -> TenantConfig {
    let metadata = serde_json::json!({ "stripe_customer_id": format!("cus_{tenant}") });
    TenantConfig::builder(id(tenant)).metadata(metadata.as_object().unwrap().clone()).build().unwrap()
}

/// acme and globex are customers, and initech is none.
pub(crate) async fn house() -> House {
    let ((db, folder), clock) = (database().await, clock());
    let none = TenantConfig::builder(id("initech")).build().unwrap();
    let configs = InMemoryConfigManager::with([customer("acme"), customer("globex"), none]).unwrap();
    let store = Arc::new(DbUsage::new(&db));
    let (heard, count) = (Arc::default(), Mutex::new(0));
    House { db, _folder: folder, clock, configs: Arc::new(configs), store, heard, count }
}

impl House {
    pub(crate) fn now(&self) -> Timestamp {
        self.clock.unix().into()
    }

    pub(crate) fn later(&self, days: u32) {
        self.clock.advance(DAY * days);
    }

    pub(crate) async fn used(&self, tenant: &str, kind: UsageKind, quantity: u64) {
        self.used_at(tenant, kind, quantity, self.now()).await;
    }

    pub(crate) async fn used_at(&self, tenant: &str, kind: UsageKind, quantity: u64, time: Timestamp) {
        let name = {
            let mut count = self.count.lock();
            *count += 1;
            format!("r-{count}")
        };
        self.store.record(&[UsageRecord::new(name, id(tenant), kind, quantity, time)]).await.unwrap();
    }

    /// As another process on the same database.
    pub(crate) fn exports(&self, bank: &Bank) -> UsageExports {
        self.exports_to(Arc::new(bank.meter()))
    }

    pub(crate) fn exports_to(&self, exporter: Arc<dyn UsageExporter>) -> UsageExports {
        self.builder(exporter).build()
    }

    pub(crate) fn builder(&self, exporter: Arc<dyn UsageExporter>) -> UsageExportsBuilder {
        let heard = Arc::clone(&self.heard);
        let store = Arc::clone(&self.store);
        let ledger = Arc::clone(&store) as Arc<dyn UsageLedger>;
        let configs = Arc::clone(&self.configs) as Arc<dyn ConfigStore>;
        UsageExports::builder(store, ledger, configs, exporter)
            .clock(Arc::clone(&self.clock) as Arc<dyn Clock>)
            .back_off(BackOff::new(Duration::from_secs(1), Duration::from_secs(64), u32::MAX))
            .listen(move |attempt| {
                let (usage, outcome) = (attempt.usage, attempt.outcome);
                let outcome = outcome.map_or_else(ToString::to_string, |()| "taken".into());
                heard.lock().push(format!("{} {} {outcome}", usage.tenant, usage.series.kind));
            })
    }
}
