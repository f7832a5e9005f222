//! What was acknowledged is there after the process was killed.

use std::{
    env,
    io::{BufRead, BufReader},
    process::{Command, Stdio},
};

use tenant_core::{ConfigStore, TenantConfig, TenantId};
use tenant_sqlx::{DbConfigManager, TenantDb};

use super::support::{Db, Place, config};

const URL: &str = "TENANT_TEST_WRITER_URL";

/// The other process: it creates tenants until it is killed, and says so for each. By itself it does nothing.
#[tokio::test]
async fn writer() {
    let Ok(url) = env::var(URL) else { return };
    let configs = DbConfigManager::new(&TenantDb::<Db>::connect(&url).await.unwrap());
    for number in 0.. {
        configs.create(with_host(number)).await.unwrap();
        println!("acknowledged {number}");
    }
}

fn with_host(number: u32) -> TenantConfig {
    let mut config = config(&format!("tenant-{number}"));
    config.hosts = vec![format!("tenant-{number}.example")];
    config
}

#[tokio::test]
async fn acknowledged_writes_survive_a_kill() {
    let place = Place::new();
    let db = TenantDb::<Db>::connect(&place.url()).await.unwrap();
    db.migrate_tenants().await.unwrap();
    db.close().await;
    let last = write_and_kill(&place.url());
    let db = TenantDb::<Db>::connect(&place.url()).await.unwrap();
    let configs = DbConfigManager::new(&db);
    for number in 0..=last {
        let id = TenantId::parse(&format!("tenant-{number}")).unwrap();
        assert!(configs.fetch(&id).await.unwrap().is_some(), "{number} of {last} is lost");
        let host = format!("tenant-{number}.example");
        assert_eq!(configs.tenant_of_host(&host).await.unwrap(), Some(id), "{host}");
    }
}

/// The last number that the writer acknowledged before it was killed.
fn write_and_kill(url: &str) -> u32 {
    let (_, test) = module_path!().split_once("::").unwrap();
    let mut writer = Command::new(env::current_exe().unwrap())
        .args(["--exact", &format!("{test}::writer"), "--nocapture"])
        .env(URL, url)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(writer.stdout.take().unwrap()).lines();
    let numbers = lines.filter_map(|line| line.unwrap().rsplit_once("acknowledged ")?.1.parse().ok());
    let last = numbers.take(40).last();
    writer.kill().unwrap();
    writer.wait().unwrap();
    last.expect("it wrote nothing")
}
