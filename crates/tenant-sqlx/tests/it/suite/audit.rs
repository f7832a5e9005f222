//! The audit log: one chain, whoever writes.

use tenant_core::{
    StoreErrorKind, TenantId, Timestamp,
    audit::{AuditEvent, AuditFilter, AuditOutcome, AuditStore, ChainLink, Digest},
};
use tenant_sqlx::{DbAudit, TenantDb};

use super::support::{Db, House, house, id};

const fn at(micros: i64) -> Timestamp {
    Timestamp::from_unix_micros(1_700_000_000_000_000 + micros)
}

/// Another instance, on the same database.
async fn elsewhere(house: &House) -> TenantDb<Db> {
    TenantDb::connect(&house.place.url()).await.unwrap()
}

fn event(number: i64, tenant: &str) -> AuditEvent {
    AuditEvent::new(format!("event-{number}"), at(number), "ada", "did", "thing").of(id(tenant))
}

/// Enough to see that each stands behind the one before it.
fn seal(previous: &Digest, number: u64, event: &AuditEvent) -> Digest {
    let mut digest = *previous;
    digest.rotate_left(1);
    for (at, byte) in number.to_be_bytes().iter().chain(event.event_id.as_bytes()).enumerate() {
        digest[at % 32] = digest[at % 32].wrapping_add(*byte);
    }
    digest
}

/// All entries, each of which was seen to stand behind the one before it.
async fn chain(store: &DbAudit<Db>) -> Vec<AuditEvent> {
    let ends = store.ends().await.unwrap();
    let (mut before, mut all) = (ends.forgotten, Vec::new());
    loop {
        let page = store.after(before.number, 7).await.unwrap();
        let is_last = page.len() < 7;
        for entry in page {
            let expected = seal(&before.digest, before.number + 1, &entry.event);
            assert_eq!(entry.link, ChainLink::new(before.number + 1, expected));
            before = entry.link;
            all.push(entry.event);
        }
        if is_last {
            assert_eq!(before, ends.last);
            return all;
        }
    }
}

#[tokio::test]
async fn an_event_is_read_as_it_was_written_and_once_however_often_it_is_said() {
    let house = house().await;
    let store = DbAudit::new(&house.db);
    assert_eq!(store.ends().await.unwrap().last, ChainLink::START);
    let mut rich = event(2, "acme").on("Ü's \"thing\" ").by_request("r-1").with_outcome(AuditOutcome::Denied);
    (rich.actor, rich.action) = ("admin ".into(), "tenant.crossed".into());
    let mut plain = event(1, "acme");
    plain.tenant = None;
    store.append(&[plain.clone(), rich.clone()], &seal).await.unwrap();
    store.append(&[], &seal).await.unwrap();
    store.append(&[rich.clone(), event(3, "globex"), plain.clone()], &seal).await.unwrap();
    assert_eq!(chain(&store).await, [plain, rich.clone(), event(3, "globex")]);
    let own = store.list(Some(house.acme.id()), &AuditFilter::default(), None, 9).await.unwrap();
    assert_eq!(own, [rich]);
    let foreign = store.list(Some(house.acme.id()), &AuditFilter::default(), Some("event-3"), 9).await;
    assert_eq!(foreign.unwrap_err().kind(), StoreErrorKind::NotFound);
}

/// All pages of so many.
async fn paged(
    store: &DbAudit<Db>,
    tenant: Option<&TenantId>,
    filter: &AuditFilter,
    limit: u32,
) -> Vec<AuditEvent> {
    let (mut all, mut before) = (Vec::new(), None::<Box<str>>);
    loop {
        let page = store.list(tenant, filter, before.as_deref(), limit).await.unwrap();
        let Some(last) = page.last() else { return all };
        before = Some(last.event_id.clone());
        all.extend(page);
    }
}

/// One value that some events have, one that none has, and any.
fn looked_for(value: &str) -> [Option<String>; 3] {
    [Some(value.to_owned()), Some("nothing".to_owned()), None]
}

#[tokio::test]
async fn pages_of_any_length_and_filter_hold_each_event_once_the_newest_first() {
    let house = house().await;
    let store = DbAudit::new(&house.db);
    // Two at a time, and every fourth later than those that come behind it: clocks differ, and what was noted can wait.
    let events: Vec<AuditEvent> = (0..36)
        .map(|number| {
            let mut event = event(number, ["acme", "globex", "acme"][number as usize % 3]);
            event.time = at(number / 2 + if number % 4 == 0 { 5 } else { 0 });
            event.actor = ["ada", "bea"][number as usize % 2].into();
            event.action = ["did", "undid"][number as usize / 2 % 2].into();
            event.resource_type = ["thing", "other"][number as usize / 4 % 2].into();
            if number % 12 == 11 { AuditEvent { tenant: None, ..event } } else { event }
        })
        .collect();
    store.append(&events, &seal).await.unwrap();
    let mut newest: Vec<(usize, &AuditEvent)> = events.iter().enumerate().collect();
    newest.sort_by_key(|(place, event)| std::cmp::Reverse((event.time, *place)));
    let acme = id("acme");
    for tenant in [Some(&acme), None] {
        for (from, until) in
            [(None, None), (Some(at(4)), Some(at(11))), (None, Some(at(9))), (Some(at(9)), None)]
        {
            for actor in looked_for("ada") {
                for action in looked_for("undid") {
                    for resource_type in looked_for("other") {
                        let (actor, action) = (actor.clone(), action.clone());
                        let filter = AuditFilter { from, until, actor, action, resource_type };
                        let is_wanted = |event: &AuditEvent| {
                            (tenant.is_none() || event.tenant.as_ref() == tenant)
                                && from.is_none_or(|from| event.time >= from)
                                && until.is_none_or(|until| event.time < until)
                                && filter.actor.as_deref().is_none_or(|actor| *event.actor == *actor)
                                && filter.action.as_deref().is_none_or(|action| event.action == action)
                                && filter
                                    .resource_type
                                    .as_deref()
                                    .is_none_or(|own| event.resource_type == own)
                        };
                        let own = newest.iter().map(|(_, event)| (*event).clone());
                        let wanted: Vec<AuditEvent> = own.filter(is_wanted).collect();
                        for limit in [3, 100] {
                            assert_eq!(paged(&store, tenant, &filter, limit).await, wanted, "{filter:?}");
                        }
                    }
                }
            }
        }
    }
}

#[tokio::test]
async fn what_can_not_be_kept_leaves_nothing_of_all_that_came_with_it() {
    let house = house().await;
    let store = DbAudit::new(&house.db);
    let long = event(2, "acme").on("x".repeat(256));
    let refused = store.append(&[event(1, "acme"), long], &seal).await.unwrap_err();
    assert_eq!(refused.kind(), StoreErrorKind::Invalid);
    assert_eq!(chain(&store).await, []);
    // PostgreSQL has no texts with it: an outage, which is tried again, would keep everybody's events out for ever.
    for odd in [event(4, "acme").on("a\0b"), event(4, "acme").by_request("\0")] {
        let refused = store.append(&[event(5, "globex"), odd], &seal).await.unwrap_err();
        assert_eq!(refused.kind(), StoreErrorKind::Invalid);
    }
    let odd = AuditFilter { actor: Some("\0".into()), ..AuditFilter::default() };
    assert_eq!(store.list(None, &odd, None, 9).await.unwrap(), []);
    let nobodys = store.list(None, &AuditFilter::default(), Some("\0"), 9).await;
    assert_eq!(nobodys.unwrap_err().kind(), StoreErrorKind::NotFound);
    store.append(&[event(3, "acme").on("\u{1f980}".repeat(255))], &seal).await.unwrap();
    assert_eq!(chain(&store).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn instances_that_write_and_forget_at_once_leave_one_chain() {
    let house = house().await;
    let (here, there) = (DbAudit::new(&house.db), DbAudit::new(&elsewhere(&house).await));
    let writing = async |store: &DbAudit<Db>, first: i64| {
        for number in (first..first + 40).step_by(2) {
            store.append(&[event(number, "acme"), event(number + 1, "globex")], &seal).await.unwrap();
        }
    };
    let forgetting = async {
        let mut gone = 0;
        for _ in 0..10 {
            gone += there.forget(at(10), 3).await.unwrap().1;
        }
        gone
    };
    let ((), (), gone) = tokio::join!(writing(&here, 0), writing(&there, 1_000), forgetting);
    let left = chain(&here).await;
    assert_eq!(left.len() as u64 + gone, 80);
    assert!(gone <= 10, "only what was old enough, and stood before all else");
    let acme = here.list(Some(house.acme.id()), &AuditFilter::default(), None, 100).await.unwrap();
    assert!(acme.iter().all(|event| event.tenant == Some(id("acme"))));
    let (first, gone) = here.forget(at(1_000_000), 1_000).await.unwrap();
    assert_eq!((gone, first.number), (left.len() as u64, 80));
    assert_eq!(chain(&there).await, []);
    there.append(&[event(5_000, "acme")], &seal).await.unwrap();
    assert_eq!(here.ends().await.unwrap().last.number, 81, "numbers are never given twice");
}
