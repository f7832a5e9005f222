use std::time::Duration;

use async_trait::async_trait;
use tenant_core::{
    StoreError, StoreErrorKind, Timestamp,
    auth::{ActiveFactor, MfaRecord, MfaStore, PendingFactor, Tries},
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

/// Keeps second factors in the tables `tenant_second_factors` and `tenant_recovery_codes` of [`TenantDb::migrate_tenants`]; people
/// are those of [`DbPeople`](crate::DbPeople).
#[derive(Debug)]
pub struct DbMfa<DB: TenantDatabase>(Own<DB>);

const FIND: Sql = sql!(
    "SELECT p.email, f.factor_id, f.secret, f.last_step, f.pending_id, f.pending_secret, f.pending_until, \
     (SELECT COUNT(*) FROM tenant_recovery_codes c WHERE c.person_id = f.person_id AND c.factor_id = f.factor_id) \
     FROM tenant_people p LEFT JOIN tenant_second_factors f ON f.person_id = p.person_id WHERE p.person_id = ?"
);
/// Those who begin for one person wait for each other: a row that is not there yet can't be held.
const HOLD: Sql = sql!("UPDATE tenant_people SET created_at = created_at WHERE person_id = ?");
const BEGIN: Sql = sql!(
    "UPDATE tenant_second_factors SET pending_id = ?, pending_secret = ?, pending_until = ? \
     WHERE person_id = ? AND factor_id IS NULL"
);
const BEGIN_ANEW: Sql = sql!(
    "UPDATE tenant_second_factors SET pending_id = ?, pending_secret = ?, pending_until = ? \
     WHERE person_id = ? AND factor_id = ?"
);
const BEGIN_FIRST: Sql = sql!(
    "INSERT INTO tenant_second_factors (pending_id, pending_secret, pending_until, person_id, tries_until) \
     SELECT ?, ?, ?, p.person_id, 0 FROM tenant_people p WHERE p.person_id = ? AND NOT EXISTS \
     (SELECT 1 FROM tenant_second_factors f WHERE f.person_id = p.person_id)"
);
/// Those of any factor but the active one.
const FORGET_CODES: Sql = sql!(
    "DELETE FROM tenant_recovery_codes WHERE person_id = ? AND factor_id NOT IN \
     (SELECT factor_id FROM tenant_second_factors WHERE person_id = ? AND factor_id IS NOT NULL)"
);
const ADD_CODE: Sql =
    sql!("INSERT INTO tenant_recovery_codes (person_id, factor_id, digest) VALUES (?, ?, ?)");
/// Counted and compared in one statement: of many at once no more have a try than there are.
const TRY: Sql = sql!(
    "UPDATE tenant_second_factors SET tries_until = CASE WHEN tries_until > ? THEN tries_until ELSE ? END + ? \
     WHERE person_id = ? AND tries_until <= ?"
);
const TRIES_UNTIL: Sql = sql!("SELECT tries_until FROM tenant_second_factors WHERE person_id = ?");
/// MySQL sets one column after the other: what is read stands before what is emptied.
const ACTIVATE: Sql = sql!(
    "UPDATE tenant_second_factors SET factor_id = pending_id, secret = pending_secret, last_step = ?, \
     tries_until = tries_until - ?, pending_id = NULL, pending_secret = NULL, pending_until = NULL \
     WHERE person_id = ? AND pending_id = ? AND pending_until > ?"
);
const USE_STEP: Sql = sql!(
    "UPDATE tenant_second_factors SET last_step = ?, tries_until = tries_until - ? \
     WHERE person_id = ? AND factor_id = ? AND last_step < ?"
);
const USE_RECOVERY: Sql = sql!(
    "DELETE FROM tenant_recovery_codes WHERE person_id = ? AND factor_id = ? AND digest = ? AND EXISTS \
     (SELECT 1 FROM tenant_second_factors f WHERE f.person_id = ? AND f.factor_id = ?)"
);
/// The tries stay: who has one removed gets no new ones.
const REMOVE: Sql = sql!(
    "UPDATE tenant_second_factors SET factor_id = NULL, secret = NULL, last_step = NULL, \
     pending_id = NULL, pending_secret = NULL, pending_until = NULL WHERE person_id = ? AND factor_id = ?"
);
const FORGET_ALL_CODES: Sql = sql!("DELETE FROM tenant_recovery_codes WHERE person_id = ?");

impl<DB: TenantDatabase> DbMfa<DB> {
    /// Those of a database.
    #[must_use]
    pub fn new(db: &TenantDb<DB>) -> Self {
        Self(Own::of(db))
    }

    async fn try_enrol(
        &self,
        person_id: &str,
        active: Option<&str>,
        factor: &PendingFactor,
        recovery: &[[u8; 32]],
    ) -> Result<bool, StoreError> {
        let (mut tx, _turn) = self.0.begin().await?;
        let is_somebody = run::<DB>(&mut tx, HOLD, vec![person_id.into()]).await? > 0;
        if !is_somebody || !begin::<DB>(&mut tx, person_id, active, factor).await? {
            return Ok(false);
        }
        run::<DB>(&mut tx, FORGET_CODES, vec![person_id.into(), person_id.into()]).await?;
        for digest in recovery {
            let cells = vec![person_id.into(), (*factor.factor_id).into(), hex(digest).into()];
            run::<DB>(&mut tx, ADD_CODE, cells).await?;
        }
        tx.commit().await.map_err(StoreError::unavailable)?;
        Ok(true)
    }

    /// A statement that ends a factor or none, and the codes that end with it.
    async fn try_ending(&self, end: (Sql, Vec<Cell>), codes: (Sql, Vec<Cell>)) -> Result<bool, StoreError> {
        let (mut tx, _turn) = self.0.begin().await?;
        if run::<DB>(&mut tx, end.0, end.1).await? == 0 {
            return Ok(false);
        }
        run::<DB>(&mut tx, codes.0, codes.1).await?;
        tx.commit().await.map_err(StoreError::unavailable)?;
        Ok(true)
    }
}

/// Whether the factor that is active is the one that was thought; then the other one is to be proved.
async fn begin<DB: TenantDatabase>(
    tx: &mut DB::Connection,
    person_id: &str,
    active: Option<&str>,
    factor: &PendingFactor,
) -> Result<bool, StoreError> {
    let mut cells: Vec<Cell> = vec![
        (*factor.factor_id).into(),
        (*factor.secret).into(),
        factor.expires_at.as_unix_micros().into(),
        person_id.into(),
    ];
    let Some(active) = active else {
        let is_there = run::<DB>(tx, BEGIN, cells.clone()).await? > 0;
        return Ok(is_there || run::<DB>(tx, BEGIN_FIRST, cells).await? > 0);
    };
    cells.push(active.into());
    Ok(run::<DB>(tx, BEGIN_ANEW, cells).await? > 0)
}

fn read(cells: Vec<Cell>) -> Result<MfaRecord, StoreError> {
    let mut row = Row::new(cells);
    let mut record = MfaRecord::new(row.text()?);
    let (factor_id, secret, last_step) =
        (row.optional_text()?, row.optional_text()?, row.optional_integer()?);
    let (pending_id, pending_secret, until) =
        (row.optional_text()?, row.optional_text()?, row.optional_moment()?);
    record.active = match (factor_id, secret, last_step.map(u64::try_from)) {
        (None, None, None) => None,
        (Some(factor_id), Some(secret), Some(Ok(step))) => Some(ActiveFactor::new(factor_id, secret, step)),
        _ => return Err(corrupt()),
    };
    record.pending = match (pending_id, pending_secret, until) {
        (None, None, None) => None,
        (Some(factor_id), Some(secret), Some(until)) => Some(PendingFactor::new(factor_id, secret, until)),
        _ => return Err(corrupt()),
    };
    record.recovery_codes = u64::try_from(row.integer()?).map_err(|_| corrupt())?;
    Ok(record)
}

fn micros(time: Duration) -> i64 {
    i64::try_from(time.as_micros()).unwrap_or(i64::MAX)
}

/// Nothing that counts steps gets there.
fn number(step: u64) -> Result<i64, StoreError> {
    i64::try_from(step).map_err(|_| StoreError::new(StoreErrorKind::Invalid, "the step can't be stored"))
}

#[async_trait]
impl<DB: TenantDatabase> MfaStore for DbMfa<DB> {
    async fn find(&self, person_id: &str) -> Result<Option<MfaRecord>, StoreError> {
        if !is_exact(person_id) {
            return Ok(None);
        }
        self.0.read(FIND, vec![person_id.into()]).await?.into_iter().next().map(read).transpose()
    }

    async fn enrol(
        &self,
        person_id: &str,
        active: Option<&str>,
        factor: &PendingFactor,
        recovery: &[[u8; 32]],
    ) -> Result<bool, StoreError> {
        if !is_exact(person_id) {
            return Ok(false);
        }
        again::<DB, _, _, _>(|| self.try_enrol(person_id, active, factor, recovery)).await
    }

    async fn try_once(
        &self,
        person_id: &str,
        tries: Tries,
        now: Timestamp,
    ) -> Result<Option<Timestamp>, StoreError> {
        if !is_exact(person_id) {
            return Ok(None);
        }
        let (now, every) = (now.as_unix_micros(), micros(tries.every));
        let ahead = every.saturating_mul(i64::from(tries.at_once.saturating_sub(1)));
        let latest = now.saturating_add(ahead);
        let cells = vec![now.into(), now.into(), every.into(), person_id.into(), latest.into()];
        if self.0.write(TRY, cells).await? > 0 {
            return Ok(None);
        }
        let rows = self.0.read(TRIES_UNTIL, vec![person_id.into()]).await?;
        let Some(cells) = rows.into_iter().next() else { return Ok(None) };
        let until = Row::new(cells).integer()?;
        Ok(Some(Timestamp::from_unix_micros(until.saturating_sub(ahead))))
    }

    async fn activate(
        &self,
        person_id: &str,
        factor_id: &str,
        step: u64,
        tries: Tries,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        if !is_exact(person_id) || !is_exact(factor_id) {
            return Ok(false);
        }
        let cells: Vec<Cell> = vec![
            number(step)?.into(),
            micros(tries.every).into(),
            person_id.into(),
            factor_id.into(),
            now.as_unix_micros().into(),
        ];
        let codes: Vec<Cell> = vec![person_id.into(), person_id.into()];
        again::<DB, _, _, _>(|| self.try_ending((ACTIVATE, cells.clone()), (FORGET_CODES, codes.clone())))
            .await
    }

    async fn use_step(
        &self,
        person_id: &str,
        factor_id: &str,
        step: u64,
        tries: Tries,
    ) -> Result<bool, StoreError> {
        if !is_exact(person_id) || !is_exact(factor_id) {
            return Ok(false);
        }
        let (step, every) = (number(step)?, micros(tries.every));
        let cells = vec![step.into(), every.into(), person_id.into(), factor_id.into(), step.into()];
        Ok(self.0.write(USE_STEP, cells).await? > 0)
    }

    async fn use_recovery(
        &self,
        person_id: &str,
        factor_id: &str,
        digest: &[u8; 32],
    ) -> Result<bool, StoreError> {
        if !is_exact(person_id) || !is_exact(factor_id) {
            return Ok(false);
        }
        let cells =
            vec![person_id.into(), factor_id.into(), hex(digest).into(), person_id.into(), factor_id.into()];
        Ok(self.0.write(USE_RECOVERY, cells).await? > 0)
    }

    async fn remove(&self, person_id: &str, factor_id: &str) -> Result<bool, StoreError> {
        if !is_exact(person_id) || !is_exact(factor_id) {
            return Ok(false);
        }
        let (cells, codes): (Vec<Cell>, Vec<Cell>) =
            (vec![person_id.into(), factor_id.into()], vec![person_id.into()]);
        again::<DB, _, _, _>(|| self.try_ending((REMOVE, cells.clone()), (FORGET_ALL_CODES, codes.clone())))
            .await
    }
}
