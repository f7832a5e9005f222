//! Jobs of a tenant's life, done.

use std::{
    fmt, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use async_trait::async_trait;
use futures_util::future::BoxFuture;
use serde_json::{Map, Value, json};
use tenant_core::{
    TenantId,
    jobs::{Job, JobFailure, JobKind, JobRun, JobWork, Progress},
};

use super::{
    ArchiveSummary, ImportOptions, ImportReport, Invitee, LifecycleError, LifecycleErrorKind, PurgeOptions,
    PurgeReport, people,
};
use crate::{DbConfigManager, TenantDb, archive::Archive, driver::TenantDatabase};

/// Exports, imports, clones and purges tenants, as jobs ask for it.
///
/// Archives lie in a folder, under the id of their job, and only their owner may read them. Where several instances run jobs, all of
/// them have to have that folder.
pub struct DbLifecycle<DB: TenantDatabase> {
    db: TenantDb<DB>,
    configs: DbConfigManager<DB>,
    folder: PathBuf,
    purge: PurgeOptions,
    changed: Option<Changed>,
    invite: Option<Invite>,
}

type Changed = Arc<dyn Fn(&TenantId) + Send + Sync>;
type Invite = Arc<dyn Fn(TenantId, Vec<Invitee>) -> BoxFuture<'static, Result<(), JobFailure>> + Send + Sync>;

/// The tenant is there, by this job.
const IMPORTED: &str = "imported";
/// The tenant was found to be deleted. From there nothing leads back, and its id is free once this job has made it so.
const PURGING: &str = "purging";

impl<DB: TenantDatabase> DbLifecycle<DB> {
    /// With archives in this folder.
    pub fn new(db: &TenantDb<DB>, configs: DbConfigManager<DB>, folder: impl Into<PathBuf>) -> Self {
        let (db, folder) = (db.clone(), folder.into());
        Self { db, configs, folder, purge: PurgeOptions::new(), changed: None, invite: None }
    }

    /// Makes the folder where it is missing, for its owner alone.
    ///
    /// # Errors
    /// It can't be made.
    pub fn make_folder(&self) -> io::Result<()> {
        let mut builder = std::fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(&self.folder)
    }

    /// Purges in this way.
    #[must_use]
    pub fn purging(self, purge: PurgeOptions) -> Self {
        Self { purge, ..self }
    }

    /// Tells of a tenant that came or went: to a cache of configs, and to other instances.
    #[must_use]
    pub fn on_change(self, changed: impl Fn(&TenantId) + Send + Sync + 'static) -> Self {
        Self { changed: Some(Arc::new(changed)), ..self }
    }

    /// Invites the people of a tenant that was imported. It may be asked again for those that it has invited already.
    #[must_use]
    pub fn inviting(
        self,
        invite: impl Fn(TenantId, Vec<Invitee>) -> BoxFuture<'static, Result<(), JobFailure>>
        + Send
        + Sync
        + 'static,
    ) -> Self {
        Self { invite: Some(Arc::new(invite)), ..self }
    }

    /// Where a job's archive is: what an export has written, or what an import is to read.
    #[must_use]
    pub fn archive_of(&self, job_id: &str) -> PathBuf {
        // An id has nothing of a path in it; one that has is nobody's.
        let plain = job_id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        self.folder.join(format!("{}.tar", if plain { job_id } else { "nothing" }))
    }

    async fn export(
        &self,
        id: &TenantId,
        file: &Path,
        run: &dyn JobRun,
    ) -> Result<Map<String, Value>, LifecycleError> {
        self.make_folder()?;
        let report = self.db.export_tenant(&self.configs, id, file, &|progress| run.tell(progress)).await?;
        let tables: Vec<Value> =
            report.archive.tables.iter().map(|(name, rows)| json!({ "name": name, "rows": rows })).collect();
        Ok(map(json!({ "bytes": report.bytes, "rows": report.archive.rows(), "tables": tables })))
    }

    /// Once, whoever dies when: the tenant and the note that it is there are one transaction.
    async fn import(&self, job: &Job, run: &dyn JobRun) -> Result<Map<String, Value>, JobFailure> {
        let file = self.archive_of(&job.job_id);
        let people = if job.checkpoint == IMPORTED {
            let mut archive = Archive::open(&file).await?;
            people::invitees(&mut archive).await?
        } else {
            self.make(job, &file, run).await?.people
        };
        self.tell_changed(&job.tenant);
        run.checkpoint(IMPORTED).await?;
        let count = people.len();
        if let Some(invite) = self.invite.as_ref().filter(|_| count > 0) {
            invite(job.tenant, people).await?;
        }
        let summary = ArchiveSummary::read(&file).await?;
        let mut result = map(json!({ "tenant_id": job.tenant, "rows": summary.rows(), "people": count }));
        if let Some(source) = &job.source {
            result.insert("source".to_owned(), json!(source));
        }
        Ok(result)
    }

    /// Of an archive that somebody sent, or of another tenant.
    async fn make(&self, job: &Job, file: &Path, run: &dyn JobRun) -> Result<ImportReport, JobFailure> {
        let options = ImportOptions::new().tenant(job.tenant).claim(run.claim().clone(), IMPORTED);
        let tell = |progress: Progress| run.tell(progress);
        let made = match (job.kind, &job.source) {
            (JobKind::Clone, None) => return Err(JobFailure::never("the job says not of whom")),
            (_, None) => self.db.import_tenant(&self.configs, file, &options, &tell).await?,
            (_, Some(source)) => {
                self.make_folder().map_err(LifecycleError::from)?;
                self.db.clone_tenant(&self.configs, source, file, &options, &tell).await?
            }
        };
        Ok(made)
    }

    async fn purge(&self, job: &Job, run: &dyn JobRun) -> Result<Map<String, Value>, JobFailure> {
        let tell = |progress: Progress| run.tell(progress);
        let is_begun = job.checkpoint == PURGING;
        if !is_begun {
            self.check_deleted(&job.tenant).await?;
            run.checkpoint(PURGING).await?;
        }
        let report = match self.db.purge_tenant(&self.configs, &job.tenant, &self.purge, &tell).await {
            Ok(report) => report,
            // Its last step was done, and whoever did it died: by now the id may be somebody else's.
            Err(error) if is_begun && is_free(&error) => {
                PurgeReport { removed: Vec::new(), clean: Vec::new() }
            }
            Err(error) => return Err(error.into()),
        };
        self.tell_changed(&job.tenant);
        let removed: u64 = report.removed.iter().map(|(_, rows)| rows).sum();
        let residue: Map<String, Value> = report.clean.into_iter().map(|name| (name, 0.into())).collect();
        Ok(map(json!({ "removed": removed, "residue": residue })))
    }

    async fn check_deleted(&self, id: &TenantId) -> Result<(), LifecycleError> {
        let config = tenant_core::ConfigStore::fetch(&self.configs, id).await?;
        match config.map(|config| config.status) {
            Some(tenant_core::TenantStatus::Deleted) => Ok(()),
            Some(_) => Err(LifecycleErrorKind::NotDeleted.into()),
            None => Err(LifecycleErrorKind::NotFound.into()),
        }
    }

    fn tell_changed(&self, id: &TenantId) {
        if let Some(changed) = &self.changed {
            changed(id);
        }
    }
}

fn is_free(error: &LifecycleError) -> bool {
    matches!(error.kind(), LifecycleErrorKind::NotFound | LifecycleErrorKind::NotDeleted)
}

fn map(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

/// Whatever is left is swept up with the job.
async fn remove(file: &Path) {
    let _ = tokio::fs::remove_file(file).await;
}

impl From<LifecycleError> for JobFailure {
    fn from(error: LifecycleError) -> Self {
        let text = error.to_string();
        let failure = if error.is_transient() { Self::for_now(text) } else { Self::never(text) };
        failure.because(error)
    }
}

#[async_trait]
impl<DB: TenantDatabase> JobWork for DbLifecycle<DB> {
    async fn run(&self, run: &dyn JobRun) -> Result<Map<String, Value>, JobFailure> {
        let job = &run.claim().job;
        match job.kind {
            JobKind::Export => Ok(self.export(&job.tenant, &self.archive_of(&job.job_id), run).await?),
            JobKind::Import | JobKind::Clone => self.import(job, run).await,
            JobKind::Purge => self.purge(job, run).await,
            _ => Err(JobFailure::never("this kind of job is not known here")),
        }
    }

    /// What was read is needed no more, what was written is.
    async fn ended(&self, job: &Job) {
        if matches!(job.kind, JobKind::Import | JobKind::Clone) {
            self.forget(&job.job_id).await;
        }
    }

    async fn forget(&self, job_id: &str) {
        let file = self.archive_of(job_id);
        remove(&super::export::beside(&file)).await;
        remove(&file).await;
    }
}

impl<DB: TenantDatabase> fmt::Debug for DbLifecycle<DB> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DbLifecycle")
            .field("db", &self.db)
            .field("purge", &self.purge)
            .finish_non_exhaustive()
    }
}
