//! Migrations of all places where tenants live.

mod books;
mod known;
mod report;
mod visit;
mod waves;

use std::fmt;

use sqlx::migrate::Migrator;
use tenant_core::Placement;

pub use self::report::{Drift, FleetProgress, FleetReport, PlaceReport, PlaceState};
use self::{books::Books, known::Known};
pub(crate) use self::{
    books::hex,
    known::{RECORD, forget},
};
use crate::{DbConfigManager, TenantDb, driver::TenantDatabase};

/// Brings all places where tenants live up to date: the tables of all, the shards, and each schema and database that a
/// tenant's config names.
///
/// What is known of each place is kept beside the configs, in the table `tenant_places`: a place whose fingerprint is
/// that of these migrations is not even opened, and where all of them are, one query has told so. The others are migrated
/// in waves: first one place alone, the canary, and then so many at a time. The tables of all are the last.
///
/// It may be stopped at any moment, killed, and run by several processes at once: each place's own book of migrations is
/// the truth, and who migrates a place holds a lock on it. On MySQL a migration that was under way stays half done, as
/// changes of the schema can't be undone there: the place is then reported as [`Drift::HalfDone`] and left alone.
///
/// # Example
/// ```
/// # #[cfg(feature = "postgres")]
/// async fn deploy(db: &tenant_sqlx::TenantDb<sqlx::Postgres>) -> Result<(), Box<dyn std::error::Error>> {
///     use sqlx::migrate::Migrator;
///     use tenant_sqlx::{DbConfigManager, Fleet};
///
///     let migrator = Migrator::new(std::path::Path::new("migrations")).await?;
///     let report = Fleet::new(&DbConfigManager::new(db), &migrator).concurrency(8).migrate().await?;
///     if !report.is_current() {
///         return Err("not all places are up to date".into());
///     }
///     Ok(())
/// }
/// ```
#[must_use]
pub struct Fleet<'a, DB: TenantDatabase> {
    db: TenantDb<DB>,
    migrator: &'a Migrator,
    books: Books,
    canary: Option<Placement>,
    wave: usize,
    concurrency: usize,
    goes_on: bool,
    fills_gaps: bool,
    trusts: bool,
    progress: Listener<'a>,
}

type Listener<'a> = Box<dyn Fn(&FleetProgress) + Send + Sync + 'a>;

impl<'a, DB: TenantDatabase> Fleet<'a, DB> {
    /// The places of these tenants, and what is to be applied to each.
    pub fn new(configs: &DbConfigManager<DB>, migrator: &'a Migrator) -> Self {
        Self {
            db: configs.db.clone(),
            migrator,
            books: Books::of::<DB>(migrator),
            canary: None,
            wave: 50,
            concurrency: 4,
            goes_on: false,
            fills_gaps: false,
            trusts: true,
            progress: Box::new(|_| ()),
        }
    }

    /// The place that comes first and alone (default: the first of those that have to be migrated). It is no canary where
    /// it is up to date already.
    pub fn canary(mut self, placement: Placement) -> Self {
        self.canary = Some(placement);
        self
    }

    /// How many places make a wave after the canary (default 50). A wave begins when all of the one before it is done.
    pub fn wave(mut self, places: usize) -> Self {
        self.wave = places.max(1);
        self
    }

    /// How many places are migrated at a time (default 4), each over a connection of its own, which no budget counts.
    pub fn concurrency(mut self, places: usize) -> Self {
        self.concurrency = places.max(1);
        self
    }

    /// Goes on with the others where a place fails (default: nothing more is begun, and what is under way is ended).
    pub fn keep_going(mut self) -> Self {
        self.goes_on = true;
        self
    }

    /// Applies migrations that are older than the last one that a place has, as those of two branches that were merged
    /// may be (default: such a place is reported as [`Drift::Gap`]).
    pub fn fill_gaps(mut self) -> Self {
        self.fills_gaps = true;
        self
    }

    /// Looks into the books of all places (default: of those that are not known to be up to date). A place that was
    /// restored from an older copy is found by nothing else.
    pub fn look_everywhere(mut self) -> Self {
        self.trusts = false;
        self
    }

    /// Who hears of each place as it is done.
    pub fn on_progress(mut self, listener: impl Fn(&FleetProgress) + Send + Sync + 'a) -> Self {
        self.progress = Box::new(listener);
        self
    }

    /// The places there are.
    ///
    /// # Errors
    /// They can't be listed.
    pub async fn places(&self) -> Result<Vec<Placement>, sqlx::Error> {
        Ok(self.known().await?.0.into_keys().collect())
    }

    /// Tells how each place stands, and in which wave it would be; changes nothing. The places that tenants' configs name
    /// are known where the framework's own tables are.
    ///
    /// # Errors
    /// The places can't be listed, or a canary is named that is none of them. That one of them can't be read is in the report.
    pub async fn inspect(&self) -> Result<FleetReport, sqlx::Error> {
        self.inspect_all(self.known().await?).await
    }

    /// Where the framework's tables are not there yet, the tables of all are behind, and nobody lives elsewhere.
    async fn known(&self) -> Result<Known, sqlx::Error> {
        Ok(Known::read(&self.db).await?.unwrap_or_else(|| Known::of(&self.db)))
    }

    /// Migrates what is not up to date. Creates the framework's own tables where they are missing.
    ///
    /// # Errors
    /// The places can't be listed, the framework's own tables can't be created, or a canary is named that is none of the
    /// places. That one of them can't be migrated is in the report.
    pub async fn migrate(&self) -> Result<FleetReport, sqlx::Error> {
        let made = match Known::read(&self.db).await? {
            Some(_) => Vec::new(),
            None => self.db.apply_to_tenants().await?,
        };
        let mut report = self.migrate_all(self.known().await?).await?;
        for place in report.places.iter_mut().filter(|place| place.placement.is_shared() && !made.is_empty())
        {
            if place.state == PlaceState::Current {
                place.state = PlaceState::Migrated { versions: Vec::new() };
            }
        }
        Ok(report)
    }
}

impl<DB: TenantDatabase> fmt::Debug for Fleet<'_, DB> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fleet").field("db", &self.db).finish_non_exhaustive()
    }
}
