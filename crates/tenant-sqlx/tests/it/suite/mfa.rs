//! What is kept of second factors.

use std::{sync::Arc, time::Duration};

use tenant_core::{
    StoreErrorKind, Timestamp,
    auth::{ActiveFactor, MfaRecord, MfaStore, PendingFactor, PeopleStore, Person, Role, Tries},
};
use tenant_sqlx::{DbMfa, DbPeople, TenantDb};

use super::support::{Db, House, house, setup};

const fn at(seconds: i64) -> Timestamp {
    Timestamp::from_unix_micros((1_700_000_000 + seconds) * 1_000_000)
}

const TRIES: Tries = Tries { at_once: 3, every: Duration::from_secs(60) };

/// Two people of one tenant.
async fn two() -> (House, DbMfa<Db>) {
    let house = house().await;
    let people = DbPeople::new(&house.db);
    for name in ["ada", "eve"] {
        let person = Person::new(name, format!("{name}@x.example"), at(0));
        assert!(people.join(&house.acme, &person, Role::Member).await.unwrap());
    }
    let store = DbMfa::new(&house.db);
    (house, store)
}

/// Another instance, on the same database.
async fn elsewhere(house: &House) -> DbMfa<Db> {
    DbMfa::new(&TenantDb::connect(&house.place.url()).await.unwrap())
}

fn pending(factor_id: &str) -> PendingFactor {
    PendingFactor::new(factor_id, format!("sealed '{factor_id}' \"Ü\""), at(900))
}

/// Of a factor, which `number` tells apart.
fn codes(number: u8) -> Vec<[u8; 32]> {
    (0..10).map(|code| [number * 10 + code; 32]).collect()
}

async fn enrolled(store: &DbMfa<Db>, person: &str, factor_id: &str, number: u8) {
    assert!(store.enrol(person, None, &pending(factor_id), &codes(number)).await.unwrap());
    assert!(store.activate(person, factor_id, 100, TRIES, at(0)).await.unwrap());
}

fn record(active: Option<&str>, next: Option<&str>, recovery_codes: u64) -> MfaRecord {
    let mut record = MfaRecord::new("ada@x.example");
    record.active = active.map(|id| ActiveFactor::new(id, pending(id).secret, 100));
    record.pending = next.map(pending);
    record.recovery_codes = recovery_codes;
    record
}

#[tokio::test]
async fn a_factor_is_found_as_it_was_written_and_is_its_persons_alone() {
    let (house, store) = two().await;
    let there = elsewhere(&house).await;
    let ada = async || there.find("ada").await.unwrap().unwrap();
    assert_eq!(ada().await, record(None, None, 0));
    assert!(store.enrol("ada", None, &pending("f1"), &codes(1)).await.unwrap());
    assert_eq!(ada().await, record(None, Some("f1"), 0));
    assert!(store.activate("ada", "f1", 100, TRIES, at(0)).await.unwrap());
    assert_eq!(ada().await, record(Some("f1"), None, 10));
    assert!(store.enrol("ada", Some("f1"), &pending("f2"), &codes(2)).await.unwrap());
    assert_eq!(ada().await, record(Some("f1"), Some("f2"), 10));

    let mut eve = MfaRecord::new("eve@x.example");
    assert_eq!(there.find("eve").await.unwrap(), Some(eve.clone()));
    for nobody in ["", "Ada", "ada ", "nobody", "%", "ada\0"] {
        assert_eq!(store.find(nobody).await.unwrap(), None, "{nobody:?}");
        assert!(!store.enrol(nobody, None, &pending("f9"), &codes(9)).await.unwrap(), "{nobody:?}");
        assert_eq!(store.try_once(nobody, TRIES, at(0)).await.unwrap(), None);
    }
    // Nothing of hers is another's, whatever they know of it.
    assert!(!store.activate("eve", "f2", 101, TRIES, at(0)).await.unwrap());
    assert!(!store.use_step("eve", "f1", 101, TRIES).await.unwrap());
    assert!(!store.use_recovery("eve", "f1", &[10; 32]).await.unwrap());
    assert!(!store.remove("eve", "f1").await.unwrap());
    enrolled(&store, "eve", "f3", 1).await;
    assert!(store.use_recovery("eve", "f3", &[10; 32]).await.unwrap());
    assert!(store.remove("eve", "f3").await.unwrap());
    eve.recovery_codes = 0;
    assert_eq!(there.find("eve").await.unwrap(), Some(eve));
    assert_eq!(ada().await, record(Some("f1"), Some("f2"), 10));
}

#[tokio::test]
async fn a_factor_becomes_active_once_in_time_and_ends_the_one_before_it() {
    let (_house, store) = two().await;
    assert!(store.enrol("ada", None, &pending("f0"), &codes(0)).await.unwrap());
    assert!(store.enrol("ada", None, &pending("f1"), &codes(1)).await.unwrap());
    assert!(!store.activate("ada", "f0", 100, TRIES, at(0)).await.unwrap(), "another took its place");
    assert!(!store.activate("ada", "f1", 100, TRIES, at(900)).await.unwrap(), "it is too late");
    assert!(store.activate("ada", "f1", 100, TRIES, at(899)).await.unwrap());
    assert!(!store.activate("ada", "f1", 101, TRIES, at(0)).await.unwrap());
    assert!(!store.use_recovery("ada", "f0", &[0; 32]).await.unwrap(), "they went with it");
    // What was begun by who did not know of it.
    assert!(!store.enrol("ada", None, &pending("f2"), &codes(2)).await.unwrap());
    assert!(!store.enrol("ada", Some("f0"), &pending("f2"), &codes(2)).await.unwrap());
    assert_eq!(store.find("ada").await.unwrap(), Some(record(Some("f1"), None, 10)));
    assert!(store.enrol("ada", Some("f1"), &pending("f2"), &codes(2)).await.unwrap());
    assert!(!store.use_recovery("ada", "f2", &[20; 32]).await.unwrap(), "it is not active");
    assert!(store.use_recovery("ada", "f1", &[10; 32]).await.unwrap());
    assert!(store.activate("ada", "f2", 100, TRIES, at(0)).await.unwrap());
    assert!(!store.use_recovery("ada", "f1", &[11; 32]).await.unwrap(), "it has ended");
    assert!(!store.use_step("ada", "f1", 200, TRIES).await.unwrap());
    assert_eq!(store.find("ada").await.unwrap(), Some(record(Some("f2"), None, 10)));
    assert!(!store.remove("ada", "f1").await.unwrap());
    assert!(store.remove("ada", "f2").await.unwrap());
    assert_eq!(store.find("ada").await.unwrap(), Some(record(None, None, 0)));
    assert!(!store.use_recovery("ada", "f2", &[20; 32]).await.unwrap());
    enrolled(&store, "ada", "f2", 2).await;
}

#[tokio::test]
async fn steps_go_on_and_never_back() {
    let (_house, store) = two().await;
    enrolled(&store, "ada", "f1", 1).await;
    for (step, is_new) in [(99, false), (100, false), (101, true), (101, false), (103, true), (102, false)] {
        assert_eq!(store.use_step("ada", "f1", step, TRIES).await.unwrap(), is_new, "{step}");
    }
    let beyond = store.use_step("ada", "f1", u64::MAX, TRIES).await.unwrap_err();
    assert_eq!(beyond.kind(), StoreErrorKind::Invalid);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_who_use_the_same_at_once_one_does() {
    let (house, store) = two().await;
    enrolled(&store, "ada", "f1", 1).await;
    assert!(store.enrol("ada", Some("f1"), &pending("f2"), &codes(2)).await.unwrap());
    let stores = [Arc::new(store), Arc::new(elsewhere(&house).await)];
    for what in ["step", "recovery", "activate"] {
        let all = (0..12).map(|number| {
            let store = Arc::clone(&stores[number % 2]);
            tokio::spawn(async move {
                match what {
                    "step" => store.use_step("ada", "f1", 200, TRIES).await,
                    "recovery" => store.use_recovery("ada", "f1", &[13; 32]).await,
                    _ => store.activate("ada", "f2", 100, TRIES, at(0)).await,
                }
            })
        });
        let mut won = 0;
        for one in all.collect::<Vec<_>>() {
            won += usize::from(one.await.unwrap().unwrap());
        }
        assert_eq!(won, 1, "{what}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_who_begin_at_once_one_is_left() {
    let (house, store) = two().await;
    let stores = [Arc::new(store), Arc::new(elsewhere(&house).await)];
    let all = (0..8).map(|number| {
        let store = Arc::clone(&stores[usize::from(number % 2)]);
        tokio::spawn(async move {
            let (factor, codes) = (pending(&format!("f{number}")), codes(number));
            store.enrol("ada", None, &factor, &codes).await
        })
    });
    for one in all.collect::<Vec<_>>() {
        assert!(one.await.unwrap().unwrap());
    }
    let left: i64 = sqlx::query_scalar("SELECT count(*) FROM tenant_recovery_codes")
        .fetch_one(&house.db.unscoped(setup()))
        .await
        .unwrap();
    assert_eq!(left, 10);
    let begun = stores[0].find("ada").await.unwrap().unwrap().pending.unwrap();
    assert!(stores[1].activate("ada", &begun.factor_id, 100, TRIES, at(0)).await.unwrap());
    assert_eq!(stores[1].find("ada").await.unwrap().unwrap().recovery_codes, 10);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn tries_are_taken_one_by_one_and_come_back() {
    let (house, store) = two().await;
    enrolled(&store, "ada", "f1", 1).await;
    enrolled(&store, "eve", "f2", 2).await;
    let stores = [Arc::new(store), Arc::new(elsewhere(&house).await)];
    let all = (0..12).map(|number| {
        let store = Arc::clone(&stores[number % 2]);
        tokio::spawn(async move { store.try_once("ada", TRIES, at(0)).await })
    });
    let mut had = 0;
    for one in all.collect::<Vec<_>>() {
        let next = one.await.unwrap().unwrap();
        had += usize::from(next.is_none());
        assert!(next.is_none_or(|next| next == at(60)), "{next:?}");
    }
    // Becoming active has given one back that was never taken.
    assert_eq!(had, 3);
    let store = &stores[0];
    let next = async |person, seconds| store.try_once(person, TRIES, at(seconds)).await.unwrap();
    assert_eq!(next("eve", 0).await, None);
    assert_eq!(next("ada", 59).await, Some(at(60)));
    assert_eq!(next("ada", 60).await, None);
    assert_eq!(next("ada", 60).await, Some(at(120)));
    assert!(store.use_step("ada", "f1", 300, TRIES).await.unwrap());
    assert_eq!(next("ada", 60).await, None, "it was given back");
    assert!(store.remove("ada", "f1").await.unwrap());
    assert_eq!(next("ada", 60).await, Some(at(120)), "who has it removed gets no new ones");
    // After a long time as many as ever, and no more.
    let mut later = Vec::new();
    for _ in 0..4 {
        later.push(next("ada", 100_000).await);
    }
    assert_eq!(later, [None, None, None, Some(at(100_060))]);
}

/// No two are given one id. Where they had it, nothing of one would be the other's all the same.
#[tokio::test]
async fn what_has_the_same_name_with_two_people_is_each_ones_own() {
    let (_house, store) = two().await;
    let left = async |person| store.find(person).await.unwrap().unwrap().recovery_codes;
    let begun =
        async |person| store.find(person).await.unwrap().unwrap().pending.map(|factor| factor.factor_id);
    assert!(store.enrol("eve", None, &pending("f1"), &codes(1)).await.unwrap());
    for factor in ["f0", "f1"] {
        assert!(store.enrol("ada", None, &pending(factor), &codes(1)).await.unwrap());
        assert_eq!(begun("eve").await.as_deref(), Some("f1"), "what ada begins is not eve's");
    }
    assert!(store.activate("eve", "f1", 100, TRIES, at(0)).await.unwrap());
    assert_eq!((left("ada").await, left("eve").await), (0, 10));
    assert!(!store.use_recovery("ada", "f1", &[10; 32]).await.unwrap(), "it is eve's that is active");
    assert!(store.activate("ada", "f1", 100, TRIES, at(0)).await.unwrap());
    assert_eq!((left("ada").await, left("eve").await), (10, 10));
    assert!(store.enrol("ada", Some("f1"), &pending("f2"), &codes(1)).await.unwrap());
    assert_eq!(begun("eve").await, None);
    assert!(store.use_recovery("ada", "f1", &[10; 32]).await.unwrap());
    assert_eq!((left("ada").await, left("eve").await), (9, 10), "one code, and hers");
    assert!(store.activate("ada", "f2", 100, TRIES, at(0)).await.unwrap());
    assert_eq!((left("ada").await, left("eve").await), (10, 10), "those of the next were not used");
}

#[tokio::test]
async fn a_code_that_makes_a_factor_active_gives_its_try_back() {
    let (_house, store) = two().await;
    assert!(store.enrol("ada", None, &pending("f1"), &codes(1)).await.unwrap());
    let next = async || store.try_once("ada", TRIES, at(0)).await.unwrap();
    for _ in 0..3 {
        assert_eq!(next().await, None);
    }
    assert_eq!(next().await, Some(at(60)));
    assert!(!store.activate("ada", "f0", 100, TRIES, at(0)).await.unwrap());
    assert_eq!(next().await, Some(at(60)), "a wrong one gives nothing back");
    assert!(store.activate("ada", "f1", 100, TRIES, at(0)).await.unwrap());
    assert_eq!((next().await, next().await), (None, Some(at(60))));
}

#[tokio::test]
async fn what_others_left_in_the_table_is_an_error_that_tells_nothing_of_it() {
    let (house, store) = two().await;
    let damage =
        "INSERT INTO tenant_second_factors (person_id, secret, tries_until) VALUES ('ada', 'canary', 0)";
    sqlx::query(damage).execute(&house.db.unscoped(setup())).await.unwrap();
    let error = store.find("ada").await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Unavailable);
    assert!(!format!("{error} {error:?}").contains("canary"));
}
