//! Jobs whose work was done, and whose end was not noted.

use std::sync::Arc;

use serde_json::{Map, Value};
use tenant_core::{
    ConfigStore, TenantConfig, TenantStatus,
    jobs::{Job, JobFailure, JobKind, JobOutcome, JobStore, JobWork},
};
use tenant_sqlx::{DbConfigManager, DbJobs, DbLifecycle};

use super::{
    super::support::Db,
    House, id,
    killed::{LEASE, Run, now},
};

fn work(house: &House) -> DbLifecycle<Db> {
    DbLifecycle::new(house.db(), DbConfigManager::new(house.db()), house.folder.path())
}

/// Does the work of the job that waits, or was left, and does not note its end.
async fn run(house: &House) -> Result<Map<String, Value>, JobFailure> {
    let jobs = Arc::new(DbJobs::<Db>::new(house.db()));
    let claim = loop {
        match jobs.claim(now(), LEASE).await.unwrap() {
            Some(claim) => break claim,
            None => tokio::time::sleep(LEASE / 10).await,
        }
    };
    work(house).run(&Run { claim, jobs }).await
}

#[tokio::test]
async fn a_clone_is_another_tenant_with_the_same_rows_and_is_made_once() {
    let house = House::new().await;
    let globex = house.all_of("globex").await;
    let jobs = DbJobs::<Db>::new(house.db());
    let job = Job::new("clone", JobKind::Clone, id("initech"), now()).from(id("acme"));
    jobs.create(&job).await.unwrap();
    for _ in 0..2 {
        let result = run(&house).await.unwrap();
        assert_eq!(result["tenant_id"], "initech");
        assert_eq!(house.seen("initech").await, house.seen("acme").await);
    }
    assert_eq!(jobs.find("clone").await.unwrap().unwrap().checkpoint, "imported");
    assert_eq!(house.all_of("globex").await, globex);
}

#[tokio::test]
async fn a_purge_that_was_done_is_not_done_to_whoever_has_the_id_by_then() {
    let house = House::new().await;
    DbJobs::<Db>::new(house.db()).create(&Job::new("p", JobKind::Purge, id("acme"), now())).await.unwrap();
    let early = run(&house).await.unwrap_err();
    assert!(early.is_final(), "it is not deleted");
    house.configs().delete(&id("acme")).await.unwrap();
    assert!(run(&house).await.unwrap()["removed"] == 90);
    assert_eq!(run(&house).await.unwrap()["removed"], 0);
    house.configs().create(TenantConfig::builder(id("acme")).build().unwrap()).await.unwrap();
    assert_eq!(run(&house).await.unwrap()["removed"], 0);
    let config = house.configs().fetch(&id("acme")).await.unwrap().unwrap();
    assert_eq!(config.status, TenantStatus::Active);
}

#[tokio::test]
async fn who_was_taken_for_dead_makes_nothing_of_what_another_makes_by_now() {
    let house = House::new().await;
    let jobs = Arc::new(DbJobs::<Db>::new(house.db()));
    for kind in [JobKind::Clone, JobKind::Import] {
        let job = Job::new(kind.as_str(), kind, id("initech"), now());
        let job = if kind == JobKind::Clone { job.from(id("acme")) } else { job };
        jobs.create(&job).await.unwrap();
        if kind == JobKind::Import {
            let file = house.export("acme").await.unwrap();
            std::fs::rename(file, work(&house).archive_of(&job.job_id)).unwrap();
        }
        let late = jobs.claim(now(), LEASE).await.unwrap().unwrap();
        tokio::time::sleep(LEASE * 2).await;
        let claim = jobs.claim(now(), LEASE * 100).await.unwrap().unwrap();
        assert!(claim.fence > late.fence && claim.job.job_id == late.job.job_id);
        let failure = work(&house).run(&Run { claim: late, jobs: Arc::clone(&jobs) }).await.unwrap_err();
        assert!(format!("{failure:?}").contains("TakenOver"), "{failure:?}");
        assert!(house.configs().fetch(&id("initech")).await.unwrap().is_none(), "{kind}");
        assert_eq!(house.number("SELECT count(*) FROM people WHERE tenant_id = 'initech'").await, 0);
        work(&house).run(&Run { claim: claim.clone(), jobs: Arc::clone(&jobs) }).await.unwrap();
        assert_eq!(house.seen("initech").await, house.seen("acme").await);
        jobs.finish(&claim, &JobOutcome::Done(Map::new()), now()).await.unwrap();
        house.configs().delete(&id("initech")).await.unwrap();
        house.purge("initech").await.unwrap();
    }
}
