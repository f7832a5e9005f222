//! Tenants and senders side by side.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use tenant_control::BackOff;
use tenant_core::webhooks::OutboxEvent;

use super::{
    house::{House, Names, builder, running_house},
    receiver::{Receiver, Reply},
};

/// Puts so many events of a tenant's at once.
async fn flood(house: &House, kind: &str, count: usize) {
    let events: Vec<OutboxEvent> =
        (0..count).map(|number| house.outbox.event(&house.acme, kind, &number).unwrap()).collect();
    let store = tenant_sqlx::DbWebhooks::new(&house.db);
    let told = tenant_core::webhooks::OutboxStore::put(&store, &house.acme, &events).await.unwrap();
    assert_eq!(told.deliveries, count as u64);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dead_endpoint_of_which_thousands_wait_delays_nobody() {
    let house = running_house().await;
    let dead = Receiver::always(Reply::Nothing).await;
    let [well, globexes] =
        [Receiver::always(Reply::Status(200)).await, Receiver::always(Reply::Status(200)).await];
    house.listen(&house.acme, &dead.url(), &["dead"]).await;
    house.listen(&house.acme, &well.url(), &["user.created"]).await;
    house.listen(&house.globex, &globexes.url(), &["*"]).await;
    flood(&house, "dead", 5_000).await;
    let sender = house.builder(Names::leading_to(&[])).build();
    let started = Instant::now();
    let running = tokio::spawn(async move { sender.run(std::future::pending()).await });
    dead.wait_for(4).await;
    for number in 0..10 {
        let begun = Instant::now();
        house.tell(&house.globex, "g").await;
        globexes.wait_for(number + 1).await;
        assert!(begun.elapsed() < Duration::from_millis(1_500), "globex waited {:?}", begun.elapsed());
    }
    // Nor another endpoint of the same tenant, for long.
    house.tell(&house.acme, "a").await;
    well.wait_for(1).await;
    tokio::time::sleep(Duration::from_millis(600)).await;
    let (tries, elapsed) = (dead.received().len() as u128, started.elapsed().as_millis());
    assert!(tries <= 4 * (elapsed / 400 + 2), "{tries} in {elapsed} ms: four at once, for 400 ms each");
    running.abort();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn senders_on_one_database_share_the_work_and_tell_nothing_twice() {
    let house = running_house().await;
    let receiver = Receiver::answering(|_, told| match told.body.len() % 3 {
        0 => Reply::Late(Duration::from_millis(20), 200),
        _ => Reply::Status(200),
    })
    .await;
    let secret = house.listen(&house.acme, &receiver.url(), &["*"]).await;
    house.listen(&house.globex, &receiver.url(), &["*"]).await;
    let senders = [house.outbox.clone(), house.elsewhere().await, house.elsewhere().await];
    let running: Vec<_> = senders
        .iter()
        .map(|outbox| {
            let builder = builder(outbox, Names::leading_to(&[])).timeout(Duration::from_secs(20));
            let sender = builder.of_a_tenant(8).build();
            tokio::spawn(async move { sender.run(std::future::pending()).await })
        })
        .collect();
    for number in 0..150 {
        house.tell(&house.acme, &"x".repeat(number % 7)).await;
        house.tell(&house.globex, &"y".repeat(number % 5)).await;
    }
    receiver.wait_for(300).await;
    tokio::time::sleep(Duration::from_millis(600)).await;
    let mut times = BTreeMap::<String, usize>::new();
    receiver.ids().into_iter().for_each(|id| *times.entry(id).or_default() += 1);
    assert_eq!((times.len(), times.values().max()), (300, Some(&1)));
    assert!(receiver.received().iter().filter(|told| told.is_signed_with(&secret)).count() == 150);
    running.iter().for_each(tokio::task::JoinHandle::abort);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sender_that_is_dropped_wherever_it_stands_loses_nothing() {
    let house = running_house().await;
    let receiver = Receiver::answering(|told, _| match told % 4 {
        0 => Reply::Status(500),
        1 => Reply::Late(Duration::from_millis(5), 200),
        _ => Reply::Status(200),
    })
    .await;
    house.listen(&house.acme, &receiver.url(), &["*"]).await;
    flood(&house, "a", 200).await;
    let at_once = BackOff::new(Duration::from_millis(1), Duration::from_millis(1), u32::MAX);
    let sender = || {
        let builder = house.builder(Names::leading_to(&[])).back_off(at_once);
        builder.timeout(Duration::from_millis(60)).build()
    };
    for round in 0..40_u64 {
        let sender = sender();
        let wait = Duration::from_millis(3 + 7 * (round * 31 % 11));
        let dropped = tokio::time::timeout(wait, sender.run(std::future::pending()));
        assert!(dropped.await.is_err());
    }
    let last = sender();
    let last = tokio::spawn(async move { last.run(std::future::pending()).await });
    let all = async {
        while house.waiting().await > 0 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), all).await.unwrap();
    last.abort();
    let ids: std::collections::BTreeSet<_> = receiver.ids().into_iter().collect();
    assert_eq!(ids.len(), 200, "each was told, under its own id");
}
