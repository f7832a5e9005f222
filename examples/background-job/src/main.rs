//! A job that works for one tenant after the other, outside of any request.
//!
//! Each piece of work enters its tenant and leaves it again: a context is a value, so that none can be left over from
//! the piece before.
//!
//! ```sh
//! cargo run -p example-background-job
//! ```

use tenant::{AdmissionError, Page, prelude::*};

#[tokio::main]
async fn main() -> Result<(), BoxError> {
    let db = TenantDb::<Sqlite>::connect("sqlite::memory:").await?;
    let configs = prepare(&db).await?;
    for (tenant, removed) in clean_up(&db, &configs).await? {
        println!("{tenant}: {removed} drafts removed");
    }
    Ok(())
}

/// Removes the drafts of every active tenant; says how many they were.
async fn clean_up(
    db: &TenantDb<Sqlite>,
    configs: &impl ConfigStore,
) -> Result<Vec<(TenantId, u64)>, BoxError> {
    let mut report = Vec::new();
    for config in configs.list(Page { limit: 1_000, offset: 0 }).await?.tenants {
        let tenant = match TenantContext::of(configs, &config.tenant_id).await {
            Ok(tenant) => tenant,
            Err(AdmissionError::Inactive) => continue, // suspended: nobody works for it
            Err(error) => return Err(error.into()),
        };
        let (db, id) = (db.clone(), *tenant.id());
        let removed = tenant::spawn(tenant, async move { remove_drafts(&db).await }).await??;
        report.push((id, removed));
    }
    Ok(report)
}

/// Works for the tenant of the running task.
async fn remove_drafts(db: &TenantDb<Sqlite>) -> Result<u64, BoxError> {
    let tenant = tenant::current().ok_or("this runs inside a tenant")?;
    let done = sqlx::query("DELETE FROM notes WHERE is_draft").execute(&db.scoped(&tenant)).await?;
    Ok(done.rows_affected())
}

/// Two tenants, one of them suspended, with a draft each.
async fn prepare(db: &TenantDb<Sqlite>) -> Result<impl ConfigStore + use<>, BoxError> {
    let configs = DbConfigManager::new(db);
    configs.migrate().await?;
    let everybody = db.unscoped(tenant::danger::Bypass::new("example", "creates the table"));
    sqlx::query(
        "CREATE TABLE notes (tenant_id TEXT NOT NULL, id INTEGER NOT NULL, is_draft INTEGER NOT NULL,
                             PRIMARY KEY (tenant_id, id))",
    )
    .execute(&everybody)
    .await?;
    db.refresh_catalog().await?;
    for id in ["acme", "globex"] {
        configs.create(TenantConfig::builder(TenantId::parse(id)?).build()?).await?;
        let tenant = TenantContext::of(&configs, &TenantId::parse(id)?).await?;
        sqlx::query("INSERT INTO notes (id, is_draft) VALUES (1, 1)").execute(&db.scoped(&tenant)).await?;
    }
    configs.modify(&TenantId::parse("globex")?, |config| config.status = TenantStatus::Suspended).await?;
    Ok(configs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn works_for_active_tenants_alone_and_leaves_no_context_behind() {
        let db = TenantDb::<Sqlite>::connect("sqlite::memory:").await.unwrap();
        let configs = prepare(&db).await.unwrap();
        let report = clean_up(&db, &configs).await.unwrap();
        assert_eq!(report, [(TenantId::parse("acme").unwrap(), 1)]);
        assert!(tenant::current().is_none());
        configs
            .modify(&TenantId::parse("globex").unwrap(), |config| config.status = TenantStatus::Active)
            .await
            .unwrap();
        assert_eq!(
            clean_up(&db, &configs).await.unwrap()[1].1,
            1,
            "the draft of the suspended tenant was kept"
        );
    }
}
