//! Usage. What a tenant could do through the store: say another's key and hear of it, take its place, be counted for it, read it, or
//! forget it; and with a record that can't be kept keep others' out.

mod killed;

use std::{collections::BTreeMap, ops::Range, sync::Arc};

use tenant_core::{
    StoreErrorKind, TenantId, Timestamp,
    usage::{
        BillingCycle, LevelOfDay, Measure, SeriesSum, UsageDate, UsageDay, UsageKind, UsageRecord,
        UsageSeries, UsageStore, UsageVerdict,
    },
};
use tenant_sqlx::{DbUsage, TenantDb};

use super::support::{Db, House, house, id};

const HOUR: i64 = 3_600_000_000;
const EVER: Range<Timestamp> = Timestamp::from_unix_micros(0)..Timestamp::from_unix_micros(i64::MAX);

/// So long after a month began.
fn at(micros: i64) -> Timestamp {
    Timestamp::from_unix_micros(cycle().start().as_unix_micros() + micros)
}

fn cycle() -> BillingCycle {
    "2024-02".parse().unwrap()
}

async fn elsewhere(house: &House) -> TenantDb<Db> {
    TenantDb::connect(&house.place.url()).await.unwrap()
}

fn call(name: &str, tenant: &str, quantity: u64) -> UsageRecord {
    UsageRecord::new(name, id(tenant), UsageKind::API_CALL, quantity, at(HOUR))
}

fn keyed(name: &str, tenant: &str, quantity: u64, key: &str) -> UsageRecord {
    UsageRecord { idempotency_key: Some(key.into()), ..call(name, tenant, quantity) }
}

fn level(name: &str, project: &str, quantity: u64, time: Timestamp) -> UsageRecord {
    let record = UsageRecord::new(name, id("acme"), UsageKind::STORAGE, quantity, time);
    UsageRecord { project: (!project.is_empty()).then(|| project.into()), ..record }
}

fn repeated(name: &str) -> UsageVerdict {
    UsageVerdict::Repeated(name.into())
}

async fn sums(store: &DbUsage<Db>, tenant: &str, dates: &Range<UsageDate>) -> Vec<SeriesSum> {
    let mut sums = Vec::<SeriesSum>::new();
    loop {
        let after = sums.last().map(|sum| sum.series.clone());
        let page = store.sums(&id(tenant), dates.clone(), after.as_ref(), 2).await.unwrap();
        let is_last = page.len() < 2;
        sums.extend(page);
        if is_last {
            return sums;
        }
    }
}

async fn days(store: &DbUsage<Db>, tenant: &str) -> Vec<UsageDay> {
    let (all, mut days) = (UsageDate::from_days(0)..UsageDate::from_days(1 << 30), Vec::<UsageDay>::new());
    loop {
        let after = days.last().map(|day| (day.series.clone(), day.date));
        let after = after.as_ref().map(|(series, date)| (series, *date));
        let page = store.days(&id(tenant), all.clone(), after, 3).await.unwrap();
        let is_last = page.len() < 3;
        days.extend(page);
        if is_last {
            return days;
        }
    }
}

/// The sum of all calls, of which each day's records are as many as are kept.
async fn calls(store: &DbUsage<Db>, tenant: &str) -> u128 {
    let days = days(store, tenant).await;
    let kept = store.records(&id(tenant), EVER, None, 10_000).await.unwrap();
    assert_eq!(days.iter().map(|day| day.records).sum::<u64>(), kept.len() as u64);
    days.iter().filter(|day| day.series.kind == UsageKind::API_CALL).map(|day| day.amount).sum()
}

#[tokio::test]
async fn a_page_of_projects_is_added_up_at_once_and_holds_nothing_of_others() {
    let house = house().await;
    let store = DbUsage::new(&house.db);
    let used = |name: &str, tenant: &str, project: &str, kind: UsageKind, quantity, time| {
        let record = UsageRecord::new(name, id(tenant), kind, quantity, time);
        UsageRecord { project: (!project.is_empty()).then(|| project.into()), ..record }
    };
    const MOST: u64 = i64::MAX as u64;
    let (calls, stored) = (UsageKind::API_CALL, UsageKind::STORAGE);
    let day = |number: i64| at(number * 24 * HOUR);
    let mut records = vec![
        used("1", "acme", "b", calls.clone(), 3, day(0)),
        used("2", "acme", "b", calls.clone(), 4, day(28)),
        used("3", "acme", "b", UsageKind::TOKENS, 5, day(1)),
        used("4", "acme", "c", stored.clone(), 70, day(-40)),
        used("5", "acme", "c", stored.clone(), 20, day(3)),
        used("6", "acme", "d", stored.clone(), 90, day(-40)),
        used("7", "acme", "d", stored.clone(), 10, day(0)),
        used("8", "acme", "e", stored.clone(), 60, day(-1)),
        // Outside of the page, of the time, of a project, of the tenant.
        used("9", "acme", "a", calls.clone(), 1_000, day(1)),
        used("10", "acme", "f", calls.clone(), 1_000, day(1)),
        used("11", "acme", "b", calls.clone(), 1_000, day(29)),
        used("12", "acme", "b", calls.clone(), 1_000, day(-1)),
        used("13", "acme", "", calls.clone(), 1_000, day(1)),
        used("14", "globex", "b", calls.clone(), 1_000, day(1)),
        used("15", "globex", "c", stored.clone(), 1_000, day(-1)),
    ];
    // More than an integer holds.
    records.extend(
        (0..28)
            .map(|number| used(&format!("m{number}"), "acme", "c", UsageKind::BANDWIDTH, MOST, day(number))),
    );
    store.record(&records).await.unwrap();
    let dates = cycle().first_day()..cycle().end_day();
    let page = store.by_project(&id("acme"), "b"..="e", dates.clone()).await.unwrap();
    let page: Vec<_> = page.iter().map(|used| (&*used.project, used.kind.as_str(), used.quantity)).collect();
    let expected = [
        ("b", "api_call", 7),
        ("b", "tokens", 5),
        ("c", "bandwidth", 28 * u128::from(MOST)),
        ("c", "storage", 70),
        ("d", "storage", 10),
        ("e", "storage", 60),
    ];
    assert_eq!(page, expected);
    let theirs = store.by_project(&id("globex"), "b"..="b", dates.clone()).await.unwrap();
    assert_eq!(theirs.iter().map(|used| used.quantity).collect::<Vec<_>>(), [1_000]);
    assert_eq!(store.by_project(&id("acme"), "x"..="z", dates.clone()).await.unwrap(), []);
    for tenant in ["acme", "globex"] {
        let mut added_up = BTreeMap::<UsageSeries, (u64, u128)>::new();
        for day in days(&store, tenant).await {
            if day.series.measure == Measure::Sum && dates.contains(&day.date) {
                let sum = added_up.entry(day.series).or_default();
                *sum = (sum.0 + day.records, sum.1 + day.amount);
            }
        }
        let summed = sums(&store, tenant, &dates).await.into_iter();
        let summed: Vec<_> = summed.map(|sum| (sum.series, (sum.records, sum.amount))).collect();
        assert_eq!(summed, added_up.into_iter().collect::<Vec<_>>(), "{tenant}");
        assert!(summed.iter().any(|(series, _)| series.kind == UsageKind::API_CALL), "{summed:?}");
    }
}

#[tokio::test]
async fn a_key_is_its_tenants_own_and_tells_another_nothing() {
    let house = house().await;
    let store = DbUsage::new(&house.db);
    let first =
        store.record(&[keyed("a-1", "acme", 5, "key"), keyed("g-1", "globex", 7, "key")]).await.unwrap();
    assert_eq!(first, [UsageVerdict::New, UsageVerdict::New]);
    let again = [
        keyed("a-2", "acme", 5, "key"),
        keyed("g-2", "globex", 5, "key"),
        keyed("a-3", "acme", 5, "Key"),
        keyed("a-4", "acme", 5, "a-1"),
        keyed("a-5", "acme", 6, "key"),
    ];
    let expected = [
        repeated("a-1"),
        UsageVerdict::Conflict,
        UsageVerdict::New,
        UsageVerdict::New,
        UsageVerdict::Conflict,
    ];
    assert_eq!(store.record(&again).await.unwrap(), expected);
    assert_eq!((calls(&store, "acme").await, calls(&store, "globex").await), (15, 7));
    for tenant in ["acme", "globex"] {
        let records = store.records(&id(tenant), EVER, None, 100).await.unwrap();
        assert!(records.iter().all(|record| record.tenant == id(tenant)));
    }
    assert_eq!(calls(&store, "nobody").await, 0);
    let behind = store.records(&id("acme"), EVER, Some((at(HOUR), "a-3")), 100).await.unwrap();
    assert_eq!(behind.iter().map(|record| &*record.record_id).collect::<Vec<_>>(), ["a-4"]);
}

#[tokio::test]
async fn what_is_said_again_counts_once_in_a_batch_and_behind_it() {
    let house = house().await;
    let store = DbUsage::new(&house.db);
    let mut rich = keyed("a-1", "acme", 3, "key");
    rich.metadata = serde_json::from_str(r#"{"b": [1.5, "\u0000", null], "a": {"x": 1e-9}}"#).unwrap();
    rich.project = Some("p1".into());
    let twice =
        [rich.clone(), UsageRecord { record_id: "a-2".into(), ..rich.clone() }, call("a-3", "acme", 1)];
    let expected = [UsageVerdict::New, repeated("a-1"), UsageVerdict::New];
    assert_eq!(store.record(&twice).await.unwrap(), expected);
    // As from who does not know whether they were counted.
    assert_eq!(store.record(&twice).await.unwrap(), expected);
    let mut later = UsageRecord { record_id: "a-4".into(), time: at(99 * HOUR), ..rich.clone() };
    assert_eq!(store.record(std::slice::from_ref(&later)).await.unwrap(), [repeated("a-1")]);
    for other in [
        UsageRecord { project: None, ..rich.clone() },
        UsageRecord { kind: UsageKind::TOKENS, ..rich.clone() },
        UsageRecord { measure: Measure::Level, ..rich.clone() },
        UsageRecord { metadata: Default::default(), ..rich.clone() },
    ] {
        (later, _) = (UsageRecord { record_id: "a-5".into(), ..other }, ());
        assert_eq!(store.record(std::slice::from_ref(&later)).await.unwrap(), [UsageVerdict::Conflict]);
    }
    let all = store.records(&id("acme"), EVER, None, 10).await.unwrap();
    assert_eq!(all, [rich, call("a-3", "acme", 1)]);
    assert_eq!(calls(&store, "acme").await, 4);
    assert_eq!(store.record(&[]).await.unwrap(), []);
}

#[tokio::test]
async fn one_that_can_not_be_kept_leaves_nothing_of_all_that_came_with_it() {
    let house = house().await;
    let store = DbUsage::new(&house.db);
    for broken in [call("a-2", "acme", 1 << 63), keyed("a-2", "acme", 1, "key "), call("", "acme", 1)] {
        let refused = store.record(&[call("a-1", "globex", 1), broken]).await.unwrap_err();
        assert_eq!(refused.kind(), StoreErrorKind::Invalid);
    }
    assert_eq!(calls(&store, "globex").await, 0);
}

#[tokio::test]
async fn no_sum_is_too_much_for_a_day() {
    let house = house().await;
    let store = DbUsage::new(&house.db);
    let most = i64::MAX as u64;
    let batch = |round: u64| -> Vec<_> {
        (0..12).map(|number| call(&format!("a-{round}-{number}"), "acme", most - number)).collect()
    };
    for round in 0..3 {
        store.record(&batch(round)).await.unwrap();
    }
    store.record(&[call("a-last", "acme", 999_999_999_999_999_999)]).await.unwrap();
    let expected = 36 * u128::from(most) - 3 * 66 + 999_999_999_999_999_999;
    assert_eq!(calls(&store, "acme").await, expected);
    let tall = [level("l-1", "", most, at(0)), level("l-2", "", most - 1, at(1))];
    store.record(&tall).await.unwrap();
    let area = days(&store, "acme").await[0].amount;
    assert_eq!(area, u128::from(most) * 86_400_000_000 - 86_399_999_999);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_hundred_at_once_with_one_key_have_one_effect() {
    let house = house().await;
    let stores = [Arc::new(DbUsage::new(&house.db)), Arc::new(DbUsage::new(&elsewhere(&house).await))];
    let all: Vec<_> = (0..100)
        .map(|number| {
            let store = Arc::clone(&stores[number % 2]);
            let record = keyed(&format!("a-{number}"), "acme", 5, "key");
            tokio::spawn(async move { (number, store.record(&[record]).await.unwrap().remove(0)) })
        })
        .collect();
    let mut verdicts = Vec::new();
    for one in all {
        verdicts.push(one.await.unwrap());
    }
    let (first, _) = verdicts.iter().find(|(_, verdict)| *verdict == UsageVerdict::New).unwrap();
    let expected = repeated(&format!("a-{first}"));
    assert!(verdicts.iter().all(|(number, verdict)| number == first || *verdict == expected), "{verdicts:?}");
    assert_eq!(calls(&stores[0], "acme").await, 5);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn instances_that_count_the_same_at_once_lose_nothing() {
    let house = house().await;
    let stores = [Arc::new(DbUsage::new(&house.db)), Arc::new(DbUsage::new(&elsewhere(&house).await))];
    let writers: Vec<_> = (0..4)
        .map(|writer: i64| {
            let store = Arc::clone(&stores[usize::try_from(writer).unwrap() % 2]);
            tokio::spawn(async move {
                for round in 0..12_i64 {
                    let name = |what: &str, number: i64| format!("{what}-{writer}-{round}-{number}");
                    let mut batch: Vec<_> = (0..6)
                        .map(|number| {
                            let tenant = if number % 2 == 0 { "acme" } else { "globex" };
                            // Every second one is also said by another writer.
                            let key = format!("{}-{round}-{number}", writer / 2);
                            keyed(&name("c", number), tenant, 1, &key)
                        })
                        .collect();
                    // In no order of time or project, and on both sides of a midnight.
                    for number in 0..4_i64 {
                        let minute = (round * 37 + writer * 11 + number * 29) % 48;
                        let time =
                            at((minute + (number % 2) * 2) * HOUR / 2 + writer + 10 * round + 1_000 * number);
                        let project = if (round + number) % 2 == 0 { "one" } else { "two" };
                        let level = level(&name("l", number), project, 1_000 * minute.unsigned_abs(), time);
                        batch.push(level);
                    }
                    if writer % 2 == 1 {
                        batch.reverse();
                    }
                    store.record(&batch).await.unwrap();
                }
            })
        })
        .collect();
    for writer in writers {
        writer.await.unwrap();
    }
    let store = &stores[1];
    assert_eq!((calls(store, "acme").await, calls(store, "globex").await), (72, 72));
    let told = store.records(&id("acme"), EVER, None, 10_000).await.unwrap();
    let told: Vec<_> = told.into_iter().filter(|record| record.measure == Measure::Level).collect();
    assert_eq!(told.len(), 192);
    let days = days(store, "acme").await;
    for day in days.iter().filter(|day| day.series.measure == Measure::Level) {
        assert_eq!(day, &day_of(&told, day), "as if it had been told in the order of time");
    }
}

/// What a day comes to whose records are all there, told one after the other.
fn day_of(told: &[UsageRecord], day: &UsageDay) -> UsageDay {
    let own = told.iter().filter(|record| record.series() == day.series && record.date() == day.date);
    let mut own: Vec<_> = own.map(|record| (record.time, record.quantity)).collect();
    own.sort();
    own.dedup_by_key(|(time, _)| *time);
    let ends = own.iter().skip(1).map(|(time, _)| *time).chain([day.date.end()]);
    let lasts = |(time, level): &(Timestamp, u64), end: Timestamp| {
        u128::from(*level) * u128::try_from(end.as_unix_micros() - time.as_unix_micros()).unwrap()
    };
    let amount = own.iter().zip(ends).map(|(point, end)| lasts(point, end)).sum();
    let (first, last) = (own.first().unwrap(), own.last().unwrap());
    let peak = own.iter().map(|(_, level)| *level).max().unwrap();
    let level = LevelOfDay { first_at: first.0, last_at: last.0, last: last.1, peak };
    UsageDay { amount, level: Some(level), ..day.clone() }
}

#[tokio::test]
async fn of_two_levels_at_one_moment_the_later_said_holds_and_late_ones_find_their_place() {
    let house = house().await;
    let store = DbUsage::new(&house.db);
    let mut told = Vec::new();
    for (number, (hour, quantity)) in
        [(12, 10), (6, 4), (6, 5), (18, 2), (12, 8), (18, 3), (3, 1), (20, 0), (6, 7)].into_iter().enumerate()
    {
        let record = level(&format!("l-{number}"), "", quantity, at(hour * HOUR));
        assert_eq!(store.record(std::slice::from_ref(&record)).await.unwrap(), [UsageVerdict::New]);
        told.push(record);
    }
    let [day] = days(&store, "acme").await.try_into().unwrap();
    let expected = 3 + 7 * 6 + 8 * 6 + 3 * 2;
    assert_eq!(day.amount, expected * u128::from(HOUR.unsigned_abs()));
    let level = LevelOfDay { first_at: at(3 * HOUR), last_at: at(20 * HOUR), last: 0, peak: 10 };
    assert_eq!((day.level, day.records), (Some(level), 9));
}

#[tokio::test]
async fn a_level_is_carried_from_the_last_day_that_told_it() {
    let house = house().await;
    let store = DbUsage::new(&house.db);
    let day = 24 * HOUR;
    let all = [
        level("l-1", "one", 5, at(-40 * day)),
        level("l-2", "one", 7, at(-1)),
        level("l-3", "one", 9, at(0)),
        level("l-4", "two", 3, at(-70 * day)),
        level("l-5", "", 2, at(-3 * day)),
        UsageRecord { tenant: id("globex"), ..level("l-6", "one", 99, at(-1)) },
        call("c-1", "acme", 1),
    ];
    store.record(&all).await.unwrap();
    // What only repeats tells no level: its day stays empty.
    let repeats = [
        UsageRecord { idempotency_key: Some("k".into()), ..level("l-7", "two", 4, at(-60 * day)) },
        UsageRecord { idempotency_key: Some("k".into()), ..level("l-8", "two", 4, at(-2 * day)) },
    ];
    assert_eq!(store.record(&repeats[..1]).await.unwrap(), [UsageVerdict::New]);
    assert_eq!(store.record(&repeats[1..]).await.unwrap(), [repeated("l-7")]);
    let before = async |date: UsageDate| {
        let (mut all, mut after) = (Vec::new(), None);
        while let Some(one) =
            store.levels_before(&id("acme"), date, after.as_ref(), 1).await.unwrap().into_iter().next()
        {
            all.push((one.series.project.clone().unwrap_or_default().into_string(), one.level));
            after = Some(one.series);
        }
        all
    };
    let expect = |all: &[(&str, u64)]| -> Vec<_> {
        all.iter().map(|(project, level)| ((*project).to_owned(), *level)).collect()
    };
    assert_eq!(before(cycle().first_day()).await, expect(&[("", 2), ("one", 7), ("two", 4)]));
    assert_eq!(before(cycle().first_day().next()).await, expect(&[("", 2), ("one", 9), ("two", 4)]));
    assert_eq!(before(UsageDate::of(at(-65 * day))).await, expect(&[("two", 3)]));
    assert_eq!(days(&store, "acme").await.len(), 7);
}

#[tokio::test]
async fn what_is_forgotten_or_erased_is_one_tenants_and_leaves_the_sums_or_nothing() {
    let house = house().await;
    let store = DbUsage::new(&house.db);
    let mut batch = Vec::new();
    for tenant in ["acme", "globex"] {
        for number in 0..250 {
            let time = at(number * HOUR);
            batch.push(UsageRecord { time, ..call(&format!("c-{number}"), tenant, 1) });
        }
        batch.push(UsageRecord { tenant: id(tenant), ..level("l-1", "", 4, at(0)) });
    }
    store.record(&batch).await.unwrap();
    assert_eq!(store.forget(at(10 * HOUR), 5).await.unwrap(), 5);
    assert_eq!(store.forget(at(10 * HOUR), 1_000).await.unwrap(), 17);
    assert_eq!(store.forget(at(10 * HOUR), 1_000).await.unwrap(), 0);
    let own = async |tenant: &str| store.records(&id(tenant), EVER, None, 1_000).await.unwrap();
    assert!(own("globex").await.iter().all(|record| record.time >= at(10 * HOUR)));
    let sum: u128 =
        days(&store, "acme").await.iter().filter(|day| day.level.is_none()).map(|day| day.amount).sum();
    assert_eq!(sum, 250);
    store.erase(&id("acme")).await.unwrap();
    assert_eq!((own("acme").await.len(), days(&store, "acme").await.len()), (0, 0));
    assert_eq!((own("globex").await.len(), days(&store, "globex").await.len()), (240, 12));
    let again = TenantId::parse("acme").unwrap();
    assert!(store.levels_before(&again, cycle().end_day(), None, 9).await.unwrap().is_empty());
}
