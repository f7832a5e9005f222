//! Tenants' own databases, over which so many connections are spread and no more.

use std::{collections::HashMap, fmt, sync::Arc, time::Instant};

use parking_lot::Mutex;
use sqlx::{Connection, Pool, pool::PoolOptions};
use tenant_core::PlaceName;
use tokio::{
    runtime::Handle,
    sync::{OnceCell, oneshot},
    time::timeout,
};

use super::rooms::{Entered, Opened, Rooms};
use crate::driver::TenantDatabase;

/// The databases that are open, and those who wait for one.
pub(crate) struct Databases<DB: TenantDatabase> {
    state: Mutex<State<DB>>,
    options: PoolOptions<DB>,
    connect: <DB::Connection as Connection>::Options,
}

struct State<DB: TenantDatabase> {
    rooms: Rooms<oneshot::Sender<Lease<DB>>>,
    pools: HashMap<PlaceName, Opening<DB>>,
}

/// A pool, and whether its server was found to read statements as they are scoped.
struct Opening<DB: TenantDatabase> {
    pool: Pool<DB>,
    is_checked: Arc<OnceCell<()>>,
}

impl<DB: TenantDatabase> Databases<DB> {
    /// At most `connections` over all databases, opened as those of `pool` are.
    pub(crate) fn beside(pool: &Pool<DB>, connections: u32) -> Arc<Self> {
        // A database that has one writer at a time has nothing to do for a second connection.
        let each = if DB::ONE_WRITER { 1 } else { connections.clamp(1, 2) };
        let slots = usize::try_from(connections / each).unwrap_or(usize::MAX);
        let state = State { rooms: Rooms::new(slots), pools: HashMap::new() };
        Arc::new(Self {
            state: Mutex::new(state),
            options: pool.options().clone().min_connections(0).max_connections(each),
            connect: pool.connect_options().as_ref().clone(),
        })
    }

    /// The right to use a database. It is waited for as long as for a connection.
    pub(crate) async fn lease(self: &Arc<Self>, name: &PlaceName) -> Result<Lease<DB>, sqlx::Error> {
        let lease = self.enter(name).await?;
        let check = || async { DB::check(&lease.pool).await };
        lease.is_checked.get_or_try_init(check).await?;
        Ok(lease)
    }

    async fn enter(self: &Arc<Self>, name: &PlaceName) -> Result<Lease<DB>, sqlx::Error> {
        let mut receiver = None;
        let close = {
            let mut state = self.state.lock();
            let entered = state.rooms.enter(name, Instant::now(), || {
                let (sender, own) = oneshot::channel();
                receiver = Some(own);
                sender
            });
            match entered {
                Entered::Open { .. } => return Ok(self.lease_of(&mut state, name)),
                Entered::Waits => state.rooms.make_room(),
            }
        };
        self.close_all(close);
        let Some(receiver) = receiver else { return Err(sqlx::Error::PoolTimedOut) };
        let lease = timeout(self.options.get_acquire_timeout(), receiver).await;
        lease.ok().and_then(Result::ok).ok_or(sqlx::Error::PoolTimedOut)
    }

    fn lease_of(self: &Arc<Self>, state: &mut State<DB>, name: &PlaceName) -> Lease<DB> {
        let opening = state.pools.entry(name.clone()).or_insert_with(|| {
            let pool = self.options.clone().connect_lazy_with(DB::elsewhere(&self.connect, name));
            Opening { pool, is_checked: Arc::default() }
        });
        Lease {
            databases: Arc::clone(self),
            name: name.clone(),
            pool: opening.pool.clone(),
            is_checked: Arc::clone(&opening.is_checked),
        }
    }

    fn close_all(self: &Arc<Self>, names: Vec<PlaceName>) {
        names.into_iter().for_each(|name| self.close(name));
    }

    /// Nobody uses it, so that this takes no longer than saying goodbye. The next one is opened after it: not even for a
    /// moment are there more connections.
    fn close(self: &Arc<Self>, name: PlaceName) {
        let opening = self.state.lock().pools.remove(&name);
        let databases = Arc::clone(self);
        match (opening, Handle::try_current()) {
            (Some(Opening { pool, .. }), Ok(runtime)) => {
                runtime.spawn(async move {
                    pool.close().await;
                    databases.closed(&name);
                });
            }
            (_, _) => databases.closed(&name),
        }
    }

    fn closed(self: &Arc<Self>, name: &PlaceName) {
        let mut unwanted = Vec::new();
        let close = {
            let mut state = self.state.lock();
            for Opened { name, waiters } in state.rooms.closed(name, Instant::now()) {
                for waiter in waiters {
                    let lease = self.lease_of(&mut state, &name);
                    unwanted.extend(waiter.send(lease).err());
                }
            }
            state.rooms.make_room()
        };
        self.close_all(close);
        // Each of these leaves, and takes the lock for it.
        drop(unwanted);
    }

    /// Ends all connections that are not in use.
    pub(crate) async fn end(&self) {
        let pools: Vec<_> = self.state.lock().pools.values().map(|opening| opening.pool.clone()).collect();
        for pool in pools {
            pool.close().await;
        }
    }

    /// How many connections there are.
    pub(crate) fn connections(&self) -> u32 {
        self.state.lock().pools.values().map(|opening| opening.pool.size()).sum()
    }
}

impl<DB: TenantDatabase> fmt::Debug for Databases<DB> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Databases").finish_non_exhaustive()
    }
}

/// The right to use a database: as long as it lives, the database stays open.
pub(crate) struct Lease<DB: TenantDatabase> {
    databases: Arc<Databases<DB>>,
    name: PlaceName,
    pool: Pool<DB>,
    is_checked: Arc<OnceCell<()>>,
}

impl<DB: TenantDatabase> Lease<DB> {
    pub(crate) const fn pool(&self) -> &Pool<DB> {
        &self.pool
    }
}

impl<DB: TenantDatabase> Drop for Lease<DB> {
    fn drop(&mut self) {
        let close = {
            let rooms = &mut self.databases.state.lock().rooms;
            rooms.leave(&self.name);
            rooms.make_room()
        };
        self.databases.close_all(close);
    }
}
