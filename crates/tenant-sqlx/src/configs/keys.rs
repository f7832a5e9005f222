//! Which key is whose, where tables are keyed by a uuid or an integer: of two tenants with one key each would see the other's rows.

use tenant_core::{StoreError, StoreErrorKind, TenantConfig};

use super::{DbConfigManager, row, sql};
use crate::{
    driver::{Cell, TenantDatabase},
    own::run,
};

impl<DB: TenantDatabase> DbConfigManager<DB> {
    /// Whether another tenant has the key of a config at this moment.
    pub(crate) async fn has_key_of_another(&self, config: &TenantConfig) -> Result<bool, StoreError> {
        let Some(key) = row::key(config)? else { return Ok(false) };
        Ok(!self.read(sql::OTHER_WITH_KEY, vec![key, config.tenant_id.as_str().into()]).await?.is_empty())
    }

    /// As [`take`], in somebody else's transaction, which is to come to its end soon.
    pub(crate) async fn take_key(
        &self,
        connection: &mut DB::Connection,
        config: &TenantConfig,
    ) -> Result<bool, StoreError> {
        take::<DB>(connection, config).await
    }
}

/// Makes sure that nobody else has the key of a config until the transaction ends. Answers whether that is so.
pub(super) async fn take<DB: TenantDatabase>(
    connection: &mut DB::Connection,
    config: &TenantConfig,
) -> Result<bool, StoreError> {
    let Some(key) = row::key(config)? else { return Ok(true) };
    run::<DB>(connection, sql::TAKE_TURN, vec![]).await?;
    let cells: Vec<Cell> = vec![key, config.tenant_id.as_str().into()];
    Ok(run::<DB>(connection, sql::TAKE_KEY, cells).await? > 0)
}

/// As [`take`]; that somebody has it is an error.
pub(super) async fn demand<DB: TenantDatabase>(
    connection: &mut DB::Connection,
    config: &TenantConfig,
) -> Result<(), StoreError> {
    match take::<DB>(connection, config).await? {
        true => Ok(()),
        false => Err(StoreError::new(StoreErrorKind::Invalid, "another tenant has the database key")),
    }
}
