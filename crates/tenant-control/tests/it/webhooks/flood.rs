//! A flood of one tenant's events, to who never answers, and what it costs the other.

use std::time::Duration;

use tenant_control::WebhookSender;
use tokio::{task::JoinHandle, time::sleep};

use super::{
    house::{House, Names, running_house},
    receiver::{Receiver, Reply},
};

/// Longer than the test takes: who is told is under way until its end.
const PATIENCE: Duration = Duration::from_secs(20);
const A_WHILE: Duration = Duration::from_millis(600);

async fn flooded(house: &House) -> (Receiver, Receiver) {
    let (dead, other) = (Receiver::always(Reply::Nothing).await, Receiver::always(Reply::Nothing).await);
    // Two of one's own share what one has.
    for _ in 0..2 {
        house.listen(&house.acme, &dead.url(), &["*"]).await;
    }
    for number in 0..40 {
        house.tell(&house.acme, &format!("u{number}")).await;
    }
    (dead, other)
}

fn run(sender: WebhookSender) -> JoinHandle<()> {
    tokio::spawn(async move { sender.run(std::future::pending()).await })
}

#[tokio::test]
async fn of_a_tenant_so_many_are_under_way_and_of_all_no_more_than_there_is_room_for() {
    let house = running_house().await;
    let (dead, other) = flooded(&house).await;
    let sender = house.builder(Names::leading_to(&[])).timeout(PATIENCE).of_a_tenant(3).at_once(5).build();
    let running = run(sender);
    dead.wait_for(3).await;
    sleep(A_WHILE).await;
    assert_eq!(dead.received().len(), 3, "of one tenant");
    house.listen(&house.globex, &other.url(), &["*"]).await;
    for number in 0..4 {
        house.tell(&house.globex, &format!("g{number}")).await;
    }
    other.wait_for(2).await;
    sleep(A_WHILE).await;
    assert_eq!((dead.received().len(), other.received().len()), (3, 2), "of all");
    running.abort();
}

#[tokio::test]
async fn whose_server_is_dead_keeps_nobody_else_waiting() {
    let house = running_house().await;
    let (dead, _) = flooded(&house).await;
    let well = Receiver::always(Reply::Status(200)).await;
    house.listen(&house.globex, &well.url(), &["*"]).await;
    let running = run(house.builder(Names::leading_to(&[])).timeout(PATIENCE).build());
    dead.wait_for(1).await;
    for number in 0..10 {
        house.tell(&house.globex, &format!("g{number}")).await;
    }
    well.wait_for(10).await;
    assert!(dead.received().len() <= 4, "of one tenant: {}", dead.received().len());
    running.abort();
}

#[tokio::test]
async fn who_has_one_event_gets_a_turn_beside_who_has_hundreds() {
    let house = running_house().await;
    let (quick, well) =
        (Receiver::always(Reply::Status(200)).await, Receiver::always(Reply::Status(200)).await);
    house.listen(&house.acme, &quick.url(), &["*"]).await;
    house.listen(&house.globex, &well.url(), &["*"]).await;
    for number in 0..300 {
        house.tell(&house.acme, &format!("u{number}")).await;
    }
    house.tell(&house.globex, "g").await;
    let running = run(house.builder(Names::leading_to(&[])).at_once(2).of_a_tenant(2).build());
    well.wait_for(1).await;
    assert!(quick.received().len() < 50, "{} were told before", quick.received().len());
    running.abort();
}
