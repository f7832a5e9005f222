//! Events travel to the instances where somebody of their tenant listens.

use std::{sync::Arc, time::Duration};

use tenant_core::{
    TenantConfig, TenantContext,
    events::{Event, EventBus, Received, Subscription},
};
use tenant_redis::{EventReader, Redis, RedisEvents};
use tokio::time::timeout;

use crate::support::{Fragile, ask, context, fresh_keys, id, plain, raw, shared};

const SECOND: Duration = Duration::from_secs(1);

struct Instance {
    bus: EventBus,
    _reader: EventReader,
}

fn instance(redis: &Redis) -> Instance {
    let relay = Arc::new(RedisEvents::start(redis));
    let bus = EventBus::new().with_relay(Arc::clone(&relay) as _);
    let reader = relay.listen(bus.clone());
    Instance { bus, _reader: reader }
}

/// Two instances whose readers have begun to listen.
async fn two(redis: &Redis) -> (Instance, Instance) {
    let (one, two) = (instance(redis), instance(redis));
    let probe = plain("probe").await;
    for (from, to) in [(&one, &two), (&two, &one)] {
        let mut listener = to.bus.subscribe(&probe).unwrap();
        loop {
            from.bus.publish(&probe, Event::new("probe", &0).unwrap());
            if let Ok(Some(Received::Event(..))) = timeout(SECOND / 5, listener.recv()).await {
                break;
            }
        }
    }
    (one, two)
}

/// What comes within a moment, as text.
async fn heard(subscription: &mut Subscription, count: usize) -> Vec<String> {
    let mut heard = Vec::new();
    while heard.len() < count
        && let Ok(received) = timeout(5 * SECOND, subscription.recv()).await
    {
        heard.push(text(received.unwrap()));
    }
    // And nothing else.
    if let Ok(more) = timeout(SECOND / 5, subscription.recv()).await {
        heard.push(text(more.unwrap()));
    }
    heard
}

fn text(received: Received) -> String {
    match received {
        Received::Event(_, event) => event.data().to_owned(),
        Received::Missed(count) => format!("missed {count:?}"),
    }
}

fn number(number: u64) -> Event {
    Event::new("counted", &number).unwrap()
}

#[tokio::test]
async fn what_one_publishes_the_other_tells_to_the_same_tenant_alone_and_once() {
    let (here, there) = two(&shared()).await;
    let [acme, globex] = [plain("acme").await, plain("globex").await];
    let mut own = there.bus.subscribe(&acme).unwrap();
    let mut local = here.bus.subscribe(&acme).unwrap();
    let mut other = there.bus.subscribe(&globex).unwrap();
    for count in 0..100 {
        here.bus.publish(&acme, number(count));
    }
    there.bus.publish(&globex, number(7));
    let all: Vec<_> = (0..100).map(|count: u64| count.to_string()).collect();
    assert_eq!(heard(&mut own, 100).await, all);
    assert_eq!(heard(&mut local, 100).await, all, "its own are not heard again");
    assert_eq!(heard(&mut other, 1).await, ["7"]);
}

async fn created_at(micros: i64) -> TenantContext {
    let mut builder = TenantConfig::builder(id("acme"));
    builder = builder.name(micros.to_string());
    context(builder).await
}

#[tokio::test]
async fn another_key_space_is_another_deployment() {
    let redis = shared();
    let (here, _) = two(&redis).await;
    let (there, _) = two(&redis.clone().with_keyspace(fresh_keys())).await;
    let acme = created_at(1).await;
    let mut listener = there.bus.subscribe(&acme).unwrap();
    here.bus.publish(&acme, number(1));
    assert!(heard(&mut listener, 0).await.is_empty());
}

#[tokio::test]
async fn what_is_cut_off_hears_what_it_missed_and_what_can_not_be_told_is_known_to_be_missed() {
    let mut server = Fragile::start();
    let (here, there) = two(&server.redis()).await;
    let acme = plain("acme").await;
    let mut listener = there.bus.subscribe(&acme).unwrap();
    let mut connection = raw(&server.url()).await;
    // All connections but this one end.
    let _: i64 = ask(&mut connection, &["CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"]).await;
    here.bus.publish(&acme, number(1));
    assert_eq!(heard(&mut listener, 1).await, ["1"]);
    server.stop();
    here.bus.publish(&acme, number(2));
    server.start_again();
    let told = heard(&mut listener, 2).await;
    assert!(told.contains(&"missed None".to_owned()), "{told:?}");
    here.bus.publish(&acme, number(3));
    assert_eq!(heard(&mut listener, 1).await, ["3"]);
}

#[tokio::test]
async fn what_somebody_else_writes_into_the_stream_stops_nothing() {
    let redis = shared();
    let (here, there) = two(&redis).await;
    let acme = plain("acme").await;
    let mut listener = there.bus.subscribe(&acme).unwrap();
    let stream = format!("{}:{{*}}:events", redis.keyspace().prefix());
    let url = tenant_testkit::servers::Redis::shared().unwrap().url();
    let mut connection = raw(&url).await;
    for entry in [&["events", "{}"][..], &["a", "b"], &["origin", "x", "number", "y", "events", "\n\n"]] {
        let _: String = ask(&mut connection, &[&["XADD", &stream, "*"], entry].concat()).await;
    }
    assert_eq!(heard(&mut listener, 1).await, ["missed None"]);
    here.bus.publish(&acme, number(1));
    assert_eq!(heard(&mut listener, 1).await, ["1"]);
}

#[tokio::test]
async fn what_was_sent_twice_is_heard_once() {
    let redis = shared();
    let (_here, there) = two(&redis).await;
    let acme = plain("acme").await;
    let mut listener = there.bus.subscribe(&acme).unwrap();
    let stream = format!("{}:{{*}}:events", redis.keyspace().prefix());
    let mut connection = raw(&tenant_testkit::servers::Redis::shared().unwrap().url()).await;
    let created_at = acme.config().created_at.as_unix_micros();
    for (number, data) in [("1", "1"), ("1", "1"), ("2", "2"), ("1", "1")] {
        let event = format!(r#"{{"tenant":"acme","created_at":{created_at},"event":["a","{data}"]}}"#);
        let entry = ["XADD", &stream, "*", "origin", "x", "number", number, "events", &event];
        let _: String = ask(&mut connection, &entry).await;
    }
    assert_eq!(heard(&mut listener, 2).await, ["1", "2"]);
}
