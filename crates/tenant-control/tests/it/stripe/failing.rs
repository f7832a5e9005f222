//! Whatever happens on the way, each part counts once.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use tenant_control::{StripeMeter, UsageExporter, UsageExports};
use tenant_core::{ConfigStoreExt, usage::UsageKind};

use super::{
    bank::{Act, Bank, Event, KEY, said, with},
    house::{DAY, House, customer, house},
};
use crate::{
    support::{id, tamper},
    webhooks::receiver::Reply,
};

const CALL: UsageKind = UsageKind::API_CALL;

async fn due(house: &House) {
    house.used("acme", CALL, 10).await;
    house.used("globex", CALL, 5).await;
    house.later(1);
}

/// Tells until all is told, a while after each failure.
async fn to_the_end(house: &House, exports: &UsageExports) {
    for _ in 0..200 {
        house.clock.advance(Duration::from_secs(65));
        let told = exports.tell_due().await.unwrap();
        assert_eq!((told.failed, told.held), (0, 0));
    }
}

fn is_of(event: &Event, tenant: &str) -> bool {
    event["payload[stripe_customer_id]"] == format!("cus_{tenant}")
}

#[tokio::test]
async fn each_failure_is_told_again_and_counts_once() {
    let drip = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";
    for (name, act) in [
        ("fails", Act::Answer(Reply::Status(500))),
        ("fails and has it", Act::TakeAnd(Reply::Status(503))),
        ("has too much to do", Act::Answer(with(429, "retry-after: 2\r\n", "{}"))),
        ("conflicts", Act::Answer(Reply::Status(409))),
        ("closes", Act::Answer(Reply::Close)),
        ("has it and closes", Act::TakeAnd(Reply::Close)),
        ("has it and closes in the middle", Act::TakeAnd(Reply::Raw("HTTP/1.1 200 OK\r\nconte".into()))),
        ("drips", Act::TakeAnd(Reply::Drip(drip.into()))),
        ("never answers", Act::Answer(Reply::Nothing)),
        ("has it and never answers", Act::TakeAnd(Reply::Nothing)),
        ("answers late", Act::TakeAnd(Reply::Late(Duration::from_millis(600), 200))),
        ("answers nonsense", Act::TakeAnd(Reply::Nonsense)),
        ("has no end of headers", Act::Answer(Reply::EndlessHead)),
    ] {
        let house = house().await;
        let bank = Bank::acting(move |told, _| if told < 2 { act.clone() } else { Act::Take }).await;
        house.used("acme", CALL, 10).await;
        house.later(1);
        let exports = house.exports(&bank);
        exports.collect().await.unwrap();
        let first = exports.tell_due().await.unwrap();
        assert_eq!((first.taken, first.again), (0, 1), "{name}");
        for _ in 0..3 {
            house.clock.advance(Duration::from_secs(30));
            // As by somebody who has begun anew, and remembers nothing.
            house.exports(&bank).tell_due().await.unwrap();
        }
        assert_eq!((bank.total("cus_acme", "api_call"), bank.events().len()), (10, 1), "{name}");
        let asked = bank.requests();
        house.clock.advance(DAY / 2);
        assert_eq!(exports.collect().await.unwrap().parts, 0, "{name}");
        exports.tell_due().await.unwrap();
        assert_eq!(bank.requests(), asked, "{name}");
        assert!(!format!("{:?}", house.heard.lock()).contains("canary"));
    }
}

#[tokio::test]
async fn an_answer_whose_body_does_not_end_is_an_answer() {
    for reply in [Reply::Stalled, Reply::Endless] {
        let house = house().await;
        let bank = Bank::acting(move |_, _| Act::TakeAnd(reply.clone())).await;
        due(&house).await;
        let exports = house.exports(&bank);
        exports.collect().await.unwrap();
        assert_eq!(exports.tell_due().await.unwrap().taken, 2);
    }
}

#[tokio::test]
async fn by_chance_they_all_come_and_each_counts_once() {
    let acts = |told: usize, _: &Event| match told % 9 {
        0 => Act::Answer(Reply::Status(500)),
        1 => Act::TakeAnd(Reply::Close),
        2 => Act::Answer(with(429, "retry-after: 3\r\n", "")),
        3 => Act::TakeAnd(Reply::Status(502)),
        4 => Act::Answer(Reply::Status(409)),
        6 => Act::TakeAnd(Reply::Raw("HTTP/1.1 200".into())),
        _ => Act::Take,
    };
    let (house, bank) = (house().await, Bank::acting(acts).await);
    for (tenant, times) in [("acme", 1), ("globex", 3)] {
        for number in 0..12 {
            house.used(tenant, UsageKind::parse(&format!("k{number}")).unwrap(), times * (number + 1)).await;
        }
    }
    house.later(1);
    let exports = house.exports(&bank);
    exports.collect().await.unwrap();
    to_the_end(&house, &exports).await;
    assert_eq!(bank.events().len(), 24);
    for (customer, times) in [("cus_acme", 1), ("cus_globex", 3)] {
        for number in 0..12_u128 {
            assert_eq!(bank.total(customer, &format!("k{number}")), times * (number + 1));
        }
    }
}

#[tokio::test]
async fn it_waits_as_long_as_it_is_asked_to_and_longer_from_time_to_time() {
    let asks = |told: usize, _: &Event| match told {
        0 => Act::Answer(with(429, "retry-after: 100\r\n", "{}")),
        1 | 2 => Act::Answer(Reply::Status(500)),
        _ => Act::Take,
    };
    let (house, bank) = (house().await, Bank::acting(asks).await);
    house.used("acme", CALL, 1).await;
    house.later(1);
    let exports = house.exports(&bank);
    exports.collect().await.unwrap();
    exports.tell_due().await.unwrap();
    // 100 seconds that were asked for, then 2 and 4 after the second and the third try.
    for (wait, asked) in [(100, 2), (2, 3), (4, 4)] {
        house.clock.advance(Duration::from_secs(wait) - Duration::from_millis(1));
        for exports in [&exports, &house.exports(&bank)] {
            exports.tell_due().await.unwrap();
        }
        assert_eq!(bank.requests(), asked - 1, "it was too early");
        house.clock.advance(Duration::from_millis(1));
        exports.tell_due().await.unwrap();
        assert_eq!(bank.requests(), asked);
    }
    assert_eq!(bank.total("cus_acme", "api_call"), 1);
    // It has answered that it failed: with the same key it would answer so again, as it keeps answers with keys.
    let keys: Vec<String> =
        bank.receiver.received().iter().map(|one| one.headers["idempotency-key"].clone()).collect();
    let first = keys[0].clone();
    assert_eq!(keys, [first.clone(), first.clone(), format!("{first}-1"), format!("{first}-2")]);
}

#[tokio::test]
async fn what_is_refused_is_named_and_told_anew_when_it_may_be_taken() {
    let open = Arc::new(AtomicBool::new(false));
    let (is_open, body) =
        (Arc::clone(&open), r#"{"error":{"code":"resource_missing","param":"event_name"}}"#);
    let bank = Bank::acting(move |_, event| {
        match is_open.load(Ordering::Relaxed) || event["event_name"] != "compute" {
            true => Act::Take,
            false => Act::Answer(said(400, body)),
        }
    })
    .await;
    let house = house().await;
    for _ in 0..3 {
        house.used("acme", UsageKind::COMPUTE, 10).await;
        house.later(1);
    }
    due(&house).await;
    let exports = house.exports(&bank);
    assert_eq!(exports.collect().await.unwrap().parts, 5);
    let told = exports.tell_due().await.unwrap();
    assert_eq!((told.taken, told.refused, told.again), (2, 3, 0));
    // The first is enough to know of the kind.
    assert_eq!(bank.requests(), 3);
    assert!(
        house.heard.lock().contains(&"acme compute it was refused (400 resource_missing event_name)".into())
    );
    house.clock.advance(Duration::from_secs(600));
    exports.tell_due().await.unwrap();
    assert_eq!(bank.requests(), 3, "it is not tried again before it is collected again");
    open.store(true, Ordering::Relaxed);
    assert_eq!(exports.collect().await.unwrap().parts, 3);
    assert_eq!(exports.tell_due().await.unwrap().taken, 3);
    assert_eq!(bank.total("cus_acme", "compute"), 30);
}

#[tokio::test]
async fn a_customer_that_was_wrong_is_put_right_and_only_then_told() {
    let bank = Bank::acting(|_, event| match is_of(event, "acme") {
        true => Act::Answer(said(404, "{}")),
        false => Act::Take,
    })
    .await;
    let house = house().await;
    due(&house).await;
    let exports = house.exports(&bank);
    exports.collect().await.unwrap();
    exports.tell_due().await.unwrap();
    let right = customer("right").metadata;
    house.configs.modify(&id("acme"), |config| config.metadata = right.clone()).await.unwrap();
    exports.collect().await.unwrap();
    exports.tell_due().await.unwrap();
    assert_eq!((bank.total("cus_right", "api_call"), bank.total("cus_globex", "api_call")), (10, 5));
    assert_eq!(bank.events().len(), 2);
}

#[tokio::test]
async fn one_that_may_have_been_taken_goes_to_the_same_customer_whatever_the_config_says_now() {
    let acts = |told: usize, _: &Event| if told == 0 { Act::TakeAnd(Reply::Close) } else { Act::Take };
    let (house, bank) = (house().await, Bank::acting(acts).await);
    house.used("acme", CALL, 10).await;
    house.later(1);
    let exports = house.exports(&bank);
    exports.collect().await.unwrap();
    exports.tell_due().await.unwrap();
    let other = customer("other").metadata;
    house.configs.modify(&id("acme"), |config| config.metadata = other.clone()).await.unwrap();
    exports.collect().await.unwrap();
    to_the_end(&house, &exports).await;
    assert_eq!((bank.total("cus_acme", "api_call"), bank.total("cus_other", "api_call")), (10, 0));
}

#[tokio::test]
async fn one_tenant_that_hangs_or_fails_keeps_no_other_from_being_told() {
    // One try tells enough of who does not answer; of what is refused each kind is asked about.
    for (reply, asked) in [
        (Reply::Nothing, 2),
        (Reply::Status(500), 2),
        (Reply::Status(400), 22),
        (with(429, "retry-after: 99999\r\n", ""), 2),
    ] {
        let bank = Bank::acting(move |_, event| match is_of(event, "acme") {
            true => Act::Answer(reply.clone()),
            false => Act::Take,
        })
        .await;
        let house = house().await;
        for number in 0..20 {
            house.used("acme", UsageKind::parse(&format!("k{number}")).unwrap(), 1).await;
        }
        due(&house).await;
        let exports = house.exports(&bank);
        assert_eq!(exports.collect().await.unwrap().parts, 22);
        for _ in 0..3 {
            exports.tell_due().await.unwrap();
        }
        assert_eq!((bank.total("cus_globex", "api_call"), bank.total("cus_acme", "api_call")), (5, 0));
        assert_eq!(bank.requests(), asked);
    }
}

#[tokio::test]
async fn one_part_that_always_fails_keeps_no_other_of_its_tenant_from_being_told() {
    let bank = Bank::acting(|_, event| match &*event["event_name"] {
        "api_call" => Act::Answer(Reply::Status(500)),
        _ => Act::Take,
    })
    .await;
    let house = house().await;
    house.used("acme", CALL, 1).await;
    house.used("acme", UsageKind::TOKENS, 2).await;
    house.later(1);
    let exports = house.exports(&bank);
    exports.collect().await.unwrap();
    for _ in 0..4 {
        exports.tell_due().await.unwrap();
        house.clock.advance(Duration::from_secs(3));
    }
    assert_eq!(bank.total("cus_acme", "tokens"), 2);
}

#[tokio::test]
async fn a_key_that_is_denied_is_not_tried_with_everything_and_all_is_told_with_the_right_one() {
    let bank =
        Bank::acting(|told, _| if told < 1 { Act::Answer(Reply::Status(401)) } else { Act::Take }).await;
    let house = house().await;
    for number in 0..10 {
        for tenant in ["acme", "globex"] {
            house.used(tenant, UsageKind::parse(&format!("k{number}")).unwrap(), 1).await;
        }
    }
    house.later(1);
    // One tenant after the other: the next is not even asked about.
    let exports = house.builder(Arc::new(bank.meter())).at_once(1).build();
    exports.collect().await.unwrap();
    exports.tell_due().await.unwrap();
    assert_eq!(bank.requests(), 1);
    assert!(house.heard.lock()[0].contains("the key was denied (401)"));
    to_the_end(&house, &exports).await;
    assert_eq!(bank.events().len(), 20);
}

#[tokio::test]
async fn it_does_not_go_where_it_is_sent_to() {
    let thief = Bank::taking().await;
    let to = format!("http://127.0.0.1:{}/v1/billing/meter_events", thief.receiver.port);
    let bank = Bank::acting(move |_, _| Act::Answer(Reply::Redirect(to.clone()))).await;
    let house = house().await;
    due(&house).await;
    let exports = house.exports(&bank);
    exports.collect().await.unwrap();
    let told = exports.tell_due().await.unwrap();
    assert_eq!((told.taken, told.refused, thief.requests()), (0, 2, 0));
    assert!(house.heard.lock().iter().all(|line| line.ends_with("it was refused (307)")));
}

#[tokio::test]
async fn nobody_there_is_no_doubt_however_long_it_lasts() {
    let house = house().await;
    due(&house).await;
    let nobody = StripeMeter::new(KEY).unwrap().at("http://127.0.0.1:1").unwrap();
    let exports = house.exports_to(Arc::new(nobody));
    exports.collect().await.unwrap();
    for _ in 0..6 {
        assert_eq!(exports.tell_due().await.unwrap().again, 2);
        house.clock.advance(DAY);
    }
    let bank = Bank::taking().await;
    let told = house.exports(&bank).tell_due().await.unwrap();
    assert_eq!((told.taken, told.held), (2, 0));
}

#[tokio::test]
async fn what_may_have_been_taken_too_long_ago_waits_for_somebody_to_decide() {
    let closes = |told: usize, _: &Event| if told < 2 { Act::Answer(Reply::Close) } else { Act::Take };
    let (house, bank) = (house().await, Bank::acting(closes).await);
    due(&house).await;
    let exports = house.exports(&bank);
    exports.collect().await.unwrap();
    assert_eq!(exports.tell_due().await.unwrap().again, 2);
    // An outage of more than a day: Stripe would not know the identifier again.
    house.later(2);
    let told = exports.tell_due().await.unwrap();
    assert_eq!((told.held, told.taken, bank.requests()), (2, 0, 2));
    assert_eq!(exports.tell_due().await.unwrap().held, 0, "it is said once");
    assert_eq!(exports.collect().await.unwrap().parts, 0);
    for (tenant, was_taken, amount) in [("acme", true, 10), ("globex", false, 5)] {
        let held = exports.held(&id(tenant)).await.unwrap();
        assert_eq!((held.len(), held[0].amount, &*held[0].receiver), (1, amount, &*format!("cus_{tenant}")));
        let other = if tenant == "acme" { "globex" } else { "acme" };
        assert!(
            !exports.decide(&id(other), &held[0].identifier, was_taken).await.unwrap(),
            "it is not its own"
        );
        assert!(exports.decide(&id(tenant), &held[0].identifier, was_taken).await.unwrap());
        assert_eq!(exports.held(&id(tenant)).await.unwrap(), []);
        assert!(!exports.decide(&id(tenant), &held[0].identifier, was_taken).await.unwrap());
    }
    exports.tell_due().await.unwrap();
    assert_eq!((bank.total("cus_acme", "api_call"), bank.total("cus_globex", "api_call")), (0, 5));
    assert_eq!(exports.collect().await.unwrap().parts, 0);
}

#[tokio::test]
async fn a_tenant_whose_rows_are_broken_keeps_no_other_from_being_told() {
    let (house, bank) = (house().await, Bank::taking().await);
    due(&house).await;
    let exports = house.exports(&bank);
    exports.collect().await.unwrap();
    tamper(&house.db, "UPDATE tenant_usage_exports SET amount = 'x' WHERE tenant_id = 'acme'").await;
    let told = exports.tell_due().await.unwrap();
    assert_eq!((told.failed, told.taken), (1, 1));
    let collected = exports.collect().await.unwrap();
    assert_eq!((collected.failed, collected.parts), (1, 0));
    assert_eq!(bank.total("cus_globex", "api_call"), 5);
}

/// Somebody who is told, and is never done.
struct Panics(AtomicUsize);

#[tenant_core::async_trait]
impl UsageExporter for Panics {
    fn name(&self) -> &str {
        "panics"
    }

    async fn tell(
        &self,
        usage: &tenant_control::MeteredUsage<'_>,
    ) -> Result<(), tenant_control::ExportFailure> {
        self.0.fetch_add(1, Ordering::Relaxed);
        assert!(usage.receiver.is_empty(), "an exporter of somebody else");
        Ok(())
    }
}

#[tokio::test]
async fn an_exporter_that_panics_ends_its_tenants_turn_alone() {
    let house = house().await;
    due(&house).await;
    let exporter = Arc::new(Panics(AtomicUsize::new(0)));
    let exports = house.exports_to(Arc::clone(&exporter) as Arc<dyn UsageExporter>);
    exports.collect().await.unwrap();
    assert_eq!(exports.tell_due().await.unwrap().failed, 2);
    assert_eq!(exporter.0.load(Ordering::Relaxed), 2);
}
