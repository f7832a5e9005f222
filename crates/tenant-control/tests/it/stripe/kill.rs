//! Whoever tells is killed, again and again.

use std::{
    env,
    process::{Command, Stdio},
    sync::Arc,
    time::Duration,
};

use sqlx::Sqlite;
use tenant_control::{BackOff, StripeMeter, UsageExports, UsageExportsBuilder};
use tenant_core::{
    Clock, InMemoryConfigManager, SystemClock, Timestamp,
    usage::{UsageDate, UsageKind, UsageRecord, UsageStore},
};
use tenant_sqlx::{DbUsage, TenantDb};

use super::{
    bank::{Act, Bank, KEY},
    house::customer,
};
use crate::{
    support::{database, id},
    webhooks::receiver::Reply,
};

const DATABASE: &str = "TENANT_TEST_EXPORTS";
const STRIPE: &str = "TENANT_TEST_EXPORTS_TO";
const SERIES: u64 = 40;
const DAYS: i64 = 5;
const KILLS: usize = 24;

fn exports(db: &TenantDb<Sqlite>, stripe: &str) -> UsageExportsBuilder {
    let meter = StripeMeter::new(KEY).unwrap().at(stripe).unwrap().timeout(Duration::from_millis(200));
    let configs = InMemoryConfigManager::with([customer("acme"), customer("globex")]).unwrap();
    let store = Arc::new(DbUsage::new(db));
    let often = BackOff::new(Duration::from_millis(5), Duration::from_millis(20), u32::MAX);
    UsageExports::builder(Arc::clone(&store) as _, store, Arc::new(configs), Arc::new(meter)).back_off(often)
}

async fn tell_all(exports: &UsageExports) {
    exports.collect().await.unwrap();
    loop {
        exports.tell_due().await.unwrap();
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// The other process: it tells until it is killed. By itself it does nothing.
#[tokio::test]
async fn telling() {
    let (Ok(url), Ok(stripe)) = (env::var(DATABASE), env::var(STRIPE)) else { return };
    let db = TenantDb::<Sqlite>::connect(&url).await.unwrap();
    tell_all(&exports(&db, &stripe).build()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_kill_at_any_moment_loses_nothing_and_doubles_nothing() {
    let (db, folder) = database().await;
    let today = UsageDate::of(SystemClock::new().unix().into()).as_days();
    let mut records = Vec::new();
    for (tenant, times) in [("acme", 1), ("globex", 1_000)] {
        for series in 0..SERIES {
            for day in 1..=DAYS {
                let time: Timestamp = UsageDate::from_days(today - 1 - day).start();
                let kind = UsageKind::parse(&format!("k{}", series % 4)).unwrap();
                let name = format!("{tenant}-{series}-{day}");
                let record = UsageRecord::new(name, id(tenant), kind, times * (series + 1), time);
                records.push(UsageRecord { project: Some(format!("p{series}").into()), ..record });
            }
        }
    }
    DbUsage::new(&db).record(&records).await.unwrap();
    // Some fail, some are taken without an answer: wherever it is killed, something is in doubt.
    let bank = Bank::acting(|told, _| match told % 7 {
        0 => Act::Answer(Reply::Status(500)),
        1 => Act::TakeAnd(Reply::Close),
        2 => Act::TakeAnd(Reply::Late(Duration::from_millis(20), 200)),
        _ => Act::Take,
    })
    .await;
    let url = format!("sqlite://{}", folder.path().join("tenants.db").display());
    let stripe = format!("http://127.0.0.1:{}", bank.receiver.port);
    let (_, test) = module_path!().split_once("::").unwrap();
    for round in 0..KILLS {
        let begun = bank.requests();
        let mut child = Command::new(env::current_exe().unwrap())
            .args(["--exact", &format!("{test}::telling"), "--nocapture"])
            .envs([(DATABASE, &url), (STRIPE, &stripe)])
            // It would not find its way through one.
            .env("HTTP_PROXY", "http://127.0.0.1:1")
            .env("http_proxy", "http://127.0.0.1:1")
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        if round % 3 > 0 && bank.events().len() < records.len() {
            bank.receiver.wait_for(begun + 1).await;
        }
        tokio::time::sleep(Duration::from_millis((round * 37 % 61) as u64)).await;
        child.kill().unwrap();
        child.wait().unwrap();
    }
    let before = bank.requests();
    let last = exports(&db, &stripe).build();
    let last = tokio::spawn(async move { tell_all(&last).await });
    let settled = async {
        loop {
            let open: i64 = sqlx::query_scalar(OPEN).fetch_one(&db.unscoped(bypass())).await.unwrap();
            let told: i64 = sqlx::query_scalar(TOLD).fetch_one(&db.unscoped(bypass())).await.unwrap();
            if open == 0 && told == i64::try_from(records.len()).unwrap() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(120), settled).await.unwrap();
    last.abort();
    println!("{before} told by those that were killed, {} in all", bank.requests());
    assert!(before > 0, "those that were killed did something");
    assert_eq!(bank.events().len(), records.len());
    let days = u128::try_from(DAYS).unwrap();
    for (customer, times) in [("cus_acme", 1), ("cus_globex", 1_000)] {
        let total: u128 = (0..4).map(|kind| bank.total(customer, &format!("k{kind}"))).sum();
        assert_eq!(total, days * times * u128::from(SERIES * (SERIES + 1) / 2));
    }
}

const OPEN: &str = "SELECT count(*) FROM tenant_usage_exports WHERE amount IS NOT NULL";
const TOLD: &str = "SELECT count(*) FROM tenant_usage_exports WHERE told <> '0'";

fn bypass() -> tenant_sqlx::danger::Bypass {
    tenant_sqlx::danger::Bypass::new("test", "looks")
}
