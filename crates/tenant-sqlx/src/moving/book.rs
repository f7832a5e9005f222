//! What is written down of a move, beside the configs.

use tenant_core::{Placement, TenantConfig, TenantId, Timestamp};

use super::MoveErrorKind;
use crate::{
    TenantDb,
    driver::{Cell, Sql, TenantDatabase, sql},
    moving::MoveError,
};

/// A move that is under way, or from which there still is a way back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) source: Placement,
    pub(crate) target: Placement,
    pub(super) is_switched: bool,
    pub(super) changed_at: Timestamp,
}

const READ: Sql = sql!("SELECT source, target, state, changed_at FROM tenant_moves WHERE tenant_id = ?");

const WRITE: Sql = sql!(
    "INSERT INTO tenant_moves (tenant_id, source, target, place, state, started_at, changed_at) \
     VALUES (?, ?, ?, ?, 'copying', ?, ?)"
);

const TURN: Sql = sql!(
    "UPDATE tenant_moves SET source = ?, target = ?, state = 'copying', changed_at = ? WHERE tenant_id = ?"
);

const SWITCH: Sql =
    sql!("UPDATE tenant_moves SET place = ?, state = 'switched', changed_at = ? WHERE tenant_id = ?");

const END: Sql = sql!("DELETE FROM tenant_moves WHERE tenant_id = ?");

/// Only of the revision that was read: whatever else was changed meanwhile is read first.
const MARK: Sql = sql!(
    "UPDATE tenants SET is_moving = ?, revision = revision + 1, updated_at = ? WHERE id = ? AND revision = ?"
);

/// Nobody changes the placement of a tenant that is moving; whatever else was changed stays.
const SETTLE: Sql = sql!(
    "UPDATE tenants SET placement = ?, is_moving = 0, revision = revision + 1, updated_at = ? \
     WHERE id = ? AND is_moving = 1 AND status <> 'deleted'"
);

pub(super) fn placement(json: &str) -> Result<Placement, sqlx::Error> {
    serde_json::from_str(json)
        .map_err(|_| sqlx::Error::Decode("the place of a tenant that moves is unreadable".into()))
}

fn json(placement: &Placement) -> Result<Cell, sqlx::Error> {
    serde_json::to_string(placement).map(Cell::Text).map_err(|error| sqlx::Error::Encode(error.into()))
}

impl<DB: TenantDatabase> TenantDb<DB> {
    pub(crate) async fn read_move(&self, id: &TenantId) -> Result<Option<Entry>, MoveError> {
        let mut connection = self.own_pool().acquire().await?;
        let rows = DB::fetch(&mut connection, READ, vec![id.as_str().into()]).await?;
        let Some(row) = rows.first() else { return Ok(None) };
        let [Cell::Text(source), Cell::Text(target), Cell::Text(state), Cell::Text(changed_at)] =
            row.as_slice()
        else {
            return Err(sqlx::Error::Decode("a move is unreadable".into()).into());
        };
        let changed_at =
            Timestamp::parse(changed_at).map_err(|_| sqlx::Error::Decode("a move is unreadable".into()))?;
        let (source, target) = (placement(source)?, placement(target)?);
        Ok(Some(Entry { source, target, is_switched: state == "switched", changed_at }))
    }

    /// Writes down that a move begins, and says so in the config. Answers whether the config was the one that was read.
    pub(super) async fn begin_move(
        &self,
        config: &TenantConfig,
        source: &Placement,
        target: &Placement,
        is_anew: bool,
    ) -> Result<bool, MoveError> {
        let now = self.stamp();
        let id = config.tenant_id.as_str();
        let (mut transaction, _turn) = self.begin_write().await?;
        if is_anew {
            let cells = vec![
                id.into(),
                json(source)?,
                json(target)?,
                json(source)?,
                now.clone().into(),
                now.clone().into(),
            ];
            DB::execute(&mut transaction, WRITE, cells).await?;
        } else {
            let cells = vec![json(source)?, json(target)?, now.clone().into(), id.into()];
            DB::execute(&mut transaction, TURN, cells).await?;
        }
        let is_marked = mark::<DB>(&mut transaction, config, true, now).await?;
        if is_marked {
            transaction.commit().await?;
        }
        Ok(is_marked)
    }

    /// Ends a move of which nothing came. Answers whether the config was the one that was read.
    pub(super) async fn cancel_move(&self, config: &TenantConfig) -> Result<bool, MoveError> {
        let now = self.stamp();
        let (mut transaction, _turn) = self.begin_write().await?;
        let is_marked = mark::<DB>(&mut transaction, config, false, now).await?;
        if is_marked {
            DB::execute(&mut transaction, END, vec![config.tenant_id.as_str().into()]).await?;
            transaction.commit().await?;
        }
        Ok(is_marked)
    }

    pub(super) async fn end_move(&self, id: &TenantId) -> Result<(), MoveError> {
        let (mut transaction, _turn) = self.begin_write().await?;
        DB::execute(&mut transaction, END, vec![id.as_str().into()]).await?;
        Ok(transaction.commit().await?)
    }

    /// The moment from which the tenant lives in another place, for all who ask.
    pub(super) async fn switch(
        &self,
        connection: &mut DB::Connection,
        id: &TenantId,
        target: &Placement,
    ) -> Result<(), MoveError> {
        let now = self.stamp();
        let cell = if target.is_shared() { Cell::Null } else { json(target)? };
        let settled =
            DB::execute(connection, SETTLE, vec![cell, now.clone().into(), id.as_str().into()]).await?;
        if settled != 1 {
            return Err(MoveErrorKind::NotFound.into());
        }
        DB::execute(connection, SWITCH, vec![json(target)?, now.into(), id.as_str().into()]).await?;
        Ok(())
    }

    fn stamp(&self) -> String {
        Timestamp::from(self.clock().unix()).to_string()
    }
}

async fn mark<DB: TenantDatabase>(
    connection: &mut DB::Connection,
    config: &TenantConfig,
    is_moving: bool,
    now: String,
) -> Result<bool, MoveError> {
    let revision = i64::try_from(config.revision).unwrap_or(i64::MAX);
    let id = config.tenant_id.as_str();
    let cells = vec![i64::from(is_moving).into(), now.into(), id.into(), revision.into()];
    Ok(DB::execute(connection, MARK, cells).await? == 1)
}
