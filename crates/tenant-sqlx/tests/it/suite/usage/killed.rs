//! Whoever records is killed, again and again, and everything is told once more: nothing is lost, nothing is counted twice.

use std::{
    env,
    io::{BufRead, BufReader},
    process::{Command, Stdio},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use tenant_core::usage::{UsageKind, UsageRecord, UsageStore, UsageVerdict};
use tenant_sqlx::{DbUsage, TenantDb};

use super::{Db, EVER, HOUR, at, days, house, id};

const URL: &str = "TENANT_TEST_RECORDER_URL";
const MOST: &str = "TENANT_TEST_RECORDER_MOST";
const TENANT: &str = "acme";
/// The same, told by nobody who dies.
const CONTROL: &str = "globex";
/// So many more are told each time.
const MORE: u64 = 60;

/// What is told under a number, whoever tells it: sums of one kind for two projects and none, and a level, on several days.
fn record(tenant: &str, number: u64, told_by: u32) -> UsageRecord {
    let (kind, hours) = (number % 4, i64::try_from(number % 60).unwrap());
    let kind = if kind == 3 { UsageKind::STORAGE } else { UsageKind::API_CALL };
    let name = format!("{tenant}-{told_by}-{number}");
    let record = UsageRecord::new(name, id(tenant), kind, number + 1, at(hours * HOUR));
    let project = (!number.is_multiple_of(3)).then(|| format!("p{}", number % 3).into());
    UsageRecord { idempotency_key: Some(format!("key-{number}").into()), project, ..record }
}

/// All of them, in batches of any size.
async fn tell(store: &DbUsage<Db>, tenant: &str, most: u64, acknowledged: impl Fn(u64)) {
    let (mut number, mut size) = (0, 1);
    while number < most {
        let end = (number + size).min(most);
        let batch: Vec<_> = (number..end).map(|number| record(tenant, number, std::process::id())).collect();
        for verdict in store.record(&batch).await.unwrap() {
            assert!(matches!(verdict, UsageVerdict::New | UsageVerdict::Repeated(_)), "{verdict:?}");
        }
        acknowledged(end);
        (number, size) = (end, size % 7 + 1);
    }
}

/// The other process. By itself it does nothing.
#[tokio::test]
async fn recorder() {
    let (Ok(url), Ok(most)) = (env::var(URL), env::var(MOST)) else { return };
    let db = TenantDb::<Db>::connect(&url).await.unwrap();
    println!("begun");
    tell(&DbUsage::new(&db), TENANT, most.parse().unwrap(), |end| println!("acknowledged {end}")).await;
    println!("over");
}

/// Tells `most`, and is killed after so long. Answers how many were acknowledged.
fn told(url: &str, most: u64, wait: Option<Duration>) -> u64 {
    let (_, test) = module_path!().split_once("::").unwrap();
    let mut child = Command::new(env::current_exe().unwrap())
        .args(["--exact", &format!("{test}::recorder"), "--nocapture"])
        .env(URL, url)
        .env(MOST, most.to_string())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    assert!(lines.any(|line| line.contains("begun")), "it did not begin");
    if let Some(wait) = wait {
        std::thread::sleep(wait);
        child.kill().unwrap();
    }
    let numbers = lines.filter_map(|line| line.rsplit_once("acknowledged ")?.1.parse().ok());
    let last = numbers.last().unwrap_or(0);
    child.wait().unwrap();
    last
}

async fn killed(most_kills: u32) {
    let house = house().await;
    let (store, url) = (DbUsage::new(&house.db), house.place.url());
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos();
    let mut seed = u64::try_from(now % (1 << 62)).unwrap() | 1;
    println!("seed {seed}");
    let (mut kills, mut most) = (0, 0);
    while kills < most_kills {
        most += MORE;
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        let acknowledged = told(&url, most, Some(Duration::from_micros(seed % 400_000)));
        kills += u32::from(acknowledged < most);
        let kept = store.records(&id(TENANT), EVER, None, 1_000_000).await.unwrap();
        let counted: u64 = days(&store, TENANT).await.iter().map(|day| day.records).sum();
        assert_eq!(counted, kept.len() as u64, "what is kept and what is summed up differ");
        let keys: std::collections::BTreeSet<_> =
            kept.iter().map(|record| record.idempotency_key.clone().unwrap()).collect();
        assert_eq!(keys.len(), kept.len(), "something is there twice");
        let lost = (0..acknowledged).find(|number| !keys.contains(&*format!("key-{number}")));
        assert_eq!(lost, None, "it was acknowledged, and is lost");
        // The other half of the kills goes on where this one was.
        if kills % 2 == 0 {
            most = most.max(MORE) - MORE / 2;
        }
    }
    assert_eq!(told(&url, most, None), most);
    tell(&store, CONTROL, most, |_| {}).await;
    assert_eq!(days(&store, TENANT).await, days(&store, CONTROL).await);
    println!("{kills} kills over {most} records");
}

#[tokio::test]
async fn twenty_kills_of_who_records_lose_nothing_and_count_nothing_twice() {
    killed(20).await;
}

#[ignore = "a minute and more"]
#[tokio::test]
async fn a_hundred_kills_of_who_records_lose_nothing_and_count_nothing_twice() {
    killed(100).await;
}
