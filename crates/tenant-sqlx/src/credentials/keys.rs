use async_trait::async_trait;
use tenant_core::{
    Page, StoreError, StoreErrorKind, TenantContext, Timestamp,
    auth::{ApiKeyRecord, ApiKeyStore},
};

use crate::{
    TenantDb,
    driver::{Cell, Sql, TenantDatabase, sql},
    own::{
        Own, again, is_exact,
        row::{Row, corrupt, hex},
        run,
    },
};

/// Keeps API keys in the table `tenant_api_keys` of [`TenantDb::migrate_tenants`]: never a key itself, but its SHA-256. Every
/// lookup reads the database.
///
/// What is written is bound to the tenant of a context: no other tenant's key is listed or revoked.
#[derive(Debug)]
pub struct DbApiKeys<DB: TenantDatabase>(Own<DB>);

macro_rules! columns {
    () => {
        "key_id, tenant_id, name, digest, prefix, scopes, project, rate_limit, created_at, expires_at, last_used_at"
    };
}

const FIND: Sql = sql!("SELECT ", columns!(), " FROM tenant_api_keys WHERE key_id = ?");
const LIST: Sql = sql!(
    "SELECT ",
    columns!(),
    " FROM tenant_api_keys WHERE tenant_id = ? ORDER BY created_at, key_id LIMIT ? OFFSET ?"
);
const CREATE: Sql =
    sql!("INSERT INTO tenant_api_keys (", columns!(), ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
const REVOKE: Sql = sql!("DELETE FROM tenant_api_keys WHERE tenant_id = ? AND key_id = ?");
const TOUCH: Sql = sql!(
    "UPDATE tenant_api_keys SET last_used_at = ? WHERE key_id = ? AND (last_used_at IS NULL OR last_used_at < ?)"
);

/// How many uses are noted in one transaction: nobody waits for long behind them.
const BATCH: usize = 100;

impl<DB: TenantDatabase> DbApiKeys<DB> {
    /// Those of a database.
    #[must_use]
    pub fn new(db: &TenantDb<DB>) -> Self {
        Self(Own::of(db))
    }

    async fn note(&self, uses: &[&(Box<str>, Timestamp)]) -> Result<(), StoreError> {
        let (mut tx, _turn) = self.0.begin().await?;
        for (key_id, at) in uses {
            let at = at.as_unix_micros();
            run::<DB>(&mut tx, TOUCH, vec![at.into(), (**key_id).into(), at.into()]).await?;
        }
        tx.commit().await.map_err(StoreError::unavailable)
    }
}

fn write(key: &ApiKeyRecord) -> Result<Vec<Cell>, StoreError> {
    let rate_limit = key.rate_limit.map(i64::try_from).transpose();
    let rate_limit =
        rate_limit.map_err(|_| StoreError::new(StoreErrorKind::Invalid, "the rate limit is too large"))?;
    Ok(vec![
        (*key.key_id).into(),
        key.tenant.as_str().into(),
        key.name.as_str().into(),
        hex(&key.digest).into(),
        key.prefix.as_str().into(),
        key.scopes.to_string().into(),
        key.project.clone().into(),
        rate_limit.into(),
        key.created_at.as_unix_micros().into(),
        key.expires_at.map(Timestamp::as_unix_micros).into(),
        key.last_used_at.map(Timestamp::as_unix_micros).into(),
    ])
}

fn read(cells: Vec<Cell>) -> Result<ApiKeyRecord, StoreError> {
    let mut row = Row::new(cells);
    let (key_id, tenant, name, digest) = (row.text()?, row.tenant()?, row.text()?, row.digest()?);
    let (prefix, scopes) = (row.text()?, row.parsed(|text| text.parse().ok())?);
    let (project, rate_limit) = (row.optional_text()?, row.optional_integer()?);
    let mut key = ApiKeyRecord::new(key_id, tenant, digest, row.moment()?);
    (key.name, key.prefix, key.scopes, key.project) = (name, prefix, scopes, project);
    key.rate_limit = rate_limit.map(u64::try_from).transpose().map_err(|_| corrupt())?;
    key.expires_at = row.optional_moment()?;
    key.last_used_at = row.optional_moment()?;
    Ok(key)
}

#[async_trait]
impl<DB: TenantDatabase> ApiKeyStore for DbApiKeys<DB> {
    async fn find(&self, key_id: &str) -> Result<Option<ApiKeyRecord>, StoreError> {
        if !is_exact(key_id) {
            return Ok(None);
        }
        let rows = self.0.read(FIND, vec![key_id.into()]).await?;
        rows.into_iter().next().map(read).transpose()
    }

    async fn create(&self, tenant: &TenantContext, key: &ApiKeyRecord) -> Result<(), StoreError> {
        if key.tenant != *tenant.id() || !is_exact(&key.key_id) {
            return Err(StoreError::new(
                StoreErrorKind::Invalid,
                "the key is another tenant's, or has no proper id",
            ));
        }
        self.0.add(CREATE, write(key)?, "the key exists already").await
    }

    async fn list(&self, tenant: &TenantContext, page: Page) -> Result<Vec<ApiKeyRecord>, StoreError> {
        let offset = i64::try_from(page.offset).unwrap_or(i64::MAX);
        let cells = vec![tenant.id().as_str().into(), i64::from(page.limit).into(), offset.into()];
        self.0.read(LIST, cells).await?.into_iter().map(read).collect()
    }

    async fn revoke(&self, tenant: &TenantContext, key_id: &str) -> Result<bool, StoreError> {
        if !is_exact(key_id) {
            return Ok(false);
        }
        let cells = vec![tenant.id().as_str().into(), key_id.into()];
        Ok(self.0.write(REVOKE, cells).await? > 0)
    }

    async fn touch(&self, uses: &[(Box<str>, Timestamp)]) -> Result<(), StoreError> {
        // In one order, so that two instances don't wait for each other.
        let mut uses: Vec<&(Box<str>, Timestamp)> =
            uses.iter().filter(|(key_id, _)| is_exact(key_id)).collect();
        uses.sort_unstable();
        for batch in uses.chunks(BATCH) {
            again::<DB, _, _, _>(|| self.note(batch)).await?;
        }
        Ok(())
    }
}

#[cfg(all(test, feature = "postgres", feature = "sqlite"))]
mod tests {
    use super::*;
    use crate::own::explain::assert_in_order;

    #[tokio::test]
    async fn pages_are_read_on_an_index() {
        assert_in_order(&[FIND, LIST]).await;
    }
}
