//! The audit log: sealed by the framework's own, written many entries at once.

use std::{fmt, fmt::Write as _, sync::Arc};

use async_trait::async_trait;
use sqlx::Pool;
use tenant::{
    DbAudit, StoreError, TenantDb, TenantId, Timestamp,
    audit::{
        AuditEnds, AuditEntry, AuditEvent, AuditFilter, AuditOutcome, AuditStore, ChainLink, Digest, Seal,
    },
    control::AuditLog,
};
use tokio::sync::Mutex;

use super::{
    bulk::{Bulk, Cell, Table},
    chance::Purpose,
    members,
    plan::{Plan, Share},
    progress::Progress,
    writer::Writer,
};
use crate::BoxError;

static ENTRIES: Table = Table {
    name: "tenant_audit",
    columns: &[
        "number",
        "digest",
        "event_id",
        "time",
        "tenant_id",
        "actor",
        "action",
        "resource_type",
        "resource_id",
        "outcome",
        "request_id",
    ],
};

/// What happens, and to what; what stands first happens most.
const ACTIONS: [(&str, &str); 14] = [
    ("user.created", "user"),
    ("execution.started", "execution"),
    ("member.changed", "user"),
    ("workflow.created", "workflow"),
    ("project.changed", "project"),
    ("invitation.created", "invitation"),
    ("project.created", "project"),
    ("user.deleted", "user"),
    ("api_key.created", "api_key"),
    ("session.ended", "session"),
    ("member.removed", "user"),
    ("organisation.settings_changed", "organisation"),
    ("api_key.revoked", "api_key"),
    ("organisation.plan_changed", "organisation"),
];

/// So many are handed over before they are waited for: the log lets 10 000 wait.
const HANDED_OVER: u64 = 5_000;

pub(super) async fn fill<DB: Bulk>(pool: &Pool<DB>, plan: &Plan, shares: &[Share]) -> Result<(), BoxError> {
    let db = TenantDb::<DB>::builder(pool.clone()).build().await?;
    let kept = DbAudit::new(&db);
    let last = kept.ends().await?.last;
    let first = last.number;
    let writing = Mutex::new(Writing { writer: Writer::new(pool, &[&ENTRIES]), last });
    let store = Arc::new(Many { kept, writing });
    let log = AuditLog::builder(Arc::<Many<DB>>::clone(&store)).start();
    let ends: Vec<u64> = weights(shares);
    let mut progress = Progress::of("audit events", plan.size.events);
    for number in 0..plan.size.events {
        log.note(event(plan, shares, &ends, number)?);
        progress.done(1);
        if number % HANDED_OVER == HANDED_OVER - 1 {
            log.flush().await;
        }
    }
    log.flush().await;
    let written = store.end().await? - first;
    progress.end();
    if written != plan.size.events {
        return Err(format!("of {} events {written} were written", plan.size.events).into());
    }
    Ok(())
}

/// Where each tenant's part of all users ends: who has more of them does more.
fn weights(shares: &[Share]) -> Vec<u64> {
    shares.iter().map(|share| share.users.end).collect()
}

fn event(plan: &Plan, shares: &[Share], ends: &[u64], number: u64) -> Result<AuditEvent, BoxError> {
    let mut chance = plan.chance(Purpose::Event, number);
    let anybody = chance.below(plan.size.users);
    let share = shares.get(ends.partition_point(|end| *end <= anybody)).ok_or("there are no tenants")?;
    let time = Timestamp::from_unix_micros(plan.moment(number, plan.size.events, &mut chance));
    let busy = (share.users.end - share.users.start).min(200);
    let actor = members::person(plan, share.users.start + chance.early(busy));
    let place = usize::try_from(chance.early(ACTIONS.len() as u64))?;
    let (action, resource) = ACTIONS.get(place).copied().ok_or("there are no actions")?;
    let outcome = match chance.below(50) {
        0 => AuditOutcome::Denied,
        1 => AuditOutcome::Failure,
        _ => AuditOutcome::Success,
    };
    let event = AuditEvent::new(chance.id(), time, actor, action, resource);
    Ok(event.of(share.tenant).on(chance.id()).with_outcome(outcome).by_request(chance.digest().split_off(32)))
}

/// A store that writes many entries at once; it is read as it always is.
struct Many<DB: Bulk> {
    kept: DbAudit<DB>,
    writing: Mutex<Writing<DB>>,
}

struct Writing<DB: Bulk> {
    writer: Writer<DB>,
    last: ChainLink,
}

impl<DB: Bulk> Many<DB> {
    /// Writes what is left, and where the chain ends: the number of its last entry.
    async fn end(&self) -> Result<u64, BoxError> {
        let Writing { writer, last } = &mut *self.writing.lock().await;
        let ChainLink { number, digest, .. } = last;
        let (number, digest) = (*number, hex(digest));
        let ends = format!("UPDATE tenant_audit_ends SET last_number = {number}, last_digest = '{digest}'");
        writer.end(Some(ends)).await?;
        Ok(number)
    }
}

fn row(link: &ChainLink, event: &AuditEvent) -> [Cell; 11] {
    [
        link.number.into(),
        hex(&link.digest).into(),
        (*event.event_id).into(),
        event.time.as_unix_micros().into(),
        event.tenant.as_ref().map(TenantId::as_str).into(),
        (*event.actor).into(),
        (*event.action).into(),
        (*event.resource_type).into(),
        event.resource_id.as_deref().into(),
        event.outcome.as_str().into(),
        event.request_id.as_deref().into(),
    ]
}

fn hex(digest: &Digest) -> String {
    digest.iter().fold(String::with_capacity(64), |mut text, byte| {
        // Writing to a text can't fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[async_trait]
impl<DB: Bulk> AuditStore for Many<DB> {
    async fn append(&self, events: &[AuditEvent], seal: &Seal<'_>) -> Result<(), StoreError> {
        let Writing { writer, last } = &mut *self.writing.lock().await;
        for event in events {
            let number = last.number + 1;
            *last = ChainLink::new(number, seal(&last.digest, number, event));
            writer.add(&ENTRIES, row(last, event)).await.map_err(StoreError::unavailable)?;
        }
        Ok(())
    }

    async fn list(
        &self,
        tenant: Option<&TenantId>,
        filter: &AuditFilter,
        before: Option<&str>,
        limit: u32,
    ) -> Result<Vec<AuditEvent>, StoreError> {
        self.kept.list(tenant, filter, before, limit).await
    }

    async fn after(&self, number: u64, limit: u32) -> Result<Vec<AuditEntry>, StoreError> {
        self.kept.after(number, limit).await
    }

    async fn ends(&self) -> Result<AuditEnds, StoreError> {
        self.kept.ends().await
    }

    async fn forget(&self, older_than: Timestamp, limit: u32) -> Result<(ChainLink, u64), StoreError> {
        self.kept.forget(older_than, limit).await
    }
}

impl<DB: Bulk> fmt::Debug for Many<DB> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Many").finish_non_exhaustive()
    }
}
