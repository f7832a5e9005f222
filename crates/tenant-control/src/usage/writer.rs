//! The task that writes usage: what comes together goes into one transaction.

use std::{
    mem,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use tenant_core::{
    StoreError, StoreErrorKind,
    usage::{UsageRecord, UsageStore, UsageVerdict},
};
use tokio::{
    sync::{mpsc, oneshot},
    time::timeout,
};

use super::notes::Notes;

pub(super) type Answer = Result<UsageVerdict, StoreError>;

/// What is handed to the task.
pub(super) enum Item {
    /// Somebody waits for it.
    Recorded(UsageRecord, oneshot::Sender<Answer>),
    /// There are notes.
    Noted,
    /// Somebody waits for all notes.
    Flush(oneshot::Sender<()>),
}

pub(super) struct Writer {
    pub(super) store: Arc<dyn UsageStore>,
    pub(super) notes: Arc<Notes>,
    pub(super) lost: Arc<AtomicU64>,
    /// What was noted and could not be written: it is said again as it is, so that it counts once.
    pub(super) left: Vec<UsageRecord>,
}

/// So many go into one transaction.
pub(super) const BATCH: usize = 500;
/// What could not be written is tried again after this, or with what comes before.
const TRY_AGAIN: Duration = Duration::from_secs(1);

impl Writer {
    pub(super) async fn run(mut self, mut items: mpsc::Receiver<Item>) {
        let mut received = Vec::with_capacity(BATCH);
        loop {
            let come = items.recv_many(&mut received, BATCH);
            let is_over = match self.left.is_empty() {
                true => come.await == 0,
                // A timer that ends without anything having come is no end of the queue.
                false => timeout(TRY_AGAIN, come).await.is_ok_and(|count| count == 0),
            };
            let (mut recorded, mut flushed) = (Vec::new(), Vec::new());
            for item in received.drain(..) {
                match item {
                    Item::Recorded(record, answer) => recorded.push((record, answer)),
                    Item::Noted => {}
                    Item::Flush(answer) => flushed.push(answer),
                }
            }
            self.write_recorded(recorded).await;
            self.write_notes().await;
            for caller in flushed {
                // Who has gone away waits no more.
                let _ = caller.send(());
            }
            if is_over {
                return;
            }
        }
    }

    async fn write_recorded(&self, recorded: Vec<(UsageRecord, oneshot::Sender<Answer>)>) {
        let (records, callers): (Vec<_>, Vec<_>) = recorded.into_iter().unzip();
        let answers = self.write(&records).await;
        for (caller, answer) in callers.into_iter().zip(answers) {
            // Who has gone away waits no more.
            let _ = caller.send(answer);
        }
    }

    /// Notes that come meanwhile are added up until those before are written.
    async fn write_notes(&mut self) {
        if self.left.is_empty() {
            self.left = self.notes.take();
        }
        let left = mem::take(&mut self.left);
        for some in left.chunks(BATCH) {
            for (record, answer) in some.iter().zip(self.write(some).await) {
                match answer {
                    Ok(_) => {}
                    Err(error) if error.kind() == StoreErrorKind::Invalid => {
                        self.lost.fetch_add(record.quantity, Ordering::Relaxed);
                    }
                    Err(_) => self.left.push(record.clone()),
                }
            }
        }
    }

    /// The answer for each. One that can't be kept as it is must not keep the others out.
    async fn write(&self, records: &[UsageRecord]) -> Vec<Answer> {
        if records.is_empty() {
            return Vec::new();
        }
        match self.store.record(records).await {
            Ok(verdicts) => verdicts.into_iter().map(Ok).collect(),
            Err(error) if error.kind() == StoreErrorKind::Invalid && records.len() > 1 => {
                let mut answers = Vec::with_capacity(records.len());
                for record in records {
                    let one = self.store.record(std::slice::from_ref(record)).await;
                    let none = || StoreError::unavailable("the store gave no answer");
                    answers.push(one.and_then(|verdicts| verdicts.into_iter().next().ok_or_else(none)));
                }
                answers
            }
            Err(error) => vec![Err(error); records.len()],
        }
    }
}
