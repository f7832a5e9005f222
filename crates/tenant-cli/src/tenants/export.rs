use std::path::PathBuf;

use clap::Args;
use serde_json::{Value, json};
use tenant_core::TenantId;
use tenant_sqlx::{DbConfigManager, LifecycleError, TenantDatabase, TenantDb};

use super::{
    bar::Bar,
    place::{Place, Task, tenant},
};

/// Passwords, sessions, API keys and invitations stay behind.
#[derive(Args)]
pub(crate) struct Arguments {
    /// Whose rows.
    #[arg(value_name = "ID", value_parser = tenant)]
    id: TenantId,
    /// The archive, which only you may read; one that is there is written over once the new one is whole.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
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
        let report = db.export_tenant(configs, &self.id, &self.out, &|progress| bar.show(progress)).await?;
        let (rows, tables, bytes) = (report.archive.rows(), report.archive.tables.len(), report.bytes);
        let text = format!("{}: {rows} rows of {tables} tables, {bytes} bytes", self.id);
        Ok((
            text,
            json!({ "done": true, "tenant_id": self.id, "rows": rows, "tables": tables, "bytes": bytes }),
        ))
    }
}
