use std::time::Duration;

use tenant::{
    ApiError, Dimension, Meter, NoLongerActive, Rejection, TenantContext, Timestamp,
    quota::{Cost, Reservation},
};
use tokio::{sync::oneshot, time::sleep};
use uuid::Uuid;

use crate::{events::Happening, places::Place, state::AppState};

const TRIES: usize = 5;
const PAUSE: Duration = Duration::from_millis(200);

/// Starts an execution of a workflow, under all the limits of `executions` at once, and answers with its id.
///
/// From the charge on it is the task's: where the caller goes away in the middle, there is either an execution that runs
/// and is charged, or none and no charge.
///
/// # Errors
/// A limit denies, or the workflow does not exist.
pub(crate) async fn start(
    app: &AppState,
    tenant: &TenantContext,
    workflow: String,
    duration: Duration,
) -> Result<String, ApiError> {
    let place = app.running.enter(tenant.id()).ok_or_else(too_many)?;
    let reservation = reserve(&app.meter, tenant).await?;
    let (answer, started) = oneshot::channel();
    let run = Run { app: app.clone(), tenant: tenant.clone(), id: Uuid::now_v7().to_string(), duration };
    tenant::spawn(tenant.clone(), run.run(workflow, reservation, place, answer));
    started.await.unwrap_or_else(|_| Err(Rejection::internal().into()))
}

async fn reserve(meter: &Meter, tenant: &TenantContext) -> Result<Reservation, ApiError> {
    let executions = "executions".parse::<Dimension>().map_err(|_| Rejection::internal())?;
    Ok(meter.reserve(tenant, &[Cost::of(executions, 1)]).await?)
}

fn too_many() -> Rejection {
    Rejection::quota_exceeded(Some(1)).with_detail("more executions run than any tenant may have")
}

struct Run {
    app: AppState,
    tenant: TenantContext,
    id: String,
    duration: Duration,
}

impl Run {
    async fn run(
        self,
        workflow: String,
        mut reservation: Reservation,
        place: Place,
        answer: oneshot::Sender<Result<String, ApiError>>,
    ) {
        let mut permit = reservation.take_permit();
        if let Err(error) = self.record(&workflow).await {
            // First the refund, then the answer: the caller may come back at once.
            drop((permit, reservation, place));
            let _ = answer.send(Err(error));
            return;
        }
        reservation.keep();
        if self.duration.is_zero() {
            permit = None;
        }
        self.app.tell(&self.tenant, &Happening::Started { execution: &self.id, workflow: &workflow });
        let _ = answer.send(Ok(self.id.clone()));
        let (outcome, ended) = (self.wait().await, self.app.now());
        // Before it is told: who reads `completed` finds the place free.
        drop(permit);
        let completed = Happening::Completed { execution: &self.id, workflow: &workflow, outcome };
        if self.complete(outcome, ended, &place, &completed).await {
            self.app.tell(&self.tenant, &completed);
        }
        drop(place);
    }

    async fn record(&self, workflow: &str) -> Result<(), ApiError> {
        let now = self.app.now();
        let duration_us = i64::try_from(self.duration.as_micros()).unwrap_or(i64::MAX);
        let mut tx = self.app.db.begin(&self.tenant).await?;
        let inserted = sqlx::query(
            "INSERT INTO executions (id, workflow_id, status, duration_ms, created_at, ends_at_us)
             VALUES (?, ?, 'running', ?, ?, ?)",
        )
        .bind(&self.id)
        .bind(workflow)
        .bind(duration_us / 1_000)
        .bind(now.to_string())
        .bind(now.as_unix_micros().saturating_add(duration_us))
        .execute(&mut tx)
        .await;
        match inserted {
            Ok(_) => {}
            Err(sqlx::Error::Database(error)) if error.is_foreign_key_violation() => {
                return Err(no_such_workflow().into());
            }
            Err(error) => return Err(error.into()),
        }
        self.app.keep(&mut tx, &Happening::Started { execution: &self.id, workflow }).await?;
        Ok(tx.commit().await?)
    }

    /// Does the work, which is to wait.
    async fn wait(&self) -> &'static str {
        let (over, mut stopped) = (self.app.running.alarm.after(self.duration), self.app.running.stopped());
        tokio::select! {
            biased;
            Ok(()) = over => "finished",
            _ = stopped.wait_for(|stop| *stop) => "interrupted",
        }
    }

    /// Of the executions of one tenant, which may all end at once, one after the other: connections and the way to
    /// the disk are for all tenants. Answers whether it is marked.
    async fn complete(
        &self,
        outcome: &str,
        ended: Timestamp,
        place: &Place,
        completed: &Happening<'_>,
    ) -> bool {
        for _ in 0..TRIES {
            let turn = place.turn().await;
            match self.mark(outcome, ended, completed).await {
                Ok(is_there) => return is_there,
                // Nothing is written for a tenant that is not served any more.
                Err(error) if NoLongerActive::of(&error).is_some() => return false,
                Err(error) => tracing::warn!(%error, "an execution could not be marked as completed"),
            }
            drop(turn);
            sleep(PAUSE).await;
        }
        false
    }

    /// `false` where it was deleted meanwhile, with its workflow.
    async fn mark(
        &self,
        outcome: &str,
        ended: Timestamp,
        completed: &Happening<'_>,
    ) -> Result<bool, sqlx::Error> {
        let mut tx = self.app.db.begin(&self.tenant).await?;
        let marked = sqlx::query(
            "UPDATE executions SET status = 'completed', outcome = ?, completed_at = ? WHERE id = ?",
        )
        .bind(outcome)
        .bind(ended.to_string())
        .bind(&self.id)
        .execute(&mut tx)
        .await?;
        if marked.rows_affected() == 0 {
            return Ok(false);
        }
        self.app.keep(&mut tx, completed).await?;
        tx.commit().await?;
        Ok(true)
    }
}

pub(crate) fn no_such_workflow() -> Rejection {
    Rejection::not_found().with_detail("the workflow does not exist")
}
