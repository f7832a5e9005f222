use clap::Args;
use serde_json::{Map, Value, json};
use tenant_core::TenantId;
use tenant_sqlx::{DbConfigManager, LifecycleError, PurgeOptions, TenantDatabase, TenantDb};

use super::{
    bar::Bar,
    place::{Place, Task, tenant},
};

/// What a server keeps in Redis or in memory is not reached from here: have the server purge where it keeps such things.
#[derive(Args)]
pub(crate) struct Arguments {
    /// Whose rows.
    #[arg(value_name = "ID", value_parser = tenant)]
    id: TenantId,
    /// There is no way back.
    #[arg(long, required = true)]
    yes: bool,
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
        let tell = |progress| bar.show(progress);
        let report = db.purge_tenant(configs, &self.id, &PurgeOptions::new(), &tell).await?;
        let rows: u64 = report.removed.iter().map(|(_, rows)| rows).sum();
        let residue: Map<String, Value> = report.clean.iter().map(|name| (name.clone(), 0.into())).collect();
        let text = format!("{}: {rows} rows removed; nothing is left in {} tables", self.id, residue.len());
        Ok((text, json!({ "done": true, "tenant_id": self.id, "removed": rows, "residue": residue })))
    }
}
