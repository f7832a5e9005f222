//! One tenant moves, and goes on working.

use std::{
    env, process,
    process::{Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use sqlx::{
    SqlSafeStr, SqlStr,
    migrate::{Migration, MigrationType, Migrator},
};
use tenant_core::{
    ConfigManager, ConfigStore, ConfigStoreExt, Placement, TenantConfig, TenantContext, TenantId,
};
use tenant_sqlx::{
    DbConfigManager, MoveError, MoveErrorKind, MoveOptions, MoveReport, MoveStep, Moved, TenantDatabase,
    TenantDb,
};

use super::{
    places::{fresh, living},
    support::{COUNTS, Db, FAMILY, NOTES, ODD, Place, id, pool, setup, sql},
};

pub(crate) fn migrator() -> Migrator {
    migrations(vec![NOTES.into_sql_str(), FAMILY.into_sql_str()])
}

pub(crate) fn migrations(steps: Vec<SqlStr>) -> Migrator {
    let step = |(version, sql)| Migration::new(version, "step".into(), MigrationType::Simple, sql, false);
    Migrator::with_migrations((1..).zip(steps).map(step).collect())
}

pub(crate) fn options() -> MoveOptions {
    MoveOptions::new().grace(Duration::ZERO).batch(7)
}

pub(crate) struct Town {
    pub(crate) place: Place,
    pub(crate) db: TenantDb<Db>,
    pub(crate) configs: DbConfigManager<Db>,
    pub(crate) acme: TenantId,
    migrator: Migrator,
}

const PEOPLE: i64 = 30;

/// Two tenants in the tables of all, with the same rows.
pub(crate) async fn town(db: TenantDb<Db>, place: Place) -> Town {
    built(db, place, migrator()).await
}

pub(crate) async fn built(db: TenantDb<Db>, place: Place, migrator: Migrator) -> Town {
    let configs = DbConfigManager::new(&db);
    configs.migrate().await.unwrap();
    db.migrate(&migrator).await.unwrap();
    for name in ["acme", "globex"] {
        configs.create(TenantConfig::builder(id(name)).build().unwrap()).await.unwrap();
        furnish(&db, &TenantContext::of(&configs, &id(name)).await.unwrap()).await;
    }
    sqlx::raw_sql(ODD).execute(&db.unscoped(setup())).await.unwrap();
    Town { place, db, configs, acme: id("acme"), migrator }
}

pub(crate) async fn furnish(db: &TenantDb<Db>, tenant: &TenantContext) {
    let scoped = db.scoped(tenant);
    for number in 1..=PEOPLE {
        // Who comes later may be the boss of who came before.
        let insert = sqlx::query(sql("INSERT INTO people (id, email, score) VALUES (?, ?, ?)"));
        let email = format!("p{number}@{}", tenant.id());
        insert.bind(number).bind(email).bind(f64::from(7) / 3.0).execute(&scoped).await.unwrap();
        let insert = sqlx::query(sql("INSERT INTO notes (text) VALUES (?)"));
        insert.bind(format!("note {number}")).execute(&scoped).await.unwrap();
        assign(db, tenant, number).await.unwrap();
    }
    for number in 1..PEOPLE {
        let update = sqlx::query(sql("UPDATE people SET boss = ? WHERE id = ?"));
        update.bind(number + 1).bind(number).execute(&scoped).await.unwrap();
    }
}

pub(crate) async fn assign(db: &TenantDb<Db>, tenant: &TenantContext, person: i64) -> sqlx::Result<()> {
    let scoped = db.scoped(tenant);
    let insert = match COUNTS {
        true => sqlx::query(sql("INSERT INTO assignments (person) VALUES (?)")).bind(person),
        false => {
            sqlx::query(sql("INSERT INTO assignments (id, person) VALUES (?, ?)")).bind(person).bind(person)
        }
    };
    insert.execute(&scoped).await.map(drop)
}

type Person = (i64, Option<i64>, String, Option<f64>, Option<f64>);

/// All that a tenant sees.
pub(crate) async fn view(db: &TenantDb<Db>, tenant: &TenantContext) -> Vec<String> {
    let scoped = db.scoped(tenant);
    let mut view: Vec<String> =
        sqlx::query_scalar("SELECT text FROM notes ORDER BY text").fetch_all(&scoped).await.unwrap();
    let people: Vec<Person> = sqlx::query_as("SELECT id, boss, email, score, twice FROM people ORDER BY id")
        .fetch_all(&scoped)
        .await
        .unwrap();
    view.extend(people.iter().map(|row| format!("{row:?}")));
    let assigned: Vec<(i64, i64)> =
        sqlx::query_as("SELECT id, person FROM assignments ORDER BY id").fetch_all(&scoped).await.unwrap();
    view.extend(assigned.iter().map(|row| format!("{row:?}")));
    view
}

async fn open(place: &Place) -> TenantDb<Db> {
    TenantDb::open(&place.url()).await.unwrap().databases(6).build().await.unwrap()
}

async fn settled() -> Town {
    let place = Place::new();
    town(open(&place).await, place).await
}

async fn go(town: &Town, to: &Placement) -> Result<MoveReport, MoveError> {
    town.db.move_tenant(&town.configs, &town.acme, to, &town.migrator, &options()).await
}

/// What is seen of a tenant in a place, whatever its config says.
pub(crate) async fn seen(town: &Town, name: &str, placement: &Placement) -> Vec<String> {
    view(&town.db, &living(name, placement.clone()).await).await
}

pub(crate) fn kind(result: Result<impl std::fmt::Debug, MoveError>) -> MoveErrorKind {
    result.unwrap_err().kind().clone()
}

/// Somebody who writes all the time, and what was acknowledged to it.
pub(crate) struct Writer {
    stop: Arc<AtomicBool>,
    task: tokio::task::JoinHandle<u32>,
}

impl Writer {
    /// One context, minted at the start.
    pub(crate) fn start(db: &TenantDb<Db>, tenant: TenantContext, name: &'static str) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let task = tokio::spawn({
            let (db, stop) = (db.clone(), Arc::clone(&stop));
            async move {
                let mut number = 0;
                while !stop.load(Ordering::Acquire) {
                    write(&db, &tenant, name, number).await;
                    number += 1;
                    tokio::time::sleep(Duration::from_millis(1)).await;
                }
                number
            }
        });
        Self { stop, task }
    }

    /// As another process does it: it asks for the config, which is some milliseconds old.
    fn elsewhere(name: &'static str, db: TenantDb<Db>) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let task = tokio::spawn({
            let stop = Arc::clone(&stop);
            async move {
                let configs = DbConfigManager::new(&db).cached(10, Duration::from_millis(100));
                let mut number = 0;
                while !stop.load(Ordering::Acquire) {
                    let tenant = TenantContext::of(&configs, &id("acme")).await.unwrap();
                    write(&db, &tenant, name, number).await;
                    number += 1;
                }
                number
            }
        });
        Self { stop, task }
    }

    pub(crate) async fn end(self) -> u32 {
        self.stop.store(true, Ordering::Release);
        self.task.await.unwrap()
    }
}

/// What waited for a connection while a move began has written nothing, and is run again.
async fn write(db: &TenantDb<Db>, tenant: &TenantContext, name: &str, number: u32) {
    while let Err(error) = try_write(db, tenant, name, number).await {
        assert!(Moved::of(&error).is_some(), "{error:?}");
    }
}

async fn try_write(
    db: &TenantDb<Db>,
    tenant: &TenantContext,
    name: &str,
    number: u32,
) -> Result<(), sqlx::Error> {
    let text = format!("{name} {number:05}");
    let insert = sqlx::query(sql("INSERT INTO notes (text) VALUES (?)")).bind(text);
    if number.is_multiple_of(2) {
        return insert.execute(&db.scoped(tenant)).await.map(drop);
    }
    let mut tx = db.begin(tenant).await?;
    insert.execute(&mut tx).await?;
    let update = sqlx::query(sql("UPDATE people SET score = ? WHERE id = 3")).bind(f64::from(number));
    update.execute(&mut tx).await?;
    tx.commit().await
}

pub(crate) async fn assert_written(town: &Town, name: &str, count: u32) {
    let tenant = TenantContext::of(&town.configs, &town.acme).await.unwrap();
    let like = sqlx::query_scalar(sql("SELECT text FROM notes WHERE text LIKE ? ORDER BY text"));
    let texts: Vec<String> =
        like.bind(format!("{name} %")).fetch_all(&town.db.scoped(&tenant)).await.unwrap();
    let wanted: Vec<String> = (0..count).map(|number| format!("{name} {number:05}")).collect();
    assert_eq!(texts.len(), wanted.len(), "{name}");
    assert_eq!(texts, wanted);
}

/// Through these places and home again, with somebody who writes all the time.
pub(crate) async fn tour(town: Town, places: &[Placement]) {
    let acme = TenantContext::of(&town.configs, &town.acme).await.unwrap();
    let others = seen(&town, "globex", &Placement::Shared).await;
    let writer = Writer::start(&town.db, acme.clone(), "w");
    let mut from = Placement::Shared;
    for to in places.iter().chain([&Placement::Shared]) {
        tokio::time::sleep(Duration::from_millis(30)).await;
        let report = go(&town, to).await.unwrap_or_else(|error| panic!("{from} to {to}: {error:?}"));
        println!("{} to {}: writes waited for {:?}", report.from, report.to, report.pause);
        assert_eq!((&report.from, &report.to), (&from, to));
        assert_eq!(report.tables.len(), 3);
        assert_eq!(town.configs.fetch(&town.acme).await.unwrap().unwrap().placement, *to);
        town.db.finish_move(&town.configs, &town.acme, &options()).await.unwrap();
        assert!(seen(&town, "acme", &from).await.is_empty(), "nothing stays in {from}");
        from = to.clone();
    }
    let count = writer.end().await;
    assert!(count > 20, "{count}");
    assert_written(&town, "w", count).await;
    assert_eq!(seen(&town, "globex", &Placement::Shared).await, others);
    let acme = TenantContext::of(&town.configs, &town.acme).await.unwrap();
    let emails = |view: &[String]| view.iter().filter(|row| row.contains('@')).count();
    assert_eq!(emails(&view(&town.db, &acme).await), emails(&others));
    if COUNTS {
        assign(&town.db, &acme, 1).await.unwrap();
    }
    town.db.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_tenant_moves_and_comes_back_while_it_writes() {
    let town = settled().await;
    tour(town, &[Placement::Database(fresh())]).await;
}

#[tokio::test]
async fn every_row_is_the_same_afterwards_and_nothing_of_others_is_touched() {
    let town = settled().await;
    let there = Placement::Database(fresh());
    town.db.provision(&there, &migrator()).await.unwrap();
    furnish(&town.db, &living("initech", there.clone()).await).await;
    let before = seen(&town, "acme", &Placement::Shared).await;
    let globex = seen(&town, "globex", &Placement::Shared).await;
    let initech = seen(&town, "initech", &there).await;
    if COUNTS {
        // Both have counted from 1 on their own: the keys have the tenant in front.
        assert_eq!(before.len(), initech.len());
    }
    town.db.move_tenant(&town.configs, &town.acme, &there, &migrator(), &options()).await.unwrap();
    assert_eq!(seen(&town, "acme", &there).await, before);
    assert_eq!(seen(&town, "acme", &Placement::Shared).await, before, "they stay until it is finished");
    town.db.finish_move(&town.configs, &town.acme, &options()).await.unwrap();
    assert!(seen(&town, "acme", &Placement::Shared).await.is_empty());
    assert_eq!(seen(&town, "acme", &there).await, before);
    assert_eq!(seen(&town, "globex", &Placement::Shared).await, globex);
    assert_eq!(seen(&town, "initech", &there).await, initech);
    // What is counted goes on.
    let acme = TenantContext::of(&town.configs, &town.acme).await.unwrap();
    if COUNTS {
        assign(&town.db, &acme, 5).await.unwrap();
    }
    town.db.close().await;
}

#[tokio::test]
async fn there_is_a_way_back_until_it_is_finished() {
    let town = settled().await;
    let there = Placement::Database(fresh());
    let acme = TenantContext::of(&town.configs, &town.acme).await.unwrap();
    let mut before = view(&town.db, &acme).await;
    town.db.move_tenant(&town.configs, &town.acme, &there, &migrator(), &options()).await.unwrap();
    let insert = sqlx::query("INSERT INTO notes (text) VALUES ('a new one')");
    insert.execute(&town.db.scoped(&acme)).await.unwrap();
    sqlx::query("DELETE FROM assignments WHERE person = 4").execute(&town.db.scoped(&acme)).await.unwrap();
    // Two of them swap what only one may have, on the way.
    for (id, email) in [(1, "x"), (2, "first"), (1, "second")] {
        let update = sqlx::query(sql("UPDATE people SET email = ? WHERE id = ?"));
        update.bind(email).bind(id).execute(&town.db.scoped(&acme)).await.unwrap();
    }
    before = {
        let now = view(&town.db, &acme).await;
        assert_ne!(now, before);
        now
    };
    let report =
        town.db.move_back(&town.configs, &town.acme, &migrator(), &options()).await.unwrap().unwrap();
    assert_eq!(report.to, Placement::Shared);
    assert_eq!(view(&town.db, &acme).await, before);
    assert_eq!(seen(&town, "acme", &Placement::Shared).await, before);
    assert!(town.configs.fetch(&town.acme).await.unwrap().unwrap().placement.is_shared());
    town.db.finish_move(&town.configs, &town.acme, &options()).await.unwrap();
    assert!(seen(&town, "acme", &there).await.is_empty());
    assert_eq!(view(&town.db, &acme).await, before);
    town.db.close().await;
}

#[tokio::test]
async fn nothing_is_erased_where_the_tenant_lives() {
    let town = settled().await;
    let there = Placement::Database(fresh());
    let acme = TenantContext::of(&town.configs, &town.acme).await.unwrap();
    let before = view(&town.db, &acme).await;
    go(&town, &there).await.unwrap();
    // Somebody sends it back by hand.
    town.configs.modify(&town.acme, |config| config.placement = Placement::Shared).await.unwrap();
    let finished = town.db.finish_move(&town.configs, &town.acme, &options()).await;
    assert_eq!(kind(finished), MoveErrorKind::OtherMove);
    assert_eq!(seen(&town, "acme", &Placement::Shared).await, before);
    town.db.close().await;
}

#[tokio::test]
async fn what_makes_no_sense_is_refused() {
    let town = settled().await;
    let (there, other) = (Placement::Database(fresh()), Placement::Database(fresh()));
    let to = async |place: &Placement, options: &MoveOptions| {
        town.db.move_tenant(&town.configs, &town.acme, place, &migrator(), options).await
    };
    assert_eq!(kind(to(&Placement::Shared, &options()).await), MoveErrorKind::SamePlace);
    assert_eq!(kind(to(&Placement::Shard(fresh()), &options()).await), MoveErrorKind::Database);
    assert_eq!(
        kind(town.db.finish_move(&town.configs, &town.acme, &options()).await),
        MoveErrorKind::NotMoving
    );
    let nobody = town.db.move_tenant(&town.configs, &id("nobody"), &there, &migrator(), &options()).await;
    assert_eq!(kind(nobody), MoveErrorKind::NotFound);
    to(&there, &options()).await.unwrap();
    assert_eq!(kind(to(&other, &options()).await), MoveErrorKind::OtherMove);
    assert_eq!(kind(to(&there, &options()).await), MoveErrorKind::SamePlace);
    let patient = MoveOptions::new().grace(Duration::from_secs(3_600));
    assert_eq!(kind(town.db.finish_move(&town.configs, &town.acme, &patient).await), MoveErrorKind::TooEarly);
    town.db.finish_move(&town.configs, &town.acme, &options()).await.unwrap();
    to(&other, &options()).await.unwrap();
    town.db.close().await;
}

/// A shard that was given the address of the first database.
#[tokio::test]
async fn the_same_tables_under_another_name_are_no_other_place() {
    let place = Place::new();
    let name = fresh();
    let pool = pool(&place, 2).await;
    let db =
        TenantDb::<Db>::open(&place.url()).await.unwrap().shard(name.clone(), pool).build().await.unwrap();
    let town = town(db, place).await;
    let acme = TenantContext::of(&town.configs, &town.acme).await.unwrap();
    let before = view(&town.db, &acme).await;
    for _ in 0..2 {
        assert_eq!(kind(go(&town, &Placement::Shard(name.clone())).await), MoveErrorKind::SamePlace);
    }
    assert_eq!(town.db.move_back(&town.configs, &town.acme, &migrator(), &options()).await.unwrap(), None);
    assert_eq!(view(&town.db, &acme).await, before);
    town.db.close().await;
}

#[tokio::test]
async fn to_a_shard_and_back() {
    let (place, other) = (Place::new(), Place::new());
    let there = Placement::Shard(fresh());
    let pool = pool(&other, 4).await;
    let builder = TenantDb::<Db>::open(&place.url()).await.unwrap();
    let db = builder.shard(there.name().unwrap().clone(), pool).build().await.unwrap();
    let town = town(db, place).await;
    town.db.provision(&there, &migrator()).await.unwrap();
    furnish(&town.db, &living("initech", there.clone()).await).await;
    let initech = seen(&town, "initech", &there).await;
    let acme = TenantContext::of(&town.configs, &town.acme).await.unwrap();
    let before = view(&town.db, &acme).await;
    for to in [&there, &Placement::Shared] {
        go(&town, to).await.unwrap();
        town.db.finish_move(&town.configs, &town.acme, &options()).await.unwrap();
        assert_eq!(view(&town.db, &acme).await, before);
    }
    assert_eq!(seen(&town, "initech", &there).await, initech);
    town.db.close().await;
}

#[tokio::test]
async fn a_transaction_that_does_not_end_stops_the_move_and_nobody_else() {
    let town = settled().await;
    let there = Placement::Database(fresh());
    let acme = TenantContext::of(&town.configs, &town.acme).await.unwrap();
    // The tenant is known to move, so that its transactions hold it.
    let step = Arc::new(tokio::sync::Notify::new());
    let tell = Arc::clone(&step);
    let notify = move |now| {
        if now == MoveStep::Copied {
            tell.notify_one();
        }
    };
    let notifying = options().grace(Duration::from_secs(1)).on_step(notify);
    let migrator = migrator();
    let moving = town.db.move_tenant(&town.configs, &town.acme, &there, &migrator, &notifying);
    let blocking = async {
        step.notified().await;
        let mut tx = town.db.begin(&acme).await.unwrap();
        let insert = sqlx::query("INSERT INTO notes (text) VALUES ('in a long transaction')");
        insert.execute(&mut tx).await.unwrap();
        tx
    };
    let (moved, tx) = tokio::join!(moving, blocking);
    assert_eq!(kind(moved), MoveErrorKind::InUse);
    tx.commit().await.unwrap();
    let before = view(&town.db, &acme).await;
    assert!(before.contains(&"in a long transaction".to_owned()));
    go(&town, &there).await.unwrap();
    assert_eq!(view(&town.db, &acme).await, before);
    town.db.close().await;
}

/// Where the tenant lives now, this is there, or nobody was told that it is.
async fn is_there_if_kept(town: &Town, text: &str, kept: sqlx::Result<()>) {
    let acme = TenantContext::of(&town.configs, &town.acme).await.unwrap();
    let is_there = view(&town.db, &acme).await.contains(&text.to_owned());
    assert_eq!(kept.is_ok(), is_there, "{kept:?}");
    if let Err(error) = kept {
        assert!(Moved::of(&error).is_some(), "{error}");
    }
}

/// A move that may have to wait: on SQLite it does, for whoever has the write lock.
async fn go_for_a_while(town: &Town) {
    let there = Placement::Database(fresh());
    let gone = tokio::time::timeout(Duration::from_secs(4), go(town, &there)).await;
    assert!(Db::ONE_WRITER || gone.is_ok_and(|moved| moved.is_ok()));
}

#[tokio::test]
async fn what_a_transaction_of_before_wrote_is_not_kept_where_nobody_looks_any_more() {
    let town = settled().await;
    let acme = TenantContext::of(&town.configs, &town.acme).await.unwrap();
    let mut tx = town.db.begin(&acme).await.unwrap();
    sqlx::query("INSERT INTO notes (text) VALUES ('early')").execute(&mut tx).await.unwrap();
    go_for_a_while(&town).await;
    is_there_if_kept(&town, "early", tx.commit().await).await;
    town.db.close().await;
}

#[tokio::test]
async fn what_waited_for_a_connection_is_not_written_where_nobody_looks_any_more() {
    let place = Place::new();
    let [own, system] = [pool(&place, 1).await, pool(&place, 8).await];
    let db = TenantDb::builder(own).system(system).databases(6).build().await.unwrap();
    let town = town(db, place).await;
    let [acme, globex] = [
        TenantContext::of(&town.configs, &town.acme).await.unwrap(),
        TenantContext::of(&town.configs, &id("globex")).await.unwrap(),
    ];
    let busy = town.db.begin(&globex).await.unwrap();
    let waiting = tokio::spawn({
        let (db, acme) = (town.db.clone(), acme.clone());
        async move {
            let insert = sqlx::query("INSERT INTO notes (text) VALUES ('late')");
            insert.execute(&db.scoped(&acme)).await.map(drop)
        }
    });
    tokio::time::sleep(Duration::from_millis(100)).await;
    go_for_a_while(&town).await;
    busy.rollback().await.unwrap();
    is_there_if_kept(&town, "late", waiting.await.unwrap()).await;
    town.db.close().await;
}

#[tokio::test]
async fn a_place_with_other_tables_is_refused_and_the_tenant_stays() {
    let town = settled().await;
    let there = Placement::Database(fresh());
    let acme = TenantContext::of(&town.configs, &town.acme).await.unwrap();
    let before = view(&town.db, &acme).await;
    let few = super::places::migrator();
    let moved = town.db.move_tenant(&town.configs, &town.acme, &there, &few, &options()).await;
    assert!(matches!(kind(moved), MoveErrorKind::Schema { .. }));
    assert_eq!(view(&town.db, &acme).await, before);
    let insert = sqlx::query("INSERT INTO notes (text) VALUES ('it goes on')");
    insert.execute(&town.db.scoped(&acme)).await.unwrap();
    assert_eq!(town.db.move_back(&town.configs, &town.acme, &few, &options()).await.unwrap(), None);
    assert!(acme.record().is_settled() || !view(&town.db, &acme).await.is_empty());
    let config = town.configs.fetch(&town.acme).await.unwrap().unwrap();
    assert!(config.placement.is_shared() && !config.is_moving);
    town.db.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_moves_it_at_a_time_and_the_config_can_be_changed_meanwhile() {
    let town = settled().await;
    let there = Placement::Database(fresh());
    let (configs, db, acme) = (Arc::new(town.configs), town.db.clone(), town.acme);
    let inner = Arc::clone(&configs);
    let place = there.clone();
    let again = Arc::new(parking_lot::Mutex::new(None));
    let meanwhile = {
        let (again, db, place) = (Arc::clone(&again), db.clone(), there.clone());
        options().on_step(move |step| {
            if step != MoveStep::Copied {
                return;
            }
            let (inner, db, place) = (Arc::clone(&inner), db.clone(), place.clone());
            let attempt = async move {
                let other = db.move_tenant(&inner, &acme, &place, &migrator(), &options()).await;
                let mut config = inner.fetch(&acme).await.unwrap().unwrap();
                assert!(config.is_moving);
                config.name = "changed meanwhile".to_owned();
                config.is_moving = false;
                let config = inner.update(config).await.unwrap().config().clone();
                assert!(config.is_moving, "that is not the operator's to say");
                let mut elsewhere = config;
                elsewhere.placement = Placement::Database(fresh());
                inner.update(elsewhere).await.unwrap_err();
                kind(other)
            };
            // The move goes no further until then, however long it takes.
            let handle = tokio::runtime::Handle::current();
            *again.lock() = Some(tokio::task::block_in_place(|| handle.block_on(attempt)));
        })
    };
    db.move_tenant(&configs, &acme, &place, &migrator(), &meanwhile).await.unwrap();
    assert_eq!(again.lock().take(), Some(MoveErrorKind::Busy));
    let config = configs.fetch(&acme).await.unwrap().unwrap();
    assert_eq!((config.name.as_str(), &config.placement), ("changed meanwhile", &there));
    db.close().await;
}

const CACHED: Duration = Duration::from_millis(100);

/// Several processes serve the tenant, each with its own connections and its own idea of the config; the one that moves
/// it is another, and is killed now and then.
#[allow(dead_code, reason = "on SQLite one process writes")]
pub(crate) async fn several_processes(town: Town, places: &[Placement]) {
    let mut writers = Vec::new();
    for name in ["one", "two", "three"] {
        let db = super::super::database::spacious(&town.place.url()).await;
        writers.push((name, Writer::elsewhere(name, db)));
    }
    let patient = options().grace(CACHED * 4);
    for (number, to) in places.iter().chain([&Placement::Shared]).enumerate() {
        // Killed within a migration, some databases have done half of it.
        town.db.provision(to, &migrator()).await.unwrap();
        let millis = 300 + 250 * u64::try_from(number).unwrap();
        move_and_kill(module_path!(), &town.place.url(), to, Duration::from_millis(millis));
        // The process that was killed had told nobody here: the next one waits its time again.
        let moved = loop {
            let moved = town.db.move_tenant(&town.configs, &town.acme, to, &migrator(), &patient).await;
            // The server may not have seen yet that the process is gone.
            if !moved.as_ref().is_err_and(|error| *error.kind() == MoveErrorKind::Busy) {
                break moved;
            }
            tokio::time::sleep(CACHED).await;
        };
        match moved {
            Ok(report) => println!("to {to}: writes waited for {:?}", report.pause),
            // It had come so far.
            Err(error) => assert_eq!(*error.kind(), MoveErrorKind::SamePlace, "{error:?}"),
        }
        tokio::time::sleep(CACHED * 5).await;
        town.db.finish_move(&town.configs, &town.acme, &patient).await.unwrap();
    }
    for (name, writer) in writers {
        let count = writer.end().await;
        println!("{name} wrote {count}");
        assert!(count > 20, "{name}: {count}");
        assert_written(&town, name, count).await;
    }
    assert!(town.configs.fetch(&town.acme).await.unwrap().unwrap().placement.is_shared());
    town.db.close().await;
}

const URL: &str = "TENANT_TEST_MOVE_URL";
const TO: &str = "TENANT_TEST_MOVE_TO";
const STEP: &str = "TENANT_TEST_MOVE_STEP";

/// The other process: it moves a tenant until it is killed. By itself it does nothing.
#[tokio::test]
async fn moving() {
    let Ok(url) = env::var(URL) else { return };
    let to: Placement = serde_json::from_str(&env::var(TO).unwrap()).unwrap();
    let last = env::var(STEP).unwrap();
    let dies_at = last.clone();
    let db = super::super::database::spacious(&url).await;
    let configs = DbConfigManager::new(&db);
    let options = options().on_step(move |step| {
        if format!("{step:?}") == dies_at {
            // As hard as kill -9: nothing is closed, nothing is dropped.
            process::abort();
        }
    });
    let grace = if last == NEVER { CACHED * 4 } else { Duration::ZERO };
    db.move_tenant(&configs, &id("acme"), &to, &migrator(), &options.grace(grace)).await.unwrap();
    if last == NEVER {
        // Killed from outside: the end is the other's.
        tokio::time::sleep(Duration::from_secs(60)).await;
    }
    let options = MoveOptions::new().grace(Duration::ZERO).on_step(move |step| {
        if format!("{step:?}") == last {
            process::abort();
        }
    });
    db.finish_move(&configs, &id("acme"), &options).await.unwrap();
}

const NEVER: &str = "never";

fn move_and_kill(test: &str, url: &str, to: &Placement, after: Duration) {
    let mut process = mover(test, url, to, NEVER.to_owned()).spawn().unwrap();
    std::thread::sleep(after);
    process.kill().unwrap();
    process.wait().unwrap();
}

fn mover(test: &str, url: &str, to: &Placement, step: String) -> Command {
    let (_, module) = test.split_once("::").unwrap();
    let mut command = Command::new(env::current_exe().unwrap());
    command
        .args(["--exact", &format!("{module}::moving"), "--nocapture"])
        .env(URL, url)
        .env(TO, serde_json::to_string(to).unwrap())
        .env(STEP, step)
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command
}

pub(crate) fn move_and_die(test: &str, url: &str, to: &Placement, step: MoveStep) {
    let status = mover(test, url, to, format!("{step:?}")).status().unwrap();
    assert!(!status.success(), "it came to its end instead of dying at {step:?}");
}

pub(crate) const STEPS: [MoveStep; 8] = [
    MoveStep::Begun,
    MoveStep::Provisioned,
    MoveStep::Copied,
    MoveStep::Known,
    MoveStep::Paused,
    MoveStep::Verified,
    MoveStep::Switched,
    MoveStep::Erased,
];

/// The process that moves it dies at each step; the tenant goes on, and the move is ended or undone.
pub(crate) async fn killed_at_each_step(town: &Town, fresh: impl Fn() -> Placement) {
    for (number, step) in STEPS.into_iter().enumerate() {
        for is_resumed in [true, false] {
            let acme = TenantContext::of(&town.configs, &town.acme).await.unwrap();
            let home = town.configs.fetch(&town.acme).await.unwrap().unwrap().placement;
            let before = view(&town.db, &acme).await;
            let there = fresh();
            move_and_die(module_path!(), &town.place.url(), &there, step);
            // Its context is older than the move, as those of another process may be: it hears of it, and goes on.
            town.configs.load(&town.acme).await.unwrap();
            assert_eq!(view(&town.db, &acme).await, before, "{step:?}");
            let text = format!("after {number} {is_resumed}");
            let insert = sqlx::query(sql("INSERT INTO notes (text) VALUES (?)")).bind(text);
            insert.execute(&town.db.scoped(&acme)).await.unwrap();
            let now = view(&town.db, &acme).await;
            let is_there = matches!(step, MoveStep::Switched | MoveStep::Erased);
            if is_resumed && !is_there {
                go(town, &there).await.unwrap_or_else(|error| panic!("{step:?}: {error:?}"));
            } else if !is_resumed {
                let back = town.db.move_back(&town.configs, &town.acme, &migrator(), &options()).await;
                assert_eq!(back.unwrap_or_else(|error| panic!("{step:?}: {error:?}")).is_some(), is_there);
            }
            let lives = town.configs.fetch(&town.acme).await.unwrap().unwrap();
            assert!(!lives.is_moving);
            assert_eq!(lives.placement, if is_resumed { there.clone() } else { home.clone() }, "{step:?}");
            if is_resumed || is_there {
                town.db.finish_move(&town.configs, &town.acme, &options()).await.unwrap();
            }
            let other = if is_resumed { &home } else { &there };
            assert_eq!(view(&town.db, &acme).await, now, "{step:?} {is_resumed}");
            if !matches!((step, is_resumed), (MoveStep::Begun, false)) {
                assert!(seen(town, "acme", other).await.is_empty(), "{step:?} {is_resumed}");
            }
        }
    }
}

#[tokio::test]
async fn a_move_that_was_killed_is_resumed_or_undone() {
    let town = settled().await;
    let globex = seen(&town, "globex", &Placement::Shared).await;
    killed_at_each_step(&town, || Placement::Database(fresh())).await;
    assert_eq!(seen(&town, "globex", &Placement::Shared).await, globex);
    town.db.close().await;
}
