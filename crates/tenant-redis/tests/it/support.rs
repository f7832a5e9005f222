//! Servers, tenants, and patience.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};

use redis::{Client, Cmd, FromRedisValue, aio::MultiplexedConnection};
use tenant_core::{
    ConfigManager, FailurePolicy, Hooks, InMemoryConfigManager, TenantConfig, TenantConfigBuilder,
    TenantContext, TenantHooks, TenantId,
    hooks::{LimitWarning, QuotaFallback, SettlementsLost},
};
use tenant_redis::{Keyspace, Redis};
use tenant_testkit::servers::{Redis as Server, ServerOptions};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

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

/// A server that can be stopped and started again on its port, with everything it knew lost; and frozen.
pub(crate) struct Fragile {
    port: u16,
    extra: Vec<(&'static str, String)>,
    server: Option<Server>,
}

pub(crate) const PASSWORD: &str = "secret";

impl Fragile {
    pub(crate) fn start() -> Self {
        Self::start_with(Vec::new())
    }

    pub(crate) fn start_with(extra: Vec<(&'static str, String)>) -> Self {
        // Somebody else may take it in between: then another one.
        for _ in 0..9 {
            let port = free_port();
            if let Some(server) = Self::serve(port, &extra) {
                return Self { port, extra, server: Some(server) };
            }
        }
        panic!("no port is free");
    }

    fn serve(port: u16, extra: &[(&'static str, String)]) -> Option<Server> {
        let mut options = ServerOptions::default()
            .setting("port", port.to_string())
            .setting("requirepass", PASSWORD)
            .setting("databases", "16");
        for (name, value) in extra {
            options = options.setting(*name, value.clone());
        }
        Server::start_with(&options).ok()
    }

    pub(crate) fn url(&self) -> String {
        format!("redis://:{PASSWORD}@127.0.0.1:{}", self.port)
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    pub(crate) fn setting(&self, name: &str) -> &str {
        &self.extra.iter().find(|(extra, _)| *extra == name).unwrap().1
    }

    pub(crate) fn redis(&self) -> Redis {
        Redis::open(&self.url()).unwrap()
    }

    pub(crate) fn stop(&mut self) {
        self.server = None;
    }

    pub(crate) fn start_again(&mut self) {
        let begin = Instant::now();
        while self.server.is_none() {
            self.server = Self::serve(self.port, &self.extra);
            assert!(begin.elapsed() < Duration::from_secs(20), "the server does not start again");
        }
    }

    /// Starts it again for those who know another password, until it is told the usual one.
    pub(crate) fn start_again_with_password(&mut self, password: &str) -> String {
        self.extra.push(("requirepass", password.to_owned()));
        self.start_again();
        self.extra.pop();
        self.url().replace(PASSWORD, password)
    }

    /// Lets the server stand still until the answer is dropped.
    pub(crate) async fn freeze(&self) -> Frozen {
        let mut connection = raw(&self.url()).await;
        let info: String = ask(&mut connection, &["INFO", "server"]).await;
        let line = info.lines().find_map(|line| line.strip_prefix("process_id:")).unwrap();
        let frozen = Frozen(line.trim().to_owned());
        frozen.signal("-STOP");
        frozen
    }
}

pub(crate) struct Frozen(String);

impl Frozen {
    fn signal(&self, signal: &str) {
        let done = std::process::Command::new("kill").arg(signal).arg(&self.0).status().unwrap();
        assert!(done.success());
    }
}

impl Drop for Frozen {
    fn drop(&mut self) {
        self.signal("-CONT");
    }
}

pub(crate) fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    listener.local_addr().unwrap().port()
}

/// What was told of.
#[derive(Default)]
pub(crate) struct Told {
    pub(crate) warnings: std::sync::Mutex<Vec<(String, String, u8)>>,
    pub(crate) fallbacks: std::sync::Mutex<Vec<FailurePolicy>>,
    pub(crate) lost: AtomicU32,
}

impl TenantHooks for Told {
    fn on_limit_warning(&self, event: &LimitWarning<'_>) {
        let warning = (event.tenant.to_string(), event.limit.to_owned(), event.percent);
        self.warnings.lock().unwrap().push(warning);
    }

    fn on_quota_fallback(&self, event: &QuotaFallback<'_>) {
        self.fallbacks.lock().unwrap().push(event.policy);
    }

    fn on_settlements_lost(&self, event: &SettlementsLost) {
        self.lost.fetch_add(u32::try_from(event.count).unwrap(), Ordering::SeqCst);
    }
}

pub(crate) fn told() -> (Arc<Told>, Hooks) {
    let told = Arc::new(Told::default());
    (Arc::clone(&told), Hooks::new([told as Arc<dyn TenantHooks>]))
}

/// How often a command was called, on a server of one's own.
pub(crate) async fn calls(url: &str, command: &str) -> u64 {
    let mut connection = raw(url).await;
    let info: String = ask(&mut connection, &["INFO", "commandstats"]).await;
    let prefix = format!("cmdstat_{command}:calls=");
    let line = info.lines().find_map(|line| line.strip_prefix(&prefix));
    line.map_or(0, |line| line.split(',').next().unwrap().parse().unwrap())
}

/// Waits for the next window where too little of this one is left for what is to come: a fixed window is aligned.
pub(crate) async fn room_in_the_minute(needed: Duration) {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    let left = Duration::from_secs(60)
        - Duration::from_nanos(u64::try_from(now.as_nanos() % 60_000_000_000).unwrap());
    if left < needed {
        tokio::time::sleep(left + Duration::from_millis(50)).await;
    }
}

/// How late the machine wakes up who sleeps: what it, and not what is tested, adds to a time.
pub(crate) struct Lag {
    longest: Arc<AtomicU32>,
    is_over: Arc<AtomicBool>,
}

impl Lag {
    /// Watches from a thread of its own, so that a runtime that is blocked is no excuse.
    pub(crate) fn watch() -> Self {
        let lag = Self { longest: Arc::default(), is_over: Arc::default() };
        let (longest, is_over) = (Arc::clone(&lag.longest), Arc::clone(&lag.is_over));
        std::thread::spawn(move || {
            while !is_over.load(Ordering::Relaxed) {
                let begin = Instant::now();
                std::thread::sleep(Duration::from_millis(1));
                let late = begin.elapsed().saturating_sub(Duration::from_millis(1));
                longest.fetch_max(u32::try_from(late.as_micros()).unwrap(), Ordering::Relaxed);
            }
        });
        lag
    }

    /// For four who are woken up one after the other: the timer, the asker, the connection and the server.
    pub(crate) fn allowance(&self) -> Duration {
        Duration::from_micros(self.longest.load(Ordering::Relaxed).into()) * 4
    }
}

impl Drop for Lag {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
    }
}

/// A way to a server that can fall silent.
pub(crate) struct Proxy {
    pub(crate) port: u16,
    generation: tokio::sync::watch::Sender<u32>,
    target: Arc<AtomicU32>,
}

impl Proxy {
    pub(crate) async fn to(port: u16) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let own = listener.local_addr().unwrap().port();
        let (generation, watch) = tokio::sync::watch::channel(0);
        let target = Arc::new(AtomicU32::new(port.into()));
        let leads_to = Arc::clone(&target);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let mut watch = watch.clone();
                watch.mark_unchanged();
                let port = u16::try_from(leads_to.load(Ordering::SeqCst)).unwrap();
                tokio::spawn(async move {
                    let mut client = client;
                    let mut server = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
                    tokio::select! {
                        _ = tokio::io::copy_bidirectional(&mut client, &mut server) => {}
                        // Both ends stay open, and nothing comes through.
                        changed = watch.changed() => if changed.is_ok() {
                            tokio::time::sleep(Duration::from_secs(60)).await;
                        }
                    }
                });
            }
        });
        Self { port: own, generation, target }
    }

    /// Whoever connects from now on gets there; who is connected stays where he is.
    pub(crate) fn lead_to(&self, port: u16) {
        self.target.store(port.into(), Ordering::SeqCst);
    }

    /// Whatever is connected hears nothing any more.
    pub(crate) fn swallow(&self) {
        self.generation.send_modify(|generation| *generation += 1);
    }
}

/// A way to a server on which each connection takes a while for so many bytes, or fewer; answers come back at once.
pub(crate) struct NarrowWay {
    pub(crate) port: u16,
    millis: Arc<AtomicU32>,
}

impl NarrowWay {
    pub(crate) async fn to(server: &Fragile, bytes: usize) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let (port, leads_to) = (listener.local_addr().unwrap().port(), server.port());
        let millis = Arc::new(AtomicU32::new(0));
        let pause = Arc::clone(&millis);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let server = TcpStream::connect(("127.0.0.1", leads_to)).await.unwrap();
                let ((mut asks, mut hears), (mut answers, mut is_asked)) =
                    (client.into_split(), server.into_split());
                let pause = Arc::clone(&pause);
                tokio::spawn(async move { tokio::io::copy(&mut answers, &mut hears).await });
                tokio::spawn(async move {
                    let mut buffer = vec![0; bytes];
                    while let Ok(count @ 1..) = asks.read(&mut buffer).await {
                        let pause = Duration::from_millis(pause.load(Ordering::Relaxed).into());
                        tokio::time::sleep(pause).await;
                        is_asked.write_all(&buffer[..count]).await.unwrap();
                    }
                });
            }
        });
        Self { port, millis }
    }

    pub(crate) fn takes(&self, millis: u32) {
        self.millis.store(millis, Ordering::Relaxed);
    }

    pub(crate) fn redis(&self, server: &Fragile) -> Redis {
        Redis::open(&server.url().replace(&server.port().to_string(), &self.port.to_string())).unwrap()
    }
}
