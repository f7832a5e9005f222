//! Whoever runs a job is killed, again and again: nothing is lost, nothing is there twice, and nobody else is touched.

use std::{
    env,
    io::{BufRead, BufReader},
    process::{Command, Stdio},
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use tenant_core::{
    ConfigStore, Timestamp, async_trait,
    jobs::{Job, JobClaim, JobFailure, JobKind, JobOutcome, JobRun, JobStatus, JobStore, JobWork, Progress},
};
use tenant_sqlx::{DbConfigManager, DbJobs, DbLifecycle, PurgeOptions};

use super::{super::super::database::spacious, super::support::Db, House, entries, id};

const URL: &str = "TENANT_TEST_LIFE_URL";
const FOLDER: &str = "TENANT_TEST_LIFE_FOLDER";
/// It is never renewed: whoever comes after a kill waits no longer than that.
pub(super) const LEASE: Duration = Duration::from_millis(100);

pub(super) fn now() -> Timestamp {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    Timestamp::from_unix_micros(i64::try_from(now.as_micros()).unwrap())
}

pub(super) struct Run {
    pub(super) claim: JobClaim,
    pub(super) jobs: Arc<DbJobs<Db>>,
}

#[async_trait]
impl JobRun for Run {
    fn claim(&self) -> &JobClaim {
        &self.claim
    }

    fn tell(&self, _: Progress) {}

    async fn checkpoint(&self, checkpoint: &str) -> Result<(), JobFailure> {
        let held = self.jobs.advance(&self.claim, Progress::default(), Some(checkpoint), now(), LEASE).await;
        assert!(held.unwrap());
        Ok(())
    }
}

/// The other process: it runs the job that waits. By itself it does nothing.
#[tokio::test]
async fn worker() {
    let (Ok(url), Ok(folder)) = (env::var(URL), env::var(FOLDER)) else { return };
    let db = spacious(&url).await;
    let jobs = Arc::new(DbJobs::new(&db));
    let work = DbLifecycle::new(&db, DbConfigManager::new(&db), folder);
    let work = work.purging(PurgeOptions::new().batch(40).hearing(Duration::from_millis(20)));
    let claim = loop {
        match jobs.claim(now(), LEASE).await.unwrap() {
            Some(claim) => break claim,
            None => tokio::time::sleep(LEASE / 10).await,
        }
    };
    println!("begun");
    let run = Run { claim, jobs: Arc::clone(&jobs) };
    let outcome = match work.run(&run).await {
        Ok(result) => JobOutcome::Done(result),
        Err(failure) => JobOutcome::Failed(failure.to_string().into()),
    };
    jobs.finish(&run.claim, &outcome, now()).await.unwrap();
    work.ended(&run.claim.job).await;
    println!("over");
}

/// Kills so often, at moments that nobody chose.
struct Killer {
    seed: u64,
    kills: u32,
    /// Of one job, which then comes to its end.
    most: u32,
    url: String,
}

impl Killer {
    fn moment(&mut self, below: u64) -> u64 {
        self.seed ^= self.seed << 13;
        self.seed ^= self.seed >> 7;
        self.seed ^= self.seed << 17;
        self.seed % below
    }

    /// Has a job run until it is over, by one process after the other.
    async fn run(&mut self, house: &House, job: Job) -> Job {
        let jobs = DbJobs::<Db>::new(house.db());
        jobs.create(&job).await.unwrap();
        for try_number in 0.. {
            let is_over = self.try_once(house, try_number < self.most).await;
            let found = jobs.find(&job.job_id).await.unwrap().unwrap();
            if found.is_over() {
                return found;
            }
            assert!(!is_over, "it was over, and is not: {found:?}");
            self.kills += 1;
        }
        unreachable!("it comes to its end where nobody kills it");
    }

    /// Answers whether the process came to its own end.
    async fn try_once(&mut self, house: &House, is_killed: bool) -> bool {
        let wait = Duration::from_micros(self.moment(120_000));
        let (_, test) = module_path!().split_once("::").unwrap();
        let mut child = Command::new(env::current_exe().unwrap())
            .args(["--exact", &format!("{test}::worker"), "--nocapture"])
            .env(URL, &self.url)
            .env(FOLDER, house.folder.path())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        assert!(lines.any(|line| line.contains("begun")), "it did not begin");
        if is_killed {
            tokio::time::sleep(wait).await;
            child.kill().unwrap();
        }
        let is_over = lines.any(|line| line.contains("over"));
        child.wait().unwrap();
        is_over && !is_killed
    }
}

async fn killed(most: u32) {
    let house = House::new().await;
    for tenant in ["acme", "globex"] {
        for _ in 0..6 {
            let more = format!(
                "INSERT INTO notes (tenant_id, text) SELECT tenant_id, text FROM notes WHERE tenant_id = '{tenant}'"
            );
            house.run(&more).await;
        }
    }
    let (acme, globex) = (house.all_of("acme").await, house.all_of("globex").await);
    let rows = "SELECT (SELECT count(*) FROM notes) + (SELECT count(*) FROM people) + (SELECT count(*) FROM assignments)";
    let count = house.number(rows).await;
    let seed = u64::from(std::process::id()) ^ u64::try_from(now().as_unix_micros()).unwrap();
    println!("seed {seed}");
    let mut killer = Killer { seed, kills: 0, most: 7, url: house.town.place.url() };
    for round in 0.. {
        let (copy, name) = (id("copy"), |what: &str| format!("{what}-{round}"));
        let exported = killer.run(&house, Job::new(name("out"), JobKind::Export, id("acme"), now())).await;
        assert_eq!(exported.status, JobStatus::Done, "{exported:?}");
        let file = house.file(&name("out"));
        let mut whole = entries(&std::fs::read(&file).unwrap());
        whole.pop();
        assert!(whole == acme, "the archive is another one");
        std::fs::rename(&file, house.file(&name("in"))).unwrap();

        let imported = killer.run(&house, Job::new(name("in"), JobKind::Import, copy, now())).await;
        assert_eq!(imported.status, JobStatus::Done, "{imported:?}");
        assert_eq!(house.seen("copy").await, house.seen("acme").await);
        assert_eq!(house.number(rows).await, count + count / 2);

        let cloned = Job::new(name("twin"), JobKind::Clone, id("twin"), now()).from(id("copy"));
        let cloned = killer.run(&house, cloned).await;
        assert_eq!(cloned.status, JobStatus::Done, "{cloned:?}");
        assert_eq!(house.seen("twin").await, house.seen("acme").await);
        assert_eq!(house.number(rows).await, count * 2);

        for copy in [copy, id("twin")] {
            house.configs().delete(&copy).await.unwrap();
            let job = Job::new(name(&format!("gone-{copy}")), JobKind::Purge, copy, now());
            let purged = killer.run(&house, job).await;
            assert_eq!(purged.status, JobStatus::Done, "{purged:?}");
            assert!(house.configs().fetch(&copy).await.unwrap().is_none());
        }
        assert_eq!(house.number(rows).await, count);
        assert!(
            house.all_of("acme").await == acme && house.all_of("globex").await == globex,
            "somebody else's"
        );
        if killer.kills >= most {
            println!("{} kills in {} rounds", killer.kills, round + 1);
            break;
        }
    }
    let left: Vec<_> =
        std::fs::read_dir(house.folder.path()).unwrap().map(|file| file.unwrap().file_name()).collect();
    let is_expected = |name: &str| name.starts_with("all-of") || name.starts_with("in-");
    assert!(
        left.iter().all(|name| is_expected(&name.to_string_lossy())),
        "a part of an archive is left: {left:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twenty_kills_lose_nothing_and_double_nothing() {
    killed(20).await;
}

#[ignore = "a minute and more"]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_kills_lose_nothing_and_double_nothing() {
    killed(100).await;
}
