//! Telling what is due.

use std::{
    collections::HashSet,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tenant_core::{
    StoreError, TenantId, Timestamp,
    usage::{ToldDay, ToldPart, UsageKind},
};
use tokio::{
    task::JoinSet,
    time::{sleep, timeout},
};

use super::{
    ExportAttempt, ExportFailure, ExportFailureKind, MeteredUsage, Told, UsageExports,
    builder::Exporting,
    day::{released, settled},
};
use crate::usage::moved;

/// A tenant of whom nothing was taken lately.
#[derive(Clone, Copy, Default)]
pub(super) struct Standing {
    failures: u32,
    /// Nothing is told before this.
    rests_until: Option<Timestamp>,
}

/// One tenant's turn.
struct Turn<'a> {
    exporting: &'a Exporting,
    tenant: TenantId,
    /// Kinds that are not taken: the rest of them need not be asked about.
    refused: HashSet<UsageKind>,
    told: Told,
    is_over: bool,
}

const PAGE: u32 = 100;
/// The longest somebody is waited for who asks for it.
const LONGEST_REST: Duration = Duration::from_secs(86_400);
/// What may have been taken and is refused: it is looked at again later.
const REFUSED_REST: Duration = Duration::from_secs(3_600);
/// What could not be settled is told again: it is worth some patience.
const SETTLES_AFTER: [Duration; 3] = [Duration::ZERO, Duration::from_millis(100), Duration::from_millis(500)];

impl UsageExports {
    /// Tells what is due now, and says what became of it. Tenants are told of beside each other.
    ///
    /// # Errors
    /// The store failed. Where it did so for some tenants, the others' was told.
    pub async fn tell_due(&self) -> Result<Told, StoreError> {
        let (mut turns, mut all) = (JoinSet::new(), Told::default());
        let (is_denied, mut after) = (Arc::<AtomicBool>::default(), None::<TenantId>);
        let mut note = |turn: Option<Result<Told, _>>| {
            if let Some(turn) = turn {
                all = all.and(turn.unwrap_or(Told { failed: 1, ..Told::default() }));
            }
        };
        loop {
            let now = self.0.now();
            let name = self.0.exporter.name();
            let page = self.0.ledger.tenants_due(name, now, after.as_ref(), PAGE).await?;
            for tenant in page.iter().filter(|tenant| !self.0.rests(tenant, now)) {
                while turns.len() >= self.0.at_once {
                    note(turns.join_next().await);
                }
                turns.spawn(turn(Arc::clone(&self.0), *tenant, Arc::clone(&is_denied)));
            }
            after = page.last().copied();
            if page.len() < PAGE as usize {
                break;
            }
        }
        while !turns.is_empty() {
            note(turns.join_next().await);
        }
        Ok(all)
    }
}

async fn turn(exporting: Arc<Exporting>, tenant: TenantId, is_denied: Arc<AtomicBool>) -> Told {
    let (refused, told) = (HashSet::new(), Told::default());
    let mut turn = Turn { exporting: &exporting, tenant, refused, told, is_over: false };
    if turn.run(&is_denied).await.is_err() {
        turn.told.failed += 1;
    }
    turn.told
}

impl Turn<'_> {
    async fn run(&mut self, is_denied: &AtomicBool) -> Result<(), StoreError> {
        let Exporting { ledger, exporter, .. } = self.exporting;
        loop {
            let page = ledger.due(exporter.name(), &self.tenant, self.exporting.now(), PAGE).await?;
            let before = self.told;
            for day in page {
                if self.is_over || is_denied.load(Ordering::Relaxed) {
                    return Ok(());
                }
                self.day(day, is_denied).await?;
            }
            // Others are at it, or nothing is left.
            if before == self.told {
                return Ok(());
            }
        }
    }

    async fn day(&mut self, mut day: ToldDay, is_denied: &AtomicBool) -> Result<(), StoreError> {
        let exporting = self.exporting;
        let Some(part) = day.part.clone() else { return Ok(()) };
        if exporting.is_forgotten_there(&part) {
            set(&mut day, |part| part.due = None);
            self.told.held += u64::from(self.write(&day).await?);
            return Ok(());
        }
        if self.refused.contains(&day.series.kind) && part.doubtful_since.is_none() {
            self.told.refused += u64::from(self.write(&released(day)).await?);
            return Ok(());
        }
        set(&mut day, |part| {
            part.doubtful_since.get_or_insert(exporting.now());
            part.tries = part.tries.saturating_add(1);
            part.due = Some(exporting.soon(exporting.exporter.patience().saturating_mul(2)));
        });
        if !self.write(&day).await? {
            return Ok(());
        }
        day.revision += 1;
        match self.tell(&day).await {
            Ok(()) => self.taken(day).await,
            Err(failure) => {
                is_denied.fetch_or(failure.kind() == ExportFailureKind::Denied, Ordering::Relaxed);
                self.not_taken(day, part.doubtful_since, &failure).await
            }
        }
    }

    async fn tell(&self, day: &ToldDay) -> Result<(), ExportFailure> {
        let unanswered = || ExportFailure::new(ExportFailureKind::Unanswered);
        let part = day.part.as_ref().ok_or_else(unanswered)?;
        let usage = MeteredUsage {
            tenant: &self.tenant,
            receiver: &part.receiver,
            series: &day.series,
            date: day.date,
            amount: part.amount,
            identifier: &part.identifier,
            failures: part.failures,
        };
        let exporter = &self.exporting.exporter;
        let told = timeout(exporter.patience(), exporter.tell(&usage)).await;
        let told = told.unwrap_or_else(|_| Err(unanswered()));
        (self.exporting.heard)(&ExportAttempt { usage, outcome: told.as_ref().copied() });
        told
    }

    async fn taken(&mut self, day: ToldDay) -> Result<(), StoreError> {
        self.exporting.standing.lock().remove(&self.tenant);
        self.told.taken += 1;
        let (settled, mut answer) = (settled(day), Ok(true));
        for wait in SETTLES_AFTER {
            sleep(wait).await;
            answer = self.write(&settled).await;
            if answer.is_ok() {
                break;
            }
        }
        answer.map(drop)
    }

    /// What was not taken is as it was before it was told; what may have been stays in doubt.
    async fn not_taken(
        &mut self,
        mut day: ToldDay,
        doubtful_before: Option<Timestamp>,
        failure: &ExportFailure,
    ) -> Result<(), StoreError> {
        let is_refused = failure.kind() == ExportFailureKind::Refused;
        if is_refused {
            self.refused.insert(day.series.kind.clone());
            self.told.refused += 1;
        } else {
            self.is_over = true;
            self.told.again += 1;
            self.exporting.fails(self.tenant, failure);
        }
        if is_refused && doubtful_before.is_none() {
            return self.write(&released(day)).await.map(drop);
        }
        let wait = |tries| if is_refused { REFUSED_REST } else { self.exporting.rest(tries, failure) };
        set(&mut day, |part| {
            part.due = Some(self.exporting.soon(wait(part.tries)));
            part.failures =
                part.failures.saturating_add(u32::from(failure.kind() == ExportFailureKind::Failed));
            if !failure.is_doubtful() {
                part.doubtful_since = doubtful_before;
            }
        });
        self.write(&day).await.map(drop)
    }

    async fn write(&self, day: &ToldDay) -> Result<bool, StoreError> {
        self.exporting.ledger.write(self.exporting.exporter.name(), &self.tenant, day).await
    }
}

fn set(day: &mut ToldDay, change: impl FnOnce(&mut ToldPart)) {
    if let Some(part) = day.part.as_mut() {
        change(part);
    }
}

impl Exporting {
    /// Whether it may have been taken so long ago that it would be taken again.
    fn is_forgotten_there(&self, part: &ToldPart) -> bool {
        let (Some(since), Some(remembers)) = (part.doubtful_since, self.exporter.remembers()) else {
            return false;
        };
        self.soon(self.exporter.patience()) >= moved(since, remembers, 1)
    }

    fn rests(&self, tenant: &TenantId, now: Timestamp) -> bool {
        let standing = self.standing.lock();
        standing.get(tenant).and_then(|one| one.rests_until).is_some_and(|until| until > now)
    }

    fn fails(&self, tenant: TenantId, failure: &ExportFailure) {
        let mut standing = self.standing.lock();
        let one = standing.entry(tenant).or_default();
        one.failures = one.failures.saturating_add(1);
        one.rests_until = Some(self.soon(self.rest(one.failures, failure)));
    }

    fn rest(&self, tries: u32, failure: &ExportFailure) -> Duration {
        let usual = self.back_off.after(tries).unwrap_or(REFUSED_REST);
        usual.max(failure.wait().unwrap_or_default().min(LONGEST_REST))
    }
}
