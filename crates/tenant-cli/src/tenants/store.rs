//! Tenants in their database. What is changed stands in its audit log, too.

use std::{fs, path::Path, sync::Arc};

use serde_json::{Value, json};
use tenant_control::{AuditLog, SeriesUsage, usage_summary};
use tenant_core::{
    Clock, ConfigStore, ConfigStoreExt, Page, StoreError, SystemClock, TenantConfig, TenantId, TenantRecord,
    TenantStatus, Timestamp, usage::BillingCycle,
};
use tenant_sql::{Catalog, Dialect};
use tenant_sqlx::{DbAudit, DbConfigManager, DbUsage, TenantDatabase, TenantDb};

use super::asked::{Answer, Asked, view};
use crate::{Error, database};

pub(super) async fn ask(url: &str, key_file: Option<&Path>, asked: &Asked) -> Result<Answer, Error> {
    match database::dialect(url)? {
        Dialect::Postgres => ask_of::<sqlx::Postgres>(url, key_file, asked).await,
        Dialect::MySql => ask_of::<sqlx::MySql>(url, key_file, asked).await,
        Dialect::Sqlite => ask_of::<sqlx::Sqlite>(url, key_file, asked).await,
    }
}

async fn ask_of<DB: TenantDatabase>(
    url: &str,
    key_file: Option<&Path>,
    asked: &Asked,
) -> Result<Answer, Error> {
    // No statement of a tenant runs here.
    let catalog = Catalog::builder(DB::DIALECT).build().map_err(|error| Error::new(error.to_string()))?;
    let db = match TenantDb::<DB>::open_with(url, 2).await {
        Ok(builder) => builder.catalog(catalog).build().await,
        Err(error) => Err(error),
    };
    let db = db.map_err(|error| Error::new(format!("the database can't be opened: {error}")))?;
    // Before anything is changed.
    let mut log = AuditLog::builder(Arc::new(DbAudit::new(&db)));
    if let Some(file) = key_file {
        let key = fs::read(file).map_err(|error| Error::file(file, &error))?;
        log = log.key(&key).map_err(|error| Error::file(file, &error))?;
    }
    let answer = Store { configs: DbConfigManager::new(&db), usage: DbUsage::new(&db), log: log.start() };
    let answer = answer.ask(asked).await;
    db.close().await;
    answer
}

struct Store<DB: TenantDatabase> {
    configs: DbConfigManager<DB>,
    usage: DbUsage<DB>,
    log: AuditLog,
}

impl<DB: TenantDatabase> Store<DB> {
    async fn ask(&self, asked: &Asked) -> Result<Answer, Error> {
        let done = match asked {
            Asked::Create(config) => {
                self.configs.create((**config).clone()).await.map(|record| shown(&record))
            }
            Asked::List { limit, offset } => self.list(Page { limit: *limit, offset: *offset }).await,
            Asked::Show(id) => self.found(id).await.map(|config| view(&config)),
            Asked::Suspend(id) => self.set(id, TenantStatus::Suspended).await,
            Asked::Activate(id) => self.set(id, TenantStatus::Active).await,
            Asked::Delete(id) => self.configs.delete_if(id, |_| true).await.map(|()| Value::Null),
            Asked::Usage(id) => self.used(id).await,
        };
        match done {
            Ok(value) => self.tell(asked).await.map(|()| Answer::Done(value)),
            Err(error) => Answer::of(&error),
        }
    }

    async fn list(&self, page: Page) -> Result<Value, StoreError> {
        let list = self.configs.list(page).await?;
        let tenants: Vec<_> = list.tenants.iter().map(view).collect();
        Ok(json!({ "tenants": tenants, "count": tenants.len(), "total": list.total }))
    }

    async fn found(&self, id: &TenantId) -> Result<TenantConfig, StoreError> {
        let missing = || StoreError::new(tenant_core::StoreErrorKind::NotFound, "the tenant does not exist");
        self.configs.fetch(id).await?.ok_or_else(missing)
    }

    async fn set(&self, id: &TenantId, status: TenantStatus) -> Result<Value, StoreError> {
        let record = self.configs.modify(id, |config| config.status = status).await?;
        Ok(shown(&record))
    }

    async fn used(&self, id: &TenantId) -> Result<Value, StoreError> {
        self.found(id).await?;
        let now = Timestamp::from(SystemClock::new().unix());
        let cycle = BillingCycle::of(now);
        let used = usage_summary(&self.usage, id, cycle.first_day()..cycle.end_day(), now).await?;
        let used: Vec<_> = used.iter().map(series).collect();
        Ok(json!({ "tenant_id": id, "billing_cycle": cycle, "usage": used }))
    }

    /// What was done and is missing in the log would be found by nobody.
    async fn tell(&self, asked: &Asked) -> Result<(), Error> {
        let (id, action) = match asked {
            Asked::Create(config) => (config.tenant_id, "tenant.created"),
            Asked::Suspend(id) => (*id, "tenant.suspended"),
            Asked::Activate(id) => (*id, "tenant.activated"),
            Asked::Delete(id) => (*id, "tenant.deleted"),
            Asked::List { .. } | Asked::Show(_) | Asked::Usage(_) => return Ok(()),
        };
        let mut event = self.log.event("command", action, "tenant").of(id);
        event.resource_id = Some(id.as_str().into());
        let told = self.log.record(event).await;
        told.map_err(|error| Error::new(format!("it was done, but is missing in the audit log: {error}")))
    }
}

fn shown(record: &TenantRecord) -> Value {
    view(record.config())
}

fn series(used: &SeriesUsage) -> Value {
    // Beyond 2^53 not every integer is a JSON number.
    json!({
        "type": used.series.kind.to_string(),
        "project_id": used.series.project,
        "records": used.records,
        "quantity": used.quantity.to_string(),
    })
}
