//! Writing configs: each write is one transaction, and hosts change with the config they belong to.

use std::sync::Arc;

use async_trait::async_trait;
use sqlx::Transaction;
use tenant_core::{
    ConfigStore, Due, DueTenants, InvalidConfig, Page, StoreError, StoreErrorKind, TenantConfig, TenantId,
    TenantList, TenantRecord, TenantStatus, Timestamp,
};

use super::{DbConfigManager, hosts, keys, row, sql};
use crate::{
    db::Turn,
    driver::{Cell, Sql, TenantDatabase},
    own::{again, fetch, run, taken},
};

#[async_trait]
impl<DB: TenantDatabase> ConfigStore for DbConfigManager<DB> {
    async fn create(&self, config: TenantConfig) -> Result<Arc<TenantRecord>, StoreError> {
        let config = self.as_new(config)?;
        again::<DB, _, _, _>(|| self.try_create(config.clone())).await
    }

    async fn update(&self, config: TenantConfig) -> Result<Arc<TenantRecord>, StoreError> {
        validate(&config)?;
        again::<DB, _, _, _>(|| self.try_update(config.clone())).await
    }

    async fn delete(&self, id: &TenantId) -> Result<(), StoreError> {
        again::<DB, _, _, _>(|| self.try_delete(id, None)).await
    }

    async fn delete_revision(&self, id: &TenantId, revision: u64) -> Result<(), StoreError> {
        again::<DB, _, _, _>(|| self.try_delete(id, Some(revision))).await
    }

    async fn list(&self, page: Page) -> Result<TenantList, StoreError> {
        let offset = i64::try_from(page.offset).unwrap_or(i64::MAX);
        let window = vec![i64::from(page.limit).into(), offset.into()];
        // One snapshot, so that the total is that of the page.
        let mut tx = DB::begin_read(self.db.own_pool()).await.map_err(StoreError::unavailable)?;
        let rows = fetch::<DB>(&mut tx, sql::LIST, window).await?;
        let total = fetch::<DB>(&mut tx, sql::COUNT, vec![]).await?;
        let total = match total.first().map(Vec::as_slice) {
            Some([Cell::Integer(total)]) => u64::try_from(*total).unwrap_or(0),
            _ => 0,
        };
        let tenants = rows.into_iter().map(row::read).collect::<Result<_, _>>()?;
        Ok(TenantList::new(tenants, total))
    }

    async fn tenant_of_host(&self, host: &str) -> Result<Option<TenantId>, StoreError> {
        let wildcard = hosts::wildcard_over(host).unwrap_or_default();
        let rows = self.read(sql::TENANT_OF_HOST, vec![host.into(), wildcard.into()]).await?;
        match rows.first().map(Vec::as_slice) {
            Some([Cell::Text(id)]) => TenantId::parse(id).map(Some).map_err(StoreError::unavailable),
            _ => Ok(None),
        }
    }

    async fn fetch(&self, id: &TenantId) -> Result<Option<TenantConfig>, StoreError> {
        let rows = self.read(sql::FETCH, vec![id.as_str().into()]).await?;
        rows.into_iter().next().map(row::read).transpose()
    }
}

#[async_trait]
impl<DB: TenantDatabase> DueTenants for DbConfigManager<DB> {
    async fn due(&self, by: Timestamp, after: Option<&Due>, limit: u32) -> Result<Vec<Due>, StoreError> {
        let (from, id) = match after {
            Some(after) => (after.at.as_unix_micros(), after.tenant.as_str()),
            None => (i64::MIN, ""),
        };
        let by = by.as_unix_micros();
        let cells = vec![from.into(), by.into(), from.into(), id.into(), i64::from(limit).into()];
        self.read(sql::DUE, cells).await?.iter().map(|row| row::due(row)).collect()
    }
}

impl<DB: TenantDatabase> DbConfigManager<DB> {
    /// Creates a tenant without hosts as a part of somebody else's transaction, who tells of it once that is committed.
    pub(crate) async fn create_in(
        &self,
        connection: &mut DB::Connection,
        config: TenantConfig,
    ) -> Result<TenantConfig, StoreError> {
        let config = self.as_new(config)?;
        add::<DB>(connection, &config).await?;
        Ok(config)
    }

    pub(crate) fn note_created(&self, config: TenantConfig) {
        drop(self.records.written(config));
    }

    fn as_new(&self, mut config: TenantConfig) -> Result<TenantConfig, StoreError> {
        validate(&config)?;
        self.settings.check(&config.settings).map_err(|error| invalid(&error))?;
        config.is_moving = false;
        config.revision = 1;
        config.created_at = self.now();
        config.updated_at = config.created_at;
        Ok(config)
    }

    async fn try_create(&self, config: TenantConfig) -> Result<Arc<TenantRecord>, StoreError> {
        let (mut tx, _turn) = self.begin().await?;
        keys::demand::<DB>(&mut tx, &config).await?;
        add::<DB>(&mut tx, &config).await?;
        hosts::take::<DB>(&mut tx, &config).await?;
        self.commit(tx, config).await
    }

    async fn try_update(&self, mut config: TenantConfig) -> Result<Arc<TenantRecord>, StoreError> {
        let (mut tx, _turn) = self.begin().await?;
        let old = kept::<DB>(&mut tx, &config.tenant_id).await?;
        config.created_at = old.created_at;
        config.is_moving = old.is_moving;
        if old.is_moving && config.placement != old.placement {
            return Err(StoreError::new(StoreErrorKind::Invalid, "the tenant is being moved"));
        }
        // What a schema that came later refuses must not keep a tenant from being suspended.
        if config.settings != old.settings {
            self.settings.check(&config.settings).map_err(|error| invalid(&error))?;
        }
        if config.database_key != old.database_key {
            keys::demand::<DB>(&mut tx, &config).await?;
        }
        let hosts = config.hosts != old.hosts;
        self.replace(&mut tx, &mut config).await?;
        if hosts {
            hosts::replace::<DB>(&mut tx, &config).await?;
        }
        self.commit(tx, config).await
    }

    /// Whatever its revision is, unless it was read at one.
    async fn try_delete(&self, id: &TenantId, read_at: Option<u64>) -> Result<(), StoreError> {
        let (mut tx, _turn) = self.begin().await?;
        let mut config = kept::<DB>(&mut tx, id).await?;
        if read_at.is_some_and(|read_at| read_at != config.revision) {
            return Err(changed());
        }
        config.status = TenantStatus::Deleted;
        config.hosts.clear();
        self.replace(&mut tx, &mut config).await?;
        hosts::free::<DB>(&mut tx, id).await?;
        hosts::forget_claims::<DB>(&mut tx, id).await?;
        self.commit(tx, config).await.map(drop)
    }

    fn now(&self) -> Timestamp {
        Timestamp::from(self.db.clock().unix())
    }

    async fn begin(&self) -> Result<(Transaction<'static, DB>, Turn), StoreError> {
        self.db.begin_write().await.map_err(StoreError::unavailable)
    }

    pub(super) async fn read(&self, sql: Sql, cells: Vec<Cell>) -> Result<Vec<Vec<Cell>>, StoreError> {
        let mut connection = self.db.own_pool().acquire().await.map_err(StoreError::unavailable)?;
        fetch::<DB>(&mut connection, sql, cells).await
    }

    /// Writes a config over the one of its revision, and counts it up.
    async fn replace(
        &self,
        connection: &mut DB::Connection,
        config: &mut TenantConfig,
    ) -> Result<(), StoreError> {
        let read_at = config.revision;
        config.revision += 1;
        config.updated_at = self.now();
        let mut cells = row::settings(config)?;
        cells.push(row::number(config.revision)?.into());
        cells.push(config.updated_at.to_string().into());
        cells.push(config.tenant_id.as_str().into());
        cells.push(row::number(read_at)?.into());
        match run::<DB>(connection, sql::UPDATE, cells).await? {
            1 => Ok(()),
            _ => Err(changed()),
        }
    }

    async fn commit(
        &self,
        tx: Transaction<'static, DB>,
        config: TenantConfig,
    ) -> Result<Arc<TenantRecord>, StoreError> {
        tx.commit().await.map_err(StoreError::unavailable)?;
        Ok(self.records.written(config))
    }
}

async fn add<DB: TenantDatabase>(
    connection: &mut DB::Connection,
    config: &TenantConfig,
) -> Result<(), StoreError> {
    let added = DB::execute(connection, sql::CREATE, row::write(config)?).await.map(drop);
    added.map_err(|error| taken(error, StoreErrorKind::AlreadyExists, "the tenant exists already"))
}

/// The config of a tenant that is not deleted.
async fn kept<DB: TenantDatabase>(
    connection: &mut DB::Connection,
    id: &TenantId,
) -> Result<TenantConfig, StoreError> {
    let rows = fetch::<DB>(connection, sql::FETCH, vec![id.as_str().into()]).await?;
    let config = rows.into_iter().next().map(row::read).transpose()?;
    config
        .filter(|config| config.status != TenantStatus::Deleted)
        .ok_or_else(|| StoreError::new(StoreErrorKind::NotFound, "the tenant does not exist"))
}

fn changed() -> StoreError {
    StoreError::new(StoreErrorKind::StaleRevision, "the tenant was changed since it was read")
}

fn validate(config: &TenantConfig) -> Result<(), StoreError> {
    config.validate().map_err(|error| invalid(&error))
}

fn invalid(error: &InvalidConfig) -> StoreError {
    StoreError::new(StoreErrorKind::Invalid, error.to_string())
}
