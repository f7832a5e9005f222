//! The task that writes the log: what comes together goes into one transaction.

use std::{
    collections::VecDeque,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use tenant_core::{
    Clock, StoreError,
    audit::{AuditEvent, AuditStore, Digest},
};
use tokio::{
    sync::{mpsc, oneshot},
    time::timeout,
};

use super::{
    chain::Chain,
    log::{event, is_invalid},
};

/// What is handed to the task.
pub(super) enum Item {
    /// Somebody waits for it.
    Recorded(AuditEvent, oneshot::Sender<Result<(), StoreError>>),
    /// Nobody does.
    Noted(AuditEvent),
    /// Somebody waits for all that came before.
    Flush(oneshot::Sender<()>),
}

pub(super) struct Writer {
    store: Arc<dyn AuditStore>,
    chain: Chain,
    clock: Arc<dyn Clock>,
    lost: Arc<AtomicU64>,
    /// What was noted and could not be written yet.
    left: VecDeque<AuditEvent>,
    most_left: usize,
    /// Says how many are lost, until it is written: one at a time, which is said again under the same id.
    missing: Option<AuditEvent>,
}

/// So many go into one transaction.
const BATCH: usize = 500;
/// What could not be written is tried again after this, or with what comes before.
const TRY_AGAIN: Duration = Duration::from_secs(1);

#[derive(Default)]
struct Batch {
    events: Vec<AuditEvent>,
    /// Who waits for which of them.
    waiting: Vec<(usize, oneshot::Sender<Result<(), StoreError>>)>,
    flushed: Vec<oneshot::Sender<()>>,
}

impl Writer {
    pub(super) fn new(
        store: Arc<dyn AuditStore>,
        chain: Chain,
        clock: Arc<dyn Clock>,
        lost: Arc<AtomicU64>,
        most_left: usize,
    ) -> Self {
        Self { store, chain, clock, lost, left: VecDeque::new(), most_left, missing: None }
    }

    pub(super) async fn run(mut self, mut items: mpsc::Receiver<Item>) {
        let mut received = Vec::with_capacity(BATCH);
        loop {
            let come = items.recv_many(&mut received, BATCH);
            let is_over = match self.has_nothing_left() {
                true => come.await == 0,
                // A timer that ends without anything having come is no end of the queue.
                false => timeout(TRY_AGAIN, come).await.is_ok_and(|count| count == 0),
            };
            let batch = self.batch(received.drain(..));
            self.write(batch).await;
            if is_over {
                return;
            }
        }
    }

    fn has_nothing_left(&self) -> bool {
        self.left.is_empty() && self.missing.is_none() && self.lost.load(Ordering::Relaxed) == 0
    }

    /// What was left before comes first.
    fn batch(&mut self, items: impl Iterator<Item = Item>) -> Batch {
        let mut batch = Batch { events: self.left.drain(..).collect(), ..Batch::default() };
        for item in items {
            match item {
                Item::Recorded(event, answer) => {
                    batch.waiting.push((batch.events.len(), answer));
                    batch.events.push(event);
                }
                Item::Noted(event) => batch.events.push(event),
                Item::Flush(answer) => batch.flushed.push(answer),
            }
        }
        batch.events.extend(self.tell_lost().cloned());
        batch
    }

    fn tell_lost(&mut self) -> Option<&AuditEvent> {
        if self.missing.is_none() {
            let lost = self.lost.swap(0, Ordering::Relaxed);
            let told = || event(&*self.clock, "system", "audit.lost", "audit_event").on(lost.to_string());
            self.missing = (lost > 0).then(told);
        }
        self.missing.as_ref()
    }

    async fn write(&mut self, batch: Batch) {
        let Batch { events, waiting, flushed } = batch;
        let mut waiting = waiting.into_iter().peekable();
        let mut done = 0;
        for events in events.chunks(BATCH) {
            let written = self.append(events).await;
            let answers = self.answers(events, written).await;
            for (at, (event, answer)) in (done..).zip(events.iter().zip(answers)) {
                match waiting.next_if(|(waits_for, _)| *waits_for == at) {
                    Some((_, caller)) => drop(caller.send(answer)),
                    None => self.keep(event, answer.as_ref().err()),
                }
            }
            done += events.len();
        }
        for caller in flushed {
            // Who has gone away waits no more.
            let _ = caller.send(());
        }
    }

    async fn append(&self, events: &[AuditEvent]) -> Result<(), StoreError> {
        let seal = |previous: &Digest, number, event: &AuditEvent| self.chain.seal(previous, number, event);
        self.store.append(events, &seal).await
    }

    /// The answer for each. One that can't be kept as it is must not keep the others out.
    async fn answers(
        &self,
        events: &[AuditEvent],
        written: Result<(), StoreError>,
    ) -> Vec<Result<(), StoreError>> {
        match written {
            Err(error) if is_invalid(&error) && events.len() > 1 => {
                let mut answers = Vec::with_capacity(events.len());
                for event in events {
                    answers.push(self.append(std::slice::from_ref(event)).await);
                }
                answers
            }
            written => vec![written; events.len()],
        }
    }

    /// Nobody waits for it: it is tried again, unless that is of no use or too many are left already.
    fn keep(&mut self, event: &AuditEvent, error: Option<&StoreError>) {
        let is_missing = self.missing.as_ref().is_some_and(|told| told.event_id == event.event_id);
        match error {
            None if is_missing => self.missing = None,
            None => {}
            Some(_) if is_missing => {}
            Some(error) if is_invalid(error) || self.left.len() >= self.most_left => {
                self.lost.fetch_add(1, Ordering::Relaxed);
            }
            Some(_) => self.left.push_back(event.clone()),
        }
    }
}
