//! Writers take turns where the database has room for one.

use std::{sync::Arc, time::Duration};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::{driver::TenantDatabase, moving::Hold, place::Lease};

/// The queue of those who want to write.
///
/// SQLite lets whoever asks at the right moment have the write lock, and the others sleep for ever longer between two
/// attempts: under load some wait a hundred times as long as others. Here it is first come, first served. The lock
/// itself stays SQLite's: other processes know nothing of this queue.
#[derive(Debug)]
pub(crate) struct Turns(Arc<Semaphore>);

/// Somebody's turn, for as long as it lives.
#[must_use]
pub(crate) struct Turn {
    _permit: Option<OwnedSemaphorePermit>,
    /// What keeps the place open.
    _lease: Option<Box<dyn Send + Sync>>,
    /// What keeps the tenant from being moved.
    hold: Option<Hold>,
}

impl Turn {
    /// Where others don't wait.
    pub(crate) const fn free() -> Self {
        Self { _permit: None, _lease: None, hold: None }
    }

    /// With what keeps the place open, and the tenant there.
    pub(super) fn holding<DB: TenantDatabase>(self, lease: Option<Lease<DB>>, hold: Option<Hold>) -> Self {
        Self { _lease: lease.map(|lease| Box::new(lease) as Box<dyn Send + Sync>), hold, ..self }
    }

    /// Whether the tenant can't be moved meanwhile.
    pub(crate) const fn is_holding(&self) -> bool {
        self.hold.is_some()
    }
}

/// Who waits longer has most likely to wait for itself, as a write beside one's own transaction does. The database
/// then says so.
const PATIENCE: Duration = Duration::from_secs(5);

impl Turns {
    pub(super) fn new() -> Self {
        Self(Arc::new(Semaphore::new(1)))
    }

    pub(super) async fn wait<DB: TenantDatabase>(&self) -> Turn {
        if !DB::ONE_WRITER {
            return Turn::free();
        }
        let turn = tokio::time::timeout(PATIENCE, Arc::clone(&self.0).acquire_owned()).await;
        Turn { _permit: turn.ok().and_then(Result::ok), ..Turn::free() }
    }
}
