//! How a tenant is moved.

use std::{fmt, sync::Arc, time::Duration};

use tenant_core::{ConfigAnnouncer, Placement};

/// How a tenant is moved.
#[derive(Clone)]
#[must_use]
pub struct MoveOptions {
    pub(super) grace: Duration,
    pub(super) batch: usize,
    pub(super) announcer: Option<Arc<dyn ConfigAnnouncer>>,
    pub(super) listener: Option<Listener>,
}

type Listener = Arc<dyn Fn(MoveStep) + Send + Sync>;

/// A step of a move that is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum MoveStep {
    /// The move is written down, and the config says that the tenant moves.
    Begun,
    /// The place is there, with its tables.
    Provisioned,
    /// The rows are there as they were at some moment.
    Copied,
    /// Every process knows by now that the tenant moves.
    Known,
    /// From now on its writes wait.
    Paused,
    /// Every row is the same in both places.
    Verified,
    /// It lives there, and its writes go on.
    Switched,
    /// Its rows are gone where they were.
    Erased,
}

/// What was moved.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct MoveReport {
    /// Where the tenant was.
    pub from: Placement,
    /// Where it is.
    pub to: Placement,
    /// The rows of each table that were found the same in both places, with a hash (SHA-256) over all of them.
    pub tables: Vec<(String, u64, String)>,
    /// How long its writes waited.
    pub pause: Duration,
}

impl MoveOptions {
    /// With a grace of six minutes, and 1 000 rows at a time.
    pub fn new() -> Self {
        Self { grace: Duration::from_secs(360), batch: 1_000, announcer: None, listener: None }
    }

    /// How long it takes at most until every process knows what a config says, and has ended what it does by an older
    /// one: longer than the time for which configs are cached, and than the longest statement. A transaction that was open
    /// before is not committed once the tenant has moved ([`Moved`](crate::Moved)), nor is a write sent that had to wait; a
    /// statement that runs by itself can't be called back.
    pub const fn grace(mut self, grace: Duration) -> Self {
        self.grace = grace;
        self
    }

    /// How many rows are read at a time.
    pub fn batch(mut self, rows: usize) -> Self {
        self.batch = rows.max(1);
        self
    }

    /// Who tells the other processes that the config has changed.
    pub fn announcer(mut self, announcer: Arc<dyn ConfigAnnouncer>) -> Self {
        self.announcer = Some(announcer);
        self
    }

    /// Who hears of each step.
    pub fn on_step(mut self, listener: impl Fn(MoveStep) + Send + Sync + 'static) -> Self {
        self.listener = Some(Arc::new(listener));
        self
    }

    pub(super) fn tell(&self, step: MoveStep) {
        if let Some(listener) = &self.listener {
            listener(step);
        }
    }
}

impl Default for MoveOptions {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for MoveOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MoveOptions")
            .field("grace", &self.grace)
            .field("batch", &self.batch)
            .finish_non_exhaustive()
    }
}
