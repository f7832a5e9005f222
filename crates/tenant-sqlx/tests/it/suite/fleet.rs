//! Migrations of all places.

use std::{
    env,
    io::{BufRead, BufReader},
    process::{Command, Stdio},
    sync::Arc,
};

use parking_lot::Mutex;
use sqlx::{
    SqlSafeStr,
    migrate::{Migration, MigrationType, Migrator},
};
use tenant_core::{ConfigStore, Placement, TenantConfig, TenantContext};
use tenant_sqlx::{DbConfigManager, Drift, Fleet, FleetProgress, FleetReport, PlaceState, TenantDb};

use super::{
    places::fresh,
    support::{Db, MIGRATIONS_ROLL_BACK, MORE, NOTES, Place, id, setup},
};

pub(crate) const FIRST: (i64, &str) = (1, NOTES);
pub(crate) const SECOND: (i64, &str) = (2, MORE);

pub(crate) fn migrator(steps: &[(i64, &'static str)]) -> Migrator {
    let migration = |&(version, sql): &(i64, &'static str)| {
        Migration::new(version, "step".into(), MigrationType::Simple, sql.into_sql_str(), false)
    };
    Migrator::with_migrations(steps.iter().map(migration).collect())
}

pub(crate) async fn open(url: &str) -> DbConfigManager<Db> {
    let db = TenantDb::<Db>::open(url).await.unwrap().databases(4).build().await.unwrap();
    DbConfigManager::new(&db)
}

/// A tenant that lives there, and the place.
pub(crate) async fn settle(
    db: &TenantDb<Db>,
    configs: &DbConfigManager<Db>,
    number: usize,
    migrator: &Migrator,
) -> Placement {
    let placement = Placement::Database(fresh());
    db.provision(&placement, migrator).await.unwrap();
    let config = TenantConfig::builder(id(&format!("tenant-{number}"))).placement(placement.clone());
    configs.create(config.build().unwrap()).await.unwrap();
    placement
}

async fn town(places: usize) -> (Place, TenantDb<Db>, DbConfigManager<Db>, Vec<Placement>) {
    let place = Place::new();
    let db = TenantDb::<Db>::open(&place.url()).await.unwrap().databases(4).build().await.unwrap();
    let configs = DbConfigManager::new(&db);
    configs.migrate().await.unwrap();
    db.migrate(&migrator(&[FIRST])).await.unwrap();
    let mut settled = Vec::new();
    for number in 0..places {
        settled.push(settle(&db, &configs, number, &migrator(&[FIRST])).await);
    }
    settled.sort();
    (place, db, configs, settled)
}

pub(crate) fn state<'a>(report: &'a FleetReport, placement: &Placement) -> &'a PlaceState {
    &report.places.iter().find(|place| place.placement == *placement).unwrap().state
}

#[tokio::test]
async fn all_places_are_brought_up_to_date_and_then_known_to_be() {
    let (_place, db, configs, settled) = town(3).await;
    let both = migrator(&[FIRST, SECOND]);
    let plan = Fleet::new(&configs, &both).inspect().await.unwrap();
    assert_eq!(plan.count(|state| *state == PlaceState::Pending { versions: vec![2] }), 4, "{plan:?}");
    let report = Fleet::new(&configs, &both).migrate().await.unwrap();
    assert_eq!(report.places.len(), 4);
    assert_eq!(report.count(|state| *state == PlaceState::Migrated { versions: vec![2] }), 4, "{report:?}");
    let again = Fleet::new(&configs, &both).migrate().await.unwrap();
    assert_eq!(again.count(|state| *state == PlaceState::Current), 4, "{again:?}");
    let looked = Fleet::new(&configs, &both).look_everywhere().inspect().await.unwrap();
    assert_eq!(looked.count(|state| *state == PlaceState::Current), 4, "{looked:?}");
    // Its tables are there for the tenant.
    for (number, _) in settled.iter().enumerate() {
        let tenant = TenantContext::of(&configs, &id(&format!("tenant-{number}"))).await.unwrap();
        sqlx::query("INSERT INTO more (x) VALUES (1)").execute(&db.scoped(&tenant)).await.unwrap();
    }
    db.close().await;
}

#[tokio::test]
async fn what_is_known_to_be_up_to_date_is_not_opened() {
    let (_place, db, configs, settled) = town(2).await;
    let first = migrator(&[FIRST]);
    assert!(Fleet::new(&configs, &first).migrate().await.unwrap().is_current());
    db.tear_down(&settled[0], setup()).await.unwrap();
    // Torn down by the way that knows of it, it is not known any more; the config still names it.
    let report = Fleet::new(&configs, &first).keep_going().migrate().await.unwrap();
    assert_eq!(*state(&report, &settled[0]), PlaceState::Missing);
    assert_eq!(*state(&report, &settled[1]), PlaceState::Current);
    assert!(!report.is_current());
    // Nothing was made in its place.
    let report = Fleet::new(&configs, &first).look_everywhere().inspect().await.unwrap();
    assert_eq!(*state(&report, &settled[0]), PlaceState::Missing);
    db.close().await;
}

#[tokio::test]
async fn nobody_migrates_the_place_of_a_deleted_tenant() {
    let (_place, db, configs, settled) = town(2).await;
    let both = migrator(&[FIRST, SECOND]);
    let mut gone = None;
    for number in 0..2 {
        let config = configs.fetch(&id(&format!("tenant-{number}"))).await.unwrap().unwrap();
        if config.placement == settled[0] {
            configs.delete(&config.tenant_id).await.unwrap();
            gone = Some(config);
        }
    }
    assert!(gone.is_some());
    let report = Fleet::new(&configs, &both).migrate().await.unwrap();
    assert!(report.is_current() && report.places.len() == 2, "{report:?}");
    assert!(report.places.iter().all(|place| place.placement != settled[0]));
    db.close().await;
}

#[tokio::test]
async fn the_canary_is_first_and_alone_and_the_tables_of_all_are_last() {
    let (_place, db, configs, settled) = town(5).await;
    let both = migrator(&[FIRST, SECOND]);
    let heard = Arc::new(Mutex::new(Vec::new()));
    let listener = {
        let heard = Arc::clone(&heard);
        move |progress: &FleetProgress| heard.lock().push(progress.clone())
    };
    let fleet = Fleet::new(&configs, &both).canary(settled[3].clone()).wave(3).concurrency(3);
    let report = fleet.on_progress(listener).migrate().await.unwrap();
    assert!(report.is_current());
    let wave = |placement: &Placement| {
        report.places.iter().find(|place| place.placement == *placement).unwrap().wave.unwrap()
    };
    let waves: Vec<usize> = settled.iter().map(wave).collect();
    assert_eq!(waves, [1, 1, 1, 0, 2]);
    assert_eq!(wave(&Placement::Shared), 2);
    let heard = heard.lock().clone();
    assert!(matches!(heard[0], FleetProgress::Planned { places: 6, due: 6, .. }), "{heard:?}");
    assert!(matches!(&heard[1], FleetProgress::Begun(canary) if *canary == settled[3]));
    assert!(matches!(&heard[2], FleetProgress::Done(canary) if canary.placement == settled[3]), "{heard:?}");
    let nobody = Fleet::new(&configs, &both).canary(Placement::Database(fresh()));
    nobody.migrate().await.unwrap_err();
    db.close().await;
}

/// Puts a table in the way, of which the place's book says nothing.
async fn obstruct(db: &TenantDb<Db>, placement: &Placement) {
    let mut obstacle = migrator(&[(7, "CREATE TABLE more (obstacle INTEGER)")]);
    obstacle.dangerous_set_table_name("_obstacles");
    db.provision(placement, &obstacle).await.unwrap();
}

#[tokio::test]
async fn a_failure_stops_the_others_and_is_told_without_values() {
    let (_place, db, configs, settled) = town(5).await;
    let both = migrator(&[FIRST, SECOND]);
    obstruct(&db, &settled[1]).await;
    let report = Fleet::new(&configs, &both).wave(2).concurrency(1).migrate().await.unwrap();
    assert_eq!(*state(&report, &settled[0]), PlaceState::Migrated { versions: vec![2] });
    let PlaceState::Failed { version: Some(2), reason } = state(&report, &settled[1]) else {
        panic!("{report:?}")
    };
    assert!(reason.contains("code"), "{reason}");
    for placement in settled[2..].iter().chain([&Placement::Shared]) {
        assert_eq!(*state(&report, placement), PlaceState::Unreached, "{placement}: {report:?}");
    }
    let kept: (String, Option<String>) =
        sqlx::query_as("SELECT state, error FROM tenant_places WHERE error IS NOT NULL")
            .fetch_one(&db.unscoped(setup()))
            .await
            .unwrap();
    assert_eq!(kept.0, "failed");
    assert!(kept.1.unwrap().contains("migration 2"));
    // The others are done when it is told to go on, and then when it is run again.
    let report = Fleet::new(&configs, &both).keep_going().migrate().await.unwrap();
    assert_eq!(report.count(|state| !state.is_current()), 1, "{report:?}");
    // What ended half way is not tried again where it could not be undone.
    let is_left = match state(&report, &settled[1]) {
        PlaceState::Failed { .. } => MIGRATIONS_ROLL_BACK,
        PlaceState::Drifted(Drift::HalfDone { version: 2 }) => !MIGRATIONS_ROLL_BACK,
        _ => false,
    };
    assert!(is_left, "{report:?}");
    db.close().await;
}

#[tokio::test]
async fn a_dry_run_tells_what_is_missing_of_the_framework_as_well() {
    let place = Place::new();
    let db = TenantDb::<Db>::open(&place.url()).await.unwrap().build().await.unwrap();
    let (configs, first) = (DbConfigManager::new(&db), migrator(&[FIRST]));
    let plan = Fleet::new(&configs, &first).inspect().await.unwrap();
    assert_eq!(*state(&plan, &Placement::Shared), PlaceState::Pending { versions: vec![1] });
    db.migrate(&first).await.unwrap();
    let plan = Fleet::new(&configs, &first).inspect().await.unwrap();
    assert!(!plan.is_current(), "{plan:?}");
    let shown = state(&plan, &Placement::Shared).to_string();
    assert_eq!(shown, "is behind, the framework's own tables alone");
    let report = Fleet::new(&configs, &first).migrate().await.unwrap();
    assert_eq!(*state(&report, &Placement::Shared), PlaceState::Migrated { versions: Vec::new() });
    let plan = Fleet::new(&configs, &first).look_everywhere().inspect().await.unwrap();
    assert!(plan.is_current(), "{plan:?}");
    db.close().await;
}

#[tokio::test]
async fn a_dry_run_tells_the_waves_and_refuses_a_canary_that_is_no_place() {
    let (_place, db, configs, settled) = town(4).await;
    let both = migrator(&[FIRST, SECOND]);
    let fleet = || Fleet::new(&configs, &both).canary(settled[2].clone()).wave(2);
    let waves = |report: &FleetReport| -> Vec<(Placement, Option<usize>)> {
        report.places.iter().map(|place| (place.placement.clone(), place.wave)).collect()
    };
    let plan = fleet().inspect().await.unwrap();
    let done = fleet().migrate().await.unwrap();
    assert_eq!(waves(&plan), waves(&done));
    assert_eq!(plan.places[2].wave, Some(0), "{plan:?}");
    Fleet::new(&configs, &both).canary(Placement::Database(fresh())).inspect().await.unwrap_err();
    db.close().await;
}

#[tokio::test]
async fn drift_is_found_and_left_alone() {
    let (_place, db, configs, settled) = town(4).await;
    let other = "CREATE TABLE other (tenant_id VARCHAR(63) NOT NULL)";
    db.provision(&settled[0], &migrator(&[FIRST, (2, other)])).await.unwrap();
    db.provision(&settled[1], &migrator(&[FIRST, (9, other)])).await.unwrap();
    let mut later = migrator(&[FIRST, (3, other)]);
    later.set_ignore_missing(true);
    db.provision(&settled[2], &later).await.unwrap();
    let three = migrator(&[FIRST, SECOND, (3, other)]);
    for _ in 0..2 {
        let report = Fleet::new(&configs, &three).keep_going().migrate().await.unwrap();
        assert_eq!(*state(&report, &settled[0]), PlaceState::Drifted(Drift::Changed { version: 2 }));
        assert_eq!(*state(&report, &settled[1]), PlaceState::Drifted(Drift::Unknown { version: 9 }));
        assert_eq!(*state(&report, &settled[2]), PlaceState::Drifted(Drift::Gap { version: 2 }));
        assert!(state(&report, &settled[3]).is_current());
    }
    let report = Fleet::new(&configs, &three).fill_gaps().keep_going().migrate().await.unwrap();
    assert_eq!(*state(&report, &settled[2]), PlaceState::Migrated { versions: vec![2] });
    let json = serde_json::to_value(&report).unwrap();
    assert_eq!(json["places"][0]["state"], "drifted", "{json}");
    db.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_runners_do_each_place_once() {
    let (place, db, configs, settled) = town(6).await;
    let steps = [FIRST, SECOND, (3, "INSERT INTO notes VALUES ('x', 'once')")];
    let runners = (0..3).map(|_| {
        let url = place.url();
        tokio::spawn(async move {
            let configs = open(&url).await;
            Fleet::new(&configs, &migrator(&steps)).concurrency(3).migrate().await.unwrap()
        })
    });
    let mut done = Vec::new();
    for runner in futures_util::future::join_all(runners).await {
        let report = runner.unwrap();
        assert!(report.is_current(), "{report:?}");
        done.extend(report.places.into_iter().filter(|place| place.state != PlaceState::Current));
    }
    // Who has waited for another one has done nothing.
    for placement in settled.iter().chain([&Placement::Shared]) {
        let versions =
            done.iter().filter(|place| place.placement == *placement).map(|place| match &place.state {
                PlaceState::Migrated { versions } => versions.clone(),
                other => panic!("{other}"),
            });
        assert_eq!(versions.flatten().collect::<Vec<i64>>(), [2, 3], "{placement}: {done:?}");
    }
    assert_notes(&db, &configs, settled.len(), 1).await;
    db.close().await;
}

/// Each tenant-to-be `x` has so many notes in each place.
pub(crate) async fn assert_notes(
    db: &TenantDb<Db>,
    configs: &DbConfigManager<Db>,
    places: usize,
    notes: usize,
) {
    for number in 0..places {
        let config = configs.fetch(&id(&format!("tenant-{number}"))).await.unwrap().unwrap();
        let x = super::places::living("x", config.placement.clone()).await;
        let texts = super::places::read(db, &x).await.unwrap();
        assert_eq!(texts, vec!["once"; notes], "{}", config.placement);
    }
}

const URL: &str = "TENANT_TEST_FLEET_URL";

/// Slow enough to be killed in.
const STEPS: [(i64, &str); 4] =
    [FIRST, SECOND, (3, "INSERT INTO notes VALUES ('x', 'once')"), (4, "INSERT INTO more VALUES ('x', 4)")];

/// The other process: it migrates until it is killed, and says so for each place. By itself it does nothing.
#[tokio::test]
async fn migrating() {
    let Ok(url) = env::var(URL) else { return };
    let configs = open(&url).await;
    let steps = migrator(&STEPS);
    let fleet = Fleet::new(&configs, &steps).concurrency(2);
    fleet.on_progress(|progress| println!("heard {progress:?}")).migrate().await.unwrap();
    println!("heard the end");
}

/// Kills a process that migrates, after so many places.
pub(crate) fn migrate_and_kill(test: &str, url: &str, places: usize) -> bool {
    let (_, module) = test.split_once("::").unwrap();
    let mut process = Command::new(env::current_exe().unwrap())
        .args(["--exact", &format!("{module}::migrating"), "--nocapture"])
        .env(URL, url)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(process.stdout.take().unwrap()).lines().map_while(Result::ok);
    let begun = lines.filter(|line| line.contains("heard Begun") || line.contains("heard the end"));
    let last = begun.take(places).last();
    process.kill().unwrap();
    process.wait().unwrap();
    last.is_some_and(|line| !line.contains("heard the end"))
}

#[tokio::test]
async fn a_run_that_was_killed_is_resumed_and_nothing_is_done_twice() {
    let (place, db, configs, settled) = town(8).await;
    for places in [1, 3, 5] {
        migrate_and_kill(module_path!(), &place.url(), places);
    }
    let steps = migrator(&STEPS);
    let report = Fleet::new(&configs, &steps).keep_going().migrate().await.unwrap();
    let half_done = report.count(|state| matches!(state, PlaceState::Drifted(Drift::HalfDone { .. })));
    assert!(!MIGRATIONS_ROLL_BACK || half_done == 0, "{report:?}");
    let done = report.count(PlaceState::is_current);
    assert_eq!(done + half_done, settled.len() + 1, "{report:?}");
    if half_done == 0 {
        assert_notes(&db, &configs, settled.len(), 1).await;
    }
    db.close().await;
}
