use std::io;

use clap::Args;
use serde_json::{Value, json};
use tempfile::TempDir;
use tenant_core::{DatabaseKey, TenantId};
use tenant_sqlx::{DbConfigManager, ImportOptions, LifecycleError, TenantDatabase, TenantDb};

use super::{
    bar::Bar,
    place::{Place, Task, key, tenant},
};

/// Passwords, sessions, API keys, webhooks, hosts, members and what was used stay behind. Members are told by their number: they are
/// to be invited. In between the rows are in the folder for temporary files, where only you may read them.
#[derive(Args)]
pub(crate) struct Arguments {
    /// Whose rows.
    #[arg(value_name = "ID", value_parser = tenant)]
    id: TenantId,
    /// The id of the new tenant.
    #[arg(long = "as", value_name = "ID", value_parser = tenant)]
    target: TenantId,
    /// The number or the uuid that its rows are to carry, where tables are keyed by one.
    #[arg(long, value_name = "KEY", value_parser = key)]
    key: Option<DatabaseKey>,
    #[command(flatten)]
    pub(super) place: Place,
}

impl Task for Arguments {
    async fn run<DB: TenantDatabase>(
        &self,
        db: &TenantDb<DB>,
        configs: &DbConfigManager<DB>,
        bar: &Bar,
    ) -> Result<(String, Value), LifecycleError> {
        let scratch = scratch()?;
        let file = scratch.path().join("rows.tar");
        let mut options = ImportOptions::new().tenant(self.target);
        if let Some(key) = self.key {
            options = options.database_key(key);
        }
        let tell = |progress| bar.show(progress);
        let report = db.clone_tenant(configs, &self.id, &file, &options, &tell).await?;
        let (id, rows, people) = (report.tenant, report.archive.rows(), report.people.len());
        let text = format!("{id}: {rows} rows of {}; {people} people are to be invited", self.id);
        Ok((
            text,
            json!({ "done": true, "tenant_id": id, "source": self.id, "rows": rows, "people": people }),
        ))
    }
}

/// A folder that nobody else may look into, and that goes when this does.
fn scratch() -> io::Result<TempDir> {
    let mut builder = tempfile::Builder::new();
    builder.prefix("tenant-clone-");
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o700));
    builder.tempdir()
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn nobody_else_may_look_into_it() {
        let folder = scratch().unwrap();
        let mode = folder.path().metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o700);
    }
}
