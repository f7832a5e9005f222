//! What is sent, and how often.

use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use tenant_control::{AttemptOutcome, BackOff, WebhookErrorKind, WebhookReach};
use tenant_core::{
    ConfigStore, ConfigStoreExt, TenantStatus,
    webhooks::{Settled, Webhook},
};

use super::{
    house::{Names, house, running_house},
    receiver::{Receiver, Reply},
};
use crate::support::id;

#[tokio::test]
async fn an_event_is_told_and_signed_as_the_specification_has_it() {
    let house = house().await;
    let receiver = Receiver::always(Reply::Status(204)).await;
    let secret = house.listen(&house.acme, &receiver.url(), &["user.created"]).await;
    let data = json!({ "id": "u\u{fc}\"\n1" });
    let told = house.outbox.tell(&house.acme, "user.created", &data).await.unwrap();
    assert_eq!(told.deliveries, 1);
    assert_eq!(house.outbox.tell(&house.acme, "user.deleted", &data).await.unwrap().deliveries, 0);
    assert_eq!(house.sender().deliver_due().await.unwrap(), 1);
    let [received] = &receiver.received()[..] else { panic!("{:?}", receiver.received()) };
    assert_eq!(received.line, "POST /hook?a=b HTTP/1.1");
    assert_eq!(received.headers["host"], format!("127.0.0.1:{}", receiver.port));
    assert_eq!(received.headers["content-type"], "application/json");
    assert_eq!(received.headers["webhook-timestamp"], "1700000000");
    assert!(received.is_signed_with(&secret));
    assert!(received.id().starts_with("msg_") && !received.id().contains('.'));
    let body: Value = serde_json::from_str(&received.body).unwrap();
    let expected = json!({
        "id": received.id(),
        "type": "user.created",
        "tenant_id": "acme",
        "created_at": "2023-11-14T22:13:20Z",
        "data": data,
    });
    assert_eq!(body, expected);
    assert_eq!(house.sender().deliver_due().await.unwrap(), 0, "it was taken");
}

#[tokio::test]
async fn a_tenants_events_go_to_its_own_webhooks_signed_with_their_own_secrets() {
    let house = house().await;
    let (acmes, globexes) =
        (Receiver::always(Reply::Status(200)).await, Receiver::always(Reply::Status(200)).await);
    let acme = house.listen(&house.acme, &acmes.url(), &["*"]).await;
    let globex = house.listen(&house.globex, &globexes.url(), &["*"]).await;
    for number in 0..20 {
        house.tell(&house.acme, &format!("acme{number}")).await;
        house.tell(&house.globex, &format!("globex{number}")).await;
    }
    assert_eq!(house.sender().deliver_due().await.unwrap(), 40);
    for (receiver, name, own, foreign) in
        [(&acmes, "acme", &acme, &globex), (&globexes, "globex", &globex, &acme)]
    {
        let received = receiver.received();
        assert_eq!(received.len(), 20);
        assert!(received.iter().all(|one| one.body.contains(&format!(r#""tenant_id":"{name}""#))));
        assert!(received.iter().all(|one| one.is_signed_with(own) && !one.is_signed_with(foreign)));
    }
}

#[tokio::test]
async fn what_was_not_taken_is_told_again_with_the_same_id_after_1_2_4_seconds_and_taken_once() {
    let elsewhere = Receiver::always(Reply::Status(200)).await;
    let replies = [
        Reply::Status(500),
        Reply::Close,
        Reply::Redirect(elsewhere.url()),
        Reply::Nonsense,
        Reply::Late(Duration::from_secs(5), 200),
        Reply::EndlessHead,
        Reply::Status(410),
        Reply::Status(199),
        Reply::Status(300),
    ];
    let house = house().await;
    let failing = replies.clone();
    let receiver =
        Receiver::answering(move |told, _| failing.get(told).cloned().unwrap_or(Reply::Status(299))).await;
    let secret = house.listen(&house.acme, &receiver.url(), &["*"]).await;
    house.tell(&house.acme, "u1").await;
    let sender = house.sender();
    for tries in 0..replies.len() {
        assert_eq!(sender.deliver_due().await.unwrap(), 1, "after {:?}", replies.get(tries.wrapping_sub(1)));
        assert_eq!(receiver.received().len(), tries + 1);
        let wait = Duration::from_secs(1 << tries);
        house.clock.advance(wait - Duration::from_millis(1));
        assert_eq!(sender.deliver_due().await.unwrap(), 0, "{wait:?} are not over");
        house.clock.advance(Duration::from_millis(1));
    }
    assert_eq!(sender.deliver_due().await.unwrap(), 1);
    house.clock.advance(Duration::from_secs(100 * 24 * 3_600));
    assert_eq!(sender.deliver_due().await.unwrap(), 0, "taken");
    let received = receiver.received();
    assert_eq!(received.len(), replies.len() + 1);
    assert_eq!(receiver.ids().iter().collect::<BTreeSet<_>>().len(), 1);
    assert!(received.iter().all(|one| one.is_signed_with(&secret) && one.body == received[0].body));
    let times: Vec<u64> =
        received.iter().map(|one| one.headers["webhook-timestamp"].parse().unwrap()).collect();
    let waits: Vec<u64> = times.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert_eq!(waits, [1, 2, 4, 8, 16, 32, 64, 128, 256]);
    assert_eq!(elsewhere.received(), [], "no redirection is followed");
}

#[tokio::test]
async fn an_answer_without_an_end_is_taken_once_and_holds_nobody_up() {
    let house = house().await;
    for reply in [Reply::Endless, Reply::Stalled, Reply::Late(Duration::from_millis(100), 200)] {
        let receiver = Receiver::always(reply.clone()).await;
        house.listen(&house.acme, &receiver.url(), &["*"]).await;
        house.tell(&house.acme, "u1").await;
        let begun = Instant::now();
        assert!(house.sender().deliver_due().await.unwrap() > 0);
        assert!(begun.elapsed() < Duration::from_secs(3), "{reply:?}: {:?}", begun.elapsed());
        house.clock.advance(Duration::from_secs(9));
        assert_eq!(house.sender().deliver_due().await.unwrap(), 0, "{reply:?}");
        assert_eq!(receiver.received().len(), 1);
        for webhook in house.webhooks.list(&house.acme).await.unwrap() {
            assert!(house.webhooks.delete(&house.acme, &webhook.webhook_id).await.unwrap());
        }
    }
}

#[tokio::test]
async fn after_the_last_try_it_is_given_up() {
    let house = house().await;
    let receiver = Receiver::always(Reply::Status(503)).await;
    house.listen(&house.acme, &receiver.url(), &["*"]).await;
    house.tell(&house.acme, "u1").await;
    let (heard, settled) = std::sync::mpsc::channel();
    let back_off = BackOff::new(Duration::from_secs(1), Duration::from_secs(2), 4);
    let sender = house.builder(Names::leading_to(&[])).back_off(back_off);
    let sender = sender.listen(move |attempt| heard.send((attempt.delivery.tries, attempt.settled)).unwrap());
    let sender = sender.build();
    for _ in 0..9 {
        sender.deliver_due().await.unwrap();
        house.clock.advance(Duration::from_secs(2));
    }
    let settled: Vec<_> = settled.try_iter().collect();
    assert_eq!(settled.iter().map(|(tries, _)| *tries).collect::<Vec<_>>(), [1, 2, 3, 4]);
    assert_eq!(settled[3].1, Settled::GivenUp);
    assert!(settled[..3].iter().all(|(_, settled)| matches!(settled, Settled::Again(_))));
    assert_eq!(receiver.received().len(), 4);
}

#[tokio::test]
async fn nothing_is_told_of_a_tenant_that_is_suspended_nor_to_a_webhook_that_is_gone() {
    let house = house().await;
    let receiver = Receiver::always(Reply::Status(200)).await;
    house.listen(&house.acme, &receiver.url(), &["*"]).await;
    house.tell(&house.acme, "u1").await;
    let set = async |status| {
        house.configs.modify(&id("acme"), |config| config.status = status).await.unwrap();
    };
    set(TenantStatus::Suspended).await;
    assert_eq!(house.sender().deliver_due().await.unwrap(), 0);
    let refused = house.webhooks.create(&house.acme, &receiver.url(), &["*"]).await.unwrap_err();
    assert_eq!(refused.kind(), WebhookErrorKind::Inactive);
    set(TenantStatus::Active).await;
    assert_eq!(house.sender().deliver_due().await.unwrap(), 1);
    let acme = tenant_core::TenantContext::of(&house.configs, &id("acme")).await.unwrap();
    house.tell(&acme, "u2").await;
    let [webhook] = &house.webhooks.list(&acme).await.unwrap()[..] else { panic!() };
    assert!(!house.webhooks.delete(&house.globex, &webhook.webhook_id).await.unwrap());
    assert!(house.webhooks.delete(&acme, &webhook.webhook_id).await.unwrap());
    assert_eq!(house.sender().deliver_due().await.unwrap(), 0);
    house.configs.delete(&id("acme")).await.unwrap();
    assert_eq!(receiver.received().len(), 1);
}

#[tokio::test]
async fn what_is_kept_long_enough_is_forgotten_told_or_not() {
    let house = house().await;
    let receiver = Receiver::always(Reply::Status(500)).await;
    house.listen(&house.acme, &receiver.url(), &["*"]).await;
    house.tell(&house.acme, "u1").await;
    let sender = house.sender();
    house.clock.advance(Duration::from_secs(7 * 24 * 3_600));
    assert_eq!(sender.forget().await.unwrap(), 0);
    house.clock.advance(Duration::from_secs(1));
    assert_eq!((sender.forget().await.unwrap(), sender.deliver_due().await.unwrap()), (1, 0));
}

#[tokio::test]
async fn a_webhook_is_made_of_a_url_and_names_and_shows_its_secret_once() {
    let house = house().await;
    let webhooks = house.webhooks.clone().reach(WebhookReach::Public).at_most(3);
    let url = "https://hooks.acme.example/x?token=canary";
    let (webhook, secret) = webhooks.create(&house.acme, url, &["user.created", "a.b"]).await.unwrap();
    assert_eq!((&*webhook.url, webhook.events.concat()), (url, "user.createda.b".to_owned()));
    assert_eq!(webhooks.list(&house.acme).await.unwrap(), std::slice::from_ref(&webhook));
    assert_eq!(webhooks.list(&house.globex).await.unwrap(), []);
    assert!(secret.expose().starts_with("whsec_"));
    for shown in [format!("{secret:?}"), format!("{webhook:?}"), format!("{webhooks:?}")] {
        assert!(!shown.contains("whsec_") && !shown.contains("canary"), "{shown}");
    }
    let kind = async |url: &str, events: &[&str]| {
        webhooks.create(&house.acme, url, events).await.unwrap_err().kind()
    };
    for events in [&[][..], &[""], &["User"], &["a", "a"], &["a b"], &["a*"], &["user.*"], &["x"; 101]] {
        assert_eq!(kind(url, events).await, WebhookErrorKind::Events, "{events:?}");
    }
    for wrong in
        ["http://127.0.0.1/", "http://localhost/", "https://ada:x@acme.example/", "ftp://acme.example/"]
    {
        assert_eq!(kind(wrong, &["*"]).await, WebhookErrorKind::Url, "{wrong}");
    }
    for _ in 0..2 {
        let (other, another) = webhooks.create(&house.acme, url, &[Webhook::ALL]).await.unwrap();
        assert!(other.webhook_id != webhook.webhook_id && another != secret);
    }
    assert_eq!(kind(url, &["*"]).await, WebhookErrorKind::TooMany);
    assert!(webhooks.create(&house.globex, url, &["*"]).await.is_ok());
    let event = house.outbox.tell(&house.acme, "User", &()).await.unwrap_err();
    assert_eq!(event.kind(), WebhookErrorKind::Event);
}

#[tokio::test]
async fn a_sender_that_runs_is_woken_tries_again_and_ends_when_what_is_under_way_has() {
    let house = running_house().await;
    let slow = |told: usize| {
        if told == 0 { Reply::Status(500) } else { Reply::Late(Duration::from_millis(200), 200) }
    };
    let receiver = Receiver::answering(move |told, _| slow(told)).await;
    house.listen(&house.acme, &receiver.url(), &["*"]).await;
    let (heard, outcomes) = std::sync::mpsc::channel();
    let sender = house.builder(Names::leading_to(&[]));
    let sender = sender.listen(move |attempt| heard.send(attempt.outcome).unwrap()).build();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let running = tokio::spawn(async move {
        sender.run(async { drop(stopped.await) }).await;
    });
    house.tell(&house.acme, "u1").await;
    receiver.wait_for(1).await;
    let first = Instant::now();
    receiver.wait_for(2).await;
    let waited = first.elapsed();
    assert!((900..2_500).contains(&waited.as_millis()), "{waited:?}");
    drop(stop);
    tokio::time::timeout(Duration::from_secs(5), running).await.unwrap().unwrap();
    let outcomes: Vec<_> = outcomes.try_iter().collect();
    assert_eq!(
        outcomes,
        [AttemptOutcome::Answered(500), AttemptOutcome::Answered(200)],
        "it waited for the second"
    );
}
