//! What takes long: exports, imports, purges of tenants.

use std::{fmt, path::PathBuf, sync::Arc, time::Duration};

use async_trait::async_trait;
use sqlx::Sqlite;
use tenant::{
    Clock, ConfigAnnouncer, ConfigChange, DbConfigManager, DbJobs, DbLifecycle, PurgeOptions, StoreError,
    TenantDb, TenantId,
    control::JobRunner,
    jobs::{JobWork, Residue},
};
use tokio::sync::Semaphore;

use crate::{
    analytics::Recorder,
    settings::Settings,
    shared::Shared,
    state::{Configs, settings_schema},
};

/// Adds jobs, and knows where their archives are.
pub(crate) struct Jobs {
    pub(crate) runner: JobRunner,
    work: Arc<DbLifecycle<Sqlite>>,
    /// The longest archive that is taken, in bytes.
    pub(crate) longest_import: u64,
    /// Those who send one at the same time.
    pub(crate) uploads: Semaphore,
}

const UPLOADS: usize = 4;

impl Jobs {
    pub(crate) fn new(
        settings: &Settings,
        db: &TenantDb<Sqlite>,
        clock: &Arc<dyn Clock>,
        configs: &Arc<Configs>,
        recorder: &Arc<Recorder>,
        shared: Option<&Shared>,
    ) -> Arc<Self> {
        // It keeps nothing: what requests know of tenants is forgotten below.
        let own = DbConfigManager::new(db).with_settings(settings_schema());
        let (known, announcer) = (Arc::clone(configs), shared.map(|shared| Arc::clone(shared.announcer())));
        let changed = move |id: &TenantId| {
            known.invalidate(id);
            if let Some(announcer) = &announcer {
                announcer.announce(ConfigChange::of(*id));
            }
        };
        let purge = PurgeOptions::new().residue(Arc::new(Unwritten(Arc::clone(recorder))));
        let work = DbLifecycle::new(db, own, &settings.archive_dir).purging(purge).on_change(changed);
        let work = Arc::new(work);
        let runner = JobRunner::new(Arc::new(DbJobs::new(db)), Arc::clone(&work) as Arc<dyn JobWork>);
        Arc::new(Self {
            runner: runner.with_clock(Arc::clone(clock)),
            work,
            longest_import: settings.longest_import,
            uploads: Semaphore::new(UPLOADS),
        })
    }

    /// Where the archive of a job is. The folder is there from now on.
    pub(crate) fn archive_of(&self, job_id: &str) -> std::io::Result<PathBuf> {
        self.work.make_folder()?;
        Ok(self.work.archive_of(job_id))
    }
}

impl fmt::Debug for Jobs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Jobs").field("runner", &self.runner).finish_non_exhaustive()
    }
}

/// Requests that were answered, and are not written down yet.
struct Unwritten(Arc<Recorder>);

/// A batch that is being written by now is written by then.
const WRITTEN_AFTER: Duration = Duration::from_secs(1);

#[async_trait]
impl Residue for Unwritten {
    fn name(&self) -> &str {
        "request analytics"
    }

    async fn erase(&self, tenant: &TenantId) -> Result<(), StoreError> {
        self.0.forget(tenant);
        tokio::time::sleep(WRITTEN_AFTER).await;
        Ok(())
    }

    async fn left(&self, tenant: &TenantId) -> Result<u64, StoreError> {
        Ok(u64::from(self.0.knows(tenant)))
    }
}
