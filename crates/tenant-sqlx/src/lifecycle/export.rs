//! All that is a tenant's, as it is at one moment, in one file.

use std::path::{Path, PathBuf};

use futures_util::TryStreamExt;
use tenant_core::{ConfigStore, TenantConfig, TenantId, Timestamp};

use super::{
    ArchiveSummary, LifecycleError, LifecycleErrorKind, Meter, Tell,
    desk::{Desk, Which, form, unread},
    people,
};
use crate::{
    DbConfigManager, TenantDb,
    archive::{ArchiveWriter, FORMAT, LONGEST_LINE, Manifest, is_plain, write_line},
    driver::{TenantDatabase, archiving::Form},
    moving::Table,
    statement::trusted,
};

/// What was exported.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ExportReport {
    /// What is in the archive.
    pub archive: ArchiveSummary,
    /// How long it is, in bytes.
    pub bytes: u64,
}

impl<DB: TenantDatabase> TenantDb<DB> {
    /// Writes all that is a tenant's into an archive: its config, the rows of every table that has the tenant column, projects,
    /// usage, and who its members are. All of it is as it was at one moment, where it lives in the tables of all; a place of its
    /// own is read at a moment of its own. Secrets stay behind: passwords, sessions, API keys, invitations, and the hosts, which
    /// are the deployment's.
    ///
    /// The file is there once it is whole. One row at a time is held in memory.
    ///
    /// # Errors
    /// See [`LifecycleErrorKind`].
    pub async fn export_tenant(
        &self,
        configs: &DbConfigManager<DB>,
        id: &TenantId,
        file: &Path,
        tell: &(dyn Fn(tenant_core::jobs::Progress) + Send + Sync),
    ) -> Result<ExportReport, LifecycleError> {
        self.export_those(configs, id, file, people::is_kept, tell).await
    }

    /// With those of the framework's own tables.
    pub(super) async fn export_those(
        &self,
        configs: &DbConfigManager<DB>,
        id: &TenantId,
        file: &Path,
        own: fn(&str) -> bool,
        tell: &Tell<'_>,
    ) -> Result<ExportReport, LifecycleError> {
        let config = configs.fetch(id).await?.ok_or(LifecycleErrorKind::NotFound)?;
        if config.is_moving {
            return Err(LifecycleErrorKind::Moving.into());
        }
        let part = beside(file);
        let done = self.export_to(&config, &part, own, tell).await;
        let report = match done {
            Ok(report) => report,
            Err(error) => {
                // Whoever tries again writes over it.
                let _ = tokio::fs::remove_file(&part).await;
                return Err(error);
            }
        };
        tokio::fs::rename(&part, file).await?;
        Ok(report)
    }

    async fn export_to(
        &self,
        config: &TenantConfig,
        file: &Path,
        own: fn(&str) -> bool,
        tell: &Tell<'_>,
    ) -> Result<ExportReport, LifecycleError> {
        let is_shared = config.placement.is_shared();
        let own = Which { application: is_shared, own };
        let mut desks = vec![Desk::open(self, &tenant_core::Placement::Shared, config, own).await?];
        if !is_shared {
            let rows = Which { application: true, own: |_| false };
            desks.push(Desk::open(self, &config.placement, config, rows).await?);
        }
        for desk in &mut desks {
            desk.run(DB::ARCHIVING.begin_read).await?;
        }
        let now = Timestamp::from(self.clock().unix());
        let mut total = 0;
        for desk in &mut desks {
            total += desk.counts().await?.iter().map(|(_, rows)| rows).sum::<u64>();
        }
        let mut export =
            Export { writer: ArchiveWriter::create(file).await?, meter: Meter::new(tell, total) };
        export.config(config).await?;
        if let Some(own) = desks.first_mut() {
            for (table, sql) in [people::members(own.id()), people::teams(own.id())] {
                export.table(own, &table, sql).await?;
            }
        }
        for desk in &mut desks {
            for table in desk.tables.clone() {
                let sql = desk.all_rows(&table);
                export.table(desk, &table, sql).await?;
            }
        }
        for desk in desks {
            desk.close().await?;
        }
        export.meter.end();
        let manifest = export.writer.finish(self.manifest(config, now)?).await?;
        let bytes = tokio::fs::metadata(file).await?.len();
        Ok(ExportReport { archive: ArchiveSummary::of(&manifest)?, bytes })
    }

    fn manifest(&self, config: &TenantConfig, now: Timestamp) -> Result<Manifest, LifecycleError> {
        Ok(Manifest {
            format: FORMAT,
            database: DB::ARCHIVING.name.to_owned(),
            tenant_id: config.tenant_id.as_str().to_owned(),
            tenant_key: super::import::key(&self.value_of(config)?),
            exported_at: now.to_string(),
            tables: Vec::new(),
        })
    }
}

struct Export<'a> {
    writer: ArchiveWriter,
    meter: Meter<'a>,
}

impl Export<'_> {
    /// The config, as it is read and written everywhere.
    async fn config(&mut self, config: &TenantConfig) -> Result<(), LifecycleError> {
        let line = serde_json::to_vec(config);
        let line = line.map_err(|error| LifecycleError::with(LifecycleErrorKind::Config, error))?;
        self.writer.begin(people::CONFIG).await?;
        self.writer.line(line).await?;
        Ok(self.writer.end().await?)
    }

    async fn table<DB: TenantDatabase>(
        &mut self,
        desk: &mut Desk<DB>,
        table: &Table,
        sql: String,
    ) -> Result<(), LifecycleError> {
        let unkept = |column: Option<&str>| LifecycleErrorKind::Unkept {
            table: table.name.clone(),
            column: column.map(str::to_owned),
        };
        if !is_plain(&table.name) {
            return Err(unkept(None).into());
        }
        let forms: Vec<(&str, Form)> =
            table.columns.iter().map(|column| (column.name.as_str(), form::<DB>(column))).collect();
        self.writer.begin(&table.name).await?;
        let mut rows = DB::texts(&mut desk.connection, trusted(sql));
        while let Some(row) = rows.try_next().await.map_err(|error| unread(table, error))? {
            let values = forms.iter().zip(&row).map(|((name, form), text)| (*name, *form, text));
            let line = write_line(values).map_err(|column| unkept(Some(column)))?;
            // What an import would not read is not written.
            if line.len() >= LONGEST_LINE {
                return Err(unkept(None).into());
            }
            self.writer.line(line).await?;
            self.meter.add(1);
        }
        drop(rows);
        Ok(self.writer.end().await?)
    }
}

/// Where the file is until it is whole.
pub(super) fn beside(file: &Path) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".part");
    name.into()
}
