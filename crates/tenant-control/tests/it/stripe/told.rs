//! What is told, and that it is told once.

use std::{sync::Arc, time::Duration};

use tenant_control::{Collected, InvalidStripe, StripeMeter, UsageExporter};
use tenant_core::{
    ConfigStore, ConfigStoreExt, Timestamp,
    usage::{UsageDate, UsageKind, UsageRecord, UsageStore},
};

use super::{
    bank::{Bank, KEY},
    house::{DAY, customer, house},
};
use crate::support::id;

const CALL: UsageKind = UsageKind::API_CALL;

fn parts(parts: u64, without_receiver: u64) -> (u64, u64) {
    (parts, without_receiver)
}

fn counts(collected: Collected) -> (u64, u64) {
    assert_eq!((collected.failed, collected.beyond), (0, 0));
    (collected.parts, collected.without_receiver)
}

#[tokio::test]
async fn each_tenants_days_are_told_for_its_own_customer_and_nobody_elses() {
    let (house, bank) = (house().await, Bank::taking().await);
    for quantity in 1..=100 {
        house.used("acme", CALL, quantity).await;
    }
    house.used("acme", UsageKind::TOKENS, 7).await;
    house.used("globex", CALL, 1_000).await;
    house.used("initech", CALL, 1_000_000).await;
    let exports = house.exports(&bank);
    assert_eq!(counts(exports.collect().await.unwrap()), parts(0, 1), "the day is not over");
    house.later(1);
    house.used("acme", CALL, 5).await;
    assert_eq!(counts(exports.collect().await.unwrap()), parts(3, 1));
    let told = exports.tell_due().await.unwrap();
    assert_eq!((told.taken, told.again, told.refused, bank.requests()), (3, 0, 0, 3));
    assert_eq!(bank.total("cus_acme", "api_call"), 5_050);
    assert_eq!(bank.total("cus_acme", "tokens"), 7);
    assert_eq!(bank.total("cus_globex", "api_call"), 1_000);
    assert!(bank.events().iter().all(|event| event["payload[stripe_customer_id]"] != "cus_initech"));
    for (event, request) in bank.events().iter().zip(bank.receiver.received()) {
        // 2023-11-14T23:59:59Z
        assert_eq!((&*event["timestamp"], event.len(), event["identifier"].len()), ("1700006399", 5, 64));
        assert_eq!(request.line, "POST /v1/billing/meter_events HTTP/1.1");
        assert_eq!(request.headers["authorization"], format!("Bearer {KEY}"));
        assert_eq!(request.headers["content-type"], "application/x-www-form-urlencoded");
        let own = super::bank::event(&request);
        assert_eq!(request.headers["idempotency-key"], own["identifier"]);
    }
    // Nothing is told again, however often it is looked for, and by whomever.
    for exports in [&exports, &house.exports(&bank)] {
        assert_eq!(counts(exports.collect().await.unwrap()), parts(0, 1));
        exports.tell_due().await.unwrap();
    }
    assert_eq!(bank.requests(), 3);
}

#[tokio::test]
async fn what_comes_late_is_told_as_the_difference_and_is_not_lost() {
    let (house, bank) = (house().await, Bank::taking().await);
    let exports = house.exports(&bank);
    let then = house.now();
    house.used("acme", CALL, 10).await;
    house.later(1);
    for late in [5, 0, 7] {
        exports.collect().await.unwrap();
        exports.tell_due().await.unwrap();
        house.used_at("acme", CALL, late, then).await;
    }
    exports.collect().await.unwrap();
    exports.tell_due().await.unwrap();
    let mut values: Vec<u64> =
        bank.events().iter().map(|event| event["payload[value]"].parse().unwrap()).collect();
    values.sort_unstable();
    assert_eq!((values, bank.total("cus_acme", "api_call")), (vec![5, 7, 10], 22));
    assert!(bank.events().iter().all(|event| event["timestamp"] == "1700006399"));
}

#[tokio::test]
async fn what_comes_while_a_part_is_on_its_way_is_told_behind_it() {
    let (house, bank) = (house().await, Bank::taking().await);
    let (exports, then) = (house.exports(&bank), house.now());
    house.used("acme", CALL, 10).await;
    house.later(1);
    assert_eq!(exports.collect().await.unwrap().parts, 1);
    house.used_at("acme", CALL, 3, then).await;
    assert_eq!(exports.collect().await.unwrap().parts, 0);
    exports.tell_due().await.unwrap();
    assert_eq!(bank.total("cus_acme", "api_call"), 10);
    assert_eq!(exports.collect().await.unwrap().parts, 1);
    exports.tell_due().await.unwrap();
    assert_eq!(bank.total("cus_acme", "api_call"), 13);
}

#[tokio::test]
async fn two_at_once_tell_each_part_once() {
    let (house, bank) = (house().await, Bank::taking().await);
    for tenant in ["acme", "globex"] {
        for kind in ["a", "b", "c", "d"] {
            house.used(tenant, UsageKind::parse(kind).unwrap(), 3).await;
        }
    }
    house.later(1);
    let (one, other) = (house.exports(&bank), house.exports(&bank));
    let (first, second) = tokio::join!(one.collect(), other.collect());
    assert_eq!(first.unwrap().parts + second.unwrap().parts, 8);
    let (first, second) = tokio::join!(one.tell_due(), other.tell_due());
    assert_eq!(first.unwrap().taken + second.unwrap().taken, 8);
    assert_eq!((bank.requests(), bank.events().len()), (8, 8));
}

#[tokio::test]
async fn a_level_is_told_in_its_quantity_times_hours_on_each_day_that_it_lasts() {
    let (house, bank) = (house().await, Bank::taking().await);
    let noon = UsageDate::of(house.now()).start().as_unix_micros() + 12 * 3_600_000_000;
    house.used_at("acme", UsageKind::STORAGE, 1_000, Timestamp::from_unix_micros(noon)).await;
    house.later(3);
    let exports = house.exports(&bank);
    assert_eq!(exports.collect().await.unwrap().parts, 3);
    exports.tell_due().await.unwrap();
    assert_eq!(bank.total("cus_acme", "storage"), 12_000 + 24_000 + 24_000);
    // A lower level that comes late: what was told is not taken back, and is said to be too much.
    house.used_at("acme", UsageKind::STORAGE, 10, Timestamp::from_unix_micros(noon + 3_600_000_000)).await;
    let collected = exports.collect().await.unwrap();
    assert_eq!((collected.parts, collected.beyond), (0, 3));
    exports.tell_due().await.unwrap();
    assert_eq!(bank.total("cus_acme", "storage"), 60_000);
}

#[tokio::test]
async fn who_is_suspended_or_deleted_still_owes_and_a_new_customer_is_told_of_the_last_weeks() {
    let (house, bank) = (house().await, Bank::taking().await);
    house.used("initech", CALL, 4).await;
    house.used("acme", CALL, 2).await;
    house.later(20);
    house.used("initech", CALL, 8).await;
    house.configs.delete(&id("acme")).await.unwrap();
    let own = customer("initech").metadata;
    house.configs.modify(&id("initech"), |config| config.metadata = own.clone()).await.unwrap();
    house.later(1);
    let exports = house.exports(&bank);
    assert_eq!(counts(exports.collect().await.unwrap()), parts(3, 0));
    exports.tell_due().await.unwrap();
    assert_eq!((bank.total("cus_initech", "api_call"), bank.total("cus_acme", "api_call")), (12, 2));
    // Stripe takes nothing that is older than 35 days.
    let old = Timestamp::from_unix_micros(house.now().as_unix_micros() - 36 * 86_400_000_000);
    house.used_at("initech", CALL, 100, old).await;
    assert_eq!(counts(exports.collect().await.unwrap()), parts(0, 0));
}

#[tokio::test]
async fn a_receiver_that_is_none_is_no_receiver() {
    let (house, bank) = (house().await, Bank::taking().await);
    house.used("acme", CALL, 1).await;
    house.later(1);
    for wrong in [
        serde_json::json!(""),
        serde_json::json!("cus\r\nx: y"),
        serde_json::json!(7),
        serde_json::json!("x".repeat(256)),
    ] {
        let change = |config: &mut tenant_core::TenantConfig| {
            config.metadata.insert("stripe_customer_id".into(), wrong.clone());
        };
        house.configs.modify(&id("acme"), change).await.unwrap();
        assert_eq!(counts(house.exports(&bank).collect().await.unwrap()), parts(0, 1), "{wrong}");
    }
}

#[tokio::test]
async fn one_record_of_a_thousand_is_told_as_a_thousand_of_one() {
    let (house, bank) = (house().await, Bank::taking().await);
    let records: Vec<_> = (0..1_000)
        .map(|number| UsageRecord::new(format!("one-{number}"), id("acme"), CALL, 1, house.now()))
        .collect();
    house.store.record(&records).await.unwrap();
    house.used("globex", CALL, 1_000).await;
    house.later(1);
    let exports = house.exports(&bank);
    exports.collect().await.unwrap();
    exports.tell_due().await.unwrap();
    assert_eq!((bank.total("cus_acme", "api_call"), bank.total("cus_globex", "api_call")), (1_000, 1_000));
    assert_eq!(bank.requests(), 2);
}

#[tokio::test]
async fn it_runs_by_itself_until_it_is_told_to_end() {
    let (house, bank) = (house().await, Bank::taking().await);
    house.used("acme", CALL, 3).await;
    house.later(1);
    let exports = house.exports(&bank);
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let running = tokio::spawn(async move { exports.run(async { drop(stopped.await) }).await });
    bank.receiver.wait_for(1).await;
    house
        .used_at("acme", CALL, 4, Timestamp::from_unix_micros(house.now().as_unix_micros() - 86_400_000_000))
        .await;
    house.clock.advance(Duration::from_secs(3_600));
    bank.receiver.wait_for(2).await;
    let _ = stop.send(());
    tokio::time::timeout(DAY, running).await.unwrap().unwrap();
    assert_eq!(bank.total("cus_acme", "api_call"), 7);
}

#[test]
fn a_key_is_nowhere_to_be_read_and_what_is_no_key_or_address_is_refused() {
    let meter = StripeMeter::new(KEY).unwrap();
    assert!(!format!("{meter:?} {:?}", Arc::new(meter.clone())).contains("canary"));
    assert_eq!(meter.name(), "stripe");
    for wrong in ["", "sk live", "sk\n", "sk\u{e4}"] {
        assert!(!StripeMeter::new(wrong).unwrap_err().to_string().contains("live"));
    }
    let at = |url: &str| StripeMeter::new(KEY).unwrap().at(url).map(drop);
    for right in
        ["https://api.stripe.com", "https://proxy.example:8443/", "http://127.0.0.1:1", "http://localhost:9"]
    {
        assert_eq!(at(right), Ok(()), "{right}");
    }
    for wrong in [
        "http://api.stripe.com",
        "http://10.0.0.1:80",
        "ftp://api.stripe.com",
        "https://user:pw@api.stripe.com",
        "https://api.stripe.com/v1",
        "https://api.stripe.com/?a=b",
        "stripe",
        "",
    ] {
        let refused: InvalidStripe = at(wrong).unwrap_err();
        assert!(refused.to_string().contains("https URL"), "{wrong}");
    }
}
