//! What the handlers share.

use std::{net::IpAddr, sync::Arc};

use axum::extract::FromRef;
use sqlx::Sqlite;
use tenant::{
    CachedConfigs, Clock, DbConfigManager, Hooks, Meter, Policies, QuotaManager, ScopedTransaction,
    StreamGuard, TenantContext, TenantDb, TenantLayer, Timestamp,
    cache::TenantCache,
    control::{ALLOWED_DOMAINS, AuditLog, Offers, Organisations},
    settings::SettingsSchema,
};

use crate::{
    api::MAX_CHATS_PER_TENANT,
    callers::Callers,
    domains::Domains,
    events::{Events, Happening},
    executions::Running,
    hosts::Hosts,
    jobs::Jobs,
    login::MAX_SIGN_INS_PER_ADDRESS,
    metering::Metering,
    outgoing::Outgoing,
    places::Places,
    settings::Downgrades,
    shared::Shared,
};

pub(crate) type Configs = CachedConfigs<DbConfigManager<Sqlite>>;

/// Every setting is one that the framework knows: a misspelt one would do nothing.
pub(crate) fn settings_schema() -> SettingsSchema {
    SettingsSchema::new().with(ALLOWED_DOMAINS).closed()
}

/// Cheap to clone: handles, all of them.
#[derive(Clone)]
pub(crate) struct AppState {
    pub(crate) db: TenantDb<Sqlite>,
    pub(crate) configs: Arc<Configs>,
    pub(crate) meter: Meter,
    pub(crate) policies: Policies,
    pub(crate) running: Arc<Running>,
    pub(crate) chats: Arc<Places>,
    /// By the address that they come from.
    pub(crate) sign_ins: Arc<Places<IpAddr>>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) cache: TenantCache,
    /// What other instances know too; `None` for one that is alone.
    pub(crate) shared: Option<Arc<Shared>>,
    pub(crate) hosts: Arc<Hosts>,
    pub(crate) hooks: Hooks,
    pub(crate) callers: Arc<Callers>,
    pub(crate) domains: Arc<Domains>,
    pub(crate) audit: AuditLog,
    pub(crate) organisations: Organisations,
    pub(crate) offers: Offers,
    pub(crate) downgrades: Downgrades,
    pub(crate) jobs: Arc<Jobs>,
    pub(crate) metering: Arc<Metering>,
    pub(crate) events: Arc<Events>,
    pub(crate) outgoing: Arc<Outgoing>,
    /// Ends answers that outlive what they were asked with.
    pub(crate) streams: StreamGuard,
}

impl AppState {
    #[expect(clippy::too_many_arguments, reason = "it is put together in one place")]
    pub(crate) fn new(
        db: TenantDb<Sqlite>,
        configs: Arc<Configs>,
        tenancy: &TenantLayer,
        clock: Arc<dyn Clock>,
        hosts: Arc<Hosts>,
        hooks: Hooks,
        shared: Option<Arc<Shared>>,
        callers: Arc<Callers>,
        domains: Arc<Domains>,
        audit: AuditLog,
        organisations: Organisations,
        offers: Offers,
        downgrades: Downgrades,
        outgoing: Arc<Outgoing>,
        jobs: Arc<Jobs>,
        cache: TenantCache,
    ) -> Self {
        let (meter, policies) = (tenancy.meter().clone(), tenancy.policies().clone());
        let running = Running::new(Arc::clone(&clock));
        let metering = Metering::open(&db, &clock, hooks.clone(), offers.clone());
        let events = Events::open(&callers, &configs, &clock, shared.as_deref());
        let streams = callers.guard(&configs);
        Self {
            db,
            configs,
            meter,
            policies,
            running,
            chats: Places::new(MAX_CHATS_PER_TENANT),
            sign_ins: Places::new(MAX_SIGN_INS_PER_ADDRESS),
            clock,
            cache,
            shared,
            hosts,
            hooks,
            callers,
            domains,
            audit,
            organisations,
            offers,
            downgrades,
            jobs,
            metering,
            events,
            outgoing,
            streams,
        }
    }

    /// Has the tenant's webhooks told of what happens, if the transaction that makes it so is committed.
    pub(crate) async fn keep(
        &self,
        tx: &mut ScopedTransaction<'_, Sqlite>,
        happening: &Happening<'_>,
    ) -> Result<(), sqlx::Error> {
        let (kind, data) = self.events.message(tx.tenant(), happening);
        self.outgoing.keep(tx, kind, &data).await
    }

    /// Tells those who listen, and webhooks, what was committed before it could be kept for them.
    pub(crate) async fn tell_all(&self, tenant: &TenantContext, happening: &Happening<'_>) {
        self.events.tell(tenant, happening);
        let (kind, data) = self.events.message(tenant, happening);
        self.outgoing.tell(tenant, kind, data).await;
    }

    /// Tells those who listen what was committed, and wakes who tells webhooks.
    pub(crate) fn tell(&self, tenant: &TenantContext, happening: &Happening<'_>) {
        self.events.tell(tenant, happening);
        self.outgoing.wake();
    }

    /// Where limits are counted.
    pub(crate) const fn quotas(&self) -> &Arc<dyn QuotaManager> {
        self.meter.quotas()
    }

    pub(crate) fn now(&self) -> Timestamp {
        Timestamp::from(self.clock.unix())
    }
}

impl FromRef<AppState> for Meter {
    fn from_ref(app: &AppState) -> Self {
        app.meter.clone()
    }
}
