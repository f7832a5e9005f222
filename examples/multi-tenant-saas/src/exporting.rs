//! What tenants use, told to Stripe.

use std::sync::Arc;

use sqlx::Sqlite;
use tenant::{
    Clock, ConfigStore, DbUsage, StoreError, TenantDb,
    control::{Collected, ExportAttempt, StripeMeter, UsageExports},
    usage::UsageLedger,
};

use crate::state::Configs;

/// Tells a meter what tenants use, until it is dropped: what is under way then is told again.
pub(crate) async fn keep_telling(
    meter: StripeMeter,
    db: TenantDb<Sqlite>,
    configs: Arc<Configs>,
    clock: Arc<dyn Clock>,
) {
    let store = Arc::new(DbUsage::new(&db));
    let ledger = Arc::clone(&store) as Arc<dyn UsageLedger>;
    let configs = configs as Arc<dyn ConfigStore>;
    let exports = UsageExports::builder(store, ledger, configs, Arc::new(meter)).clock(clock);
    let exports = exports.listen(log).listen_to_collected(log_collected).build();
    exports.run(std::future::pending()).await;
}

/// Neither the customer nor how much.
fn log(attempt: &ExportAttempt<'_>) {
    let (tenant, kind) = (attempt.usage.tenant, attempt.usage.series.kind.as_str());
    let (date, identifier) = (attempt.usage.date, attempt.usage.identifier);
    match attempt.outcome {
        Ok(()) => tracing::debug!(tenant.id = %tenant, kind, %date, identifier, "usage was told"),
        Err(error) => {
            tracing::warn!(%error, tenant.id = %tenant, kind, %date, identifier, "usage was not taken");
        }
    }
}

fn log_collected(collected: &Result<Collected, StoreError>) {
    match collected {
        Ok(Collected { parts, without_receiver, failed, beyond, .. }) => {
            tracing::info!(parts, without_receiver, failed, beyond, "usage to tell was collected");
        }
        Err(error) => tracing::error!(%error, "usage to tell can't be collected"),
    }
}
