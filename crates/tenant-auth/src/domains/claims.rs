use std::{fmt, sync::Arc, time::Duration};

use data_encoding::BASE64URL_NOPAD;
use tenant_core::{
    Clock, ConfigStore, ConfigStoreExt, HostClaim, HostClaimStore, HostClaimed, StoreError, StoreErrorKind,
    SystemClock, TenantConfig, TenantContext, TenantId, TenantRecord, TenantStatus, Timestamp,
};

use super::{DomainProof, HostClaimError, HostClaimErrorKind, NotProved, host};
use crate::random::random;

/// Lets tenants claim hosts, and gives them those that they prove.
///
/// Whoever claims a host gets a token that nobody can guess, for this tenant and this host alone. It goes where only
/// who holds the host can put it; a [`DomainProof`] finds it there; and the host goes live. A claim reserves nothing: any
/// number of tenants may claim a host, and who proves it first has it. It ends after seven days.
///
/// # Example
/// ```
/// use tenant_auth::{Dns, DomainProofs, HostClaims, InMemoryHostClaims, TxtProof, WellKnownProof};
/// use tenant_core::{ConfigStore, TenantContext};
///
/// # async fn own_host(configs: &impl ConfigStore, acme: &TenantContext) -> Result<(), Box<dyn std::error::Error>> {
/// let dns = Dns::of_system()?;
/// let proof = DomainProofs::new().with(WellKnownProof::new(dns.clone())).with(TxtProof::new(dns));
/// let claims = HostClaims::new(InMemoryHostClaims::default(), proof).reserved(["app.example"]);
///
/// let claim = claims.claim(acme, "shop.acme.com").await?;
/// println!("put {} at http://{}/.well-known/tenant-verification", claim.token, claim.host);
/// // Later, and again until it is there:
/// let proved = claims.prove(claim).await?;
/// claims.go_live(proved, configs).await?;
/// # Ok(())
/// # }
/// ```
pub struct HostClaims<S> {
    store: S,
    proof: Arc<dyn DomainProof>,
    clock: Arc<dyn Clock>,
    reserved: Box<[Box<str>]>,
    most: u32,
    lifetime: Duration,
}

/// The token of a claim was found: proof, of this claim and of this moment.
#[derive(Clone, Debug)]
#[must_use = "the host goes live by HostClaims::go_live"]
pub struct ProvedHost(HostClaim);

impl ProvedHost {
    /// What was proved.
    #[must_use]
    pub const fn claim(&self) -> &HostClaim {
        &self.0
    }
}

impl<S: HostClaimStore> HostClaims<S> {
    /// Kept in this store, and proved in this way.
    #[must_use]
    pub fn new(store: S, proof: impl DomainProof + 'static) -> Self {
        Self {
            store,
            proof: Arc::new(proof),
            clock: Arc::new(SystemClock::new()),
            reserved: Box::default(),
            most: 20,
            lifetime: Duration::from_secs(7 * 24 * 60 * 60),
        }
    }

    /// Takes the time from this clock.
    #[must_use]
    pub fn with_clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// The deployment's own domains, which no tenant can claim, nor anything below them; none by default.
    #[must_use]
    pub fn reserved<D: AsRef<str>>(mut self, domains: impl IntoIterator<Item = D>) -> Self {
        let domains =
            domains.into_iter().map(|domain| domain.as_ref().trim_matches('.').to_ascii_lowercase());
        self.reserved = domains.map(String::into_boxed_str).collect();
        self
    }

    /// How many hosts a tenant may claim at once; 20 by default.
    #[must_use]
    pub const fn at_most(mut self, claims: u32) -> Self {
        self.most = claims;
        self
    }

    /// How long a claim lasts; seven days by default. A token that was left behind proves nothing of whoever holds the host
    /// by then.
    #[must_use]
    pub const fn lifetime(mut self, lifetime: Duration) -> Self {
        self.lifetime = lifetime;
        self
    }

    /// Claims a host for the tenant: what is to be found on it is the claim's token. It says nothing of whose the host is.
    ///
    /// # Errors
    /// The host can't be claimed, the tenant claims it already or as many as it may, or the store failed.
    pub async fn claim(&self, tenant: &TenantContext, host: &str) -> Result<HostClaim, HostClaimError> {
        let host = host::parse(host, &self.reserved)?;
        let now = self.now();
        let claim = HostClaim::new(*tenant.id(), host, token()?, now, self.end(now));
        match self.store.claim(tenant, &claim, self.most).await? {
            HostClaimed::Made => Ok(claim),
            HostClaimed::Exists => Err(HostClaimErrorKind::Exists.into()),
            HostClaimed::TooMany => Err(HostClaimErrorKind::TooMany.into()),
        }
    }

    /// The tenant's claims, by host.
    ///
    /// # Errors
    /// The store failed.
    pub async fn list(&self, tenant: &TenantContext) -> Result<Vec<HostClaim>, StoreError> {
        self.store.list(tenant, self.now()).await
    }

    /// The tenant's claim to a host.
    ///
    /// # Errors
    /// The store failed.
    pub async fn find(&self, tenant: &TenantId, host: &str) -> Result<Option<HostClaim>, StoreError> {
        self.store.find(tenant, host, self.now()).await
    }

    /// Takes a claim back; `false` where the tenant has none to this host.
    ///
    /// # Errors
    /// The store failed.
    pub async fn withdraw(&self, tenant: &TenantContext, host: &str) -> Result<bool, StoreError> {
        self.store.withdraw(tenant, host).await
    }

    /// Claims that are to be [proved](Self::prove) now, at most one of each tenant and so many in all. No other instance is given
    /// them before their next try.
    ///
    /// # Errors
    /// The store failed.
    pub async fn lease(&self, limit: u32) -> Result<Vec<HostClaim>, StoreError> {
        self.store.lease(self.now(), limit).await
    }

    /// Looks for a claim's token on its host.
    ///
    /// # Errors
    /// It is not there, or the claim has expired.
    pub async fn prove(&self, claim: HostClaim) -> Result<ProvedHost, NotProved> {
        if !claim.is_alive(self.now()) {
            return Err(NotProved);
        }
        self.proof.prove(&claim.host, &claim.token).await?;
        Ok(ProvedHost(claim))
    }

    /// Gives the host to the tenant, in its config, and ends the claim.
    ///
    /// # Errors
    /// The host is another tenant's ([`HostTaken`](StoreErrorKind::HostTaken)), which the claim says from now on; the claim was
    /// withdrawn or has expired meanwhile, or the tenant is not active ([`NotFound`](StoreErrorKind::NotFound)); or a store failed.
    pub async fn go_live<C>(&self, proved: ProvedHost, configs: &C) -> Result<Arc<TenantRecord>, StoreError>
    where
        C: ConfigStore + ?Sized,
    {
        let ProvedHost(claim) = proved;
        self.check_current(&claim).await?;
        match give(&claim, configs).await {
            Ok(record) => {
                self.store.fulfil(&claim).await?;
                Ok(record)
            }
            Err(error) => {
                if error.kind() == StoreErrorKind::HostTaken {
                    self.store.mark_taken(&claim).await?;
                }
                Err(error)
            }
        }
    }

    /// Clears away claims that have expired, at most so many at once, and says how many.
    ///
    /// # Errors
    /// The store failed.
    pub async fn sweep(&self, limit: u32) -> Result<u64, StoreError> {
        self.store.sweep(self.now(), limit).await
    }

    /// The look took its time: the claim may have been withdrawn, or made anew with another token.
    async fn check_current(&self, claim: &HostClaim) -> Result<(), StoreError> {
        let current = self.find(&claim.tenant, &claim.host).await?;
        if current.is_some_and(|current| current.token == claim.token) { Ok(()) } else { Err(gone()) }
    }

    fn now(&self) -> Timestamp {
        Timestamp::from(self.clock.unix())
    }

    fn end(&self, now: Timestamp) -> Timestamp {
        let lifetime = i64::try_from(self.lifetime.as_micros()).unwrap_or(i64::MAX);
        Timestamp::from_unix_micros(now.as_unix_micros().saturating_add(lifetime))
    }
}

/// 256 random bits.
fn token() -> Result<String, HostClaimError> {
    let bytes = random::<32>().map_err(|_| HostClaimErrorKind::Unavailable)?;
    Ok(BASE64URL_NOPAD.encode(&bytes))
}

/// The store, which alone knows all hosts of all tenants, refuses one that is another's.
async fn give<C>(claim: &HostClaim, configs: &C) -> Result<Arc<TenantRecord>, StoreError>
where
    C: ConfigStore + ?Sized,
{
    let is_served = |config: &TenantConfig| config.status == TenantStatus::Active;
    configs.fetch(&claim.tenant).await?.filter(is_served).ok_or_else(gone)?;
    let add = |config: &mut TenantConfig| {
        // It may have been suspended since.
        if is_served(config) && !config.hosts.iter().any(|host| **host == *claim.host) {
            config.hosts.push(claim.host.to_string());
            config.hosts.sort_unstable();
        }
    };
    let record = configs.modify(&claim.tenant, add).await?;
    let is_given = record.config().hosts.iter().any(|host| **host == *claim.host);
    if is_given { Ok(record) } else { Err(gone()) }
}

fn gone() -> StoreError {
    StoreError::new(StoreErrorKind::NotFound, "the claim does not count any more")
}

impl<S> fmt::Debug for HostClaims<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HostClaims")
            .field("reserved", &self.reserved)
            .field("most", &self.most)
            .field("lifetime", &self.lifetime)
            .finish_non_exhaustive()
    }
}
