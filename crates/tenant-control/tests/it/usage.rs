//! Usage and what it costs. What a tenant could do through it: use its key to learn of another's, be counted for another, see another's
//! records or sums, take the room of another's notes, or be counted when it is no longer served.

use std::{
    env,
    io::{BufRead, BufReader},
    process::{Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use sqlx::Sqlite;
use tempfile::TempDir;
use tenant_control::{
    Billing, BillingErrorKind, Counts, CycleStatus, ExportFormat, Rates, UsageErrorKind, UsageExport,
    UsageMeter, UsageReport, Used, usage_history,
};
use tenant_core::{
    Clock, ConfigStore, InMemoryConfigManager, ManualClock, StoreError, TenantConfig, TenantContext,
    TenantId, Timestamp, UnixTime, async_trait,
    usage::{
        BillingCycle, CarriedLevel, SeriesSum, UsageDate, UsageDay, UsageKind, UsageRecord, UsageSeries,
        UsageStore, UsageVerdict, UsedByProject,
    },
};
use tenant_sqlx::{DbUsage, TenantDb};

use crate::support::{database, id, open};

const GB: u64 = 1_000_000_000;
const HOUR: Duration = Duration::from_secs(3_600);

struct House {
    db: TenantDb<Sqlite>,
    folder: TempDir,
    clock: Arc<ManualClock>,
    configs: InMemoryConfigManager,
    acme: TenantContext,
    globex: TenantContext,
}

fn on(plan: &str, tenant: &str) -> TenantConfig {
    TenantConfig::builder(id(tenant)).plan(Some(plan.into())).build().unwrap()
}

fn cycle(text: &str) -> BillingCycle {
    text.parse().unwrap()
}

async fn house() -> House {
    let (db, folder) = database().await;
    let start = u64::try_from(cycle("2024-01").start().as_unix_micros()).unwrap() / 1_000_000;
    let clock = Arc::new(ManualClock::starting_at(UnixTime::from_secs(start)));
    let configs = InMemoryConfigManager::with([on("pro", "acme"), on("starter", "globex")]).unwrap();
    let acme = TenantContext::of(&configs, &id("acme")).await.unwrap();
    let globex = TenantContext::of(&configs, &id("globex")).await.unwrap();
    House { db, folder, clock, configs, acme, globex }
}

impl House {
    fn store(&self) -> Arc<dyn UsageStore> {
        Arc::new(DbUsage::new(&self.db))
    }

    fn meter(&self) -> UsageMeter {
        self.meter_on(self.store())
    }

    fn meter_on(&self, store: Arc<dyn UsageStore>) -> UsageMeter {
        UsageMeter::builder(store).clock(Arc::clone(&self.clock) as Arc<dyn Clock>).start()
    }

    fn billing(&self) -> Billing {
        Billing::new(self.store(), Rates::standard()).clock(Arc::clone(&self.clock) as Arc<dyn Clock>)
    }

    async fn report(&self, tenant: &TenantContext, month: &str) -> UsageReport {
        self.billing().report(tenant.config(), cycle(month), Counts::default()).await.unwrap()
    }
}

fn calls(quantity: u64) -> Used {
    Used::new(UsageKind::API_CALL, quantity)
}

fn stored(quantity: u64) -> Used {
    Used::new(UsageKind::STORAGE, quantity)
}

#[tokio::test]
async fn a_key_counts_once_for_its_tenant_and_tells_another_nothing() {
    let house = house().await;
    let meter = house.meter();
    let first = meter.record(&house.acme, calls(5).once("key")).await.unwrap();
    let again = meter.record(&house.acme, calls(5).once("key")).await.unwrap();
    assert!(!first.is_repeated && again.is_repeated && again.id == first.id);
    let other = meter.record(&house.acme, calls(6).once("key")).await.unwrap_err();
    assert_eq!(other.kind(), UsageErrorKind::Conflict);
    for (key, quantity) in [("key", 9), (&*first.id, 5)] {
        let foreign = meter.record(&house.globex, calls(quantity).once(key)).await.unwrap();
        assert!(!foreign.is_repeated && foreign.id != first.id);
    }
    assert_eq!(house.report(&house.acme, "2024-01").await.api_requests, 5);
    assert_eq!(house.report(&house.globex, "2024-01").await.api_requests, 14);
}

#[tokio::test]
async fn what_can_not_be_recorded_is_said_and_keeps_no_other_out() {
    let house = house().await;
    let meter = house.meter();
    let (hour, minute) = (3_600_000_000, 60_000_000);
    let at = |micros: i64| Timestamp::from_unix_micros(cycle("2024-01").start().as_unix_micros() + micros);
    for wrong in [
        calls(1).once(""),
        calls(1).once("k\n"),
        calls(1).project("a b"),
        calls(1 << 63),
        calls(1).at(at(-hour - 1)),
        calls(1).at(at(minute + 1)),
    ] {
        let (refused, kept) =
            tokio::join!(meter.record(&house.acme, wrong), meter.record(&house.acme, calls(1)));
        assert_eq!(refused.unwrap_err().kind(), UsageErrorKind::Invalid);
        kept.unwrap();
    }
    meter.record(&house.acme, calls(10).at(at(-hour))).await.unwrap();
    assert_eq!(house.report(&house.acme, "2024-01").await.api_requests, 6);
    assert_eq!(house.report(&house.acme, "2023-12").await.api_requests, 10);
    house.configs.delete(&id("acme")).await.unwrap();
    let inactive = meter.record(&house.acme, calls(1)).await.unwrap_err();
    assert_eq!(inactive.kind(), UsageErrorKind::Inactive);
    assert!(!meter.note(&house.acme, calls(1)) && meter.note(&house.globex, calls(1)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_hundred_at_once_with_one_key_have_one_effect() {
    let house = house().await;
    let meters = [house.meter(), house.meter()];
    let all: Vec<_> = (0..100)
        .map(|number| {
            let (meter, tenant) = (meters[number % 2].clone(), house.acme.clone());
            tokio::spawn(async move { meter.record(&tenant, calls(7).once("key")).await.unwrap() })
        })
        .collect();
    let mut recorded = Vec::new();
    for one in all {
        recorded.push(one.await.unwrap());
    }
    assert_eq!(recorded.iter().filter(|one| !one.is_repeated).count(), 1);
    assert!(recorded.iter().all(|one| one.id == recorded[0].id));
    assert_eq!(house.report(&house.acme, "2024-01").await.api_requests, 7);
}

#[tokio::test]
async fn a_thousand_of_one_cost_what_one_of_a_thousand_costs_and_a_running_month_grows() {
    let house = house().await;
    let meter = house.meter();
    let all = (0..1_000).map(|_| meter.record(&house.acme, Used::new(UsageKind::BANDWIDTH, 12_345_678)));
    futures_join(all).await;
    meter.record(&house.acme, Used::new(UsageKind::TOKENS, 4)).await.unwrap();
    let one = Used::new(UsageKind::BANDWIDTH, 12_345_678_000);
    // The same plan, so that the same is owed.
    house.configs.create(on("pro", "initech")).await.unwrap();
    let initech = TenantContext::of(&house.configs, &id("initech")).await.unwrap();
    meter.record(&initech, one).await.unwrap();
    let (many, one) = (house.report(&house.acme, "2024-01").await, house.report(&initech, "2024-01").await);
    assert_eq!((many.total_cost, one.total_cost), (790_123, 790_123));
    assert_eq!(many.status, CycleStatus::Open);
    house.clock.advance(HOUR);
    meter.record(&house.acme, Used::new(UsageKind::BANDWIDTH, GB)).await.unwrap();
    let later = house.report(&house.acme, "2024-01").await;
    assert_eq!((later.total_cost, later.bandwidth_gb), (854_123, 13_345_678_000));
    house.clock.advance(31 * 24 * HOUR);
    let over = house.report(&house.acme, "2024-01").await;
    assert_eq!((over.status, over.total_cost), (CycleStatus::Final, 854_123));
    assert_eq!(house.report(&house.acme, "2024-02").await.breakdown, []);
}

async fn futures_join<F: Future>(all: impl Iterator<Item = F>) {
    for one in all {
        one.await;
    }
}

#[tokio::test]
async fn storage_is_carried_over_the_end_of_a_month() {
    let house = house().await;
    let meter = house.meter();
    house.clock.advance(29 * 24 * HOUR);
    meter.record(&house.acme, stored(100 * GB).project("one")).await.unwrap();
    house.clock.advance(24 * HOUR);
    meter.record(&house.acme, stored(130 * GB).project("one")).await.unwrap();
    meter.record(&house.acme, stored(5 * GB).project("two")).await.unwrap();
    house.clock.advance(12 * HOUR);
    meter.record(&house.acme, stored(120 * GB).project("one")).await.unwrap();
    let running = house.report(&house.acme, "2024-01").await;
    assert_eq!(running.storage_byte_hours, u128::from((24 * 100 + 12 * 135) * GB));
    house.clock.advance(12 * HOUR);
    // A new month, of which nothing was said yet.
    house.clock.advance(6 * HOUR);
    let (january, february) =
        (house.report(&house.acme, "2024-01").await, house.report(&house.acme, "2024-02").await);
    assert_eq!(january.storage_byte_hours, u128::from((24 * 100 + 12 * 135 + 12 * 125) * GB));
    assert_eq!((january.storage_gb, january.total_cost), (135 * GB, 35 * 80_000));
    assert_eq!((february.storage_gb, february.total_cost), (125 * GB, 25 * 80_000));
    assert_eq!(february.storage_byte_hours, u128::from(6 * 125 * GB));
    meter.record(&house.acme, stored(0).project("one")).await.unwrap();
    house.clock.advance(60 * 24 * HOUR);
    let february = house.report(&house.acme, "2024-02").await;
    assert_eq!(february.storage_byte_hours, u128::from((6 * 125 + (29 * 24 - 6) * 5) * GB));
    assert_eq!(house.report(&house.acme, "2024-03").await.storage_gb, 5 * GB);
    assert_eq!(house.report(&house.globex, "2024-02").await.storage_gb, 0);
    let days = cycle("2024-02").first_day()..cycle("2024-02").end_day();
    let days =
        usage_history(&*house.store(), house.acme.id(), days, house.clock.unix().into()).await.unwrap();
    assert_eq!(days.iter().map(|day| day.used.unit_hours).sum::<u128>(), february.storage_byte_hours);
}

#[tokio::test]
async fn where_a_month_ends_is_said_by_utc_in_whatever_zone_it_is_told() {
    let house = house().await;
    let meter = house.meter();
    let at = |text: &str| Timestamp::parse(text).unwrap();
    let used = async |used: Used| meter.record(&house.acme, used).await.unwrap();
    house.clock.advance((30 * 24 + 23) * HOUR);
    // Eleven at night in UTC, and February already where it is told.
    used(stored(10 * GB).at(at("2024-02-01T01:00:00+02:00"))).await;
    used(calls(1).at(at("2024-02-01T12:59:00+14:00"))).await;
    house.clock.advance(HOUR + HOUR / 2);
    // Half an hour past midnight, and January still where it is told.
    used(stored(40 * GB).at(at("2024-01-31T19:30:00-05:00"))).await;
    used(calls(2).at(at("2024-01-31T12:00:00-12:00"))).await;
    // A minute before midnight, and told late.
    used(calls(4).at(at("2024-02-01T05:29:00+05:30"))).await;
    house.clock.advance(HOUR / 2);
    let months = [house.report(&house.acme, "2024-01").await, house.report(&house.acme, "2024-02").await];
    assert_eq!(months.each_ref().map(|month| month.storage_gb), [10 * GB, 40 * GB]);
    let hours = months.each_ref().map(|month| month.storage_byte_hours);
    assert_eq!(hours, [u128::from(10 * GB), u128::from(5 * GB + 20 * GB)]);
    assert_eq!(months.map(|month| month.api_requests), [5, 2]);
}

#[tokio::test]
async fn a_report_is_written_as_the_wire_has_it() {
    let house = house().await;
    let meter = house.meter();
    meter.record(&house.acme, calls(1_002_000).project("=p1")).await.unwrap();
    meter.record(&house.acme, calls(1_000)).await.unwrap();
    meter.record(&house.acme, stored(1_500_000_000)).await.unwrap();
    let counts = Counts { users: 2, projects: 1 };
    let report = house.billing().report(house.acme.config(), cycle("2024-01"), counts).await.unwrap();
    let expected = serde_json::json!({
        "org_id": "acme", "billing_cycle": "2024-01", "plan": "pro", "user_count": 2, "project_count": 1,
        "api_requests": 1_003_000, "compute_minutes": 0, "storage_gb": 1.5, "bandwidth_gb": 0,
        "total_cost": 1_200_000, "plan_price": 99_000_000,
        "breakdown": [
            {"type": "api_call", "quantity": 1_003_000, "unit": "call", "rate": 400, "cost": 1_200_000},
            {"type": "storage", "quantity": 1.5, "unit": "GB", "rate": 80_000, "cost": 0},
        ],
        "projects": [
            {"project_id": null, "total_cost": 1_196, "breakdown": [
                {"type": "api_call", "quantity": 1_000, "unit": "call", "rate": 400, "cost": 1_196},
                {"type": "storage", "quantity": 1.5, "unit": "GB", "rate": 80_000, "cost": 0},
            ]},
            {"project_id": "=p1", "total_cost": 1_198_804, "breakdown": [
                {"type": "api_call", "quantity": 1_002_000, "unit": "call", "rate": 400, "cost": 1_198_804},
            ]},
        ],
        "status": "open", "generated_at": "2024-01-01T00:00:00Z",
    });
    assert_eq!(serde_json::to_value(&report).unwrap(), expected);
    let line = "2024-01,\"'=p1\",api_call,1002000,call,400,1198804\r\n";
    assert!(report.to_csv().ends_with(line), "{}", report.to_csv());
    let utilisation = house.billing().utilisation(house.acme.config(), cycle("2024-01")).await.unwrap();
    let calls = serde_json::to_value(&utilisation[0]).unwrap();
    let expected = serde_json::json!({"type": "api_call", "used": 1_003_000, "included": 1_000_000, "percent": 100, "warning": "reached"});
    assert_eq!(calls, expected);
    let unknown = house.billing().report(&on("gold", "acme"), cycle("2024-01"), counts).await.unwrap_err();
    assert_eq!(unknown.kind(), BillingErrorKind::UnknownPlan);
}

#[tokio::test]
async fn an_export_is_of_one_tenant_whole_and_no_formula() {
    let house = house().await;
    let meter = house.meter();
    meter.record(&house.acme, calls(1).once("=cmd()").project("p,\"1\"")).await.unwrap();
    meter.record(&house.globex, calls(1).once("foreign")).await.unwrap();
    let store = house.store();
    let time: Timestamp = house.clock.unix().into();
    let many: Vec<_> = (0..1_100)
        .map(|number| UsageRecord::new(format!("r-{number}"), id("acme"), UsageKind::API_CALL, 2, time))
        .collect();
    store.record(&many).await.unwrap();
    let export = async |format| {
        let times = cycle("2024-01").start()..cycle("2024-01").end();
        let mut export = UsageExport::new(house.store(), id("acme"), times, format);
        let mut text = String::new();
        while let Some(page) = export.next_page().await.unwrap() {
            assert!(page.len() < 100_000, "a page at a time");
            text.push_str(&page);
        }
        text
    };
    let csv = export(ExportFormat::Csv).await;
    assert_eq!(csv.matches("\r\n").count(), 1_102);
    assert!(csv.starts_with("id,time,project,type,measure,quantity,idempotency_key,metadata\r\n"));
    assert!(csv.contains(",2024-01-01T00:00:00Z,\"p,\"\"1\"\"\",api_call,sum,1,\"'=cmd()\",{}\r\n"));
    let lines = export(ExportFormat::JsonLines).await;
    let lines: Vec<serde_json::Value> =
        lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.iter().map(|line| line["quantity"].as_u64().unwrap()).sum::<u64>(), 2_201);
    assert!(lines.iter().any(|line| line["idempotency_key"] == "=cmd()"));
    assert!(!csv.contains("foreign"));
}

/// Fails before or after it has counted, at times.
struct Shaky {
    store: Arc<dyn UsageStore>,
    asked: AtomicUsize,
}

#[async_trait]
impl UsageStore for Shaky {
    async fn record(&self, records: &[UsageRecord]) -> Result<Vec<UsageVerdict>, StoreError> {
        let asked = self.asked.fetch_add(1, Ordering::Relaxed);
        if asked.is_multiple_of(3) {
            return Err(StoreError::unavailable("it is away"));
        }
        let verdicts = self.store.record(records).await?;
        match asked % 3 {
            1 => Err(StoreError::unavailable("the connection was lost at the commit")),
            _ => Ok(verdicts),
        }
    }

    async fn find(&self, tenant: &TenantId, key: &str) -> Result<Option<UsageRecord>, StoreError> {
        self.store.find(tenant, key).await
    }

    async fn days(
        &self,
        tenant: &TenantId,
        dates: std::ops::Range<UsageDate>,
        after: Option<(&UsageSeries, UsageDate)>,
        limit: u32,
    ) -> Result<Vec<UsageDay>, StoreError> {
        self.store.days(tenant, dates, after, limit).await
    }

    async fn sums(
        &self,
        tenant: &TenantId,
        dates: std::ops::Range<UsageDate>,
        after: Option<&UsageSeries>,
        limit: u32,
    ) -> Result<Vec<SeriesSum>, StoreError> {
        self.store.sums(tenant, dates, after, limit).await
    }

    async fn levels_before(
        &self,
        tenant: &TenantId,
        date: UsageDate,
        after: Option<&UsageSeries>,
        limit: u32,
    ) -> Result<Vec<CarriedLevel>, StoreError> {
        self.store.levels_before(tenant, date, after, limit).await
    }

    async fn by_project(
        &self,
        tenant: &TenantId,
        projects: std::ops::RangeInclusive<&str>,
        dates: std::ops::Range<UsageDate>,
    ) -> Result<Vec<UsedByProject>, StoreError> {
        self.store.by_project(tenant, projects, dates).await
    }

    async fn records(
        &self,
        tenant: &TenantId,
        times: std::ops::Range<Timestamp>,
        after: Option<(Timestamp, &str)>,
        limit: u32,
    ) -> Result<Vec<UsageRecord>, StoreError> {
        self.store.records(tenant, times, after, limit).await
    }

    async fn forget(&self, older_than: Timestamp, limit: u32) -> Result<u64, StoreError> {
        self.store.forget(older_than, limit).await
    }

    async fn erase(&self, tenant: &TenantId) -> Result<(), StoreError> {
        self.store.erase(tenant).await
    }
}

#[tokio::test]
async fn what_was_noted_counts_once_however_often_the_store_fails() {
    let house = house().await;
    let meter = house.meter_on(Arc::new(Shaky { store: house.store(), asked: AtomicUsize::new(0) }));
    for number in 0..60 {
        assert!(meter.note(&house.acme, calls(1).project(if number % 2 == 0 { "one" } else { "two" })));
        assert!(meter.note(&house.globex, calls(2)));
        if number % 7 == 0 {
            meter.flush().await;
        }
    }
    for _ in 0..6 {
        meter.flush().await;
    }
    assert!(!meter.note(&house.acme, stored(1)), "a level is no sum");
    assert!(!meter.note(&house.acme, calls(1).once("key")));
    assert_eq!(meter.lost(), 0);
    assert_eq!(house.report(&house.acme, "2024-01").await.api_requests, 60);
    assert_eq!(house.report(&house.globex, "2024-01").await.api_requests, 120);
}

const FOLDER: &str = "TENANT_TEST_METER";

/// The other process: it meters until it is killed, and says so for each. By itself it does nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn metering() {
    let Ok(url) = env::var(FOLDER) else { return };
    let db = TenantDb::<Sqlite>::connect(&url).await.unwrap();
    let meter = UsageMeter::builder(Arc::new(DbUsage::new(&db))).start();
    let configs = InMemoryConfigManager::with([on("pro", "acme")]).unwrap();
    let acme = TenantContext::of(&configs, &id("acme")).await.unwrap();
    let first: u64 = env::var("TENANT_TEST_FIRST").unwrap().parse().unwrap();
    for writer in 0..8 {
        let (meter, acme) = (meter.clone(), acme.clone());
        tokio::spawn(async move {
            for number in 0.. {
                let key = format!("{}", first + 8 * number + writer);
                meter.record(&acme, calls(3).once(&key)).await.unwrap();
                println!("acknowledged {key}");
            }
        });
    }
    tokio::time::sleep(Duration::from_secs(60)).await;
}

#[tokio::test]
async fn a_kill_while_it_meters_loses_nothing_and_doubles_nothing() {
    let (db, folder) = database().await;
    let url = format!("sqlite://{}", folder.path().join("tenants.db").display());
    let (_, test) = module_path!().split_once("::").unwrap();
    let mut acknowledged = Vec::new();
    for round in 0..4_u64 {
        let mut writer = Command::new(env::current_exe().unwrap())
            .args(["--exact", &format!("{test}::metering"), "--nocapture"])
            .env(FOLDER, &url)
            .env("TENANT_TEST_FIRST", (round * 50).to_string())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(writer.stdout.take().unwrap()).lines();
        let keys = lines.filter_map(|line| Some(line.unwrap().rsplit_once("acknowledged ")?.1.to_owned()));
        // Wherever that is: it goes on meanwhile.
        acknowledged.extend(keys.take(20 + 37 * usize::try_from(round).unwrap()));
        writer.kill().unwrap();
        writer.wait().unwrap();
    }
    drop(db);
    let db = open(&folder).await;
    let store: Arc<dyn UsageStore> = Arc::new(DbUsage::new(&db));
    let ever = Timestamp::default()..Timestamp::from_unix_micros(i64::MAX);
    let kept = store.records(&id("acme"), ever, None, 1_000_000).await.unwrap();
    let mut keys: Vec<_> = kept.iter().map(|record| record.idempotency_key.as_deref().unwrap()).collect();
    keys.sort_unstable();
    let count = keys.len();
    keys.dedup();
    assert_eq!(keys.len(), count);
    assert!(acknowledged.iter().all(|key| keys.binary_search(&&**key).is_ok()));
    let dates = UsageDate::from_days(0)..UsageDate::from_days(1 << 30);
    let days = store.days(&id("acme"), dates, None, 100).await.unwrap();
    assert_eq!(days.iter().map(|day| day.amount).sum::<u128>(), 3 * count as u128);
}

/// Inserts such rows with such keys, 500 in a transaction, and says how long that takes: what a database can do.
async fn bare_inserts(folder: &TempDir, rows: &[String]) -> Duration {
    let url = format!("sqlite://{}", folder.path().join("tenants.db").display());
    let pool = sqlx::SqlitePool::connect(&url).await.unwrap();
    let create = "CREATE TABLE bare (tenant TEXT, time INTEGER, id TEXT, said TEXT, project TEXT, kind TEXT, measure TEXT, \
                  quantity INTEGER, metadata TEXT, PRIMARY KEY (tenant, time, id), UNIQUE (tenant, said)) STRICT, WITHOUT ROWID";
    sqlx::raw_sql(create).execute(&pool).await.unwrap();
    let begun = Instant::now();
    for some in rows.chunks(500) {
        let mut tx = pool.begin().await.unwrap();
        for row in some {
            let insert = "INSERT INTO bare VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)";
            let insert = sqlx::query(insert).bind("acme").bind(1_700_000_000_000_000_i64).bind(row).bind(row);
            let insert = insert.bind("").bind("api_call").bind("sum").bind(1_i64).bind("{}");
            insert.execute(&mut *tx).await.unwrap();
        }
        tx.commit().await.unwrap();
    }
    begun.elapsed()
}

/// By itself: what else runs would be measured too.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "it measures"]
async fn recording_keeps_up_with_half_of_what_the_database_inserts() {
    let house = house().await;
    let rows: Vec<_> = (0..20_000).map(|number| format!("row-{number:030}")).collect();
    let bare = bare_inserts(&house.folder, &rows).await;
    let meter = house.meter();
    let begun = Instant::now();
    let mut tasks = tokio::task::JoinSet::new();
    for some in rows.chunks(20) {
        let (meter, acme, some) = (meter.clone(), house.acme.clone(), some.to_vec());
        tasks.spawn(async move {
            for row in some {
                meter.record(&acme, calls(1).once(&row)).await.unwrap();
            }
        });
    }
    while let Some(done) = tasks.join_next().await {
        done.unwrap();
    }
    let metered = begun.elapsed();
    println!("bare {bare:?}, metered {metered:?}");
    assert!(metered <= 2 * bare);
}

#[tokio::test]
async fn what_was_said_with_a_key_is_its_tenants_own_and_is_found_again() {
    let house = house().await;
    let meter = house.meter();
    let used = || Used::new(UsageKind::COMPUTE, 3).project("p1").once("job-17");
    assert_eq!(meter.recorded(&house.acme, &used()).await.unwrap(), None);
    let first = meter.record(&house.acme, used()).await.unwrap();
    let found = meter.recorded(&house.acme, &used()).await.unwrap().unwrap();
    assert!(found.id == first.id && found.is_repeated);
    assert_eq!(meter.recorded(&house.globex, &used()).await.unwrap(), None, "another's key is another's");
    for other in [Used::new(UsageKind::COMPUTE, 4), Used::new(UsageKind::API_CALL, 3)] {
        let conflict = meter.recorded(&house.acme, &other.project("p1").once("job-17")).await.unwrap_err();
        assert_eq!(conflict.kind(), UsageErrorKind::Conflict);
    }
    for none in ["job-1", "JOB-17", "%"] {
        assert_eq!(meter.recorded(&house.acme, &used().once(none)).await.unwrap(), None, "{none}");
    }
    assert_eq!(meter.recorded(&house.acme, &Used::new(UsageKind::COMPUTE, 3)).await.unwrap(), None);
}

#[tokio::test]
async fn a_plan_on_which_nothing_more_is_paid_for_has_an_end_and_no_other_has() {
    let house = house().await;
    let (meter, billing) = (house.meter(), house.billing());
    let (free, starter) = (on("free", "acme"), on("starter", "acme"));
    let none = TenantConfig::builder(id("acme")).build().unwrap();
    let beyond = async |config: &TenantConfig, used: Used| billing.beyond(config, &used).await.unwrap();
    let minutes = |quantity| Used::new(UsageKind::COMPUTE, quantity);
    assert_eq!(beyond(&free, minutes(100)).await, None);
    assert_eq!(beyond(&free, minutes(101)).await, Some(100));
    meter.record(&house.globex, minutes(100)).await.unwrap();
    assert_eq!(beyond(&free, minutes(100)).await, None, "another's usage is another's");
    meter.record(&house.acme, minutes(60).project("p1")).await.unwrap();
    meter.record(&house.acme, minutes(30)).await.unwrap();
    assert_eq!(beyond(&free, minutes(10)).await, None);
    for (used, most) in [(minutes(11), Some(100)), (minutes(u64::MAX), Some(100)), (minutes(0), None)] {
        assert_eq!(beyond(&free, used.clone()).await, most, "{used:?}");
        assert_eq!((beyond(&starter, used.clone()).await, beyond(&none, used).await), (None, None));
    }
    for unbounded in [UsageKind::BANDWIDTH, UsageKind::TOKENS] {
        assert_eq!(beyond(&free, Used::new(unbounded, u64::MAX)).await, None);
    }
    let unknown = billing.beyond(&on("golden", "acme"), &minutes(1)).await.unwrap_err();
    assert_eq!(unknown.kind(), BillingErrorKind::UnknownPlan);
    // A level counts by its peak, of each project by itself.
    let bytes = |quantity, project| Used::new(UsageKind::STORAGE, quantity).project(project);
    meter.record(&house.acme, bytes(GB - 10, "p1")).await.unwrap();
    for (used, most) in [
        (bytes(GB, "p1"), None),
        (bytes(GB + 1, "p1"), Some(GB)),
        (bytes(10, "p2"), None),
        (bytes(11, "p2"), Some(GB)),
    ] {
        assert_eq!(beyond(&free, used.clone()).await, most, "{used:?}");
    }
    meter.record(&house.acme, bytes(2 * GB, "p1")).await.unwrap();
    assert_eq!(beyond(&free, bytes(GB, "p1")).await, None, "what falls may be told");
    assert_eq!(beyond(&free, bytes(1, "p2")).await, Some(GB));
}
