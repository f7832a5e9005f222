//! Tenants' own databases, over which so many connections are spread and no more.

use std::{
    collections::HashMap,
    fmt,
    sync::Arc,
    time::{Duration, Instant},
};

use foldhash::fast::RandomState;
use parking_lot::Mutex;
use sqlx::{Connection, Pool, pool::PoolOptions};
use tenant_core::PlaceName;
use tokio::{
    runtime::Handle,
    sync::{OnceCell, oneshot},
    time::{sleep, timeout},
};

use super::rooms::{Entered, Opened, Rooms, Vacated};
use crate::driver::TenantDatabase;

/// The databases that are open, and those who wait for one.
pub(crate) struct Databases<DB: TenantDatabase> {
    state: Mutex<State<DB>>,
    options: PoolOptions<DB>,
    connect: <DB::Connection as Connection>::Options,
    /// Where databases are opened and closed, whichever thread somebody leaves on.
    runtime: Handle,
}

struct State<DB: TenantDatabase> {
    rooms: Queue<DB>,
    pools: HashMap<PlaceName, Opening<DB>, RandomState>,
    has_ended: bool,
}

type Queue<DB> = Rooms<oneshot::Sender<Lease<DB>>>;
type LetIn<DB> = Vec<Opened<oneshot::Sender<Lease<DB>>>>;

/// How soon it is asked again whether a database was closed.
const SOON: Duration = Duration::from_millis(10);

const IN_USE: &str = "the database is in use";

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
        let count = |number| usize::try_from(number).unwrap_or(usize::MAX);
        let rooms = Rooms::new(count(connections / each), count(each));
        Arc::new(Self {
            state: Mutex::new(State { rooms, pools: HashMap::default(), has_ended: false }),
            options: pool.options().clone().min_connections(0).max_connections(each),
            connect: pool.connect_options().as_ref().clone(),
            runtime: Handle::current(),
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
        let (_place, close) = {
            let mut state = self.state.lock();
            if state.has_ended {
                return Err(sqlx::Error::PoolClosed);
            }
            let entered = state.rooms.enter(name, Instant::now(), || {
                let (sender, own) = oneshot::channel();
                receiver = Some(own);
                sender
            });
            match entered {
                Entered::Open => return Ok(self.lease_of(&mut state, name)),
                Entered::Waits { ticket } => {
                    let place = InQueue { databases: Arc::clone(self), name: name.clone(), ticket };
                    (place, state.rooms.make_room())
                }
            }
        };
        self.close_all(close);
        let Some(receiver) = receiver else { return Err(sqlx::Error::PoolTimedOut) };
        match timeout(self.options.get_acquire_timeout(), receiver).await {
            Ok(lease) => lease.map_err(|_| sqlx::Error::PoolClosed),
            Err(_) => Err(sqlx::Error::PoolTimedOut),
        }
    }

    fn lease_of(self: &Arc<Self>, state: &mut State<DB>, name: &PlaceName) -> Lease<DB> {
        let opening = state.pools.entry(name.clone()).or_insert_with(|| {
            // A pool has tasks of its own.
            let _runtime = self.runtime.enter();
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

    /// Something has changed: lets in who can be let in, and closes what has to be.
    fn change(self: &Arc<Self>, change: impl FnOnce(&mut Queue<DB>) -> LetIn<DB>) {
        let mut unwanted = Vec::new();
        let close = {
            let mut state = self.state.lock();
            for Opened { name, waiters } in change(&mut state.rooms) {
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

    /// Nobody uses them, so that this takes no longer than saying goodbye. The next ones are opened after it: not even for
    /// a moment are there more connections.
    fn close_all(self: &Arc<Self>, names: Vec<PlaceName>) {
        for name in names {
            let vacant = Vacant { databases: Arc::clone(self), name };
            self.runtime.spawn(async move { vacant.close().await });
        }
    }

    /// Closes a database that nobody uses; as long as the guard lives, nobody does.
    pub(crate) async fn vacate(self: &Arc<Self>, name: &PlaceName) -> Result<Vacant<DB>, sqlx::Error> {
        loop {
            let vacated = self.state.lock().rooms.vacate(name, Instant::now());
            match vacated {
                Vacated::Yes => break,
                Vacated::InUse => return Err(sqlx::Error::Configuration(IN_USE.into())),
                Vacated::IsClosing => sleep(SOON).await,
            }
        }
        let vacant = Vacant { databases: Arc::clone(self), name: name.clone() };
        vacant.close().await;
        Ok(vacant)
    }

    /// Ends all connections, waiting for those in use. Nothing is opened any more.
    pub(crate) async fn end(&self) {
        let pools: Vec<_> = {
            let mut state = self.state.lock();
            state.has_ended = true;
            state.rooms.give_all_up();
            state.pools.values().map(|opening| opening.pool.clone()).collect()
        };
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
        self.databases.change(|rooms| rooms.leave(&self.name, Instant::now()));
    }
}

/// A place in the queue. Whoever stops waiting leaves it, and stands in nobody's way.
struct InQueue<DB: TenantDatabase> {
    databases: Arc<Databases<DB>>,
    name: PlaceName,
    ticket: u64,
}

impl<DB: TenantDatabase> Drop for InQueue<DB> {
    fn drop(&mut self) {
        self.databases.change(|rooms| rooms.give_up(&self.name, self.ticket, Instant::now()));
    }
}

/// A database that nobody may use. Its place is free once this is dropped, whatever became of closing it.
pub(crate) struct Vacant<DB: TenantDatabase> {
    databases: Arc<Databases<DB>>,
    name: PlaceName,
}

impl<DB: TenantDatabase> Vacant<DB> {
    async fn close(&self) {
        let opening = self.databases.state.lock().pools.remove(&self.name);
        if let Some(Opening { pool, .. }) = opening {
            pool.close().await;
        }
    }
}

impl<DB: TenantDatabase> Drop for Vacant<DB> {
    fn drop(&mut self) {
        self.databases.change(|rooms| rooms.closed(&self.name, Instant::now()));
    }
}
