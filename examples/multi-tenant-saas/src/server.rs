//! Puts the house together and runs it.

use std::{fmt, sync::Arc, time::Duration};

use axum::{Router, middleware::from_fn};
use sqlx::{Sqlite, migrate::Migrator};
use tenant::{
    Clock, ConfigPolicyEvaluator, DbConfigManager, HeaderResolver, Hooks, HostRegistry, HostResolver,
    InMemoryQuotaManager, InvalidHost, PrincipalResolver, QuotaManager, SubdomainResolver, TenantDb,
    TenantHooks, TenantLayer, TenantMetrics, TenantResolver,
    redis::{ChangeReader, RedisAnnouncer, RedisQuotaManager},
};
use tokio::{net::TcpListener, sync::watch, task::JoinSet};

use crate::{
    admin::{self, Guard},
    analytics::{Recorder, Writer},
    api,
    callers::Callers,
    executions::Running,
    fair,
    hosts::Hosts,
    news::News,
    public,
    serve::serve,
    settings::Settings,
    shared::Shared,
    state::{AppState, Configs},
    telemetry::{self, AccessLog},
    unmatched,
};

pub(crate) static MIGRATIONS: Migrator = sqlx::migrate!("./migrations");

const CACHED_TENANTS: usize = 10_000;
const CACHED_FOR: Duration = Duration::from_secs(300);

/// A server that is ready to run: its database is there and migrated.
pub struct Server {
    router: Router,
    db: TenantDb<Sqlite>,
    recorder: Arc<Recorder>,
    running: Arc<Running>,
    shared: Option<Arc<Shared>>,
    reader: Option<ChangeReader>,
    /// What goes on beside requests; it ends where this is dropped.
    beside: JoinSet<()>,
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
        let hooks = Hooks::new([
            Arc::new(TenantMetrics::new()) as Arc<dyn TenantHooks>,
            Arc::new(AccessLog),
            Arc::clone(&recorder) as Arc<dyn TenantHooks>,
        ]);
        // Before the database: where one of these fails, nothing is written.
        let callers = Callers::open(settings, &clock, &hooks).await?;
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
        let configs = DbConfigManager::new(&db);
        configs.migrate().await?;
        db.migrate(&MIGRATIONS).await?;
        let configs = announced(configs.cached(CACHED_TENANTS, CACHED_FOR), shared.as_deref());
        let registry = Arc::new(HostRegistry::new());
        let tenancy = TenantLayer::builder()
            .resolver(resolver(settings, &registry, callers.is_open)?)
            .configs(Arc::clone(&configs))
            .policies(ConfigPolicyEvaluator::new())
            .quotas(quotas(shared.as_deref(), &clock, &hooks))
            .hooks(hooks.clone())
            .build();
        let hosts = Hosts::new(Arc::clone(&configs), registry);
        hosts.load().await?;
        let mut beside = JoinSet::new();
        beside.spawn(Arc::clone(&hosts).settle_doubts());
        let news = News { configs: Arc::clone(&configs), hosts: Arc::clone(&hosts) };
        let reader = shared.as_deref().map(|shared| shared.listen(news));
        let state = AppState::new(db.clone(), configs, &tenancy, clock, hosts, hooks, shared.clone());
        let running = Arc::clone(&state.running);
        let slots = settings.max_concurrent_requests.map(fair::slots);
        let guard = Guard::new(settings.admin_token.as_deref());
        let router = Router::new()
            .merge(public::router())
            .merge(admin::router(guard))
            .merge(api::router(tenancy, callers, slots))
            .fallback(unmatched)
            .method_not_allowed_fallback(method_not_allowed)
            .with_state(state)
            .layer(from_fn(telemetry::log_untenanted));
        Ok(Self { router, db, recorder, running, shared, reader, beside })
    }

    /// Serves the listener until `shutdown` completes, then lets requests in flight finish, ends the executions that
    /// still run and marks them as interrupted, sends and writes what is still to be sent and written, and closes the
    /// database.
    pub async fn run(self, listener: TcpListener, shutdown: impl Future<Output = ()> + Send) {
        let (stop, stopped) = watch::channel(false);
        let writer = Writer::new(self.db.clone(), self.recorder).spawn(stopped);
        serve(listener, self.router, shutdown).await;
        self.running.stop().await;
        drop((self.reader, self.beside));
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

fn quotas(shared: Option<&Shared>, clock: &Arc<dyn Clock>, hooks: &Hooks) -> Arc<dyn QuotaManager> {
    match shared {
        Some(shared) => Arc::<RedisQuotaManager>::clone(shared.quotas()),
        None => Arc::new(InMemoryQuotaManager::with_clock(Arc::clone(clock)).with_hooks(hooks.clone())),
    }
}

/// The caller's credential and, agreeing with it, header, exact host and, where base domains are configured, subdomain. Where
/// it `is_open`, these speak for themselves if no credential is shown.
fn resolver(
    settings: &Settings,
    hosts: &Arc<HostRegistry>,
    is_open: bool,
) -> Result<impl TenantResolver + use<>, InvalidHost> {
    let subdomains = SubdomainResolver::new(&settings.base_domains)?;
    let named = HeaderResolver::default().or(HostResolver::new(Arc::clone(hosts))).or(subdomains);
    let resolver = PrincipalResolver::agreeing_with(named);
    Ok(if is_open { resolver.allow_anonymous() } else { resolver })
}

async fn method_not_allowed() -> tenant::Rejection {
    tenant::Rejection::method_not_allowed()
}
