//! Servers, tenants, and patience.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};

use redis::{Client, Cmd, FromRedisValue, aio::MultiplexedConnection};
use tenant_core::{
    ConfigManager, InMemoryConfigManager, TenantConfig, TenantConfigBuilder, TenantContext, TenantId,
};
use tenant_redis::{Keyspace, Redis};
use tenant_testkit::servers::Redis as Server;

pub(crate) fn id(text: &str) -> TenantId {
    TenantId::parse(text).unwrap()
}

/// A key space that no other test has, on the server that all share.
pub(crate) fn fresh_keys() -> Keyspace {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    Keyspace::new(&format!("t{}", NUMBER.fetch_add(1, Ordering::Relaxed))).unwrap()
}

pub(crate) fn shared() -> Redis {
    let server = Server::shared().unwrap();
    Redis::open(&server.url()).unwrap().with_keyspace(fresh_keys())
}

pub(crate) fn to(server: &Server) -> Redis {
    Redis::open(&server.url()).unwrap()
}

/// A connection past everything that is tested.
pub(crate) async fn raw(url: &str) -> MultiplexedConnection {
    Client::open(url).unwrap().get_multiplexed_async_connection().await.unwrap()
}

pub(crate) async fn ask<T: FromRedisValue>(connection: &mut MultiplexedConnection, words: &[&str]) -> T {
    let mut command = Cmd::new();
    for word in words {
        command.arg(*word);
    }
    command.query_async(connection).await.unwrap()
}

pub(crate) async fn context(config: TenantConfigBuilder) -> TenantContext {
    let config: TenantConfig = config.build().unwrap();
    let id = config.tenant_id;
    let configs = InMemoryConfigManager::with([config]).unwrap();
    TenantContext::of(&configs, &id).await.unwrap()
}

pub(crate) async fn plain(name: &str) -> TenantContext {
    context(TenantConfig::builder(id(name))).await
}

/// Waits until something is so, and tells how long that took.
pub(crate) async fn within(limit: Duration, mut condition: impl AsyncFnMut() -> bool) -> Duration {
    let begin = Instant::now();
    while !condition().await {
        assert!(begin.elapsed() < limit, "it is not so after {limit:?}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    begin.elapsed()
}

pub(crate) fn is_known<C: ConfigManager>(configs: &Arc<C>, name: &str) -> bool {
    configs.peek(&id(name)).is_some()
}
