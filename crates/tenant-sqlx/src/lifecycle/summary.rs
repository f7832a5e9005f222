use std::path::Path;

use tenant_core::TenantId;

use super::{LifecycleError, LifecycleErrorKind};
use crate::archive::{Archive, Manifest};

/// What is in an archive.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ArchiveSummary {
    /// Whose rows these are.
    pub tenant: TenantId,
    /// The tables, and how many rows each has.
    pub tables: Vec<(String, u64)>,
}

impl ArchiveSummary {
    /// Looks at all of an archive, as an import does before it writes.
    ///
    /// # Errors
    /// The file can't be read, is damaged, or is no archive.
    pub async fn read(path: &Path) -> Result<Self, LifecycleError> {
        Self::of(&Archive::open(path).await?.manifest)
    }

    /// How many rows there are.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.tables.iter().map(|(_, rows)| rows).sum()
    }

    pub(super) fn of(manifest: &Manifest) -> Result<Self, LifecycleError> {
        let problem = "the manifest names no tenant";
        let tenant = TenantId::parse(&manifest.tenant_id);
        let tenant = tenant.map_err(|_| LifecycleErrorKind::Archive { problem })?;
        let tables = manifest.tables.iter().map(|table| (table.name.clone(), table.rows)).collect();
        Ok(Self { tenant, tables })
    }
}
