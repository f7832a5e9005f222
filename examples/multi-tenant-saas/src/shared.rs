//! What the instances of a deployment share through Redis: counts of limits, news of changed tenants, and events.

use std::{error::Error, fmt, sync::Arc, time::Duration};

use tenant::{
    Clock, Hooks, QuotaManager, StoreError, TenantConfig, TenantId, TenantRecord,
    redis::{
        ChangeReader, Redis, RedisAnnouncer, RedisErrorKind, RedisEvents, RedisQuotaManager, RedisResidue,
    },
};

use crate::{news::News, settings::InvalidSettings};

/// The way to the others.
pub(crate) struct Shared {
    redis: Redis,
    quotas: Arc<RedisQuotaManager>,
    announcer: Arc<RedisAnnouncer>,
    events: Arc<RedisEvents>,
    health: RedisQuotaManager,
    /// No tenant: how its limits stand is asked to see whether there is an answer.
    probe: TenantRecord,
}

// At the start nobody waits for an answer yet but the operator: connecting may take its time.
const PATIENCE: Duration = Duration::from_secs(3);
// For one who asks how Redis is; requests of tenants wait for less.
const DEADLINE: Duration = Duration::from_millis(250);
// Somewhat longer than the manager itself tries.
const LAST_WORDS: Duration = Duration::from_secs(6);

impl Shared {
    /// Connects, and sees that the server does what it will be asked to do.
    pub(crate) async fn open(
        url: &str,
        clock: Arc<dyn Clock>,
        hooks: Hooks,
    ) -> Result<Self, InvalidSettings> {
        let redis = Redis::open(url).map_err(|error| match error.kind() {
            RedisErrorKind::Invalid => {
                wrong("is no address of a Redis server: redis://user:password@host:port/database")
            }
            _ => wrong(format!("can't be used: {error}")),
        })?;
        let probe = probe().map_err(|error| wrong(format!("can't be used: {error}")))?;
        let patient = RedisQuotaManager::builder(&redis).deadline(PATIENCE).build();
        patient.usage(&probe).await.map_err(|error| unusable(&error))?;
        let quotas = Arc::new(RedisQuotaManager::builder(&redis).clock(clock).hooks(hooks).build());
        let health = RedisQuotaManager::builder(&redis).deadline(DEADLINE).build();
        let announcer = Arc::new(RedisAnnouncer::start(&redis));
        let events = Arc::new(RedisEvents::start(&redis));
        Ok(Self { redis, quotas, announcer, events, health, probe })
    }

    /// Where limits are counted.
    pub(crate) const fn quotas(&self) -> &Arc<RedisQuotaManager> {
        &self.quotas
    }

    /// Where changes are told.
    pub(crate) const fn announcer(&self) -> &Arc<RedisAnnouncer> {
        &self.announcer
    }

    /// How events travel.
    pub(crate) const fn events(&self) -> &Arc<RedisEvents> {
        &self.events
    }

    /// What there is of a tenant, to be removed by a purge.
    pub(crate) fn residue(&self) -> RedisResidue {
        RedisResidue::new(&self.redis)
    }

    /// Hears what others change until the reader is dropped.
    pub(crate) fn listen(&self, news: News) -> ChangeReader {
        ChangeReader::start(&self.redis, news)
    }

    /// Whether Redis does at this moment what a decision asks of it.
    pub(crate) async fn is_up(&self) -> bool {
        self.health.usage(&self.probe).await.is_ok()
    }

    /// Sends what was settled, given back, announced and told so far.
    pub(crate) async fn finish(&self) {
        let all = async { tokio::join!(self.quotas.flush(), self.announcer.flush(), self.events.flush()) };
        if tokio::time::timeout(LAST_WORDS, all).await.is_err() {
            tracing::warn!("redis did not hear of everything before the end");
        }
    }
}

/// What is asked about it costs nothing, and warns of nothing as long as nobody is to be told: so nothing is written,
/// not even where a tenant goes by this name.
fn probe() -> Result<TenantRecord, Box<dyn Error + Send + Sync>> {
    let config = TenantConfig::builder(TenantId::parse("health")?).requests_per_minute(1).build()?;
    Ok(TenantRecord::new(config))
}

fn wrong(problem: impl Into<String>) -> InvalidSettings {
    InvalidSettings::new("REDIS_URL", problem)
}

fn unusable(error: &StoreError) -> InvalidSettings {
    let reason = error.source().map_or_else(|| error.to_string(), ToString::to_string);
    wrong(format!("leads to no server that can be used: {reason}"))
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared").field("redis", &self.redis).finish_non_exhaustive()
    }
}
