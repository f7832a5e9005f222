//! Hosts that tenants bring along: claimed, looked at, and live once they are proved.

use std::{fmt, sync::Arc, time::Duration};

use sqlx::Sqlite;
use tenant::{
    Clock, ConfigStore, DbHostClaims, HostClaim, StoreError, StoreErrorKind, TenantContext, TenantDb,
    TenantId,
    auth::{Dns, DnsError, DomainProofs, HostClaims, TxtProof, WellKnownProof},
};
use tokio::{sync::Semaphore, task::JoinSet, time::sleep};

use crate::{hosts::Hosts, places::Places, settings::Settings, state::Configs};

/// How many hosts are looked at at once, at the request of all tenants.
const LOOKS: usize = 16;
/// How many beside requests.
const ROUND: u32 = 16;
const ROUND_EVERY: Duration = Duration::from_secs(1);
const SWEEP_EVERY: Duration = Duration::from_secs(3_600);
const SWEPT_AT_ONCE: u32 = 1_000;

/// Who looks at claimed hosts, and gives them to those who have proved them.
pub(crate) struct Domains {
    pub(crate) claims: HostClaims<DbHostClaims<Sqlite>>,
    hosts: Arc<Hosts>,
    configs: Arc<Configs>,
    looks: Semaphore,
    /// Of each tenant one at once.
    tenants: Arc<Places>,
}

/// What came of a look.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Look {
    /// The host leads to the tenant.
    Live,
    /// The token was not found.
    NotYet,
    /// It was found, and the host is another tenant's.
    Taken,
    /// The claim, or the tenant, does not count any more.
    Gone,
}

/// There are as many looks under way as there may be.
#[derive(Debug)]
pub(crate) enum Busy {
    /// Of this tenant.
    Tenant,
    /// Of all.
    All,
}

impl Domains {
    pub(crate) fn new(
        settings: &Settings,
        db: &TenantDb<Sqlite>,
        clock: &Arc<dyn Clock>,
        hosts: &Arc<Hosts>,
        configs: &Arc<Configs>,
    ) -> Arc<Self> {
        let claims = HostClaims::new(DbHostClaims::new(db), proof(settings))
            .with_clock(Arc::clone(clock))
            .reserved(&settings.base_domains);
        let (looks, tenants) = (Semaphore::new(LOOKS), Places::new(1));
        Arc::new(Self { claims, hosts: Arc::clone(hosts), configs: Arc::clone(configs), looks, tenants })
    }

    /// Looks for the token of a claim now; it takes some seconds.
    pub(crate) async fn look(self: &Arc<Self>, claim: HostClaim) -> Result<Result<Look, StoreError>, Busy> {
        let _place = self.tenants.enter(&claim.tenant).ok_or(Busy::Tenant)?;
        let _look = self.looks.try_acquire().map_err(|_| Busy::All)?;
        Ok(self.verify(claim).await)
    }

    /// Takes a claim back; `false` where there is none. From then on it does not go live, whoever has found its token.
    pub(crate) async fn withdraw(&self, tenant: &TenantContext, host: &str) -> Result<bool, StoreError> {
        self.hosts.in_turn(self.claims.withdraw(tenant, host)).await
    }

    async fn verify(self: &Arc<Self>, claim: HostClaim) -> Result<Look, StoreError> {
        let Ok(proved) = self.claims.prove(claim).await else { return Ok(Look::NotYet) };
        let (tenant, host) = (proved.claim().tenant, proved.claim().host.clone());
        let domains = Arc::clone(self);
        let go_live = async move { domains.claims.go_live(proved, &domains.configs).await };
        match self.hosts.change(go_live).await {
            Ok(_) => {
                tracing::info!(tenant.id = %tenant, %host, "a host was proved and is live");
                Ok(Look::Live)
            }
            Err(error) => match error.kind() {
                StoreErrorKind::HostTaken => Ok(Look::Taken),
                StoreErrorKind::NotFound => Ok(Look::Gone),
                _ => Err(error),
            },
        }
    }

    /// Looks at all claimed hosts now and then.
    pub(crate) async fn keep_looking(self: Arc<Self>) {
        tokio::join!(self.look_around(), self.sweep());
    }

    async fn look_around(self: &Arc<Self>) {
        loop {
            match self.round().await {
                Ok(0) => {}
                Ok(_) => continue,
                Err(error) => tracing::warn!(%error, "claims to hosts could not be read"),
            }
            sleep(ROUND_EVERY).await;
        }
    }

    /// Of each tenant one host, and of all so many as are looked at at once. A look ends; so does the round.
    async fn round(self: &Arc<Self>) -> Result<usize, StoreError> {
        let due = self.claims.lease(ROUND).await?;
        let count = due.len();
        let mut looks = JoinSet::new();
        for claim in due {
            let domains = Arc::clone(self);
            looks.spawn(async move { domains.look_beside(claim).await });
        }
        while looks.join_next().await.is_some() {}
        Ok(count)
    }

    async fn look_beside(self: Arc<Self>, claim: HostClaim) {
        let tenant = claim.tenant;
        let looked = async {
            if !self.is_served(&tenant).await? {
                return Ok(());
            }
            self.verify(claim).await.map(drop)
        };
        let looked: Result<(), StoreError> = looked.await;
        if let Err(error) = looked {
            tracing::warn!(%error, tenant.id = %tenant, "a claimed host could not be given");
        }
    }

    /// For a tenant that is not served nobody is asked for anything.
    async fn is_served(&self, tenant: &TenantId) -> Result<bool, StoreError> {
        let config = self.configs.fetch(tenant).await?;
        Ok(config.is_some_and(|config| config.status == tenant::TenantStatus::Active))
    }

    async fn sweep(&self) {
        loop {
            sleep(SWEEP_EVERY).await;
            if let Err(error) = self.claims.sweep(SWEPT_AT_ONCE).await {
                tracing::warn!(%error, "expired claims to hosts could not be cleared away");
            }
        }
    }
}

/// Where the name servers are not known, nothing is ever found.
fn proof(settings: &Settings) -> DomainProofs {
    if let Some(given) = &settings.domain_proof {
        return DomainProofs::new().with(Arc::clone(given));
    }
    let ways = |dns: Dns| DomainProofs::new().with(WellKnownProof::new(dns.clone())).with(TxtProof::new(dns));
    let unknown = |error: DnsError| {
        tracing::warn!(%error, "hosts that tenants claim can't be verified");
        DomainProofs::new()
    };
    Dns::of_system().map_or_else(unknown, ways)
}

impl fmt::Debug for Domains {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Domains").field("claims", &self.claims).finish_non_exhaustive()
    }
}
