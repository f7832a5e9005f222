//! Jobs, run by any number of instances over one store.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use parking_lot::Mutex;
use serde_json::{Map, Value};
use sqlx::Sqlite;
use tempfile::TempDir;
use tenant_control::JobRunner;
use tenant_core::{
    Clock, ManualClock, TenantId, UnixTime, async_trait,
    jobs::{Job, JobFailure, JobKind, JobRun, JobStatus, JobStore, JobWork, Progress},
};
use tenant_sqlx::{DbJobs, TenantDb};
use tokio::sync::Semaphore;

/// Does as it is told, and keeps a book.
#[derive(Default)]
struct Work {
    /// How often it was begun.
    begun: AtomicU32,
    failures: Mutex<Vec<JobFailure>>,
    cleared: Mutex<Vec<String>>,
    /// It hangs until somebody lets it go on.
    gate: Option<Semaphore>,
}

#[async_trait]
impl JobWork for Work {
    async fn run(&self, run: &dyn JobRun) -> Result<Map<String, Value>, JobFailure> {
        self.begun.fetch_add(1, Ordering::SeqCst);
        run.tell(Progress::new(1, 2));
        run.checkpoint("half").await?;
        if let Some(gate) = &self.gate {
            gate.acquire().await.unwrap().forget();
        }
        if let Some(failure) = self.failures.lock().pop() {
            return Err(failure);
        }
        run.tell(Progress::new(2, 2));
        Ok(Map::from_iter([("from".to_owned(), run.claim().job.checkpoint.clone().into())]))
    }

    async fn ended(&self, job: &Job) {
        self.cleared.lock().push(format!("ended {}", job.kind));
    }

    async fn forget(&self, _: &str) {
        self.cleared.lock().push("forgotten".to_owned());
    }
}

struct House {
    store: Arc<DbJobs<Sqlite>>,
    clock: Arc<ManualClock>,
    _folder: TempDir,
}

impl House {
    async fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let url = format!("sqlite://{}", folder.path().join("jobs.db").display());
        let db = TenantDb::<Sqlite>::connect(&url).await.unwrap();
        db.migrate_tenants().await.unwrap();
        let clock = Arc::new(ManualClock::starting_at(UnixTime::from_secs(1_000_000)));
        Self { store: Arc::new(DbJobs::new(&db)), clock, _folder: folder }
    }

    fn runner(&self, work: &Arc<Work>) -> JobRunner {
        let store = Arc::clone(&self.store) as Arc<dyn JobStore>;
        let clock = Arc::clone(&self.clock) as Arc<dyn Clock>;
        JobRunner::new(store, Arc::clone(work) as Arc<dyn JobWork>)
            .with_clock(clock)
            .lease(Duration::from_secs(30))
    }

    fn advance(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }

    async fn find(&self, job: &Job) -> Job {
        self.store.find(&job.job_id).await.unwrap().unwrap()
    }
}

fn acme() -> TenantId {
    TenantId::parse("acme").unwrap()
}

#[tokio::test]
async fn a_job_is_run_once_and_says_what_it_came_to() {
    let (house, work) = (House::new().await, Arc::new(Work::default()));
    let runner = house.runner(&work);
    assert!(!runner.run_one().await.unwrap());
    let job = runner.add(JobKind::Export, acme(), None).await.unwrap();
    assert!(runner.run_one().await.unwrap() && !runner.run_one().await.unwrap());
    let done = house.find(&job).await;
    assert_eq!((done.status, done.progress), (JobStatus::Done, Progress::new(2, 2)));
    assert_eq!(done.result.unwrap()["from"], "");
    assert_eq!(*work.cleared.lock(), ["ended export"]);
}

#[tokio::test]
async fn one_that_was_dropped_is_gone_on_with_from_its_checkpoint() {
    let house = House::new().await;
    let slow = Arc::new(Work { gate: Some(Semaphore::new(0)), ..Work::default() });
    let runner = house.runner(&slow);
    let job = runner.add(JobKind::Export, acme(), None).await.unwrap();
    let dropped = tokio::time::timeout(Duration::from_millis(300), runner.run_one()).await;
    assert!(dropped.is_err(), "it hangs");
    assert_eq!(house.find(&job).await.status, JobStatus::Running);
    let other = Arc::new(Work::default());
    let runner = house.runner(&other);
    assert!(!runner.run_one().await.unwrap(), "its lease is not over");
    house.advance(31);
    assert!(runner.run_one().await.unwrap());
    let done = house.find(&job).await;
    assert_eq!(done.result.unwrap()["from"], "half");
    assert_eq!((slow.begun.load(Ordering::SeqCst), other.begun.load(Ordering::SeqCst)), (1, 1));
}

#[tokio::test]
async fn who_was_taken_over_from_stops_and_says_nothing() {
    let house = House::new().await;
    let slow = Arc::new(Work { gate: Some(Semaphore::new(0)), ..Work::default() });
    let job = house.runner(&slow).add(JobKind::Export, acme(), None).await.unwrap();
    let first = tokio::spawn({
        let runner = house.runner(&slow).lease(Duration::from_millis(60));
        async move { runner.run_one().await }
    });
    while slow.begun.load(Ordering::SeqCst) == 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    house.advance(31);
    let work = Arc::new(Work { failures: Mutex::new(vec![JobFailure::never("no")]), ..Work::default() });
    assert!(house.runner(&work).run_one().await.unwrap());
    // It hears of it when it looks, without having come to its end.
    assert!(first.await.unwrap().unwrap());
    let found = house.find(&job).await;
    assert_eq!((found.status, found.failure.as_deref()), (JobStatus::Failed, Some("no")));
    assert_eq!(*slow.cleared.lock(), Vec::<String>::new());
}

#[tokio::test]
async fn what_can_not_be_done_for_now_is_tried_again_and_what_never_can_is_given_up() {
    let house = House::new().await;
    let failures = vec![JobFailure::never("it never can"), JobFailure::for_now("not now")];
    let work = Arc::new(Work { failures: Mutex::new(failures), ..Work::default() });
    let runner = house.runner(&work);
    let job = runner.add(JobKind::Import, acme(), None).await.unwrap();
    assert!(runner.run_one().await.unwrap());
    assert_eq!(house.find(&job).await.status, JobStatus::Running);
    assert!(!runner.run_one().await.unwrap(), "not at once");
    house.advance(31);
    assert!(runner.run_one().await.unwrap());
    let failed = house.find(&job).await;
    assert_eq!((failed.status, failed.failure.as_deref()), (JobStatus::Failed, Some("it never can")));
    assert_eq!(*work.cleared.lock(), ["forgotten"]);
}

#[tokio::test]
async fn one_that_kills_whoever_runs_it_is_given_up() {
    let (house, work) = (House::new().await, Arc::new(Work::default()));
    let runner = house.runner(&work).attempts(3);
    let job = runner.add(JobKind::Import, acme(), None).await.unwrap();
    for _ in 0..3 {
        // They claimed it, and were never heard of again.
        house.store.claim(house.clock.unix().into(), Duration::from_secs(30)).await.unwrap().unwrap();
        house.advance(31);
    }
    assert!(runner.run_one().await.unwrap());
    assert_eq!(house.find(&job).await.status, JobStatus::Failed);
    assert_eq!(work.begun.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn the_task_begins_at_once_and_old_jobs_are_swept_up() {
    let (house, work) = (House::new().await, Arc::new(Work::default()));
    let runner = house.runner(&work).keep(Duration::from_secs(100));
    let task = tokio::spawn(runner.clone().run());
    let job = runner.add(JobKind::Export, acme(), None).await.unwrap();
    while !house.find(&job).await.is_over() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    task.abort();
    house.advance(99);
    assert_eq!(runner.sweep().await.unwrap(), 0);
    house.advance(2);
    assert_eq!(runner.sweep().await.unwrap(), 1);
    assert_eq!(house.store.find(&job.job_id).await.unwrap(), None);
    assert_eq!(*work.cleared.lock(), ["ended export", "forgotten"]);
}
