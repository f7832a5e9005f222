use std::{collections::HashMap, sync::Arc, time::Duration};

use sqlx::Sqlite;
use tenant::{
    TenantDb, TenantId,
    danger::{Bypass, Unscoped, UnscopedTransaction},
};
use tokio::{sync::watch, task::JoinHandle};

use super::{
    RECENT, Recorder,
    tally::{Answered, Tally},
};

/// Writes what the recorder has summed up, batch by batch.
///
/// A batch spans tenants, and a tenant may have been suspended since it was answered: so the writer goes around the
/// scope, names its reason, and names the tenant in each statement itself.
pub(crate) struct Writer {
    db: TenantDb<Sqlite>,
    recorder: Arc<Recorder>,
}

// What was answered shows within a second.
const EVERY: Duration = Duration::from_millis(200);
const LAST_TRIES: usize = 10;

impl Writer {
    /// A writer of what `recorder` hears.
    pub(crate) const fn new(db: TenantDb<Sqlite>, recorder: Arc<Recorder>) -> Self {
        Self { db, recorder }
    }

    /// Writes until `stop` is told, and then once more, so that nothing is lost.
    pub(crate) fn spawn(self, stop: watch::Receiver<bool>) -> JoinHandle<()> {
        tokio::spawn(async move { self.run(stop).await })
    }

    async fn run(self, mut stop: watch::Receiver<bool>) {
        let all = self.db.unscoped(Bypass::new("analytics", "a batch of answered requests spans tenants"));
        while !*stop.borrow() {
            tokio::select! {
                () = tokio::time::sleep(EVERY) => {}
                _ = stop.changed() => break,
            }
            self.flush(&all).await;
        }
        for _ in 0..LAST_TRIES {
            if self.flush(&all).await {
                return;
            }
            tokio::time::sleep(EVERY).await;
        }
        tracing::error!("request analytics could not be written before the end");
    }

    /// Writes one batch; `false` if the database did not take it, and it is kept for the next time.
    async fn flush(&self, all: &Unscoped<'_, Sqlite>) -> bool {
        let batch = self.recorder.take();
        if batch.is_empty() {
            return true;
        }
        match write(all, &batch).await {
            Ok(()) => true,
            Err(error) => {
                tracing::warn!(%error, "request analytics could not be written; they are kept for the next batch");
                self.recorder.restore(batch);
                false
            }
        }
    }
}

async fn write(all: &Unscoped<'_, Sqlite>, batch: &HashMap<TenantId, Tally>) -> Result<(), sqlx::Error> {
    let mut transaction = all.begin().await?;
    for (tenant, tally) in batch {
        add_totals(&mut transaction, tenant, tally).await?;
        add_recent(&mut transaction, tenant, tally).await?;
    }
    transaction.commit().await
}

async fn add_totals(
    transaction: &mut UnscopedTransaction<'_, Sqlite>,
    tenant: &TenantId,
    tally: &Tally,
) -> Result<(), sqlx::Error> {
    for (status, total) in &tally.totals {
        sqlx::query(
            "INSERT INTO request_totals (tenant_id, status_code, requests, duration_us) VALUES (?, ?, ?, ?)
             ON CONFLICT (tenant_id, status_code) DO UPDATE
             SET requests = requests + excluded.requests, duration_us = duration_us + excluded.duration_us",
        )
        .bind(tenant.as_str())
        .bind(i64::from(*status))
        .bind(saturate(total.requests))
        .bind(saturate(total.duration_us))
        .execute(&mut *transaction)
        .await?;
    }
    Ok(())
}

async fn add_recent(
    transaction: &mut UnscopedTransaction<'_, Sqlite>,
    tenant: &TenantId,
    tally: &Tally,
) -> Result<(), sqlx::Error> {
    let last: i64 =
        sqlx::query_scalar("SELECT COALESCE(MAX(number), 0) FROM recent_requests WHERE tenant_id = ?")
            .bind(tenant.as_str())
            .fetch_one(&mut *transaction)
            .await?;
    for (number, answered) in (last.saturating_add(1)..).zip(&tally.recent) {
        add_one(transaction, tenant, number, answered).await?;
    }
    let kept =
        last.saturating_add(saturate(tally.recent.len() as u64)).saturating_sub(saturate(RECENT as u64));
    sqlx::query("DELETE FROM recent_requests WHERE tenant_id = ? AND number <= ?")
        .bind(tenant.as_str())
        .bind(kept)
        .execute(&mut *transaction)
        .await?;
    Ok(())
}

async fn add_one(
    transaction: &mut UnscopedTransaction<'_, Sqlite>,
    tenant: &TenantId,
    number: i64,
    answered: &Answered,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO recent_requests (tenant_id, number, method, path, status_code, duration_us, created_at)
         VALUES (?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(tenant.as_str())
    .bind(number)
    .bind(&answered.method)
    .bind(&answered.path)
    .bind(i64::from(answered.status))
    .bind(saturate(answered.duration_us))
    .bind(answered.at.to_string())
    .execute(&mut *transaction)
    .await?;
    Ok(())
}

fn saturate(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
