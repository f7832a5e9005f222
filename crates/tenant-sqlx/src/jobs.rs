//! Jobs, in the database of the tenants' configs.

use std::time::Duration;

use async_trait::async_trait;
use serde_json::{Map, Value};
use tenant_core::{
    StoreError, StoreErrorKind, TenantId, Timestamp,
    jobs::{Job, JobClaim, JobKind, JobOutcome, JobStatus, JobStore, Progress},
};

use crate::{
    TenantDb,
    driver::{Cell, Sql, TenantDatabase, sql},
    own::{
        Own, again, fetch, is_exact,
        row::{Row, corrupt},
        run, taken,
    },
};

/// Keeps jobs in the table `tenant_jobs` of [`TenantDb::migrate_tenants`]: at most 1 000 that are not over, 16 of them of one
/// tenant.
///
/// Who adds or claims one holds a row until that is committed: whichever instance asks, one gets a job.
#[derive(Debug)]
pub struct DbJobs<DB: TenantDatabase>(Own<DB>);

macro_rules! columns {
    () => {
        "job_id, tenant_id, source, kind, status, done, total, checkpoint, result, failure, created_at, updated_at"
    };
}

const MOST: i64 = 1_000;
const MOST_OF_ONE: i64 = 16;
const LONGEST_ID: usize = 64;
/// As the narrowest of the databases holds them.
const LONGEST_CHECKPOINT: usize = 255;
const LONGEST_FAILURE: usize = 1_000;

const TAKE_TURN: Sql = sql!("UPDATE tenant_job_turns SET turns = turns + 1 WHERE id = 1");
const COUNT: Sql = sql!("SELECT count(*) FROM tenant_jobs WHERE status IN ('queued', 'running')");
const COUNT_OF_ONE: Sql =
    sql!("SELECT count(*) FROM tenant_jobs WHERE tenant_id = ? AND status IN ('queued', 'running')");
const CREATE: Sql = sql!(
    "INSERT INTO tenant_jobs (",
    columns!(),
    ", fence, lease_until) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, 0)"
);
const FIND: Sql = sql!("SELECT ", columns!(), " FROM tenant_jobs WHERE job_id = ?");
/// One whose instance died goes on before those of its tenant that wait. Who is copied is neither purged nor made meanwhile.
const NEXT: Sql = sql!(
    "SELECT ",
    columns!(),
    ", fence FROM tenant_jobs j WHERE (j.status = 'queued' AND NOT EXISTS (SELECT 1 FROM tenant_jobs o \
     WHERE o.status = 'running' AND (o.tenant_id = j.tenant_id OR o.tenant_id = j.source OR o.source = j.tenant_id))) OR (j.status = 'running' AND j.lease_until <= ?) \
     ORDER BY j.created_at, j.job_id LIMIT 1"
);
const CLAIM: Sql = sql!(
    "UPDATE tenant_jobs SET status = 'running', fence = fence + 1, lease_until = ?, updated_at = ? WHERE job_id = ?"
);
const ADVANCE: Sql = sql!(
    "UPDATE tenant_jobs SET done = ?, total = ?, checkpoint = coalesce(?, checkpoint), lease_until = ?, updated_at = ? \
     WHERE job_id = ? AND fence = ? AND status = 'running'"
);
const FINISH: Sql = sql!(
    "UPDATE tenant_jobs SET status = ?, result = ?, failure = ?, lease_until = 0, updated_at = ? \
     WHERE job_id = ? AND fence = ? AND status = 'running'"
);
const HOLDS: Sql =
    sql!("UPDATE tenant_jobs SET checkpoint = ? WHERE job_id = ? AND fence = ? AND status = 'running'");
const LIST: Sql = sql!(
    "SELECT ",
    columns!(),
    " FROM tenant_jobs WHERE tenant_id = ? AND (created_at < ? OR (created_at = ? AND job_id < ?)) \
     ORDER BY created_at DESC, job_id DESC LIMIT ?"
);
const LIST_ALL: Sql = sql!(
    "SELECT ",
    columns!(),
    " FROM tenant_jobs WHERE created_at < ? OR (created_at = ? AND job_id < ?) \
     ORDER BY created_at DESC, job_id DESC LIMIT ?"
);
const OVER: Sql = sql!(
    "SELECT job_id FROM tenant_jobs WHERE status IN ('done', 'failed') AND updated_at < ? ORDER BY updated_at LIMIT ?"
);
const FORGET: Sql = sql!("DELETE FROM tenant_jobs WHERE job_id = ? AND status IN ('done', 'failed')");

impl<DB: TenantDatabase> DbJobs<DB> {
    /// Those of a database.
    #[must_use]
    pub fn new(db: &TenantDb<DB>) -> Self {
        Self(Own::of(db))
    }

    async fn try_create(&self, job: &Job) -> Result<(), StoreError> {
        let (mut tx, _turn) = self.0.begin().await?;
        run::<DB>(&mut tx, TAKE_TURN, vec![]).await?;
        let tenant = job.tenant.as_str();
        let all = count::<DB>(&mut tx, COUNT, vec![]).await?;
        if all >= MOST || count::<DB>(&mut tx, COUNT_OF_ONE, vec![tenant.into()]).await? >= MOST_OF_ONE {
            return Err(StoreError::new(StoreErrorKind::AlreadyExists, "too many jobs wait already"));
        }
        let added = DB::execute(&mut tx, CREATE, write(job)?).await;
        added.map_err(|error| taken(error, StoreErrorKind::AlreadyExists, "there is such a job"))?;
        tx.commit().await.map_err(StoreError::unavailable)
    }

    async fn try_claim(&self, now: Timestamp, lease: Duration) -> Result<Option<JobClaim>, StoreError> {
        let (mut tx, _turn) = self.0.begin().await?;
        run::<DB>(&mut tx, TAKE_TURN, vec![]).await?;
        let found = fetch::<DB>(&mut tx, NEXT, vec![now.as_unix_micros().into()]).await?;
        let Some(cells) = found.into_iter().next() else { return Ok(None) };
        let mut row = Row::new(cells);
        let mut job = read(&mut row)?;
        let fence = u64::try_from(row.integer()?).map_err(|_| corrupt())? + 1;
        let until = after(now, lease);
        let cells = vec![until.as_unix_micros().into(), now.as_unix_micros().into(), (*job.job_id).into()];
        run::<DB>(&mut tx, CLAIM, cells).await?;
        tx.commit().await.map_err(StoreError::unavailable)?;
        job.status = JobStatus::Running;
        job.updated_at = now;
        Ok(Some(JobClaim::new(job, fence)))
    }

    async fn place(&self, before: Option<&str>) -> Result<[Cell; 3], StoreError> {
        let Some(before) = before else { return Ok([i64::MAX.into(), i64::MAX.into(), "".into()]) };
        let missing = || StoreError::new(StoreErrorKind::NotFound, "there is no such job");
        let job = self.find(before).await?.ok_or_else(missing)?;
        let moment = job.created_at.as_unix_micros();
        Ok([moment.into(), moment.into(), before.into()])
    }
}

/// Whether a claim holds, as a part of a transaction: what that does is done once. Notes the checkpoint with it.
pub(crate) async fn hold<DB: TenantDatabase>(
    connection: &mut DB::Connection,
    claim: &JobClaim,
    checkpoint: &str,
) -> Result<bool, sqlx::Error> {
    let cells = vec![checkpoint.into(), (*claim.job.job_id).into(), integer(claim.fence).into()];
    Ok(DB::execute(connection, HOLDS, cells).await? == 1)
}

async fn count<DB: TenantDatabase>(
    connection: &mut DB::Connection,
    sql: Sql,
    cells: Vec<Cell>,
) -> Result<i64, StoreError> {
    let rows = fetch::<DB>(connection, sql, cells).await?;
    Row::new(rows.into_iter().next().ok_or_else(corrupt)?).integer()
}

fn after(now: Timestamp, lease: Duration) -> Timestamp {
    let lease = i64::try_from(lease.as_micros()).unwrap_or(i64::MAX);
    Timestamp::from_unix_micros(now.as_unix_micros().saturating_add(lease))
}

fn integer(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn invalid(message: &'static str) -> StoreError {
    StoreError::new(StoreErrorKind::Invalid, message)
}

fn json(map: &Map<String, Value>) -> Result<Cell, StoreError> {
    serde_json::to_string(map).map(Cell::Text).map_err(|_| invalid("the result can't be kept"))
}

fn write(job: &Job) -> Result<Vec<Cell>, StoreError> {
    let Job { job_id, kind, tenant, source, status, progress, checkpoint, .. } = job;
    if job_id.is_empty() || job_id.len() > LONGEST_ID || !is_exact(job_id) {
        return Err(invalid("the id can't be kept"));
    }
    check(checkpoint)?;
    Ok(vec![
        (**job_id).into(),
        tenant.as_str().into(),
        source.as_ref().map(TenantId::as_str).into(),
        kind.as_str().into(),
        status.as_str().into(),
        integer(progress.done).into(),
        integer(progress.total).into(),
        checkpoint.as_str().into(),
        job.result.as_ref().map(json).transpose()?.unwrap_or(Cell::Null),
        job.failure.clone().into(),
        job.created_at.as_unix_micros().into(),
        job.updated_at.as_unix_micros().into(),
    ])
}

fn check(checkpoint: &str) -> Result<(), StoreError> {
    match checkpoint.len() <= LONGEST_CHECKPOINT && !checkpoint.contains('\0') {
        true => Ok(()),
        false => Err(invalid("the checkpoint can't be kept")),
    }
}

fn read(row: &mut Row) -> Result<Job, StoreError> {
    let (job_id, tenant) = (row.text()?, row.tenant()?);
    let source = row.optional_text()?;
    let kind = row.parsed(JobKind::parse)?;
    let status = row.parsed(JobStatus::parse)?;
    let mut number = || row.integer().and_then(|number| u64::try_from(number).map_err(|_| corrupt()));
    let (done, total) = (number()?, number()?);
    let checkpoint = row.text()?;
    let result = row.optional_text()?;
    let failure = row.optional_text()?;
    let mut job = Job::new(job_id, kind, tenant, row.moment()?);
    job.source = source.map(|id| TenantId::parse(&id).map_err(|_| corrupt())).transpose()?;
    job.status = status;
    job.progress = Progress::new(done, total);
    job.checkpoint = checkpoint;
    job.result = result.map(|text| serde_json::from_str(&text).map_err(|_| corrupt())).transpose()?;
    job.failure = failure;
    job.updated_at = row.moment()?;
    Ok(job)
}

#[async_trait]
impl<DB: TenantDatabase> JobStore for DbJobs<DB> {
    async fn create(&self, job: &Job) -> Result<(), StoreError> {
        again::<DB, _, _, _>(|| self.try_create(job)).await
    }

    async fn find(&self, job_id: &str) -> Result<Option<Job>, StoreError> {
        if !is_exact(job_id) {
            return Ok(None);
        }
        let rows = self.0.read(FIND, vec![job_id.into()]).await?;
        rows.into_iter().next().map(|cells| read(&mut Row::new(cells))).transpose()
    }

    async fn claim(&self, now: Timestamp, lease: Duration) -> Result<Option<JobClaim>, StoreError> {
        again::<DB, _, _, _>(|| self.try_claim(now, lease)).await
    }

    async fn advance(
        &self,
        claim: &JobClaim,
        progress: Progress,
        checkpoint: Option<&str>,
        now: Timestamp,
        lease: Duration,
    ) -> Result<bool, StoreError> {
        check(checkpoint.unwrap_or(""))?;
        let cells = vec![
            integer(progress.done).into(),
            integer(progress.total).into(),
            checkpoint.into(),
            after(now, lease).as_unix_micros().into(),
            now.as_unix_micros().into(),
            (*claim.job.job_id).into(),
            integer(claim.fence).into(),
        ];
        Ok(self.0.write(ADVANCE, cells).await? == 1)
    }

    async fn finish(
        &self,
        claim: &JobClaim,
        outcome: &JobOutcome,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let (status, result, failure) = match outcome {
            JobOutcome::Done(result) => (JobStatus::Done, json(result)?, Cell::Null),
            JobOutcome::Failed(text) => {
                let text: String = text.chars().filter(|char| *char != '\0').take(LONGEST_FAILURE).collect();
                (JobStatus::Failed, Cell::Null, text.into())
            }
        };
        let (id, fence) = ((*claim.job.job_id).into(), Cell::from(integer(claim.fence)));
        let cells = vec![status.as_str().into(), result, failure, now.as_unix_micros().into(), id, fence];
        Ok(self.0.write(FINISH, cells).await? == 1)
    }

    async fn list(
        &self,
        tenant: Option<&TenantId>,
        before: Option<&str>,
        limit: u32,
    ) -> Result<Vec<Job>, StoreError> {
        let mut cells = self.place(before).await?.to_vec();
        cells.push(i64::from(limit).into());
        let rows = match tenant {
            Some(tenant) => {
                cells.insert(0, tenant.as_str().into());
                self.0.read(LIST, cells).await?
            }
            None => self.0.read(LIST_ALL, cells).await?,
        };
        rows.into_iter().map(|cells| read(&mut Row::new(cells))).collect()
    }

    async fn forget(&self, older_than: Timestamp, limit: u32) -> Result<Vec<Box<str>>, StoreError> {
        let cells = vec![older_than.as_unix_micros().into(), i64::from(limit).into()];
        let mut gone = Vec::new();
        for cells in self.0.read(OVER, cells).await? {
            let id = Row::new(cells).text()?;
            if self.0.write(FORGET, vec![id.as_str().into()]).await? > 0 {
                gone.push(id.into());
            }
        }
        Ok(gone)
    }
}
