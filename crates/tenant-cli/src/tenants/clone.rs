use std::{env, fs, io, path::PathBuf};

use clap::Args;
use serde_json::{Value, json};
use tenant_core::{DatabaseKey, TenantId};
use tenant_sqlx::{DbConfigManager, ImportOptions, LifecycleError, TenantDatabase, TenantDb};
use uuid::Uuid;

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
        let scratch = Scratch::new()?;
        let mut options = ImportOptions::new().tenant(self.target);
        if let Some(key) = self.key {
            options = options.database_key(key);
        }
        let tell = |progress| bar.show(progress);
        let report = db.clone_tenant(configs, &self.id, &scratch.file(), &options, &tell).await?;
        let (id, rows, people) = (report.tenant, report.archive.rows(), report.people.len());
        let text = format!("{id}: {rows} rows of {}; {people} people are to be invited", self.id);
        Ok((
            text,
            json!({ "done": true, "tenant_id": id, "source": self.id, "rows": rows, "people": people }),
        ))
    }
}

/// A folder of one's own, which goes when this does.
struct Scratch(PathBuf);

impl Scratch {
    /// Nobody guesses its name, and it is an error where it is there already.
    fn new() -> io::Result<Self> {
        let folder = env::temp_dir().join(format!("tenant-clone-{}", Uuid::now_v7()));
        let mut builder = fs::DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(&folder)?;
        Ok(Self(folder))
    }

    fn file(&self) -> PathBuf {
        self.0.join("rows.tar")
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
