use std::{sync::Arc, time::Duration};

use sqlx::Pool;
use tenant::{ConfigStore, DbConfigManager, ManualClock, TenantConfig, TenantDb, TenantStatus, UnixTime};

use super::{
    bulk::Bulk,
    plan::{DAY, Plan, Share},
    progress::Progress,
};
use crate::BoxError;

/// Creates the tenants, one after the other in the days before all else, as an operator does.
pub(super) async fn create<DB: Bulk>(pool: &Pool<DB>, plan: &Plan, shares: &[Share]) -> Result<(), BoxError> {
    let begins = u64::try_from(plan.begins() - 30 * DAY)?;
    let clock = Arc::new(ManualClock::starting_at(UnixTime::from_nanos(begins * 1_000)));
    let step = Duration::from_secs(30 * 86_400) / u32::try_from(shares.len().max(1))?;
    let db = TenantDb::<DB>::builder(pool.clone()).clock(Arc::<ManualClock>::clone(&clock)).build().await?;
    let configs = DbConfigManager::new(&db);
    let mut progress = Progress::of("tenants", shares.len() as u64);
    for share in shares {
        configs.create(config(share)?).await?;
        clock.advance(step);
        progress.done(1);
    }
    progress.end();
    Ok(())
}

fn config(share: &Share) -> Result<TenantConfig, BoxError> {
    let number = share.number;
    let config = TenantConfig::builder(share.tenant)
        .name(format!("Organisation {number}"))
        .plan(Some(plan_for(share.users.end - share.users.start).to_owned()))
        .hosts([format!("{}.customers.example", share.tenant)])
        .requests_per_minute(1_000)
        .feature("reports", number.is_multiple_of(3));
    let config = match number % 50 {
        49 => config.status(TenantStatus::Suspended),
        _ => config,
    };
    Ok(config.build()?)
}

/// The smallest with seats enough.
fn plan_for(users: u64) -> &'static str {
    match users {
        ..=3 => "free",
        4..=10 => "starter",
        11..=50 => "pro",
        _ => "enterprise",
    }
}
