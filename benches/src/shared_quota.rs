//! A decision over one fixed limit that instances share, 64 in flight: `RedisQuotaManager` against what one would send by
//! hand.
//!
//! All ask the same private server over one connection of the same kind, from one thread. By hand it is a script of one
//! key that counts and sets the count's end (`EVALSHA`), and a bare `INCR`; neither tells what is left and until when,
//! nor knows a deadline. Leases are of 100 requests.

use std::{
    rc::Rc,
    sync::Arc,
    time::{Duration, Instant},
};

use ::redis::{Client, Cmd, Script, aio::ConnectionManager};
use futures_util::future::join_all;
use tenant::{
    QuotaManager, TenantContext,
    quota::{Cost, Decision},
    redis::{Redis, RedisQuotaManager},
};
use tenant_testkit::servers::Redis as Server;
use tokio::runtime::{Builder, Runtime};

use crate::{
    BoxError, Contestant,
    tenants::{self, BUSY, Limits},
};

const IN_FLIGHT: u64 = 64;
const LEASE: u64 = 100;
const BY_HAND: &str = "local count = redis.call('INCR', KEYS[1])
    if count == 1 then redis.call('PEXPIRE', KEYS[1], 60000) end
    return count";

/// Who takes part.
///
/// # Errors
/// Redis is not installed, or failed.
pub fn contestants() -> Result<Vec<Contestant>, BoxError> {
    // It runs until the last contestant is gone.
    let server = Rc::new(Server::start()?);
    let mut all = Vec::new();
    for (name, tenants, lease) in
        [("tenant", 1, 0), ("tenant, 64 tenants", BUSY, 0), ("tenant, leases", 1, LEASE)]
    {
        all.push(ours(name, &server, tenants, lease)?);
    }
    let hash = Script::new(BY_HAND).get_hash().to_owned();
    all.push(by_hand("EVALSHA", &server, move |command, key| {
        command.arg("EVALSHA").arg(&hash).arg(1).arg(key);
    })?);
    all.push(by_hand("INCR", &server, |command, key| {
        command.arg("INCR").arg(key);
    })?);
    Ok(all)
}

/// How long one out of a hundred leased decisions takes at least, 64 in flight, and a round trip with nothing else on
/// the way.
///
/// # Errors
/// Redis is not installed, or failed.
pub fn latencies() -> Result<Vec<Contestant>, BoxError> {
    let server = Rc::new(Server::start()?);
    let (runtime, quotas, tenants) = manager(&server, 1, LEASE)?;
    let (ping_runtime, connection) = connect(&server)?;
    let kept = Rc::clone(&server);
    Ok(vec![
        Contestant::timed("leased, 99th of 100", move |turns| {
            let _kept = &server;
            let took = runtime.block_on(join_all((0..IN_FLIGHT).map(|_| timed(&quotas, &tenants, turns))));
            let mut took: Vec<Duration> = took.into_iter().flatten().collect();
            took.sort_unstable();
            let share = took.get(took.len() * 99 / 100).copied().unwrap_or(Duration::MAX);
            share * u32::try_from(turns).unwrap_or(u32::MAX)
        }),
        Contestant::timed("a round trip", move |turns| {
            let _kept = &kept;
            ping_runtime.block_on(async {
                let start = Instant::now();
                for _ in 0..turns {
                    let pong: Result<String, _> =
                        Cmd::new().arg("PING").query_async(&mut connection.clone()).await;
                    assert!(pong.is_ok());
                }
                start.elapsed()
            })
        }),
    ])
}

async fn timed(quotas: &RedisQuotaManager, tenants: &[TenantContext], turns: u64) -> Vec<Duration> {
    let mut took = Vec::new();
    for tenant in tenants.iter().cycle().take(times(turns)) {
        let start = Instant::now();
        assert!(decide(quotas, tenant).await.is_some_and(|decision| decision.is_admitted()));
        took.push(start.elapsed());
        tokio::task::yield_now().await;
    }
    took
}

type Parts = (Runtime, RedisQuotaManager, Vec<TenantContext>);

fn manager(server: &Server, tenants: usize, lease: u64) -> Result<Parts, BoxError> {
    let runtime = runtime()?;
    let entered = runtime.enter();
    let redis = Redis::open(&server.url())?;
    // A machine that stands still for a moment is no outage.
    let quotas = RedisQuotaManager::builder(&redis).deadline(Duration::from_secs(2)).batch(lease).build();
    let tenants = tenants::contexts(tenants, Limits::Requests)?;
    drop(entered);
    Ok((runtime, quotas, tenants))
}

fn ours(name: &'static str, server: &Rc<Server>, tenants: usize, lease: u64) -> Result<Contestant, BoxError> {
    let (runtime, quotas, tenants) = manager(server, tenants, lease)?;
    let (kept, quotas, tenants) = (Rc::clone(server), Arc::new(quotas), Arc::new(tenants));
    Ok(Contestant::timed(name, move |turns| {
        let _kept = &kept;
        let task = |task: u64| {
            let (quotas, tenants) = (Arc::clone(&quotas), Arc::clone(&tenants));
            async move {
                let from = usize::try_from(task).unwrap_or(0) % tenants.len();
                for tenant in tenants.iter().cycle().skip(from).take(times(turns)) {
                    assert!(decide(&quotas, tenant).await.is_some_and(|decision| decision.is_admitted()));
                }
            }
        };
        in_flight(&runtime, task)
    }))
}

/// First what is in memory, then what is not, as the edge does.
async fn decide(quotas: &RedisQuotaManager, tenant: &TenantContext) -> Option<Decision> {
    match quotas.try_decide(tenant, &[Cost::requests(1)]) {
        Some(decision) => Some(decision),
        None => quotas.decide(tenant, &[Cost::requests(1)]).await.ok(),
    }
}

fn by_hand(
    name: &'static str,
    server: &Rc<Server>,
    fill: impl Fn(&mut Cmd, &str) + Clone + Send + 'static,
) -> Result<Contestant, BoxError> {
    let (runtime, connection) = connect(server)?;
    let key = format!("by-hand:{name}");
    runtime.block_on(async {
        let mut load = Cmd::new();
        load.arg("SCRIPT").arg("LOAD").arg(BY_HAND);
        load.exec_async(&mut connection.clone()).await
    })?;
    let kept = Rc::clone(server);
    Ok(Contestant::timed(name, move |turns| {
        let _kept = &kept;
        let task = |_| {
            let (mut connection, fill, key) = (connection.clone(), fill.clone(), key.clone());
            async move {
                for _ in 0..times(turns) {
                    let mut command = Cmd::new();
                    fill(&mut command, &key);
                    let count: Result<u64, _> = command.query_async(&mut connection).await;
                    assert!(count.is_ok_and(|count| count > 0));
                }
            }
        };
        in_flight(&runtime, task)
    }))
}

/// Runs so many tasks, and tells how long that takes.
fn in_flight<F: Future<Output = ()> + Send + 'static>(
    runtime: &Runtime,
    task: impl Fn(u64) -> F,
) -> Duration {
    runtime.block_on(async {
        let start = Instant::now();
        let tasks: Vec<_> = (0..IN_FLIGHT).map(|number| tokio::spawn(task(number))).collect();
        assert!(join_all(tasks).await.into_iter().all(|ended| ended.is_ok()));
        start.elapsed()
    })
}

/// Each task's share of the turns.
fn times(turns: u64) -> usize {
    usize::try_from(turns.div_ceil(IN_FLIGHT)).unwrap_or(usize::MAX)
}

fn connect(server: &Server) -> Result<(Runtime, ConnectionManager), BoxError> {
    let runtime = runtime()?;
    let client = Client::open(server.url())?;
    let connection = runtime.block_on(client.get_connection_manager())?;
    Ok((runtime, connection))
}

fn runtime() -> std::io::Result<Runtime> {
    Builder::new_current_thread().enable_all().build()
}
