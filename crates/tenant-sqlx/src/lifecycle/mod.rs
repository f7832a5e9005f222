//! A tenant's way out of a database, and into one: exported, imported, cloned, purged.

mod clone;
mod desk;
mod error;
mod export;
mod import;
mod people;
mod purge;
mod summary;
mod work;

use tenant_core::jobs::Progress;

pub use self::{
    error::{LifecycleError, LifecycleErrorKind},
    export::ExportReport,
    import::{ImportOptions, ImportReport},
    people::Invitee,
    purge::{PurgeOptions, PurgeReport},
    summary::ArchiveSummary,
    work::DbLifecycle,
};

/// Who hears how far it has come.
pub(crate) type Tell<'a> = dyn Fn(Progress) + Send + Sync + 'a;

/// Counts what is done, and tells of it now and then.
struct Meter<'a> {
    tell: &'a Tell<'a>,
    done: u64,
    total: u64,
}

const TOLD_EVERY: u64 = 500;

impl<'a> Meter<'a> {
    fn new(tell: &'a Tell<'a>, total: u64) -> Self {
        tell(Progress::new(0, total));
        Self { tell, done: 0, total }
    }

    fn add(&mut self, more: u64) {
        let before = self.done / TOLD_EVERY;
        self.done += more;
        if self.done / TOLD_EVERY > before {
            (self.tell)(Progress::new(self.done, self.total));
        }
    }

    /// What came or went meanwhile is not counted.
    fn end(&self) {
        (self.tell)(Progress::new(self.total, self.total));
    }
}
