//! The way to Redis: one server, or a cluster.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use parking_lot::Mutex;
use redis::{
    AsyncConnectionConfig, Client, Cmd, Value,
    aio::{ConnectionLike, ConnectionManager, ConnectionManagerConfig, MultiplexedConnection},
    cluster::ClusterClient,
    cluster_async::ClusterConnection,
    cluster_routing::{Route, RoutingInfo, SingleNodeRoutingInfo, SlotAddr},
};
use tokio::sync::OnceCell;

use crate::{Keyspace, RedisError, caller::slot};

/// A way to one Redis server or to a Redis Cluster, shared by all who use it: cheap to clone.
///
/// It holds one connection (per node), over which requests are pipelined, and connects anew by itself. A
/// [`RedisCache`](crate::RedisCache) on it has one of its own, because decisions would wait behind large values; a
/// [`ChangeReader`](crate::ChangeReader), too, because it waits for news.
///
/// # Example
/// ```no_run
/// use tenant_redis::{Keyspace, Redis};
///
/// # async fn connect() -> Result<(), tenant_redis::RedisError> {
/// let redis = Redis::open("redis://127.0.0.1:6379")?.with_keyspace(Keyspace::new("shop")?);
/// let cluster = Redis::cluster(["redis://10.0.0.1", "redis://10.0.0.2"]).await?;
/// # let _ = (redis, cluster);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Redis {
    way: Way,
    keys: Keyspace,
}

#[derive(Clone)]
enum Way {
    Single(Arc<Single>),
    Cluster(Arc<Nodes>),
}

struct Single {
    client: Client,
    manager: Mutex<ConnectionManager>,
}

struct Nodes {
    client: ClusterClient,
    connection: OnceCell<ClusterConnection>,
    is_connecting: AtomicBool,
}

/// How long it may take to connect.
const CONNECT: Duration = Duration::from_secs(1);
/// The longest wait between two attempts to connect: much below the 5 seconds after which all is to be normal again.
const BACK_OFF: Duration = Duration::from_millis(500);
/// After so long a request is given up by the connection too; who asks has a deadline of his own, and an earlier one.
const RESPONSE: Duration = Duration::from_secs(5);

impl Redis {
    /// The way to one server, as `redis://user:password@host:port/database`. It connects when it is first used, within a
    /// tokio runtime, and again whenever the server is back.
    ///
    /// # Errors
    /// The address is wrong.
    pub fn open(url: &str) -> Result<Self, RedisError> {
        let client = Client::open(url)?;
        let manager = Mutex::new(manager(&client)?);
        Ok(Self::on(Way::Single(Arc::new(Single { client, manager }))))
    }

    /// The way to a cluster, of which some nodes are named.
    ///
    /// # Errors
    /// An address is wrong, or none of the nodes can be reached.
    pub async fn cluster<'a>(nodes: impl IntoIterator<Item = &'a str> + Send) -> Result<Self, RedisError> {
        let nodes: Vec<&str> = nodes.into_iter().collect();
        let client = ClusterClient::builder(nodes)
            .connection_timeout(CONNECT)
            .response_timeout(RESPONSE)
            .max_retry_wait(200)
            .min_retry_wait(10)
            .build()?;
        let nodes = Nodes::new(client);
        nodes.connect().await?;
        Ok(Self::on(Way::Cluster(Arc::new(nodes))))
    }

    fn on(way: Way) -> Self {
        Self { way, keys: Keyspace::default() }
    }

    /// Keeps everything under the names of `keys`.
    #[must_use]
    pub fn with_keyspace(mut self, keys: Keyspace) -> Self {
        self.keys = keys;
        self
    }

    /// The names under which everything is kept.
    #[must_use]
    pub const fn keyspace(&self) -> &Keyspace {
        &self.keys
    }

    /// The same way by a connection of its own, which is made when it is first used.
    pub(crate) fn apart(&self) -> Self {
        let way = match &self.way {
            Way::Single(single) => {
                let client = single.client.clone();
                let manager = manager(&client).unwrap_or_else(|_| single.manager.lock().clone());
                Way::Single(Arc::new(Single { client, manager: Mutex::new(manager) }))
            }
            Way::Cluster(nodes) => Way::Cluster(Arc::new(Nodes::new(nodes.client.clone()))),
        };
        Self { way, keys: self.keys.clone() }
    }

    pub(crate) const fn is_cluster(&self) -> bool {
        matches!(self.way, Way::Cluster(_))
    }

    /// Sends a command, and waits for the answer without a deadline.
    pub(crate) async fn send(&self, command: &Cmd) -> Result<Value, RedisError> {
        let answer = match &self.way {
            Way::Single(single) => {
                let mut manager = single.manager.lock().clone();
                manager.req_packed_command(command).await
            }
            Way::Cluster(nodes) => nodes.connection().await?.req_packed_command(command).await,
        };
        Ok(answer?.extract_error()?)
    }

    /// Sends a command that names no key to where a key is, and waits as [`send`](Self::send).
    pub(crate) async fn send_to(&self, key: &str, command: &Cmd) -> Result<Value, RedisError> {
        let Way::Cluster(nodes) = &self.way else { return self.send(command).await };
        let node = SingleNodeRoutingInfo::SpecificNode(Route::new(slot(key), SlotAddr::Master));
        let routing = RoutingInfo::SingleNode(node);
        let answer = nodes.connection().await?.route_command(command.clone(), routing).await;
        Ok(answer?.extract_error()?)
    }

    /// Gives up a connection over which nothing comes any more: one that a network has swallowed is noticed by nobody
    /// else for minutes. The cluster's connection sees to that itself.
    pub(crate) fn reconnect(&self) {
        if let Way::Single(single) = &self.way
            && let Ok(fresh) = manager(&single.client)
        {
            *single.manager.lock() = fresh;
        }
    }

    /// A connection of one's own, for commands that wait.
    pub(crate) async fn dedicated(&self) -> Result<Dedicated, RedisError> {
        Ok(match &self.way {
            Way::Single(single) => {
                let config = AsyncConnectionConfig::new()
                    .set_connection_timeout(Some(CONNECT))
                    .set_response_timeout(Some(RESPONSE));
                Dedicated::Single(single.client.get_multiplexed_async_connection_with_config(&config).await?)
            }
            Way::Cluster(nodes) => Dedicated::Cluster(nodes.client.get_async_connection().await?),
        })
    }
}

impl Nodes {
    fn new(client: ClusterClient) -> Self {
        Self { client, connection: OnceCell::new(), is_connecting: AtomicBool::new(false) }
    }

    async fn connection(self: &Arc<Self>) -> Result<ClusterConnection, redis::RedisError> {
        if let Some(connection) = self.connection.get() {
            return Ok(connection.clone());
        }
        // It may take longer than anybody waits, and goes on without him then.
        if !self.is_connecting.swap(true, Ordering::AcqRel) {
            let nodes = Arc::clone(self);
            tokio::spawn(async move {
                let _ = nodes.connect().await;
                nodes.is_connecting.store(false, Ordering::Release);
            });
        }
        self.connect().await
    }

    async fn connect(&self) -> Result<ClusterConnection, redis::RedisError> {
        self.connection.get_or_try_init(|| self.client.get_async_connection()).await.cloned()
    }
}

/// A connection that nobody else uses.
pub(crate) enum Dedicated {
    Single(MultiplexedConnection),
    Cluster(ClusterConnection),
}

impl Dedicated {
    pub(crate) async fn send(&mut self, command: &Cmd) -> Result<Value, RedisError> {
        let answer = match self {
            Self::Single(connection) => connection.req_packed_command(command).await,
            Self::Cluster(connection) => connection.req_packed_command(command).await,
        };
        Ok(answer?.extract_error()?)
    }
}

fn manager(client: &Client) -> Result<ConnectionManager, RedisError> {
    let config = ConnectionManagerConfig::new()
        .set_connection_timeout(Some(CONNECT))
        .set_response_timeout(Some(RESPONSE))
        .set_min_delay(Duration::from_millis(50))
        .set_max_delay(BACK_OFF);
    Ok(ConnectionManager::new_lazy_with_config(client.clone(), config)?)
}

impl fmt::Debug for Redis {
    // An address may hold a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Redis").field("cluster", &self.is_cluster()).field("keys", &self.keys).finish()
    }
}
