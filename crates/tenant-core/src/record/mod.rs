//! A tenant as it lives in this process: its config, its compiled limits, and whether it is still served.

mod phases;

use std::{
    any::Any,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use parking_lot::Mutex;

pub use self::phases::LimitPhase;
use self::phases::Phases;
use crate::{Placement, TenantConfig, TenantId, Timestamp, UnixTime, quota::Limits, settings::EdgeSettings};

/// One tenant's config, ready for use, shared by everyone who serves it.
///
/// Config managers hand it out; contexts hold on to it, so that policy and quota need no second lookup.
/// A newer config of the same tenant is made with [`TenantRecord::succeed`], which tells the contexts of the
/// older one when the tenant is no longer served.
#[derive(Debug)]
pub struct TenantRecord {
    config: TenantConfig,
    phases: Phases,
    settings: EdgeSettings,
    liveness: Arc<Liveness>,
    /// The moves that were known of when it was made.
    moves: u64,
    edge: QuotaSlot,
    place: QuotaSlot,
}

impl TenantRecord {
    /// The first record of a tenant in this process.
    #[must_use]
    pub fn new(config: TenantConfig) -> Self {
        let liveness = Arc::new(Liveness::new(&config));
        Self::with_liveness(config, liveness)
    }

    /// The record of a newer config of the same tenant. From now on contexts of this record are served or not
    /// as `config` says. A tenant that was created anew under the same id shares nothing with the old one.
    #[must_use]
    pub fn succeed(&self, config: TenantConfig) -> Self {
        Self::resume(config, &self.liveness)
    }

    /// The record of a config whose tenant was alive in this process before.
    pub(crate) fn resume(config: TenantConfig, liveness: &Arc<Liveness>) -> Self {
        if liveness.learn(&config) {
            return Self::with_liveness(config, Arc::clone(liveness));
        }
        Self::new(config)
    }

    /// Counts by these limits, and not by those that the config amounts to by itself: a config manager that knows the
    /// plans merges them in with [`Plans::limits`](crate::Plans::limits). What the config's boosts add comes on top.
    #[must_use]
    pub fn with_limits(mut self, limits: Limits) -> Self {
        self.phases = Phases::of(limits, &self.config.boosts);
        // What others keep here was made of the limits before.
        self.edge = QuotaSlot::default();
        self
    }

    /// Marks the tenant as gone: every context of it, older records' included, is refused from now on.
    pub fn retire(&self) {
        self.liveness.retire();
    }

    fn with_liveness(config: TenantConfig, liveness: Arc<Liveness>) -> Self {
        let phases = Phases::of(Limits::of(&config), &config.boosts);
        let settings = EdgeSettings::of(&config);
        let moves = liveness.moves_of(&config);
        let [edge, place] = [(); 2].map(|()| QuotaSlot::default());
        Self { config, phases, settings, liveness, moves, edge, place }
    }

    pub(crate) const fn liveness(&self) -> &Arc<Liveness> {
        &self.liveness
    }

    /// The tenant's id.
    #[inline]
    #[must_use]
    pub const fn id(&self) -> &TenantId {
        &self.config.tenant_id
    }

    /// The tenant's config.
    #[inline]
    #[must_use]
    pub const fn config(&self) -> &TenantConfig {
        &self.config
    }

    /// The limits that the config amounts to without its boosts, with those of its plan where the config manager knows the
    /// plans. What holds at a moment, [`TenantRecord::limits_at`] tells.
    #[inline]
    #[must_use]
    pub const fn limits(&self) -> &Arc<Limits> {
        self.phases.unboosted.limits()
    }

    /// The limits that hold at a moment: those of [`TenantRecord::limits`], raised by the boosts that still run.
    #[inline]
    #[must_use]
    pub fn limits_at(&self, now: UnixTime) -> &Arc<Limits> {
        self.phases.at(|| now).limits()
    }

    /// The limits that hold, for who counts by them. The time is asked for only where the tenant has boosts.
    #[inline]
    #[must_use]
    pub fn phase(&self, now: impl FnOnce() -> UnixTime) -> &LimitPhase {
        self.phases.at(now)
    }

    /// What the config's settings tell the edge.
    #[inline]
    #[must_use]
    pub const fn edge_settings(&self) -> &EdgeSettings {
        &self.settings
    }

    /// Whether the tenant is served, as far as this process knows.
    #[inline]
    #[must_use]
    pub fn is_live(&self) -> bool {
        self.liveness.is_live()
    }

    /// Whether the tenant lives where its config says, as far as this process knows: it is not being moved, and has not
    /// been moved since the config was read.
    #[inline]
    #[must_use]
    pub fn is_settled(&self) -> bool {
        !self.config.is_moving && self.liveness.moves.load(Ordering::Acquire) == self.moves
    }

    /// Where a quota manager keeps its handle to the tenant's counts by [`TenantRecord::limits`], so that a check needs no
    /// lookup. One that lets boosts through takes the slot of the [`phase`](TenantRecord::phase).
    #[inline]
    #[must_use]
    pub const fn quota_slot(&self) -> &QuotaSlot {
        self.phases.unboosted.quota_slot()
    }

    /// Where the edge keeps what it has rendered from the config, so that it does so once per config.
    #[inline]
    #[must_use]
    pub const fn edge_slot(&self) -> &QuotaSlot {
        &self.edge
    }

    /// Where a database keeps what the config's placement amounts to, so that it looks it up once per config.
    #[inline]
    #[must_use]
    pub const fn place_slot(&self) -> &QuotaSlot {
        &self.place
    }
}

/// Whether a tenant is served: one flag for all records of one tenant, so that the contexts of an older one hear
/// of it too.
#[derive(Debug)]
pub(crate) struct Liveness {
    live: AtomicBool,
    newest: Mutex<Newest>,
    /// Counts how often the place was another, or about to be.
    moves: AtomicU64,
    created_at: Timestamp,
}

/// What the newest config says that was seen.
#[derive(Debug)]
struct Newest {
    revision: u64,
    placement: Placement,
    is_moving: bool,
}

impl Newest {
    fn of(config: &TenantConfig) -> Self {
        let TenantConfig { revision, placement, is_moving, .. } = config;
        Self { revision: *revision, placement: placement.clone(), is_moving: *is_moving }
    }

    fn is_where(&self, config: &TenantConfig) -> bool {
        self.placement == config.placement && self.is_moving == config.is_moving
    }
}

/// The number of no move: a config that is older than the newest one, and says otherwise.
const OUTDATED: u64 = u64::MAX;

impl Liveness {
    fn new(config: &TenantConfig) -> Self {
        Self {
            live: AtomicBool::new(config.status.is_active()),
            newest: Mutex::new(Newest::of(config)),
            moves: AtomicU64::new(0),
            created_at: config.created_at,
        }
    }

    /// Takes over what a config says, unless a newer one has been seen. Answers `false` (and ends the tenant it
    /// stood for) where the config is of another tenant that was created under the same id.
    fn learn(&self, config: &TenantConfig) -> bool {
        if config.created_at != self.created_at {
            self.retire();
            return false;
        }
        let mut newest = self.newest.lock();
        if config.revision >= newest.revision {
            if !newest.is_where(config) {
                self.moves.fetch_add(1, Ordering::AcqRel);
            }
            *newest = Newest::of(config);
            self.live.store(config.status.is_active(), Ordering::Release);
        }
        true
    }

    fn moves_of(&self, config: &TenantConfig) -> u64 {
        let newest = self.newest.lock();
        if newest.is_where(config) { self.moves.load(Ordering::Acquire) } else { OUTDATED }
    }

    pub(crate) fn retire(&self) {
        self.live.store(false, Ordering::Release);
    }

    #[inline]
    fn is_live(&self) -> bool {
        self.live.load(Ordering::Acquire)
    }
}

/// A place on a [`TenantRecord`] for one quota manager's handle.
///
/// It belongs to the manager that comes first; a second manager finds it taken and uses its own map.
#[derive(Debug, Default)]
pub struct QuotaSlot(OnceLock<(u64, Arc<dyn Any + Send + Sync>)>);

impl QuotaSlot {
    /// The handle of the manager with this number, put there by `init` if the slot is empty; `None` if the slot
    /// belongs to another manager or holds another type.
    #[inline]
    pub fn get_or_init<T: Any + Send + Sync>(
        &self,
        manager: u64,
        init: impl FnOnce() -> Arc<T>,
    ) -> Option<&T> {
        let (owner, handle) = self.0.get_or_init(|| (manager, init()));
        if *owner != manager {
            return None;
        }
        handle.downcast_ref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::TenantStatus;

    #[inline]
    fn config(status: TenantStatus) -> TenantConfig {
        TenantConfig::builder(TenantId::parse("acme").unwrap()).status(status).build().unwrap()
    }

    #[test]
    fn a_successor_tells_the_older_record() {
        let first = TenantRecord::new(config(TenantStatus::Active));
        let second = first.succeed(config(TenantStatus::Suspended));
        assert!(!first.is_live() && !second.is_live());
        let third = second.succeed(config(TenantStatus::Active));
        assert!(first.is_live() && third.is_live());
    }

    fn at(revision: u64, placement: Placement, is_moving: bool) -> TenantConfig {
        let mut config = config(TenantStatus::Active);
        (config.revision, config.placement, config.is_moving) = (revision, placement, is_moving);
        config
    }

    #[test]
    fn contexts_hear_that_the_tenant_moves_and_has_moved() {
        let there = Placement::Database(crate::PlaceName::parse("t_1").unwrap());
        let first = TenantRecord::new(at(1, Placement::Shared, false));
        assert!(first.is_settled());
        let moving = first.succeed(at(2, Placement::Shared, true));
        assert!(!first.is_settled() && !moving.is_settled());
        let moved = moving.succeed(at(3, there.clone(), false));
        assert!(moved.is_settled() && !first.is_settled() && !moving.is_settled());
        // Somebody reads an older config behind everybody's back.
        assert!(!moved.succeed(at(1, Placement::Shared, false)).is_settled());
        assert!(moved.is_settled());
        // Back again is not where it was before: what was known then is asked for anew.
        let back = moved.succeed(at(4, Placement::Shared, false));
        assert!(back.is_settled() && !first.is_settled() && !moved.is_settled());
    }

    #[test]
    fn a_tenant_created_anew_does_not_revive_contexts_of_the_old_one() {
        let old = TenantRecord::new(config(TenantStatus::Active));
        let mut anew = config(TenantStatus::Active);
        anew.created_at = Timestamp::from_unix_micros(1);
        assert!(old.succeed(anew).is_live());
        assert!(!old.is_live());
    }

    #[test]
    fn a_slot_belongs_to_the_manager_that_came_first() {
        let slot = QuotaSlot::default();
        assert_eq!(slot.get_or_init(1, || Arc::new(7_u32)), Some(&7));
        assert_eq!(slot.get_or_init(2, || Arc::new(8_u32)), None);
        assert_eq!(slot.get_or_init(1, || Arc::new(9_u32)), Some(&7));
    }
}
