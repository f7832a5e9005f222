//! Who claims a host, who gets it, and who does not.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use async_trait::async_trait;
use parking_lot::Mutex;
use tenant_auth::{DomainProof, HostClaimErrorKind, HostClaims, InMemoryHostClaims, NotProved};
use tenant_core::{
    ConfigManager, ConfigStore, ConfigStoreExt, HostClaim, HostClaimStatus, InMemoryConfigManager,
    ManualClock, Page, StoreError, StoreErrorKind, TenantConfig, TenantContext, TenantId, TenantList,
    TenantRecord, TenantStatus,
};

use crate::support::{clock, id};

const HOST: &str = "shop.acme.example";
const WEEK: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// What is where: a token on a host.
#[derive(Clone, Default)]
struct Internet(Arc<Mutex<BTreeSet<(String, String)>>>);

impl Internet {
    fn publish(&self, claim: &HostClaim) {
        self.0.lock().insert((claim.host.to_string(), claim.token.to_string()));
    }
}

#[async_trait]
impl DomainProof for Internet {
    async fn prove(&self, host: &str, token: &str) -> Result<(), NotProved> {
        let is_there = self.0.lock().contains(&(host.to_owned(), token.to_owned()));
        if is_there { Ok(()) } else { Err(NotProved) }
    }
}

struct World {
    claims: HostClaims<InMemoryHostClaims>,
    internet: Internet,
    configs: InMemoryConfigManager,
    clock: Arc<ManualClock>,
    acme: TenantContext,
    globex: TenantContext,
}

async fn world() -> World {
    let config = |name| TenantConfig::builder(id(name)).build().unwrap();
    let configs = InMemoryConfigManager::with([config("acme"), config("globex")]).unwrap();
    let acme = TenantContext::of(&configs, &id("acme")).await.unwrap();
    let globex = TenantContext::of(&configs, &id("globex")).await.unwrap();
    let (internet, clock) = (Internet::default(), clock());
    let claims = HostClaims::new(InMemoryHostClaims::default(), internet.clone())
        .with_clock(Arc::clone(&clock) as _)
        .reserved(["App.example"]);
    World { claims, internet, configs, clock, acme, globex }
}

impl World {
    /// Looks for the token, and gives the host where it is there.
    async fn verify(&self, claim: &HostClaim) -> Result<Vec<String>, Option<StoreErrorKind>> {
        let proved = self.claims.prove(claim.clone()).await.map_err(|_| None)?;
        let record = self.claims.go_live(proved, &self.configs).await.map_err(|error| Some(error.kind()))?;
        Ok(record.config().hosts.clone())
    }

    async fn hosts(&self, tenant: &str) -> Vec<String> {
        self.configs.fetch(&id(tenant)).await.unwrap().unwrap().hosts
    }

    async fn change(&self, tenant: &str, change: impl Fn(&mut TenantConfig) + Send + Sync) {
        self.configs.modify(&id(tenant), change).await.unwrap();
    }
}

#[tokio::test]
async fn a_host_goes_live_after_its_token_was_found_and_not_before() {
    let world = world().await;
    let claim = world.claims.claim(&world.acme, "Shop.Acme.Example.").await.unwrap();
    assert_eq!(&*claim.host, HOST);
    assert_eq!(world.verify(&claim).await, Err(None));
    assert_eq!(
        (world.hosts("acme").await, world.claims.list(&world.acme).await.unwrap()),
        (vec![], vec![claim.clone()])
    );
    world.internet.publish(&claim);
    assert_eq!(world.verify(&claim).await.unwrap(), [HOST]);
    assert_eq!(world.configs.tenant_of_host(HOST).await.unwrap(), Some(id("acme")));
    assert_eq!(world.claims.list(&world.acme).await.unwrap(), []);
}

#[tokio::test]
async fn a_claim_blocks_nobody_and_who_proves_first_has_the_host() {
    let world = world().await;
    let squatter = world.claims.claim(&world.globex, HOST).await.unwrap();
    let owner = world.claims.claim(&world.acme, HOST).await.unwrap();
    assert_ne!(squatter.token, owner.token);
    world.internet.publish(&owner);
    assert_eq!(world.verify(&squatter).await, Err(None), "another claim's token is on the host");
    assert_eq!(world.verify(&owner).await.unwrap(), [HOST]);
    assert_eq!(
        world.claims.list(&world.globex).await.unwrap()[0].status,
        HostClaimStatus::Pending,
        "it learns nothing"
    );
    // Who proves it too is told that it is taken; it stays whose it is.
    world.internet.publish(&squatter);
    assert_eq!(world.verify(&squatter).await, Err(Some(StoreErrorKind::HostTaken)));
    assert_eq!(world.claims.list(&world.globex).await.unwrap()[0].status, HostClaimStatus::Taken);
    assert_eq!((world.hosts("acme").await, world.hosts("globex").await), (vec![HOST.to_owned()], vec![]));
    // Once it is free again, it is proved anew.
    world.change("acme", |config| config.hosts.clear()).await;
    assert_eq!(world.verify(&squatter).await.unwrap(), [HOST]);
}

#[tokio::test]
async fn a_host_below_anothers_wildcard_is_anothers() {
    let world = world().await;
    world.change("acme", |config| config.hosts = vec!["*.acme.example".into()]).await;
    let claim = world.claims.claim(&world.globex, HOST).await.unwrap();
    world.internet.publish(&claim);
    assert_eq!(world.verify(&claim).await, Err(Some(StoreErrorKind::HostTaken)));
    let own = world.claims.claim(&world.acme, HOST).await.unwrap();
    world.internet.publish(&own);
    assert_eq!(world.verify(&own).await.unwrap(), ["*.acme.example", HOST]);
}

#[tokio::test]
async fn a_token_is_of_one_tenant_one_host_and_one_claim() {
    let world = world().await;
    let mut tokens = BTreeSet::new();
    for number in 0..10 {
        for tenant in [&world.acme, &world.globex] {
            let host = format!("host{number}.example");
            let claim = world.claims.claim(tenant, &host).await.unwrap();
            assert_eq!(claim.token.len(), 43);
            assert!(tokens.insert(claim.token));
            assert!(world.claims.withdraw(tenant, &host).await.unwrap());
            assert!(
                tokens.insert(world.claims.claim(tenant, &host).await.unwrap().token),
                "of an earlier claim"
            );
        }
    }
}

#[tokio::test]
async fn a_claim_expires_and_what_was_left_on_the_host_proves_nothing_after() {
    let world = world().await;
    let claim = world.claims.claim(&world.acme, HOST).await.unwrap();
    world.internet.publish(&claim);
    let proved = world.claims.prove(claim.clone()).await.unwrap();
    world.clock.advance(WEEK - Duration::from_nanos(1));
    assert!(world.claims.prove(claim.clone()).await.is_ok());
    world.clock.advance(Duration::from_nanos(1_000));
    assert!(world.claims.prove(claim.clone()).await.is_err());
    // Nor does what was found before.
    let late = world.claims.go_live(proved, &world.configs).await.unwrap_err();
    assert_eq!(late.kind(), StoreErrorKind::NotFound);
    assert_eq!(world.claims.list(&world.acme).await.unwrap(), []);
    assert_eq!(world.claims.lease(10).await.unwrap(), []);
    // Nor for who claims the host again.
    let again = world.claims.claim(&world.acme, HOST).await.unwrap();
    assert_eq!(world.verify(&again).await, Err(None));
    assert_eq!(world.hosts("acme").await, [""; 0]);
}

#[tokio::test]
async fn what_was_withdrawn_or_made_anew_meanwhile_does_not_go_live() {
    let world = world().await;
    let claim = world.claims.claim(&world.acme, HOST).await.unwrap();
    world.internet.publish(&claim);
    let proved = world.claims.prove(claim).await.unwrap();
    assert!(world.claims.withdraw(&world.acme, HOST).await.unwrap());
    let go_live = async || world.claims.go_live(proved.clone(), &world.configs).await.map(drop);
    assert_eq!(go_live().await.unwrap_err().kind(), StoreErrorKind::NotFound);
    let again = world.claims.claim(&world.acme, HOST).await.unwrap();
    assert_eq!(go_live().await.unwrap_err().kind(), StoreErrorKind::NotFound);
    assert_eq!(world.claims.list(&world.acme).await.unwrap(), [again]);
    assert_eq!(world.hosts("acme").await, [""; 0]);
}

#[tokio::test]
async fn a_tenant_that_is_not_served_gets_no_host() {
    let world = world().await;
    for (tenant, context) in [("acme", &world.acme), ("globex", &world.globex)] {
        let claim = world.claims.claim(context, &format!("{tenant}.example")).await.unwrap();
        world.internet.publish(&claim);
        let revision = async || world.configs.fetch(&id(tenant)).await.unwrap().unwrap().revision;
        match tenant {
            "acme" => world.change(tenant, |config| config.status = TenantStatus::Suspended).await,
            _ => world.configs.delete(&id(tenant)).await.unwrap(),
        }
        let before = revision().await;
        assert_eq!(world.verify(&claim).await, Err(Some(StoreErrorKind::NotFound)), "{tenant}");
        assert_eq!((revision().await, world.hosts(tenant).await), (before, vec![]), "nothing was written");
    }
    // It may go on where it was.
    world.change("acme", |config| config.status = TenantStatus::Active).await;
    let claim = world.claims.find(&id("acme"), "acme.example").await.unwrap().unwrap();
    assert_eq!(world.verify(&claim).await.unwrap(), ["acme.example"]);
}

/// Whoever reads a config here finds that it changes right after: its tenant is suspended.
struct Suspending(InMemoryConfigManager);

#[async_trait]
impl ConfigManager for Suspending {
    async fn load(&self, id: &TenantId) -> Result<Option<Arc<TenantRecord>>, StoreError> {
        self.0.load(id).await
    }
}

#[async_trait]
impl ConfigStore for Suspending {
    async fn create(&self, config: TenantConfig) -> Result<Arc<TenantRecord>, StoreError> {
        self.0.create(config).await
    }

    async fn update(&self, config: TenantConfig) -> Result<Arc<TenantRecord>, StoreError> {
        self.0.update(config).await
    }

    async fn delete(&self, id: &TenantId) -> Result<(), StoreError> {
        self.0.delete(id).await
    }

    async fn delete_revision(&self, id: &TenantId, revision: u64) -> Result<(), StoreError> {
        self.0.delete_revision(id, revision).await
    }

    async fn list(&self, page: Page) -> Result<TenantList, StoreError> {
        self.0.list(page).await
    }

    async fn tenant_of_host(&self, host: &str) -> Result<Option<TenantId>, StoreError> {
        self.0.tenant_of_host(host).await
    }

    async fn fetch(&self, id: &TenantId) -> Result<Option<TenantConfig>, StoreError> {
        let config = self.0.fetch(id).await?;
        if config.as_ref().is_some_and(|config| config.status == TenantStatus::Active) {
            self.0.modify(id, |config| config.status = TenantStatus::Suspended).await?;
        }
        Ok(config)
    }
}

#[tokio::test]
async fn a_tenant_that_is_suspended_at_that_moment_gets_no_host() {
    let World { claims, internet, configs, acme, .. } = world().await;
    let claim = claims.claim(&acme, HOST).await.unwrap();
    internet.publish(&claim);
    let proved = claims.prove(claim.clone()).await.unwrap();
    let configs = Suspending(configs);
    assert_eq!(claims.go_live(proved, &configs).await.unwrap_err().kind(), StoreErrorKind::NotFound);
    assert_eq!(configs.fetch(acme.id()).await.unwrap().unwrap().hosts, [""; 0]);
    assert_eq!(claims.find(acme.id(), HOST).await.unwrap(), Some(claim), "it may go on later");
}

#[tokio::test]
async fn what_can_t_be_claimed_is_named_and_leaves_nothing_behind() {
    let world = world().await;
    let World { claims, acme, .. } = &world;
    let kind = async |host: &str| claims.claim(acme, host).await.map(drop).map_err(|error| error.kind());
    for host in ["*.acme.example", "127.0.0.1", "[::1]", "localhost", "a b.example", "169.254.169.254", ""] {
        assert_eq!(kind(host).await, Err(HostClaimErrorKind::Invalid), "{host}");
    }
    for host in ["app.example", "globex.app.example", "A.B.APP.EXAMPLE."] {
        assert_eq!(kind(host).await, Err(HostClaimErrorKind::Reserved), "{host}");
    }
    assert_eq!(claims.list(acme).await.unwrap(), []);
    assert_eq!(kind(HOST).await, Ok(()));
    assert_eq!(kind("SHOP.acme.example").await, Err(HostClaimErrorKind::Exists));
    for number in 1..20 {
        assert_eq!(kind(&format!("host{number}.example")).await, Ok(()));
    }
    assert_eq!(kind("one-more.example").await, Err(HostClaimErrorKind::TooMany));
    assert!(claims.claim(&world.globex, "one-more.example").await.is_ok());
}

#[tokio::test]
async fn claims_are_looked_for_in_turn_and_more_seldom_each_time() {
    let world = world().await;
    for host in ["a.example", "b.example"] {
        let _ = world.claims.claim(&world.acme, host).await.unwrap();
    }
    let _ = world.claims.claim(&world.globex, "c.example").await.unwrap();
    let lease = async || -> Vec<String> {
        world.claims.lease(10).await.unwrap().into_iter().map(|claim| claim.host.to_string()).collect()
    };
    assert_eq!(lease().await, [""; 0]);
    world.clock.advance(Duration::from_secs(60));
    assert_eq!(lease().await, ["a.example", "c.example"]);
    assert_eq!(lease().await, ["b.example"]);
    assert_eq!(lease().await, [""; 0]);
    world.clock.advance(WEEK);
    assert_eq!((world.claims.sweep(2).await.unwrap(), world.claims.sweep(2).await.unwrap()), (2, 1));
}
