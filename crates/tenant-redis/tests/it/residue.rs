//! What is left of a tenant after a purge. What could go wrong: something of it stays and opens the door to, or is counted
//! against, whoever gets its id; or something of a neighbour goes along.

use std::time::Duration;

use tenant_cache::CacheBackend;
use tenant_core::{
    Dimension, NamedLimit, QuotaManager, TenantConfig, TenantContext, TenantId, Timestamp,
    auth::{SessionRecord, SessionStore},
    jobs::Residue,
    quota::{Cost, Decision},
};
use tenant_redis::{Redis, RedisCache, RedisQuotaManager, RedisResidue, RedisSessions};
use tenant_testkit::servers::Redis as Server;

use super::support::{ask, context, id, raw, shared};

/// The three things of a deployment that keep something of tenants.
pub(crate) struct House {
    quotas: RedisQuotaManager,
    cache: RedisCache,
    sessions: RedisSessions,
    residue: RedisResidue,
}

const FAR: Timestamp = Timestamp::from_unix_micros(4_000_000_000_000_000);
const PATIENCE: Duration = Duration::from_secs(10);
const COSTS: [Cost; 2] = [Cost::requests(2), Cost::of(Dimension::Tokens, 1)];

async fn tenant(name: &str) -> TenantContext {
    let config = TenantConfig::builder(id(name)).requests_per_minute(2);
    context(config.limit("at-once", NamedLimit::concurrency(Dimension::Tokens, 1))).await
}

impl House {
    pub(crate) fn new(redis: &Redis) -> Self {
        Self {
            quotas: RedisQuotaManager::builder(redis).deadline(PATIENCE).build(),
            cache: RedisCache::new(redis).with_deadline(PATIENCE),
            sessions: RedisSessions::new(redis).with_deadline(PATIENCE),
            residue: RedisResidue::new(redis),
        }
    }

    /// Uses up what it has, signs in 700 times, and remembers something.
    pub(crate) async fn furnish(&self, name: &str, number: u8) -> (TenantContext, Decision) {
        let tenant = tenant(name).await;
        let decision = self.quotas.decide(&tenant, &COSTS).await.unwrap();
        assert!(decision.is_admitted());
        for entry in 0..40 {
            let key = format!("key {entry}");
            self.cache.set(&tenant, key.as_bytes(), "value".into(), None).await.unwrap();
        }
        for at in 0..700_u16 {
            let subject = if at < 600 { "ada".to_owned() } else { format!("u:{at}") };
            let session =
                SessionRecord::new(digest(number, at), id(name), &*subject, Timestamp::default(), FAR);
            self.sessions.create(&session).await.unwrap();
        }
        (tenant, decision)
    }

    async fn signed_in(&self, number: u8) -> usize {
        let mut signed_in = 0;
        for at in 0..700 {
            signed_in += usize::from(self.sessions.load(&digest(number, at)).await.unwrap().is_some());
        }
        signed_in
    }

    /// Purges one of two, and looks.
    pub(crate) async fn purge_one_of_two(&self) {
        let (acme, held) = self.furnish("acme", 1).await;
        let (other, _held) = self.furnish("acme.2", 2).await;
        let theirs = self.left("acme.2").await;
        assert!(self.left("acme").await > 140 && theirs > 140);
        self.residue.erase(&id("acme")).await.unwrap();
        assert_eq!((self.left("acme").await, self.left("acme.2").await), (0, theirs));
        assert_eq!((self.signed_in(1).await, self.signed_in(2).await), (0, 700));
        assert_eq!(self.cache.get(&acme, b"key 1").await.unwrap(), None);
        assert_eq!(self.cache.get(&other, b"key 1").await.unwrap().unwrap(), "value");
        // Whoever has the id then, on an instance that knew nothing of the former one.
        let anew = tenant("acme").await;
        assert!(self.quotas.decide(&anew, &COSTS).await.unwrap().is_admitted());
        assert!(!self.quotas.decide(&other, &COSTS).await.unwrap().is_admitted());
        drop(held);
        self.residue.erase(&id("globex")).await.unwrap();
    }

    async fn left(&self, name: &str) -> u64 {
        self.residue.left(&id(name)).await.unwrap()
    }
}

fn digest(number: u8, at: u16) -> [u8; 32] {
    let mut digest = [number; 32];
    digest[..2].copy_from_slice(&at.to_le_bytes());
    digest
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_purge_leaves_nothing_of_one_tenant_and_all_of_another() {
    let redis = shared();
    House::new(&redis).purge_one_of_two().await;
}

#[tokio::test]
async fn another_deployment_on_the_same_server_keeps_its_tenant_of_the_same_name() {
    let (redis, other) = (shared(), shared());
    let (here, there) = (House::new(&redis), House::new(&other));
    here.furnish("acme", 1).await;
    there.furnish("acme", 3).await;
    let theirs = there.left("acme").await;
    here.residue.erase(&id("acme")).await.unwrap();
    assert_eq!((here.left("acme").await, there.left("acme").await), (0, theirs));
    assert_eq!(there.signed_in(3).await, 700);
}

#[tokio::test]
async fn sessions_that_a_purge_was_killed_amid_are_ended_by_the_next() {
    let redis = shared();
    let house = House::new(&redis);
    house.furnish("acme", 1).await;
    let mut connection = raw(&Server::shared().unwrap().url()).await;
    let list = format!("{}:{{acme}}:s:ada", redis.keyspace().prefix());
    // Ended, and still in the list.
    for at in 0..100 {
        let hex: String = digest(1, at).iter().map(|byte| format!("{byte:02x}")).collect();
        let key = format!("{}:{{{hex}}}:s", redis.keyspace().prefix());
        let _: i64 = ask(&mut connection, &["DEL", &key]).await;
    }
    let listed: i64 = ask(&mut connection, &["ZCARD", &list]).await;
    assert_eq!((listed, house.signed_in(1).await), (600, 600));
    house.residue.erase(&id("acme")).await.unwrap();
    assert_eq!((house.left("acme").await, house.signed_in(1).await), (0, 0));
}

#[tokio::test]
async fn a_server_that_is_not_there_is_an_error_and_nothing_is_said_to_be_gone() {
    let residue = RedisResidue::new(&Redis::open("redis://127.0.0.1:1").unwrap());
    let acme = TenantId::parse("acme").unwrap();
    assert!(residue.erase(&acme).await.is_err());
    assert!(residue.left(&acme).await.is_err());
}
