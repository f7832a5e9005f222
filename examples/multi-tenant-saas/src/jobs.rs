//! What takes long: exports, imports, purges of tenants.

use std::{fmt, path::PathBuf, sync::Arc};

use futures_util::FutureExt;
use sqlx::Sqlite;
use tenant::{
    AdmissionError, Clock, ConfigAnnouncer, ConfigChange, DbConfigManager, DbJobs, DbLifecycle, Invitee,
    PurgeOptions, TenantContext, TenantDb, TenantId,
    control::{JobRunner, NewInvitation, Organisations},
    jobs::{JobFailure, JobWork, Residue},
    organisations::{Actor, OrganisationErrorKind},
};
use tokio::sync::Semaphore;

use crate::{
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
        shared: Option<&Shared>,
        organisations: &Organisations,
        kept: impl IntoIterator<Item = Arc<dyn Residue>>,
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
        let purge = kept.into_iter().fold(PurgeOptions::new(), PurgeOptions::residue);
        let work = DbLifecycle::new(db, own, &settings.archive_dir).purging(purge).on_change(changed);
        let (organisations, configs) = (organisations.clone(), Arc::clone(configs));
        let work = work.inviting(move |tenant, people| {
            invite(organisations.clone(), Arc::clone(&configs), tenant, people).boxed()
        });
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

/// Who was a member where a tenant came from is asked to come along. Whoever is asked already stays so.
async fn invite(
    organisations: Organisations,
    configs: Arc<Configs>,
    tenant: TenantId,
    people: Vec<Invitee>,
) -> Result<(), JobFailure> {
    let tenant = match TenantContext::of(&*configs, &tenant).await {
        Ok(tenant) => tenant,
        Err(AdmissionError::Store(error)) => return Err(again(error)),
        // Nobody could accept: they are invited by hand once it is active.
        Err(_) => return Ok(()),
    };
    for Invitee { email, role, projects, .. } in people {
        let new = NewInvitation { email, role, projects };
        match organisations.invite(&tenant, &Actor::Operator, new).await {
            Err(error) if error.kind() == OrganisationErrorKind::Unavailable => return Err(again(error)),
            // A plan without a seat, or a domain that is not wanted: the operator sees who did not come.
            Err(error) => tracing::warn!(%error, tenant = %tenant.id(), "somebody was not invited"),
            Ok(_) => {}
        }
    }
    Ok(())
}

fn again(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> JobFailure {
    JobFailure::for_now("the people could not be invited").because(error)
}

impl fmt::Debug for Jobs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Jobs").field("runner", &self.runner).finish_non_exhaustive()
    }
}
