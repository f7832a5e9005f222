//! A tenant made of another one.

use std::path::Path;

use tenant_core::{ConfigStore, TenantId, TenantStatus, jobs::Progress};

use super::{ImportOptions, ImportReport, LifecycleError, LifecycleErrorKind, people};
use crate::{DbConfigManager, TenantDb, driver::TenantDatabase};

impl<DB: TenantDatabase> TenantDb<DB> {
    /// Makes a tenant of another one: its config, without its hosts, the rows of every table that has the tenant column, and its
    /// projects, as all of it is at one moment. From then on they have nothing in common.
    ///
    /// Secrets stay behind, as with an [export](Self::export_tenant), and so does what the source used: it is the source's to pay.
    /// Members are not members of the clone; they are [told](ImportReport::people), and are to be invited. A source that is
    /// suspended makes a clone that is. For rows that are counted over all tenants, and for keys, the rules of
    /// [imports](Self::import_tenant) hold.
    ///
    /// The id is that of the [options](ImportOptions::tenant). The file is where the rows are in between. It stays, as whoever does
    /// this in steps reads it again; only its owner may read it.
    ///
    /// # Errors
    /// See [`LifecycleErrorKind`]. Then nothing was made.
    pub async fn clone_tenant(
        &self,
        configs: &DbConfigManager<DB>,
        source: &TenantId,
        file: &Path,
        options: &ImportOptions,
        tell: &(dyn Fn(Progress) + Send + Sync),
    ) -> Result<ImportReport, LifecycleError> {
        // Without another id it is the source's own, which exists.
        let target = options.id().unwrap_or(*source);
        if configs.fetch(&target).await?.is_some() {
            return Err(LifecycleErrorKind::Exists.into());
        }
        check_lives(configs, source).await?;
        let written = |progress: Progress| tell(Progress::new(progress.done, progress.total * 2));
        self.export_those(configs, source, file, people::is_cloned, &written).await?;
        // Who purges it has deleted it before: what was read is whole.
        check_lives(configs, source).await?;
        let read =
            |progress: Progress| tell(Progress::new(progress.total + progress.done, progress.total * 2));
        self.import_tenant(configs, file, options, &read).await
    }
}

async fn check_lives<DB: TenantDatabase>(
    configs: &DbConfigManager<DB>,
    id: &TenantId,
) -> Result<(), LifecycleError> {
    match configs.fetch(id).await?.map(|config| config.status) {
        None => Err(LifecycleErrorKind::NotFound.into()),
        Some(TenantStatus::Deleted) => Err(LifecycleErrorKind::Deleted.into()),
        Some(_) => Ok(()),
    }
}
