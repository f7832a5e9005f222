use std::{sync::Arc, time::Duration};

use futures_util::FutureExt;
use parking_lot::Mutex;

use super::*;
use crate::{
    InMemoryConfigManager, ManualClock, TenantConfig, TenantContext, TenantId, TenantStatus, Timestamp,
};

async fn tenant(name: &str, created_at: i64) -> TenantContext {
    let id = TenantId::parse(name).unwrap();
    let mut config = TenantConfig::builder(id).build().unwrap();
    config.created_at = Timestamp::from_unix_micros(created_at);
    let record = Arc::new(crate::TenantRecord::new(config));
    TenantContext::of(&Only(record), &id).await.unwrap()
}

/// Knows one tenant as it is.
struct Only(Arc<crate::TenantRecord>);

#[crate::async_trait]
impl crate::ConfigManager for Only {
    fn peek(&self, _: &TenantId) -> Option<crate::Lookup> {
        Some(crate::Lookup::Found(Arc::clone(&self.0)))
    }

    async fn load(&self, _: &TenantId) -> Result<Option<Arc<crate::TenantRecord>>, crate::StoreError> {
        Ok(Some(Arc::clone(&self.0)))
    }
}

fn event(number: u64) -> Event {
    Event::new("thing.happened", &number).unwrap()
}

/// What is there at this moment, as text.
fn heard(subscription: &mut Subscription) -> Vec<String> {
    let next = || subscription.recv().now_or_never().flatten();
    std::iter::from_fn(next)
        .map(|received| match received {
            Received::Event(_, event) => event.data().to_owned(),
            Received::Missed(count) => format!("missed {count:?}"),
        })
        .collect()
}

fn id_of(subscription: &mut Subscription) -> EventId {
    match subscription.recv().now_or_never().flatten() {
        Some(Received::Event(id, _)) => id,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn all_who_listen_to_a_tenant_hear_its_events_and_nobody_else_does() {
    let bus = EventBus::new();
    let [acme, globex] = [tenant("acme", 1).await, tenant("globex", 1).await];
    let (mut one, mut two) = (bus.subscribe(&acme).unwrap(), bus.subscribe(&acme).unwrap());
    let mut other = bus.subscribe(&globex).unwrap();
    for number in 0..3 {
        bus.publish(&acme, event(number));
    }
    bus.publish(&globex, event(9));
    assert_eq!(heard(&mut one), ["0", "1", "2"]);
    assert_eq!(heard(&mut two), ["0", "1", "2"]);
    assert_eq!(heard(&mut other), ["9"]);
    let mut late = bus.subscribe(&acme).unwrap();
    assert!(heard(&mut late).is_empty(), "what happened before is not told");
}

#[tokio::test]
async fn a_tenant_created_anew_under_an_id_hears_nothing_of_the_former_one() {
    let bus = EventBus::new();
    let [old, new] = [tenant("acme", 1).await, tenant("acme", 2).await];
    let mut listener = bus.subscribe(&new).unwrap();
    bus.publish(&old, event(1));
    assert!(heard(&mut listener).is_empty());
    let mut former = bus.subscribe(&old).unwrap();
    let id = {
        bus.publish(&old, event(2));
        id_of(&mut former)
    };
    assert_eq!(heard(&mut bus.resume(&new, id).unwrap()), ["missed None"]);
}

#[tokio::test]
async fn who_is_too_slow_is_told_how_many_it_missed_and_nobody_waits_for_it() {
    let bus = EventBus::new().keeping(4);
    let [acme, globex] = [tenant("acme", 1).await, tenant("globex", 1).await];
    let (mut slow, mut other) = (bus.subscribe(&acme).unwrap(), bus.subscribe(&globex).unwrap());
    bus.publish(&globex, event(0));
    for number in 0..1_000 {
        bus.publish(&acme, event(number));
    }
    assert_eq!(heard(&mut slow), ["missed Some(996)", "996", "997", "998", "999"]);
    assert_eq!(heard(&mut other), ["0"], "another tenant's burst pushes nothing out");
}

#[tokio::test]
async fn large_events_are_bounded_by_their_bytes() {
    let bus = EventBus::new().keeping(10_000);
    let acme = tenant("acme", 1).await;
    let mut listener = bus.subscribe(&acme).unwrap();
    let large = "x".repeat(8_000);
    for _ in 0..1_000 {
        bus.publish(&acme, Event::new("large", &large).unwrap());
    }
    let heard = heard(&mut listener);
    let bytes: usize = heard.iter().map(String::len).sum();
    assert!(bytes <= 256 * 1024 && heard.len() > 30, "{bytes} in {}", heard.len());
}

#[tokio::test]
async fn a_tenant_has_so_many_subscriptions_and_others_have_theirs() {
    let bus = EventBus::new().admitting(2);
    let [acme, globex] = [tenant("acme", 1).await, tenant("globex", 1).await];
    let both = [bus.subscribe(&acme).unwrap(), bus.subscribe(&acme).unwrap()];
    assert_eq!(bus.subscribe(&acme).unwrap_err(), TooManySubscriptions);
    bus.subscribe(&globex).unwrap();
    let [one, _two] = both;
    drop(one);
    bus.subscribe(&acme).unwrap();
}

#[tokio::test]
async fn nothing_is_told_once_the_tenant_is_not_served() {
    let id = TenantId::parse("acme").unwrap();
    let config = TenantConfig::builder(id).build().unwrap();
    let configs = InMemoryConfigManager::with([config]).unwrap();
    let acme = TenantContext::of(&configs, &id).await.unwrap();
    let bus = EventBus::new();
    let mut listener = bus.subscribe(&acme).unwrap();
    bus.publish(&acme, event(1));
    crate::ConfigStoreExt::modify(&configs, &id, |config| config.status = TenantStatus::Suspended)
        .await
        .unwrap();
    assert_eq!(listener.recv().await, None);
}

#[tokio::test]
async fn who_comes_back_soon_goes_on_where_it_was_and_else_knows_that_it_did_not() {
    let clock = Arc::new(ManualClock::starting_at(crate::UnixTime::from_secs(1)));
    let bus = EventBus::new().keeping(4).with_clock(Arc::clone(&clock) as Arc<dyn crate::Clock>);
    let acme = tenant("acme", 1).await;
    let mut listener = bus.subscribe(&acme).unwrap();
    bus.publish(&acme, event(0));
    let last = id_of(&mut listener);
    assert_eq!(EventId::parse(&last.to_string()), Some(last));
    drop(listener);
    clock.advance(Duration::from_secs(29));
    bus.publish(&acme, event(1));
    assert_eq!(heard(&mut bus.resume(&acme, last).unwrap()), ["1"]);
    // More than are kept.
    for number in 2..9 {
        bus.publish(&acme, event(number));
    }
    assert_eq!(heard(&mut bus.resume(&acme, last).unwrap()), ["missed None"]);
    clock.advance(Duration::from_secs(31));
    let mut fresh = bus.subscribe(&acme).unwrap();
    bus.publish(&acme, event(9));
    let fresh = id_of(&mut fresh);
    assert_eq!(
        (fresh.number, fresh.stream == last.stream),
        (0, false),
        "what nobody listens to is forgotten"
    );
    assert_eq!(heard(&mut bus.resume(&acme, last).unwrap()), ["missed None"]);
    // Of the future, as a hostile one would be.
    let ahead = EventId { number: u64::MAX, ..fresh };
    assert_eq!(heard(&mut bus.resume(&acme, ahead).unwrap()), ["missed None"]);
}

#[tokio::test]
async fn what_is_kept_for_tenants_that_left_is_bounded() {
    let bus = EventBus::new();
    for number in 0..2_000 {
        drop(bus.subscribe(&tenant(&format!("t{number}"), 1).await).unwrap());
    }
    assert!(format!("{bus:?}").contains("tenants: 256"), "{bus:?}");
}

#[tokio::test]
async fn a_tenant_that_comes_and_goes_pushes_out_nothing_of_others() {
    let bus = EventBus::new();
    let [acme, globex] = [tenant("acme", 1).await, tenant("globex", 1).await];
    let mut listener = bus.subscribe(&acme).unwrap();
    bus.publish(&acme, event(0));
    let last = id_of(&mut listener);
    drop(listener);
    for _ in 0..2_000 {
        drop(bus.subscribe(&globex).unwrap());
    }
    bus.publish(&acme, event(1));
    assert_eq!(heard(&mut bus.resume(&acme, last).unwrap()), ["1"]);
}

#[tokio::test]
async fn an_id_counts_the_tenants_own_events_alone() {
    let bus = EventBus::new();
    let [acme, globex] = [tenant("acme", 1).await, tenant("globex", 1).await];
    let (mut own, _other) = (bus.subscribe(&acme).unwrap(), bus.subscribe(&globex).unwrap());
    bus.publish(&acme, event(0));
    let first = id_of(&mut own);
    for number in 0..50 {
        bus.publish(&globex, event(number));
    }
    bus.publish(&acme, event(1));
    assert_eq!(id_of(&mut own).number, first.number + 1);
}

#[test]
fn an_id_is_read_as_it_is_written_and_no_other_way() {
    for wrong in [
        "",
        "-",
        "1",
        "1-2",
        "00000000000000zz-1",
        "0000000000000001-",
        "0000000000000001--1",
        "0000000000000001-+1",
        "+000000000000001-99999999999999999999",
        "0000000000000001-1 ",
    ] {
        assert_eq!(EventId::parse(wrong), None, "{wrong}");
    }
}

#[derive(Default)]
struct Carried(Mutex<Vec<String>>);

impl EventRelay for Carried {
    fn relay(&self, envelope: Envelope) {
        self.0.lock().push(envelope.to_text());
    }
}

#[tokio::test]
async fn what_travels_reaches_those_of_its_tenant_alone() {
    let carried = Arc::new(Carried::default());
    let here = EventBus::new().with_relay(Arc::clone(&carried) as Arc<dyn EventRelay>);
    let there = EventBus::new();
    let [acme, globex] = [tenant("acme", 1).await, tenant("globex", 1).await];
    let anew = tenant("acme", 2).await;
    let [mut own, mut other, mut later] = [&acme, &globex, &anew].map(|of| there.subscribe(of).unwrap());
    here.publish(&acme, Event::new("user.created", "\"quoted\" \u{1f980}\n").unwrap());
    let text = carried.0.lock().concat();
    let envelope = Envelope::parse(&text).unwrap();
    assert!(envelope.is_of(&acme) && !envelope.is_of(&anew) && !envelope.is_of(&globex));
    there.receive(envelope.clone());
    there.receive(envelope.missed(Some(3)));
    assert_eq!(heard(&mut own), ["\"\\\"quoted\\\" \u{1f980}\\n\"", "missed Some(3)"]);
    assert!(heard(&mut other).is_empty() && heard(&mut later).is_empty());
    there.doubt();
    assert_eq!(heard(&mut other), ["missed None"]);
}

#[test]
fn what_can_be_no_event_is_refused_also_where_it_comes_from_elsewhere() {
    assert!(Event::new("", &1).is_err() && Event::new("A", &1).is_err() && Event::new("a b", &1).is_err());
    assert!(Event::new(&"a".repeat(65), &1).is_err());
    assert!(Event::new("a", &"x".repeat(Event::MAX_DATA)).is_err());
    for wrong in [
        "",
        "{}",
        r#"{"tenant":"a b","created_at":1}"#,
        r#"{"tenant":"acme","created_at":1,"event":["a","{"]}"#,
        r#"{"tenant":"acme","created_at":1,"event":["a","1\n"]}"#,
        r#"{"tenant":"acme","created_at":1,"event":["a\ndata: 1","1"]}"#,
        r#"{"tenant":"acme","created_at":1,"event":["a","1"],"more":1}"#,
        &format!(r#"{{"tenant":"acme","created_at":1,"event":["a","{}"]}}"#, "1".repeat(9_000)),
    ] {
        assert!(Envelope::parse(wrong).is_err(), "{wrong}");
    }
    assert!(Envelope::parse(r#"{"tenant":"acme","created_at":1,"event":["a","1"]}"#).is_ok());
}
