//! A sender that is killed.

use std::{
    collections::BTreeSet,
    env,
    process::{Command, Stdio},
    time::Duration,
};

use sqlx::Sqlite;
use tenant_control::{BackOff, Outbox};
use tenant_core::webhooks::OutboxStore;
use tenant_sqlx::{DbWebhooks, TenantDb};

use super::{
    house::{Names, builder, running_house},
    receiver::{Receiver, Reply},
};

const URL: &str = "TENANT_TEST_SENDER";
const EVENTS: usize = 1_200;
const KILLS: usize = 24;

fn sender(outbox: &Outbox) -> tenant_control::WebhookSender {
    let back_off = BackOff::new(Duration::from_millis(20), Duration::from_millis(20), u32::MAX);
    let builder = builder(outbox, Names::leading_to(&[])).back_off(back_off);
    builder.timeout(Duration::from_millis(150)).build()
}

/// The other process: it sends until it is killed. By itself it does nothing.
#[tokio::test]
async fn sending() {
    let Ok(url) = env::var(URL) else { return };
    let db = TenantDb::<Sqlite>::connect(&url).await.unwrap();
    let outbox = Outbox::new(std::sync::Arc::new(DbWebhooks::new(&db)));
    sender(&outbox).run(std::future::pending()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_kill_at_any_moment_loses_nothing_and_gives_nothing_another_id() {
    let house = running_house().await;
    // Some are slow, some fail: wherever it is killed, something is under way.
    let receiver = Receiver::answering(|told, _| match told % 5 {
        0 => Reply::Status(500),
        1 => Reply::Late(Duration::from_millis(30), 200),
        2 => Reply::Close,
        _ => Reply::Status(200),
    })
    .await;
    let secret = house.listen(&house.acme, &receiver.url(), &["*"]).await;
    let events: Vec<_> =
        (0..EVENTS).map(|number| house.outbox.event(&house.acme, "a", &number).unwrap()).collect();
    let told = DbWebhooks::new(&house.db).put(&house.acme, &events).await.unwrap();
    assert_eq!(told.deliveries, EVENTS as u64);
    let url = format!("sqlite://{}", house.folder.path().join("tenants.db").display());
    let (_, test) = module_path!().split_once("::").unwrap();
    for round in 0..KILLS {
        let begun = receiver.received().len();
        let mut child = Command::new(env::current_exe().unwrap())
            .args(["--exact", &format!("{test}::sending"), "--nocapture"])
            .env(URL, &url)
            // It would not find its way through one.
            .env("HTTP_PROXY", "http://127.0.0.1:1")
            .env("http_proxy", "http://127.0.0.1:1")
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        // From the first that it tells on, or from its start on, by chance; where all was told there is nothing to wait for.
        if round % 3 > 0 && house.waiting().await > 0 {
            receiver.wait_for(begun + 1).await;
        }
        tokio::time::sleep(Duration::from_millis((round * 37 % 41) as u64)).await;
        child.kill().unwrap();
        child.wait().unwrap();
    }
    let before = receiver.received().len();
    let last = sender(&house.outbox);
    let last = tokio::spawn(async move { last.run(std::future::pending()).await });
    let all = async {
        while house.waiting().await > 0 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), all).await.unwrap();
    last.abort();
    println!("{before} told by those that were killed, {} in all", receiver.received().len());
    assert!(before > 0, "those that were killed did something");
    let ids: BTreeSet<String> = receiver.ids().into_iter().collect();
    let put: BTreeSet<String> = events.iter().map(|event| event.id.to_string()).collect();
    assert_eq!(ids, put);
    assert!(receiver.received().iter().all(|told| told.is_signed_with(&secret)));
}
