//! The connections, kept apart by who may leave something behind in them.

use sqlx::Pool;

use crate::driver::TenantDatabase;

#[derive(Debug)]
pub(super) struct Pools<DB: TenantDatabase> {
    pub(super) scoped: Pool<DB>,
    /// Where statements run as they stand. One of them may set the search path, make a temporary table that hides a
    /// tenant's or change how texts are read: the connection it ran on must never serve a tenant.
    pub(super) unscoped: Pool<DB>,
    /// Where the framework's own statements run.
    pub(super) own: Pool<DB>,
    /// Where those wait who write for a tenant that moves.
    pub(super) holds: Pool<DB>,
}

/// A bypass is rare: its pool is small, and empty again soon.
const UNSCOPED_CONNECTIONS: u32 = 4;

impl<DB: TenantDatabase> Pools<DB> {
    pub(super) fn new(scoped: Pool<DB>, system: Option<Pool<DB>>) -> Self {
        let own = system.unwrap_or_else(|| scoped.clone());
        let unscoped = if DB::SESSIONS { apart(&own, UNSCOPED_CONNECTIONS) } else { own.clone() };
        let holds = if DB::MOVING.holds.is_some() { apart(&own, u32::MAX) } else { own.clone() };
        Self { scoped, unscoped, own, holds }
    }

    pub(super) async fn close(&self) {
        self.scoped.close().await;
        self.unscoped.close().await;
        self.own.close().await;
        self.holds.close().await;
    }
}

/// No more than there are in the pool.
fn apart<DB: TenantDatabase>(pool: &Pool<DB>, most: u32) -> Pool<DB> {
    let connections = pool.options().get_max_connections().min(most);
    let options = pool.options().clone().min_connections(0).max_connections(connections);
    let options = options.idle_timeout(std::time::Duration::from_secs(30));
    options.connect_lazy_with(pool.connect_options().as_ref().clone())
}
