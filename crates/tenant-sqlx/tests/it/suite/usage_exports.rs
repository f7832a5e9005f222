//! What was told of usage. What a tenant could do through it: have another's days taken for told, or its own told under another's name.

use tenant_core::{
    TenantId, Timestamp,
    usage::{
        Measure, ToldDay, ToldPart, UsageDate, UsageKind, UsageLedger, UsageRecord, UsageSeries, UsageStore,
    },
};
use tenant_sqlx::DbUsage;

use super::support::{Db, house, id};

fn at(micros: i64) -> Timestamp {
    Timestamp::from_unix_micros(micros)
}

fn date(days: i64) -> UsageDate {
    UsageDate::from_days(days)
}

fn day(kind: &str, days: i64) -> ToldDay {
    let kind = UsageKind::parse(kind).unwrap();
    ToldDay::new(UsageSeries { measure: Measure::Sum, project: None, kind }, date(days))
}

fn part(identifier: &str, amount: u128, due: Option<i64>) -> ToldPart {
    ToldPart {
        amount,
        identifier: identifier.into(),
        receiver: "cus_1".into(),
        doubtful_since: None,
        tries: 0,
        failures: 0,
        due: due.map(at),
    }
}

async fn all(store: &DbUsage<Db>, exporter: &str, tenant: &str) -> Vec<ToldDay> {
    let (mut all, mut after) = (Vec::<ToldDay>::new(), None::<(UsageSeries, UsageDate)>);
    loop {
        let behind = after.as_ref().map(|(series, date)| (series, *date));
        let page = store.told(exporter, &id(tenant), date(0)..date(1_000), behind, 2).await.unwrap();
        after = page.last().map(|day| (day.series.clone(), day.date));
        let is_last = page.len() < 2;
        all.extend(page);
        if is_last {
            return all;
        }
    }
}

#[tokio::test]
async fn a_day_is_kept_as_it_was_written_for_its_tenant_and_exporter_alone() {
    let house = house().await;
    let store = DbUsage::new(&house.db);
    let mut first = day("a", 7);
    first.series.project = Some("p".into());
    first.told = u128::MAX;
    first.parts = 3;
    let doubtful_since = Some(at(5));
    first.part =
        Some(ToldPart { doubtful_since, tries: u32::MAX, failures: 2, ..part("i-1", u128::MAX, Some(9)) });
    assert!(store.write("stripe", &id("acme"), &first).await.unwrap());
    assert!(store.write("stripe", &id("globex"), &day("a", 7)).await.unwrap());
    assert!(store.write("other", &id("acme"), &day("a", 7)).await.unwrap());
    assert_eq!(all(&store, "stripe", "acme").await, [ToldDay { revision: 1, ..first }]);
    assert_eq!(all(&store, "stripe", "globex").await, [ToldDay { revision: 1, ..day("a", 7) }]);
    assert_eq!(all(&store, "stripe", "initech").await, []);
    for days in [6, 8, 9] {
        assert!(store.write("stripe", &id("globex"), &day("b", days)).await.unwrap());
    }
    let dates: Vec<i64> =
        all(&store, "stripe", "globex").await.iter().map(|day| day.date.as_days()).collect();
    assert_eq!(dates, [7, 6, 8, 9]);
    let between = store.told("stripe", &id("globex"), date(7)..date(9), None, 9).await.unwrap();
    assert_eq!(between.len(), 2);
}

#[tokio::test]
async fn of_those_who_write_at_once_one_does() {
    let house = house().await;
    let store = DbUsage::new(&house.db);
    let new = ToldDay { part: Some(part("i", 4, Some(1))), ..day("a", 1) };
    let acme = id("acme");
    let write = |day: ToldDay| {
        let store = &store;
        async move { store.write("stripe", &acme, &day).await.unwrap() }
    };
    let (one, other) = tokio::join!(write(new.clone()), write(new.clone()));
    assert!(one != other, "{one} {other}");
    let settled = ToldDay { revision: 1, told: 4, part: None, ..new.clone() };
    let (one, other) = tokio::join!(write(settled.clone()), write(settled.clone()));
    assert!(one != other, "{one} {other}");
    assert!(!write(settled.clone()).await && !write(new).await);
    assert_eq!(all(&store, "stripe", "acme").await, [ToldDay { revision: 2, ..settled }]);
}

#[tokio::test]
async fn what_is_due_is_given_in_its_order_and_what_is_not_is_not() {
    let house = house().await;
    let store = DbUsage::new(&house.db);
    for (tenant, kind, due) in [
        ("acme", "a", Some(30)),
        ("acme", "b", Some(10)),
        ("acme", "c", Some(31)),
        ("acme", "d", None),
        ("globex", "a", Some(20)),
        ("initech", "a", Some(99)),
    ] {
        let day = ToldDay { part: Some(part(kind, 1, due)), ..day(kind, 1) };
        assert!(store.write("stripe", &id(tenant), &day).await.unwrap());
    }
    assert!(
        store
            .write("other", &id("zeta"), &ToldDay { part: Some(part("z", 1, Some(1))), ..day("z", 1) })
            .await
            .unwrap()
    );
    let due = store.due("stripe", &id("acme"), at(30), 9).await.unwrap();
    assert_eq!(due.iter().map(|day| day.series.kind.as_str()).collect::<Vec<_>>(), ["b", "a"]);
    assert_eq!(store.due("stripe", &id("acme"), at(30), 1).await.unwrap().len(), 1);
    let tenants = async |now, after: Option<TenantId>, limit| {
        store.tenants_due("stripe", at(now), after.as_ref(), limit).await.unwrap()
    };
    assert_eq!(tenants(30, None, 9).await, [id("acme"), id("globex")]);
    assert_eq!(tenants(30, None, 1).await, [id("acme")]);
    assert_eq!(tenants(99, Some(id("acme")), 9).await, [id("globex"), id("initech")]);
    assert_eq!(tenants(9, None, 9).await, []);
}

#[tokio::test]
async fn what_is_on_its_way_is_not_forgotten() {
    let house = house().await;
    let store = DbUsage::new(&house.db);
    for (kind, days, on_its_way) in [("a", 1, false), ("b", 1, true), ("c", 2, false)] {
        let part = on_its_way.then(|| part(kind, 1, None));
        assert!(store.write("stripe", &id("acme"), &ToldDay { part, ..day(kind, days) }).await.unwrap());
    }
    assert_eq!(store.forget_told(date(2), 9).await.unwrap(), 1);
    let kinds: Vec<_> = all(&store, "stripe", "acme").await;
    assert_eq!(kinds.iter().map(|day| day.series.kind.as_str()).collect::<Vec<_>>(), ["b", "c"]);
}

#[tokio::test]
async fn whoever_used_anything_is_among_the_tenants_once() {
    let house = house().await;
    let store = DbUsage::new(&house.db);
    assert_eq!(store.tenants(None, 9).await.unwrap(), []);
    for (number, tenant) in ["globex", "acme", "acme", "Zeta"].into_iter().enumerate() {
        let time = at(number as i64 * 86_400_000_000);
        let record = UsageRecord::new(format!("r-{number}"), id(tenant), UsageKind::API_CALL, 1, time);
        store.record(&[record]).await.unwrap();
    }
    assert_eq!(store.tenants(None, 9).await.unwrap(), [id("Zeta"), id("acme"), id("globex")]);
    assert_eq!(store.tenants(Some(&id("Zeta")), 1).await.unwrap(), [id("acme")]);
}
