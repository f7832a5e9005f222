//! Webhooks and the outbox. What a tenant could do through the store: see, delete or feed another's webhook, have its own events told
//! to another, keep another's waiting behind its own, or be told of what happens when it is no longer served.

use std::collections::BTreeSet;

use tenant_core::{
    ConfigStore, ConfigStoreExt, StoreErrorKind, TenantContext, TenantId, TenantStatus, Timestamp,
    webhooks::{
        Claim, Claimed, DueDelivery, OutboxEvent, OutboxStore, Settled, Told, Underway, Webhook, WebhookKept,
        WebhookSecret, WebhookStore,
    },
};
use tenant_sql::RefusalKind;
use tenant_sqlx::{DbWebhooks, TenantDb};

use super::support::{Db, House, add, count, house, id, refusal, setup, sql};

const SECRET: &str = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";

/// So many seconds after all began.
const fn at(seconds: i64) -> Timestamp {
    Timestamp::from_unix_micros(1_700_000_000_000_000 + seconds * 1_000_000)
}

async fn elsewhere(house: &House) -> TenantDb<Db> {
    TenantDb::connect(&house.place.url()).await.unwrap()
}

fn webhook(name: &str, events: &[&str]) -> Webhook {
    let events = events.iter().map(|event| (*event).into()).collect();
    Webhook::new(name, format!("https://{name}.example/hook"), events, at(0))
}

async fn listen(store: &DbWebhooks<Db>, tenant: &TenantContext, name: &str, events: &[&str]) {
    let (webhook, secret) = (webhook(name, events), WebhookSecret::new(SECRET));
    assert_eq!(store.create(tenant, &webhook, &secret, 10).await.unwrap(), WebhookKept::Kept);
}

fn event(tenant: &TenantContext, name: &str, kind: &str) -> OutboxEvent {
    OutboxEvent::new(name, kind, *tenant.id(), at(0), &[name]).unwrap()
}

async fn put(store: &DbWebhooks<Db>, tenant: &TenantContext, name: &str, kind: &str) -> u64 {
    store.put(tenant, &[event(tenant, name, kind)]).await.unwrap().deliveries
}

async fn claim_after(
    store: &DbWebhooks<Db>,
    now: i64,
    most: u32,
    after: Option<TenantId>,
    underway: &Underway,
) -> Claimed {
    let (now, until) = (at(now), at(now + 30));
    store.claim(&Claim { now, until, after, most, most_of_tenant: 4, underway }).await.unwrap()
}

/// At most 100, and 4 of each tenant, for 30 seconds.
async fn claim(store: &DbWebhooks<Db>, now: i64) -> Vec<DueDelivery> {
    claim_after(store, now, 100, None, &Underway::new()).await.deliveries
}

fn names(deliveries: &[DueDelivery]) -> Vec<(&str, &str, &str)> {
    let mut names: Vec<_> =
        deliveries.iter().map(|due| (due.event.tenant.as_str(), &*due.event.id, &*due.webhook_id)).collect();
    names.sort_unstable();
    names
}

async fn rows(house: &House, table: &str) -> i64 {
    let count = sql(&format!("SELECT count(*) FROM {table}"));
    sqlx::query_scalar(count).fetch_one(&house.db.unscoped(setup())).await.unwrap()
}

async fn set_status(house: &House, tenant: &str, status: TenantStatus) {
    house.configs.modify(&id(tenant), |config| config.status = status).await.unwrap();
}

#[tokio::test]
async fn no_statement_of_a_tenants_sees_them() {
    let house = house().await;
    for table in ["tenant_webhooks", "tenant_webhook_events", "tenant_outbox", "tenant_deliveries"] {
        let text = format!("SELECT * FROM {table}");
        let ran = sqlx::query(sqlx::AssertSqlSafe(text)).execute(&house.db.scoped(&house.acme)).await;
        assert_eq!(refusal(ran), RefusalKind::HiddenRelation, "{table}");
    }
}

#[tokio::test]
async fn a_tenant_makes_lists_and_deletes_its_own_alone() {
    let house = house().await;
    let store = DbWebhooks::new(&house.db);
    // Of the same name: it is each tenant's own.
    listen(&store, &house.acme, "one", &["user.created", "*", "a.b"]).await;
    listen(&store, &house.globex, "one", &["user.deleted"]).await;
    listen(&store, &house.globex, "two", &["*"]).await;
    let there = DbWebhooks::new(&elsewhere(&house).await);
    let acme = webhook("one", &["user.created", "*", "a.b"]);
    let globex = [webhook("one", &["user.deleted"]), webhook("two", &["*"])];
    assert_eq!(there.list(&house.acme).await.unwrap(), std::slice::from_ref(&acme));
    assert_eq!(there.list(&house.globex).await.unwrap(), globex);
    for other in ["two", "One", "one ", "", "%", "\0"] {
        assert!(!there.delete(&house.acme, other).await.unwrap(), "{other:?}");
    }
    assert!(there.delete(&house.acme, "one").await.unwrap());
    assert!(!there.delete(&house.acme, "one").await.unwrap());
    assert_eq!(store.list(&house.acme).await.unwrap(), []);
    assert_eq!(store.list(&house.globex).await.unwrap(), globex);
    assert_eq!(put(&store, &house.globex, "e", "user.deleted").await, 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn each_tenant_has_so_many_however_many_make_them_at_once() {
    let house = house().await;
    let (here, there) = (DbWebhooks::new(&house.db), DbWebhooks::new(&elsewhere(&house).await));
    let secret = WebhookSecret::new(SECRET);
    let webhooks: Vec<_> = (0..8).map(|number| webhook(&format!("w{number}"), &["*"])).collect();
    let all = webhooks.iter().enumerate().map(|(number, webhook)| {
        let store = if number % 2 == 0 { &here } else { &there };
        store.create(&house.acme, webhook, &secret, 3)
    });
    let kept = futures_util::future::join_all(all).await;
    let kept = kept.into_iter().filter(|kept| *kept.as_ref().unwrap() == WebhookKept::Kept).count();
    assert_eq!((kept, here.list(&house.acme).await.unwrap().len()), (3, 3));
    let other = here.create(&house.globex, &webhook("w", &["*"]), &secret, 3).await.unwrap();
    assert_eq!(other, WebhookKept::Kept, "counted alone");
    let again = here.create(&house.globex, &webhook("w", &["*"]), &secret, 3).await.unwrap_err();
    assert_eq!(again.kind(), StoreErrorKind::AlreadyExists);
}

#[tokio::test]
async fn what_can_not_be_kept_as_it_is_is_not_kept() {
    let house = house().await;
    let store = DbWebhooks::new(&house.db);
    let secret = WebhookSecret::new(SECRET);
    let (blank, long) = (webhook("w ", &["*"]), "x".repeat(2_049));
    let odd = |url: &str, events: &[&str]| {
        Webhook::new("w", url, events.iter().map(|event| (*event).into()).collect(), at(0))
    };
    for webhook in [
        blank,
        odd(&long, &["*"]),
        odd("https://\0", &["*"]),
        odd("https://a", &[]),
        odd("https://a", &["a", "a"]),
        odd("https://a", &["a "]),
    ] {
        let refused = store.create(&house.acme, &webhook, &secret, 9).await.unwrap_err();
        assert_eq!(refused.kind(), StoreErrorKind::Invalid, "{webhook:?}");
    }
    let longest = Webhook::new("w".repeat(64), "x".repeat(2_048), vec!["e".repeat(64).into()], at(0));
    assert_eq!(store.create(&house.acme, &longest, &secret, 9).await.unwrap(), WebhookKept::Kept);
    let foreign = store.put(&house.acme, &[event(&house.globex, "e", "a")]).await.unwrap_err();
    assert_eq!(foreign.kind(), StoreErrorKind::Invalid);
    let mut broken = event(&house.acme, "e", "a");
    broken.data = "{\0}".into();
    let refused = store.put(&house.acme, &[event(&house.acme, "f", "a"), broken]).await.unwrap_err();
    assert_eq!(refused.kind(), StoreErrorKind::Invalid);
    let rich = OutboxEvent::new("e", "e".repeat(64), *house.acme.id(), at(0), &"\u{1f980}'\\".repeat(4_000));
    let rich = rich.unwrap();
    assert_eq!(store.put(&house.acme, std::slice::from_ref(&rich)).await.unwrap().deliveries, 1);
    let claimed = claim(&store, 0).await;
    assert_eq!((claimed.len(), &claimed[0].event), (1, &rich));
    assert_eq!((claimed[0].secret.expose(), &*claimed[0].url), (SECRET, &*"x".repeat(2_048)));
}

#[tokio::test]
async fn an_event_goes_to_those_webhooks_of_its_tenant_that_want_it() {
    let house = house().await;
    let store = DbWebhooks::new(&house.db);
    listen(&store, &house.acme, "all", &["*", "user.created"]).await;
    listen(&store, &house.acme, "some", &["user.created", "user.deleted"]).await;
    listen(&store, &house.acme, "other", &["user"]).await;
    listen(&store, &house.globex, "g", &["*"]).await;
    assert_eq!(put(&store, &house.acme, "e1", "user.created").await, 2);
    assert_eq!(put(&store, &house.acme, "e2", "user.created.x").await, 1);
    assert_eq!(put(&store, &house.globex, "e1", "user.created").await, 1);
    let due = claim(&store, 0).await;
    assert_eq!(
        names(&due),
        [("acme", "e1", "all"), ("acme", "e1", "some"), ("acme", "e2", "all"), ("globex", "e1", "g")]
    );
    assert!(due.iter().all(|due| *due.url == *format!("https://{}.example/hook", due.webhook_id)));
    assert!(due.iter().all(|due| due.tries == 1 && *due.event.data == *format!("[\"{}\"]", due.event.id)));
    // What nobody wants to hear of is not kept.
    assert!(store.delete(&house.acme, "all").await.unwrap());
    assert_eq!(put(&store, &house.acme, "e3", "user.renamed").await, 0);
    assert_eq!(rows(&house, "tenant_outbox").await, 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_event_is_told_once_however_often_it_is_put() {
    let house = house().await;
    let (here, there) = (DbWebhooks::new(&house.db), DbWebhooks::new(&elsewhere(&house).await));
    listen(&here, &house.acme, "w", &["*"]).await;
    let events: Vec<_> = (0..5).map(|number| event(&house.acme, &format!("e{number}"), "a")).collect();
    let all = (0..8).map(|number| if number % 2 == 0 { &here } else { &there }.put(&house.acme, &events));
    let told = futures_util::future::join_all(all).await;
    assert_eq!(told.into_iter().map(|told| told.unwrap().deliveries).sum::<u64>(), 5);
    for delivery in claim(&here, 0).await {
        assert!(here.settle(&delivery, Settled::Delivered).await.unwrap());
    }
    // Also when it was told already.
    assert_eq!(there.put(&house.acme, &events).await.unwrap(), Told::default());
    assert_eq!((claim(&here, 1).await.len(), rows(&house, "tenant_deliveries").await), (1, 1));
}

#[tokio::test]
async fn what_is_claimed_is_nobody_elses_until_it_is_settled_or_its_time_is_over() {
    let house = house().await;
    let (here, there) = (DbWebhooks::new(&house.db), DbWebhooks::new(&elsewhere(&house).await));
    listen(&here, &house.acme, "w", &["*"]).await;
    put(&here, &house.acme, "e", "a").await;
    let first = claim(&here, 0).await.pop().unwrap();
    assert_eq!(claim(&there, 29).await, []);
    assert!(here.settle(&first, Settled::Again(at(31))).await.unwrap());
    assert_eq!(claim(&there, 30).await, []);
    let second = claim(&there, 31).await.pop().unwrap();
    assert_eq!((second.tries, &second.event), (2, &first.event));
    // Killed, it never settles; the next is given it, and what comes late of the one before changes nothing.
    let third = claim(&here, 61).await.pop().unwrap();
    assert_eq!(third.tries, 3);
    assert!(!there.settle(&second, Settled::Again(at(0))).await.unwrap());
    assert!(!there.settle(&second, Settled::GivenUp).await.unwrap());
    assert_eq!(claim(&there, 62).await, []);
    // But that it was taken.
    assert!(there.settle(&second, Settled::Delivered).await.unwrap());
    assert!(!here.settle(&third, Settled::Again(at(0))).await.unwrap());
    assert_eq!(claim(&here, 1_000).await, []);
    put(&here, &house.acme, "f", "a").await;
    let given_up = claim(&here, 1).await.pop().unwrap();
    assert!(here.settle(&given_up, Settled::GivenUp).await.unwrap());
    assert_eq!(claim(&here, 1_000).await, []);
}

#[tokio::test]
async fn of_whom_a_great_deal_waits_keeps_nobody_waiting() {
    let house = house().await;
    let store = DbWebhooks::new(&house.db);
    for name in ["dead", "well"] {
        listen(&store, &house.acme, name, &[name]).await;
    }
    listen(&store, &house.globex, "g", &["*"]).await;
    let flood: Vec<_> = (0..3_000).map(|number| event(&house.acme, &format!("e{number}"), "dead")).collect();
    assert_eq!(store.put(&house.acme, &flood).await.unwrap().deliveries, 3_000);
    put(&store, &house.globex, "g1", "a").await;
    put(&store, &house.acme, "last", "well").await;
    let mut underway = Underway::new();
    let first = claim_after(&store, 0, 100, None, &underway).await;
    let of = |claimed: &Claimed, tenant: &str| {
        claimed.deliveries.iter().filter(|due| due.event.tenant.as_str() == tenant).count()
    };
    assert_eq!((of(&first, "acme"), of(&first, "globex"), first.next), (4, 1, None));
    assert!(
        first.deliveries.iter().any(|due| &*due.webhook_id == "well"),
        "the one that is well is told too"
    );
    // Those under way count, to whom they belong.
    for _ in 0..3 {
        underway.enter(id("acme"), "dead");
    }
    put(&store, &house.acme, "more", "well").await;
    put(&store, &house.globex, "g2", "a").await;
    let second = claim_after(&store, 0, 100, None, &underway).await;
    assert_eq!(names(&second.deliveries), [("acme", "more", "well"), ("globex", "g2", "g")]);
    underway.enter(id("acme"), "well");
    assert_eq!(claim_after(&store, 0, 100, None, &underway).await, Claimed::default());
    // Who claims few goes on behind the tenant that was last.
    put(&store, &house.globex, "g3", "a").await;
    let few = claim_after(&store, 0, 2, None, &Underway::new()).await;
    assert_eq!((of(&few, "acme"), few.next), (2, Some(id("acme"))));
    let rest = claim_after(&store, 0, 2, few.next, &Underway::new()).await;
    assert_eq!((names(&rest.deliveries), rest.next), (vec![("globex", "g3", "g")], None));
}

#[tokio::test]
async fn nothing_is_told_of_a_tenant_that_is_not_active() {
    let house = house().await;
    let store = DbWebhooks::new(&house.db);
    listen(&store, &house.acme, "w", &["*"]).await;
    listen(&store, &house.globex, "w", &["*"]).await;
    put(&store, &house.acme, "e", "a").await;
    set_status(&house, "acme", TenantStatus::Suspended).await;
    put(&store, &house.globex, "e", "a").await;
    assert_eq!(names(&claim(&store, 0).await), [("globex", "e", "w")]);
    let secret = WebhookSecret::new(SECRET);
    let refused = store.create(&house.acme, &webhook("v", &["*"]), &secret, 9).await.unwrap_err();
    assert_eq!(refused.kind(), StoreErrorKind::NotFound);
    set_status(&house, "acme", TenantStatus::Active).await;
    assert_eq!(names(&claim(&store, 0).await), [("acme", "e", "w")]);
    house.configs.delete(&id("acme")).await.unwrap();
    assert_eq!(names(&claim(&store, 100).await), [("globex", "e", "w")]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_several_that_claim_at_once_one_is_given_it() {
    let house = house().await;
    let (here, there) = (DbWebhooks::new(&house.db), DbWebhooks::new(&elsewhere(&house).await));
    for tenant in [&house.acme, &house.globex] {
        for name in ["v", "w"] {
            listen(&here, tenant, name, &["*"]).await;
        }
        let events: Vec<_> = (0..30).map(|number| event(tenant, &format!("e{number}"), "a")).collect();
        assert_eq!(here.put(tenant, &events).await.unwrap().deliveries, 60);
    }
    let mut seen = BTreeSet::new();
    for _ in 0..200 {
        // In different orders, as they are after a while.
        let underway = Underway::new();
        let (one, other) = tokio::join!(
            claim_after(&here, 0, 100, None, &underway),
            claim_after(&there, 0, 100, Some(id("acme")), &underway),
        );
        for due in one.deliveries.into_iter().chain(other.deliveries) {
            assert!(seen.insert((due.event.tenant, due.event.id, due.webhook_id)), "given twice");
        }
        if seen.len() == 120 {
            return;
        }
    }
    panic!("{} of 120", seen.len());
}

#[tokio::test]
async fn an_event_is_there_exactly_if_what_it_tells_of_is() {
    let house = house().await;
    let store = DbWebhooks::new(&house.db);
    listen(&store, &house.acme, "w", &["user.created"]).await;
    for (name, is_kept) in [("lost", false), ("kept", true)] {
        let mut tx = house.db.begin(&house.acme).await.unwrap();
        let insert = sql("INSERT INTO users (email) VALUES (?)");
        sqlx::query(insert).bind(format!("{name}@acme")).execute(&mut tx).await.unwrap();
        let told = store.put_within(&mut tx, &event(&house.acme, name, "user.created")).await.unwrap();
        assert_eq!((told.deliveries, told.left_out), (1, 0));
        let again = store.put_within(&mut tx, &event(&house.acme, name, "user.created")).await.unwrap();
        assert_eq!(again, Told::default(), "it is there");
        assert_eq!(store.put_within(&mut tx, &event(&house.acme, "x", "a")).await.unwrap(), Told::default());
        let foreign = store.put_within(&mut tx, &event(&house.globex, "e", "user.created")).await;
        assert!(foreign.unwrap_err().to_string().contains("another tenant's"));
        assert_eq!(claim(&DbWebhooks::new(&elsewhere(&house).await), 0).await, [], "nobody sees it yet");
        match is_kept {
            true => tx.commit().await.unwrap(),
            false => tx.rollback().await.unwrap(),
        }
    }
    assert_eq!(count(&house.db, &house.acme).await, 4);
    assert_eq!(names(&claim(&store, 0).await), [("acme", "kept", "w")]);
    add(&house.db, &house.acme, "later@acme").await;
}

#[tokio::test]
async fn more_than_may_wait_is_left_out_and_of_its_tenant_alone() {
    let house = house().await;
    let store = DbWebhooks::new(&house.db).most_waiting(3);
    listen(&store, &house.acme, "w", &["*"]).await;
    listen(&store, &house.globex, "w", &["*"]).await;
    let events: Vec<_> = (0..5).map(|number| event(&house.acme, &format!("e{number}"), "a")).collect();
    let told = store.put(&house.acme, &events).await.unwrap();
    assert_eq!((told.deliveries, told.left_out), (3, 2));
    assert_eq!(put(&store, &house.globex, "e", "a").await, 1);
    let mut tx = house.db.begin(&house.acme).await.unwrap();
    let told = store.put_within(&mut tx, &event(&house.acme, "f", "a")).await.unwrap();
    assert_eq!((told.deliveries, told.left_out), (0, 1));
    tx.rollback().await.unwrap();
    let one = claim(&store, 0).await.into_iter().find(|due| due.event.tenant == id("acme")).unwrap();
    store.settle(&one, Settled::Delivered).await.unwrap();
    assert_eq!(put(&store, &house.acme, "f", "a").await, 1);
}

#[tokio::test]
async fn a_webhook_that_is_deleted_is_told_nothing_more() {
    let house = house().await;
    let store = DbWebhooks::new(&house.db);
    for tenant in [&house.acme, &house.globex] {
        for name in ["v", "w"] {
            listen(&store, tenant, name, &["*"]).await;
        }
        let events: Vec<_> = (0..250).map(|number| event(tenant, &format!("e{number}"), "a")).collect();
        store.put(tenant, &events).await.unwrap();
    }
    let underway = claim(&store, 0).await;
    assert!(store.delete(&house.acme, "v").await.unwrap());
    assert_eq!(rows(&house, "tenant_deliveries").await, 750);
    let gone = underway.iter().find(|due| due.event.tenant == id("acme") && &*due.webhook_id == "v").unwrap();
    assert!(!store.settle(gone, Settled::Again(at(0))).await.unwrap());
    let due = claim(&store, 100).await;
    assert!(due.iter().all(|due| due.event.tenant == id("globex") || &*due.webhook_id == "w"));
}

#[tokio::test]
async fn what_is_old_is_forgotten_and_of_who_is_purged_nothing_stays() {
    let house = house().await;
    let store = DbWebhooks::new(&house.db);
    for tenant in [&house.acme, &house.globex] {
        listen(&store, tenant, "w", &["*", "a"]).await;
        let mut old = event(tenant, "old", "a");
        old.created_at = at(-1_000);
        store.put(tenant, &[old, event(tenant, "new", "a")]).await.unwrap();
    }
    assert_eq!(store.forget(at(-999), 1).await.unwrap(), 1);
    assert_eq!(store.forget(at(-999), 300).await.unwrap(), 1);
    assert_eq!(store.forget(at(0), 300).await.unwrap(), 0);
    let fresh = claim(&store, 0).await;
    assert_eq!(names(&fresh), [("acme", "new", "w"), ("globex", "new", "w")]);
    store.erase(&id("acme")).await.unwrap();
    store.erase(&id("acme")).await.unwrap();
    assert_eq!(store.list(&house.acme).await.unwrap(), []);
    for table in ["tenant_webhooks", "tenant_outbox", "tenant_deliveries"] {
        assert_eq!(rows(&house, table).await, 1, "{table}");
    }
    assert_eq!(rows(&house, "tenant_webhook_events").await, 2);
    assert_eq!(names(&claim(&store, 100).await), [("globex", "new", "w")]);
}

#[tokio::test]
async fn what_somebody_left_in_the_tables_keeps_nobody_from_what_is_theirs() {
    let house = house().await;
    let store = DbWebhooks::new(&house.db);
    listen(&store, &house.acme, "w", &["*"]).await;
    listen(&store, &house.globex, "w", &["*"]).await;
    put(&store, &house.acme, "e", "a").await;
    put(&store, &house.globex, "e", "a").await;
    for tamper in [
        "INSERT INTO tenant_deliveries VALUES ('!', 'e', 'w', 0, 0)",
        "INSERT INTO tenant_deliveries VALUES ('acme', 'gone', 'w', 0, 0)",
        "INSERT INTO tenant_deliveries VALUES ('acme', 'e', 'gone', 0, 0)",
        "UPDATE tenant_deliveries SET tries = -1 WHERE tenant_id = 'acme' AND event_id = 'e'",
    ] {
        sqlx::query(tamper).execute(&house.db.unscoped(setup())).await.unwrap();
    }
    assert_eq!(names(&claim(&store, 0).await), [("globex", "e", "w")]);
}
