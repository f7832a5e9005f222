use std::path::PathBuf;

use clap::Args;
use serde_json::{Value, json};
use tenant_core::{DatabaseKey, TenantId};
use tenant_sqlx::{DbConfigManager, ImportOptions, LifecycleError, TenantDatabase, TenantDb};

use super::{
    bar::Bar,
    place::{Place, Task, key, tenant},
};

/// The tables have to be there. Members are told by their number: they are to be invited.
#[derive(Args)]
pub(crate) struct Arguments {
    /// The archive.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Under this id, rather than the archive's.
    #[arg(long = "as", value_name = "ID", value_parser = tenant)]
    id: Option<TenantId>,
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
        let mut options = ImportOptions::new();
        if let Some(id) = self.id {
            options = options.tenant(id);
        }
        if let Some(key) = self.key {
            options = options.database_key(key);
        }
        let report = db.import_tenant(configs, &self.file, &options, &|progress| bar.show(progress)).await?;
        let (id, rows, people) = (report.tenant, report.archive.rows(), report.people.len());
        let text = format!("{id}: {rows} rows; {people} people are to be invited");
        Ok((text, json!({ "done": true, "tenant_id": id, "rows": rows, "people": people })))
    }
}
