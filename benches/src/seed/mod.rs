//! A control plane of any size, to be measured: what organisations, people, meters and the audit log would have written.
//!
//! Tenants are created and events sealed by the framework itself; the rest goes into its tables many rows at a time. Tests hold
//! what is there against what the framework writes where it is told the same.

mod audit;
mod bulk;
mod chance;
mod members;
mod plan;
mod progress;
mod tenants;
mod usage;
mod writer;

use tenant::{TenantDb, auth::Passwords};

pub use self::{
    bulk::{Bulk, Cell, Table},
    plan::{Plan, Size},
};
use crate::BoxError;

/// What all people can sign in with, where they are given a password.
pub const PASSWORD: &str = "seeded-password";

/// Fills a database.
///
/// # Errors
/// It can't be opened, holds tenants already and that was not expected, or failed; or there are fewer users than tenants.
pub async fn seed<DB: Bulk>(
    url: &str,
    plan: &Plan,
    add_to_what_is_there: bool,
    with_passwords: bool,
) -> Result<(), BoxError> {
    let shares = plan.shares()?;
    let pool = DB::pool(url).await?;
    let db = TenantDb::<DB>::builder(pool.clone()).build().await?;
    db.migrate_tenants().await?;
    if !add_to_what_is_there && !is_empty::<DB>(&pool).await? {
        return Err("the database is not empty: --add adds to what is there, with another --seed".into());
    }
    let password_hash = match with_passwords {
        true => Some(Passwords::new()?.hash(PASSWORD).await?),
        false => None,
    };
    tenants::create(&pool, plan, &shares).await?;
    members::fill(&pool, plan, &shares, password_hash.as_deref()).await?;
    usage::fill(&pool, plan, &shares).await?;
    audit::fill(&pool, plan, &shares).await?;
    DB::settle(&pool).await?;
    pool.close().await;
    Ok(())
}

async fn is_empty<DB: Bulk>(pool: &sqlx::Pool<DB>) -> sqlx::Result<bool> {
    for table in ["tenants", "tenant_people", "tenant_usage", "tenant_audit"] {
        let rows = format!("SELECT count(*) FROM (SELECT 1 FROM {table} LIMIT 1) AS found");
        if DB::number(pool, &rows).await? > 0 {
            return Ok(false);
        }
    }
    Ok(true)
}

#[cfg(test)]
mod tests;
