//! Jobs: each is run by one, and by another where that one is gone.

use std::{collections::BTreeSet, time::Duration};

use serde_json::{Map, json};
use tenant_core::{
    StoreErrorKind, Timestamp,
    jobs::{Job, JobKind, JobOutcome, JobStatus, JobStore, Progress},
};
use tenant_sqlx::DbJobs;

use super::support::{Db, house, id};

const LEASE: Duration = Duration::from_secs(10);

fn at(second: i64) -> Timestamp {
    Timestamp::from_unix_micros(second * 1_000_000)
}

fn job(name: &str, tenant: &str, second: i64) -> Job {
    Job::new(name, JobKind::Export, id(tenant), at(second))
}

#[tokio::test]
async fn a_job_comes_back_as_it_was_and_as_it_became() {
    let house = house().await;
    let jobs = DbJobs::<Db>::new(&house.db);
    let made = Job::new("j1", JobKind::Clone, id("acme"), at(1)).from(id("globex"));
    jobs.create(&made).await.unwrap();
    assert_eq!(jobs.find("j1").await.unwrap(), Some(made.clone()));
    assert_eq!(jobs.find("J1").await.unwrap(), None);
    assert_eq!(jobs.find("j1 ").await.unwrap(), None);
    assert_eq!(jobs.create(&made).await.unwrap_err().kind(), StoreErrorKind::AlreadyExists);
    let claim = jobs.claim(at(2), LEASE).await.unwrap().unwrap();
    assert_eq!((claim.fence, claim.job.status, &*claim.job.job_id), (1, JobStatus::Running, "j1"));
    assert!(jobs.advance(&claim, Progress::new(3, 9), Some("here"), at(3), LEASE).await.unwrap());
    assert!(jobs.advance(&claim, Progress::new(4, 9), None, at(3), LEASE).await.unwrap());
    let now = jobs.find("j1").await.unwrap().unwrap();
    assert_eq!((now.progress, &*now.checkpoint, now.updated_at), (Progress::new(4, 9), "here", at(3)));
    let result: Map<_, _> = json!({ "rows": 5 }).as_object().unwrap().clone();
    assert!(jobs.finish(&claim, &JobOutcome::Done(result.clone()), at(4)).await.unwrap());
    let done = jobs.find("j1").await.unwrap().unwrap();
    assert_eq!((done.status, done.result, done.failure), (JobStatus::Done, Some(result), None));
    assert!(!jobs.advance(&claim, Progress::default(), None, at(5), LEASE).await.unwrap(), "it is over");
    assert_eq!(jobs.claim(at(1_000), LEASE).await.unwrap(), None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_that_ask_at_once_each_job_is_run_by_one() {
    let house = house().await;
    for number in 0..6 {
        let jobs = DbJobs::<Db>::new(&house.db);
        jobs.create(&job(&format!("j{number}"), &format!("t{number}"), number)).await.unwrap();
    }
    let claimers = (0..16).map(|_| {
        let db = house.db.clone();
        tokio::spawn(async move { DbJobs::<Db>::new(&db).claim(at(50), LEASE).await.unwrap() })
    });
    let mut claimed = Vec::new();
    for claimer in claimers.collect::<Vec<_>>() {
        claimed.extend(claimer.await.unwrap().map(|claim| claim.job.job_id));
    }
    assert_eq!(claimed.len(), 6, "{claimed:?}");
    assert_eq!(claimed.iter().collect::<BTreeSet<_>>().len(), 6, "{claimed:?}");
}

#[tokio::test]
async fn who_was_taken_over_from_changes_nothing_any_more() {
    let house = house().await;
    let jobs = DbJobs::<Db>::new(&house.db);
    jobs.create(&job("j1", "acme", 1)).await.unwrap();
    let old = jobs.claim(at(10), LEASE).await.unwrap().unwrap();
    assert!(jobs.advance(&old, Progress::new(1, 2), Some("half"), at(15), LEASE).await.unwrap());
    assert_eq!(jobs.claim(at(24), LEASE).await.unwrap(), None, "it was renewed");
    let new = jobs.claim(at(25), LEASE).await.unwrap().unwrap();
    assert_eq!((new.fence, &*new.job.checkpoint), (2, "half"));
    assert!(!jobs.advance(&old, Progress::new(2, 2), Some("all"), at(26), LEASE).await.unwrap());
    let failed = JobOutcome::Failed("too late".into());
    assert!(!jobs.finish(&old, &failed, at(26)).await.unwrap());
    assert_eq!(jobs.find("j1").await.unwrap().unwrap().checkpoint, "half");
    assert!(jobs.finish(&new, &failed, at(27)).await.unwrap());
    assert_eq!(jobs.find("j1").await.unwrap().unwrap().failure.as_deref(), Some("too late"));
}

#[tokio::test]
async fn those_of_one_tenant_come_one_after_the_other() {
    let house = house().await;
    let jobs = DbJobs::<Db>::new(&house.db);
    for (name, tenant, second) in [("a1", "acme", 1), ("a2", "acme", 2), ("g1", "globex", 3)] {
        jobs.create(&job(name, tenant, second)).await.unwrap();
    }
    let first = jobs.claim(at(10), LEASE).await.unwrap().unwrap();
    let second = jobs.claim(at(10), LEASE).await.unwrap().unwrap();
    assert_eq!((&*first.job.job_id, &*second.job.job_id), ("a1", "g1"));
    assert_eq!(jobs.claim(at(10), LEASE).await.unwrap(), None);
    // Who died with it is followed by somebody who goes on with it, and not with the next one.
    let again = jobs.claim(at(30), LEASE).await.unwrap().unwrap();
    assert_eq!((&*again.job.job_id, again.fence), ("a1", 2));
    assert!(jobs.finish(&again, &JobOutcome::Done(Map::new()), at(31)).await.unwrap());
    assert_eq!(&*jobs.claim(at(31), LEASE).await.unwrap().unwrap().job.job_id, "a2");
}

#[tokio::test]
async fn one_tenant_can_not_fill_the_queue() {
    let house = house().await;
    let jobs = DbJobs::<Db>::new(&house.db);
    for number in 0..16 {
        jobs.create(&job(&format!("a{number}"), "acme", number)).await.unwrap();
    }
    let more = jobs.create(&job("a16", "acme", 20)).await;
    assert_eq!(more.unwrap_err().kind(), StoreErrorKind::AlreadyExists);
    jobs.create(&job("g1", "globex", 21)).await.unwrap();
}

#[tokio::test]
async fn they_are_listed_the_newest_first_and_forgotten_when_they_are_over() {
    let house = house().await;
    let jobs = DbJobs::<Db>::new(&house.db);
    for (name, tenant, second) in
        [("a1", "acme", 1), ("g1", "globex", 2), ("a2", "acme", 2), ("a3", "acme", 3)]
    {
        jobs.create(&job(name, tenant, second)).await.unwrap();
    }
    let names = async |tenant: Option<&str>, before: Option<&str>, limit| -> Vec<String> {
        let tenant = tenant.map(id);
        let found = jobs.list(tenant.as_ref(), before, limit).await.unwrap();
        found.into_iter().map(|job| job.job_id.into_string()).collect()
    };
    assert_eq!(names(None, None, 10).await, ["a3", "g1", "a2", "a1"]);
    assert_eq!(names(None, Some("a3"), 2).await, ["g1", "a2"]);
    assert_eq!(names(None, Some("g1"), 2).await, ["a2", "a1"]);
    assert_eq!(names(Some("acme"), None, 2).await, ["a3", "a2"]);
    assert_eq!(jobs.list(None, Some("nobody"), 2).await.unwrap_err().kind(), StoreErrorKind::NotFound);
    let claim = jobs.claim(at(10), LEASE).await.unwrap().unwrap();
    jobs.finish(&claim, &JobOutcome::Done(Map::new()), at(11)).await.unwrap();
    assert!(jobs.forget(at(11), 10).await.unwrap().is_empty(), "not older than that");
    assert_eq!(jobs.forget(at(12), 10).await.unwrap(), ["a1".into()]);
    assert_eq!(names(None, None, 10).await, ["a3", "g1", "a2"], "what waits is not forgotten");
}
