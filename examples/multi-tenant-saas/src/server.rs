//! Puts the house together and runs it.

use std::{fmt, sync::Arc, time::Duration};

use axum::{Router, middleware::from_fn};
use sqlx::{Sqlite, migrate::Migrator};
use tenant::{
    Clock, ConfigPolicyEvaluator, DbConfigManager, HeaderResolver, Hooks, HostRegistry, HostResolver,
    InMemoryQuotaManager, InvalidHost, KeyLimitLayer, PrincipalResolver, QuotaManager, SubdomainResolver,
    TenantDb, TenantHooks, TenantLayer, TenantMetrics, TenantResolver,
    auth::ApiKeyUses,
    cache::{InMemoryBackend, TenantCache},
    control::AuditLog,
    jobs::Residue,
    redis::{ChangeReader, RedisAnnouncer, RedisQuotaManager},
    tower::{AddressLimitLayer, ForwardedLayer, TenantCorsLayer, tls::SniLayer},
};
use tokio::{net::TcpListener, sync::watch, task::JoinSet};

use crate::{
    admin::{self, Guard},
    analytics::{Recorder, Unwritten, Writer},
    api,
    audit::{self, Ear},
    callers::Callers,
    docs,
    domains::Domains,
    events::Events,
    executions::Running,
    exporting, fair,
    hosts::Hosts,
    jobs::Jobs,
    metering::Metering,
    news::News,
    org::{self, Around},
    outgoing::Outgoing,
    plan_changes, public,
    serve::serve,
    settings::Settings,
    shared::Shared,
    state::{AppState, Configs, settings_schema},
    telemetry::{self, AccessLog},
    tls::Tls,
    tokens::Tokens,
};

pub(crate) static MIGRATIONS: Migrator = sqlx::migrate!("./migrations");

const CACHED_TENANTS: usize = 10_000;
const CACHED_FOR: Duration = Duration::from_secs(300);
const CACHE_BYTES: usize = 64 << 20;
const KEY_USES_EVERY: Duration = Duration::from_secs(20);

/// A server that is ready to run: its database is there and migrated.
pub struct Server {
    router: Router,
    db: TenantDb<Sqlite>,
    recorder: Arc<Recorder>,
    running: Arc<Running>,
    events: Arc<Events>,
    metering: Arc<Metering>,
    shared: Option<Arc<Shared>>,
    reader: Option<ChangeReader>,
    /// What goes on beside requests; it ends where this is dropped.
    beside: JoinSet<()>,
    callers: Arc<Callers>,
    uses: ApiKeyUses,
    tls: Option<Tls>,
    log: AuditLog,
    outgoing: Arc<Outgoing>,
}

/// Why the server could not start.
#[derive(Debug)]
pub struct StartError(Box<dyn std::error::Error + Send + Sync>);

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the server could not start: {}", self.0)
    }
}

impl std::error::Error for StartError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&*self.0)
    }
}

impl Server {
    /// Connects to Redis where that is asked for, opens the database, migrates it and builds the routes.
    ///
    /// # Errors
    /// Redis can't be used, or the database can't be opened or migrated.
    pub async fn start(settings: &Settings, clock: Arc<dyn Clock>) -> Result<Self, StartError> {
        Self::build(settings, clock).await.map_err(StartError)
    }

    async fn build(
        settings: &Settings,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        // Before the first event, which would otherwise go nowhere.
        telemetry::recorder();
        let recorder = Arc::new(Recorder::new(Arc::clone(&clock)));
        let ear = Arc::new(Ear::default());
        let hooks = Hooks::new([
            Arc::new(TenantMetrics::new()) as Arc<dyn TenantHooks>,
            Arc::new(AccessLog),
            Arc::clone(&recorder) as Arc<dyn TenantHooks>,
            Arc::clone(&ear) as Arc<dyn TenantHooks>,
        ]);
        // Before the database: where one of these fails, nothing is written.
        let tokens = match &settings.tokens {
            Some(tokens) => Some(Tokens::open(tokens).await?),
            None => None,
        };
        let tls = match &settings.tls {
            Some(tls) => Some(Tls::open(tls).await?),
            None => None,
        };
        let shared = match &settings.redis_url {
            Some(url) => Some(Arc::new(Shared::open(url, Arc::clone(&clock), hooks.clone()).await?)),
            None => None,
        };
        let db = TenantDb::<Sqlite>::open(&settings.database_url)
            .await?
            .hooks(hooks.clone())
            .clock(Arc::clone(&clock))
            .build()
            .await?;
        let configs = DbConfigManager::new(&db).with_settings(settings_schema());
        configs.migrate().await?;
        db.migrate(&MIGRATIONS).await?;
        let log = audit::open(&db, &clock);
        ear.listen(&log);
        let configs = configs.cached(CACHED_TENANTS, CACHED_FOR).with_plans(settings.plans.plans());
        let configs = announced(configs, shared.as_deref());
        let registry = Arc::new(HostRegistry::new());
        let callers = Callers::open(settings, tokens, &db, &clock, named(settings, &registry)?).await?;
        let callers = Arc::new(callers);
        let sweeping = Arc::clone(&callers).sweep();
        let (quotas, counts) = quotas(shared.as_deref(), &clock, &hooks);
        let entries = InMemoryBackend::builder().max_bytes(CACHE_BYTES).clock(Arc::clone(&clock)).build();
        let entries = Arc::new(entries);
        let tenancy_of = |resolver: Arc<dyn TenantResolver>| {
            TenantLayer::builder()
                .resolver(resolver)
                .configs(Arc::clone(&configs))
                .policies(ConfigPolicyEvaluator::new())
                .quotas(Arc::clone(&quotas))
                .hooks(hooks.clone())
                .session_clock(Arc::clone(&clock))
                .enrolment_paths(api::ENROLMENT_PATHS)
                .build()
        };
        let tenancy = tenancy_of(Arc::new(resolver(&callers)));
        let pages = TenantCorsLayer::new(by_host(settings, &registry)?, Arc::clone(&configs));
        let hosts = Hosts::new(Arc::clone(&configs), Arc::clone(&registry));
        hosts.load().await?;
        let mut beside = JoinSet::new();
        beside.spawn(Arc::clone(&hosts).settle_doubts());
        beside.spawn(sweeping);
        beside.spawn(audit::forget(log.clone(), settings.audit_retention_days));
        let domains = Domains::new(settings, &db, &clock, &hosts, &configs);
        let outgoing = Outgoing::open(settings, &db, &clock);
        beside.spawn(Arc::clone(&domains).keep_looking());
        let organisations = org::open(settings, &db, &clock).await?;
        // What a purge clears beside the database.
        let kept: [Arc<dyn Residue>; 3] =
            [counts, Arc::<InMemoryBackend>::clone(&entries), Arc::new(Unwritten(Arc::clone(&recorder)))];
        let jobs = Jobs::new(settings, &db, &clock, &configs, shared.as_deref(), &organisations, kept);
        beside.spawn(jobs.runner.clone().run());
        if let Some(meter) = settings.stripe.clone() {
            beside.spawn(exporting::keep_telling(
                meter,
                db.clone(),
                Arc::clone(&configs),
                Arc::clone(&clock),
            ));
        }
        let news = News { configs: Arc::clone(&configs), hosts: Arc::clone(&hosts) };
        let reader = shared.as_deref().map(|shared| shared.listen(news));
        let limits = KeyLimitLayer::per_minute(settings.default_rate_limit).with_clock(Arc::clone(&clock));
        let api =
            |slots| api::router(tenancy.clone(), &callers, &hooks, &limits, slots, &log).layer(pages.clone());
        let api = api(settings.max_concurrent_requests.map(fair::slots));
        let uses = callers.keys.flush_every(KEY_USES_EVERY);
        let state = AppState::new(
            db.clone(),
            Arc::clone(&configs),
            &tenancy,
            Arc::clone(&clock),
            hosts,
            hooks.clone(),
            shared.clone(),
            Arc::clone(&callers),
            domains,
            log.clone(),
            organisations,
            settings.plans.clone(),
            settings.downgrades,
            Arc::clone(&outgoing),
            jobs,
            TenantCache::new(entries),
        );
        beside.spawn(plan_changes::keep(state.clone(), settings.after_trial.clone()));
        let (running, events) = (Arc::clone(&state.running), Arc::clone(&state.events));
        let metering = Arc::clone(&state.metering);
        let guard = Guard::new(settings.admin_token.as_deref());
        let around = Around {
            guard: guard.clone(),
            tenancy: &tenancy_of,
            callers: &callers,
            hooks: &hooks,
            limits: &limits,
            log: &log,
            pages,
        };
        let own_routes = org::service(around, &state);
        let router = Router::new()
            .merge(public::router())
            .merge(docs::router())
            .merge(admin::router(guard, log.clone()))
            .merge(api)
            .fallback_service(own_routes)
            .method_not_allowed_fallback(method_not_allowed)
            .with_state(state)
            .layer(from_fn(telemetry::log_untenanted));
        let router = match &tls {
            Some(_) => router.layer(SniLayer::new(by_host(settings, &registry)?)),
            None => router,
        };
        let router = match settings.ip_rate_limit {
            Some(limit) => {
                router.layer(AddressLimitLayer::per_minute(limit).exempt("/health").with_clock(clock))
            }
            None => router,
        };
        let router = router.layer(ForwardedLayer::new(settings.trusted_proxies.clone()));
        Ok(Self {
            router,
            db,
            recorder,
            running,
            events,
            metering,
            shared,
            reader,
            beside,
            callers,
            uses,
            tls,
            log,
            outgoing,
        })
    }

    /// Serves the listener until `shutdown` completes, then ends streams of events, lets requests in flight finish, ends the executions that
    /// still run and marks them as interrupted, sends and writes what is still to be sent and written, and closes the
    /// database.
    pub async fn run(self, listener: TcpListener, shutdown: impl Future<Output = ()> + Send) {
        let (stop, stopped) = watch::channel(false);
        let writer = Writer::new(self.db.clone(), self.recorder).spawn(stopped);
        let sending = self.outgoing.start();
        let events = Arc::clone(&self.events);
        let shutdown = async {
            shutdown.await;
            events.stop();
        };
        serve(listener, self.router, self.tls, shutdown).await;
        self.events.finish().await;
        self.running.stop().await;
        sending.finish().await;
        self.metering.flush().await;
        drop((self.reader, self.beside, self.uses));
        if let Err(error) = self.callers.keys.flush().await {
            tracing::warn!(%error, "when keys were used last was not written");
        }
        self.log.flush().await;
        if let Some(shared) = self.shared {
            shared.finish().await;
        }
        // Only now: the last requests in flight have been recorded.
        let _ = stop.send(true);
        if let Err(error) = writer.await {
            tracing::error!(%error, "the writer of request analytics failed");
        }
        self.db.close().await;
    }
}

fn announced(configs: Configs, shared: Option<&Shared>) -> Arc<Configs> {
    Arc::new(match shared {
        Some(shared) => configs.with_announcer(Arc::<RedisAnnouncer>::clone(shared.announcer())),
        None => configs,
    })
}

/// Where limits are counted, and how the counts of a purged tenant are cleared.
fn quotas(
    shared: Option<&Shared>,
    clock: &Arc<dyn Clock>,
    hooks: &Hooks,
) -> (Arc<dyn QuotaManager>, Arc<dyn Residue>) {
    match shared {
        Some(shared) => (Arc::<RedisQuotaManager>::clone(shared.quotas()), Arc::new(shared.residue())),
        None => {
            let own = InMemoryQuotaManager::with_clock(Arc::clone(clock)).with_hooks(hooks.clone());
            let own = Arc::new(own);
            (Arc::<InMemoryQuotaManager>::clone(&own), own)
        }
    }
}

/// Header, exact host and, where base domains are configured, subdomain: those that speak must agree.
fn named(settings: &Settings, hosts: &Arc<HostRegistry>) -> Result<Arc<dyn TenantResolver>, InvalidHost> {
    Ok(Arc::new(HeaderResolver::default().or(by_host(settings, hosts)?)))
}

fn by_host(
    settings: &Settings,
    hosts: &Arc<HostRegistry>,
) -> Result<impl TenantResolver + use<>, InvalidHost> {
    let subdomains = SubdomainResolver::new(&settings.base_domains)?;
    Ok(HostResolver::new(Arc::clone(hosts)).or(subdomains))
}

/// The caller's credential, and what agrees with it. Where no tokens are configured, header and host speak for themselves if no
/// credential is shown.
fn resolver(callers: &Callers) -> impl TenantResolver + use<> {
    let resolver = PrincipalResolver::agreeing_with(Arc::clone(&callers.named));
    if callers.is_open() { resolver.allow_anonymous() } else { resolver }
}

pub(crate) async fn method_not_allowed() -> tenant::Rejection {
    tenant::Rejection::method_not_allowed()
}
