//! The audit log. What a tenant could do through it: see another's events, count them by numbers or cursors, fill the log, or
//! take something out of it without anybody seeing it.

use std::{
    collections::HashSet,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use tenant_control::{AuditDamage, AuditHooks, AuditLog};
use tenant_core::{
    Clock, ManualClock, StoreError, StoreErrorKind, TenantHooks, TenantId, Timestamp, async_trait,
    audit::{AuditEnds, AuditEntry, AuditEvent, AuditFilter, AuditOutcome, AuditStore, ChainLink, Seal},
    auth::CredentialKind,
    hooks::{BypassEvent, CredentialEvent, CrossTenantAttempt},
};
use tenant_sqlx::DbAudit;

use crate::support::{clock, database, id, open, tamper};

fn log(store: impl AuditStore + 'static, clock: &Arc<ManualClock>) -> AuditLog {
    AuditLog::builder(Arc::new(store)).clock(Arc::clone(clock) as Arc<dyn Clock>).start()
}

async fn actions(log: &AuditLog, tenant: Option<&str>) -> Vec<String> {
    let tenant = tenant.map(id);
    let page = log.page(tenant.as_ref(), &AuditFilter::default(), None, 1_000).await.unwrap();
    page.events.iter().map(|event| event.action.to_string()).collect()
}

#[tokio::test]
async fn a_tenant_sees_its_own_events_the_newest_first_and_the_operator_all() {
    let ((db, _folder), clock) = (database().await, clock());
    let log = log(DbAudit::new(&db), &clock);
    log.record(log.event("ada", "one", "user").of(id("acme")).on("u1").by_request("r1")).await.unwrap();
    log.record(log.event("gus", "two", "user").of(id("globex"))).await.unwrap();
    log.record(log.event("admin", "three", "tenant")).await.unwrap();
    log.record(log.event("ada", "four", "user").of(id("acme")).with_outcome(AuditOutcome::Failure))
        .await
        .unwrap();
    assert_eq!(actions(&log, Some("acme")).await, ["four", "one"]);
    assert_eq!(actions(&log, Some("globex")).await, ["two"]);
    assert_eq!(actions(&log, Some("nobody")).await, [""; 0]);
    assert_eq!(actions(&log, None).await, ["four", "three", "two", "one"]);
    let first = &log.page(Some(&id("acme")), &AuditFilter::default(), None, 5).await.unwrap().events[1];
    let expected = AuditEvent::new(first.event_id.clone(), clock.unix().into(), "ada", "one", "user");
    assert_eq!(*first, expected.of(id("acme")).on("u1").by_request("r1"));
}

#[tokio::test]
async fn pages_are_without_gaps_and_cursors_are_of_their_own_log_alone() {
    let ((db, _folder), clock) = (database().await, clock());
    let log = log(DbAudit::new(&db), &clock);
    for number in 0..25 {
        for tenant in ["acme", "globex"] {
            log.note(log.event("ada", "noted", "user").of(id(tenant)).on(format!("{tenant}-{number}")));
        }
    }
    log.flush().await;
    let (mut cursor, mut seen) = (None::<Box<str>>, Vec::new());
    loop {
        let page = log.page(Some(&id("acme")), &AuditFilter::default(), cursor.as_deref(), 10).await.unwrap();
        seen.extend(page.events.into_iter().filter_map(|event| event.resource_id));
        let Some(next) = page.next_cursor else { break };
        cursor = Some(next);
    }
    let expected: Vec<_> = (0..25).rev().map(|number| format!("acme-{number}").into_boxed_str()).collect();
    assert_eq!(seen, expected);
    let globex = log.page(Some(&id("globex")), &AuditFilter::default(), None, 1).await.unwrap();
    let foreign = globex.next_cursor.unwrap();
    for cursor in [&*foreign, "nobody's", "1", ""] {
        let error = log.page(Some(&id("acme")), &AuditFilter::default(), Some(cursor), 10).await.unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::NotFound, "{cursor}");
    }
}

#[tokio::test]
async fn each_filter_leaves_out_what_it_says() {
    let ((db, _folder), clock) = (database().await, clock());
    let log = log(DbAudit::new(&db), &clock);
    for (actor, action, resource) in [("ada", "a", "user"), ("bob", "a", "user"), ("ada", "b", "key")] {
        log.record(log.event(actor, action, resource).of(id("acme"))).await.unwrap();
        clock.advance(Duration::from_secs(60));
    }
    let start = Timestamp::from_unix_micros(1_700_000_000_000_000);
    let minute =
        |number: i64| Some(Timestamp::from_unix_micros(start.as_unix_micros() + number * 60_000_000));
    let text = |text: &str| Some(text.to_owned());
    let all = AuditFilter::default;
    for (filter, count) in [
        (all(), 3),
        (AuditFilter { actor: text("ada"), ..all() }, 2),
        (AuditFilter { actor: text("Ada"), ..all() }, 0),
        (AuditFilter { action: text("a"), ..all() }, 2),
        (AuditFilter { resource_type: text("key"), ..all() }, 1),
        (AuditFilter { actor: text("ada"), action: text("a"), ..all() }, 1),
        (AuditFilter { actor: text("' OR 1=1 --"), ..all() }, 0),
        (AuditFilter { from: minute(1), ..all() }, 2),
        (AuditFilter { until: minute(1), ..all() }, 1),
        (AuditFilter { from: minute(1), until: minute(2), ..all() }, 1),
    ] {
        let page = log.page(Some(&id("acme")), &filter, None, 10).await.unwrap();
        assert_eq!(page.events.len(), count, "{filter:?}");
    }
}

#[tokio::test]
async fn what_was_removed_changed_or_moved_shows() {
    for (statement, damage) in [
        ("DELETE FROM tenant_audit WHERE number = 3", vec![AuditDamage::Missing { first: 3, last: 3 }]),
        ("DELETE FROM tenant_audit WHERE number IN (1, 2)", vec![AuditDamage::Missing { first: 1, last: 2 }]),
        ("DELETE FROM tenant_audit WHERE number >= 9", vec![AuditDamage::Missing { first: 9, last: 10 }]),
        ("DELETE FROM tenant_audit", vec![AuditDamage::Missing { first: 1, last: 10 }]),
        ("UPDATE tenant_audit SET actor = 'eve' WHERE number = 4", vec![AuditDamage::Changed { number: 4 }]),
        (
            "UPDATE tenant_audit SET tenant_id = 'globex' WHERE number = 4",
            vec![AuditDamage::Changed { number: 4 }],
        ),
        (
            "UPDATE tenant_audit SET outcome = 'failure' WHERE number = 10",
            vec![AuditDamage::Changed { number: 10 }],
        ),
        (
            "UPDATE tenant_audit SET request_id = '' WHERE number = 4",
            vec![AuditDamage::Changed { number: 4 }],
        ),
        (
            "UPDATE tenant_audit SET number = 20 WHERE number = 10",
            vec![AuditDamage::Missing { first: 10, last: 10 }],
        ),
        (
            "UPDATE tenant_audit SET digest = (SELECT digest FROM tenant_audit WHERE number = 1) WHERE number = 2",
            vec![AuditDamage::Changed { number: 2 }, AuditDamage::Changed { number: 3 }],
        ),
    ] {
        let ((db, _folder), clock) = (database().await, clock());
        let log = log(DbAudit::new(&db), &clock);
        for number in 0..10 {
            log.record(log.event("ada", "did", "user").of(id("acme")).on(number.to_string())).await.unwrap();
        }
        let whole = log.verify().await.unwrap();
        assert!(whole.is_whole() && whole.entries == 10 && whole.last.number == 10);
        tamper(&db, statement).await;
        assert_eq!(log.verify().await.unwrap().damage, damage, "{statement}");
    }
}

#[tokio::test]
async fn who_seals_anew_needs_the_key() {
    let ((db, _folder), clock) = (database().await, clock());
    let keyed = |key| {
        let log = AuditLog::builder(Arc::new(DbAudit::new(&db))).clock(Arc::clone(&clock) as _);
        log.key(key).unwrap().start()
    };
    let own = keyed(&[1; 32]);
    own.record(own.event("ada", "did", "user")).await.unwrap();
    assert!(own.verify().await.unwrap().is_whole());
    for other in [keyed(&[2; 32]), log(DbAudit::new(&db), &clock)] {
        assert_eq!(other.verify().await.unwrap().damage, [AuditDamage::Changed { number: 1 }]);
    }
}

#[tokio::test]
async fn what_is_too_old_is_forgotten_and_the_rest_is_still_a_chain() {
    let ((db, _folder), clock) = (database().await, clock());
    let log = log(DbAudit::new(&db), &clock);
    for _ in 0..12 {
        for _ in 0..100 {
            log.note(log.event("ada", "did", "user").of(id("acme")));
        }
        log.flush().await;
        clock.advance(Duration::from_secs(86_400));
    }
    assert_eq!(log.forget_older_than(Duration::from_secs(20 * 86_400)).await.unwrap(), 0);
    assert_eq!(log.forget_older_than(Duration::from_secs(5 * 86_400)).await.unwrap(), 700);
    let report = log.verify().await.unwrap();
    assert!(report.is_whole(), "{:?}", report.damage);
    assert_eq!((report.entries, report.forgotten.number, report.last.number), (500, 700, 1_200));
    log.record(log.event("ada", "did", "user")).await.unwrap();
    assert_eq!(log.forget_older_than(Duration::ZERO).await.unwrap(), 500, "what is of this moment stays");
    tamper(&db, "UPDATE tenant_audit SET actor = 'eve'").await;
    assert_eq!(log.verify().await.unwrap().damage, [AuditDamage::Changed { number: 1_201 }]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn instances_write_one_chain_together_and_every_event_once() {
    let ((db, folder), clock) = (database().await, clock());
    let logs = [log(DbAudit::new(&db), &clock), log(DbAudit::new(&open(&folder).await), &clock)];
    let writers = logs.iter().flat_map(|log| [log.clone(), log.clone()]).enumerate();
    let writers: Vec<_> = writers
        .map(|(writer, log)| {
            tokio::spawn(async move {
                for number in 0..100 {
                    let event = log.event("ada", "did", "user").on(format!("{writer}-{number}"));
                    match number % 2 {
                        0 => log.record(event).await.unwrap(),
                        _ => log.note(event),
                    }
                }
                log.flush().await;
            })
        })
        .collect();
    let mut forgetting = 0;
    for _ in 0..5 {
        forgetting += logs[0].forget_older_than(Duration::from_secs(1)).await.unwrap();
        assert!(logs[1].verify().await.unwrap().is_whole(), "also while others write");
    }
    for writer in writers {
        writer.await.unwrap();
    }
    let report = logs[1].verify().await.unwrap();
    assert!(report.is_whole(), "{:?}", report.damage);
    assert_eq!((report.entries, report.last.number, forgetting), (400, 400, 0));
    let all = logs[0].page(None, &AuditFilter::default(), None, 1_000).await.unwrap().events;
    let distinct: HashSet<_> = all.iter().filter_map(|event| event.resource_id.clone()).collect();
    assert_eq!((all.len(), distinct.len()), (400, 400));
}

/// Fails before or after it has written, while it is told to.
struct Shaky<S> {
    store: S,
    is_away: Arc<AtomicBool>,
    forgets_to_answer: Arc<AtomicBool>,
    asked: Arc<AtomicUsize>,
}

#[async_trait]
impl<S: AuditStore> AuditStore for Shaky<S> {
    async fn append(&self, events: &[AuditEvent], seal: &Seal<'_>) -> Result<(), StoreError> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        if self.is_away.load(Ordering::Relaxed) {
            return Err(StoreError::unavailable("it is away"));
        }
        self.store.append(events, seal).await?;
        match self.forgets_to_answer.swap(false, Ordering::Relaxed) {
            true => Err(StoreError::unavailable("the connection was lost at the commit")),
            false => Ok(()),
        }
    }

    async fn list(
        &self,
        tenant: Option<&TenantId>,
        filter: &AuditFilter,
        before: Option<&str>,
        limit: u32,
    ) -> Result<Vec<AuditEvent>, StoreError> {
        self.store.list(tenant, filter, before, limit).await
    }

    async fn after(&self, number: u64, limit: u32) -> Result<Vec<AuditEntry>, StoreError> {
        self.store.after(number, limit).await
    }

    async fn ends(&self) -> Result<AuditEnds, StoreError> {
        self.store.ends().await
    }

    async fn forget(&self, older_than: Timestamp, limit: u32) -> Result<(ChainLink, u64), StoreError> {
        self.store.forget(older_than, limit).await
    }
}

#[tokio::test]
async fn what_was_noted_while_the_store_was_away_is_written_once_or_told_to_be_missing() {
    let ((db, _folder), clock) = (database().await, clock());
    let (is_away, forgets_to_answer) = (Arc::new(AtomicBool::new(true)), Arc::new(AtomicBool::new(false)));
    let store = Shaky {
        store: DbAudit::new(&db),
        is_away: Arc::clone(&is_away),
        forgets_to_answer: Arc::clone(&forgets_to_answer),
        asked: Arc::default(),
    };
    let log = AuditLog::builder(Arc::new(store)).clock(Arc::clone(&clock) as _).waiting(20).start();
    for number in 0..20 {
        log.note(log.event("ada", "noted", "user").on(number.to_string()));
        log.flush().await;
    }
    let refused = log.record(log.event("ada", "recorded", "user")).await;
    assert!(refused.is_err(), "who waits for it hears that it is not known to be there");
    // More than may be left.
    for _ in 0..5 {
        log.note(log.event("ada", "too much", "user"));
    }
    log.flush().await;
    is_away.store(false, Ordering::Relaxed);
    forgets_to_answer.store(true, Ordering::Relaxed);
    log.flush().await;
    log.flush().await;
    let mut all = actions(&log, None).await;
    all.reverse();
    assert_eq!(all.iter().filter(|action| *action == "noted").count(), 20, "{all:?}");
    let lost = AuditFilter { action: Some("audit.lost".into()), ..Default::default() };
    let lost = log.page(None, &lost, None, 9).await.unwrap().events;
    let missing: u64 =
        lost.iter().map(|event| event.resource_id.as_deref().unwrap().parse::<u64>().unwrap()).sum();
    assert_eq!(missing, 5, "{lost:?}");
    assert!(log.verify().await.unwrap().is_whole());
}

#[tokio::test]
async fn one_that_can_not_be_kept_keeps_no_other_out() {
    let ((db, _folder), clock) = (database().await, clock());
    let log = log(DbAudit::new(&db), &clock);
    let long = log.event(&"x".repeat(300), "long", "user").of(id("acme"));
    log.note(long.clone());
    log.note(log.event("ada", "short", "user").of(id("acme")));
    let (refused, kept) =
        tokio::join!(log.record(long), log.record(log.event("ada", "another", "user").of(id("acme"))));
    assert_eq!(refused.unwrap_err().kind(), StoreErrorKind::Invalid);
    kept.unwrap();
    let mut own = actions(&log, Some("acme")).await;
    own.sort();
    assert_eq!(own, ["another", "short"]);
}

#[tokio::test]
async fn the_edges_are_heard_and_a_flood_of_bad_credentials_is_counted() {
    let ((db, _folder), clock) = (database().await, clock());
    let log = log(DbAudit::new(&db), &clock);
    let hooks = AuditHooks::new(log.clone());
    let (acme, globex) = (id("acme"), id("globex"));
    hooks.on_cross_tenant_attempt(&CrossTenantAttempt::new(&acme, "principal", &globex, "header"));
    hooks.on_bypass(&BypassEvent::new("nightly job", &"r".repeat(1_000)));
    for _ in 0..1_000 {
        hooks.on_credential(&CredentialEvent::new(CredentialKind::Bearer, None, "it has expired"));
        hooks.on_credential(&CredentialEvent::new(CredentialKind::Bearer, None, "ok"));
    }
    log.flush().await;
    assert_eq!(actions(&log, Some("acme")).await, ["tenant.crossed"]);
    assert_eq!(actions(&log, Some("globex")).await, [""; 0], "who was named hears nothing of it");
    let all = actions(&log, None).await;
    assert_eq!(all.iter().filter(|action| *action == "credential.rejected").count(), 10);
    assert!(all.contains(&"scope.bypassed".to_owned()));
}

#[tokio::test]
async fn one_tenants_flood_fills_nobodys_log_and_keeps_nobody_elses_events_out() {
    let ((db, _folder), clock) = (database().await, clock());
    let log =
        AuditLog::builder(Arc::new(DbAudit::new(&db))).clock(Arc::clone(&clock) as _).waiting(50).start();
    let hooks = AuditHooks::new(log.clone());
    let (acme, globex) = (id("acme"), id("globex"));
    let cross =
        || hooks.on_cross_tenant_attempt(&CrossTenantAttempt::new(&acme, "principal", &globex, "header"));
    (0..5_000).for_each(|_| cross());
    log.note(log.event("gus", "noted", "user").of(globex));
    log.flush().await;
    assert_eq!(actions(&log, Some("globex")).await, ["noted"]);
    assert_eq!(actions(&log, Some("acme")).await.len(), 10);
    clock.advance(Duration::from_secs(1));
    cross();
    log.flush().await;
    let left_out = AuditFilter { action: Some("audit.left_out".into()), ..Default::default() };
    let left_out = log.page(Some(&acme), &left_out, None, 9).await.unwrap().events;
    assert_eq!(
        left_out.iter().filter_map(|event| event.resource_id.as_deref()).collect::<Vec<_>>(),
        ["4990"]
    );
    assert!(!actions(&log, None).await.contains(&"audit.lost".to_owned()));
}
