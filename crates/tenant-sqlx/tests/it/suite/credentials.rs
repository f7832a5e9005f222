//! What is kept of credentials.

use std::{collections::BTreeSet, sync::Arc};

use tenant_core::{
    Page, StoreErrorKind, TenantContext, Timestamp, UnixTime,
    auth::{
        ApiKeyRecord, ApiKeyStore, PeopleStore, Person, Revocation, RevocationStore, Revoked, Role,
        SessionRecord, SessionStore,
    },
};
use tenant_sql::RefusalKind;
use tenant_sqlx::{DbApiKeys, DbPeople, DbRevocations, DbSessions, TenantDb};

use super::support::{Db, House, house, id, refusal, setup};

const ALL: Page = Page { limit: 100, offset: 0 };

const fn at(micros: i64) -> Timestamp {
    Timestamp::from_unix_micros(1_700_000_000_000_000 + micros)
}

/// Another instance, on the same database.
async fn elsewhere(house: &House) -> TenantDb<Db> {
    TenantDb::connect(&house.place.url()).await.unwrap()
}

fn key(tenant: &TenantContext, key_id: &str, number: u8) -> ApiKeyRecord {
    ApiKeyRecord::new(key_id, *tenant.id(), [number; 32], at(number.into()))
}

#[tokio::test]
async fn no_statement_of_a_tenants_sees_what_proves_anybody() {
    let house = house().await;
    for table in [
        "tenant_api_keys",
        "tenant_sessions",
        "tenant_people",
        "tenant_memberships",
        "tenant_token_revocations",
        "tenant_token_revocation_turns",
        "tenant_second_factors",
        "tenant_recovery_codes",
    ] {
        for text in [format!("SELECT * FROM {table}"), format!("DELETE FROM {table}")] {
            let scoped = house.db.scoped(&house.acme);
            let ran = sqlx::query(sqlx::AssertSqlSafe(text)).execute(&scoped).await;
            assert_eq!(refusal(ran), RefusalKind::HiddenRelation, "{table}");
        }
    }
}

#[tokio::test]
async fn a_key_is_found_as_it_was_written() {
    let house = house().await;
    let keys = DbApiKeys::new(&house.db);
    let mut rich = key(&house.acme, "Id16", 255);
    rich.name = "Import 'nightly' \"Ü\"".into();
    rich.prefix = "sk_live_Id16".into();
    rich.scopes = "read:users write:users".parse().unwrap();
    rich.project = Some("apollo".into());
    rich.rate_limit = Some(60);
    rich.expires_at = Some(at(7));
    keys.create(&house.acme, &rich).await.unwrap();
    let there = DbApiKeys::new(&elsewhere(&house).await);
    assert_eq!(there.find("Id16").await.unwrap(), Some(rich));
    let plain = key(&house.acme, "other", 0);
    keys.create(&house.acme, &plain).await.unwrap();
    assert_eq!(there.find("other").await.unwrap(), Some(plain));
    let mut too_large = key(&house.acme, "third", 1);
    too_large.rate_limit = Some(u64::MAX);
    assert_eq!(keys.create(&house.acme, &too_large).await.unwrap_err().kind(), StoreErrorKind::Invalid);
}

#[tokio::test]
async fn ids_of_keys_are_told_apart_byte_for_byte() {
    let house = house().await;
    let keys = DbApiKeys::new(&house.db);
    keys.create(&house.acme, &key(&house.acme, "Abc", 1)).await.unwrap();
    for other in ["abc", "ABC", "Ab", "Abcd", "Abc ", "Abc\u{301}", "%", "A_c", ""] {
        assert_eq!(keys.find(other).await.unwrap(), None, "{other:?}");
        assert!(!keys.revoke(&house.acme, other).await.unwrap(), "{other:?}");
    }
    keys.create(&house.globex, &key(&house.globex, "abc", 2)).await.unwrap();
    assert_eq!(keys.find("abc").await.unwrap().unwrap().tenant, id("globex"));
    assert_eq!(keys.find("Abc").await.unwrap().unwrap().tenant, id("acme"));
}

#[tokio::test]
async fn a_tenant_lists_makes_and_ends_its_own_keys_alone() {
    let house = house().await;
    let keys = DbApiKeys::new(&house.db);
    for (number, name) in [(3, "c"), (1, "a"), (2, "b")] {
        keys.create(&house.acme, &key(&house.acme, name, number)).await.unwrap();
    }
    keys.create(&house.globex, &key(&house.globex, "theirs", 4)).await.unwrap();
    let names = async |tenant, limit, offset| -> Vec<String> {
        let list = keys.list(tenant, Page { limit, offset }).await.unwrap();
        list.into_iter().map(|key| key.key_id.into_string()).collect()
    };
    assert_eq!(names(&house.acme, 10, 0).await, ["a", "b", "c"]);
    assert_eq!(names(&house.acme, 1, 1).await, ["b"]);
    assert_eq!(names(&house.acme, u32::MAX, u64::MAX).await, [""; 0]);
    assert_eq!(names(&house.globex, 10, 0).await, ["theirs"]);

    let foreign = keys.create(&house.acme, &key(&house.globex, "new", 5)).await.unwrap_err();
    assert_eq!(foreign.kind(), StoreErrorKind::Invalid);
    let taken = keys.create(&house.globex, &key(&house.globex, "a", 6)).await.unwrap_err();
    assert_eq!(taken.kind(), StoreErrorKind::AlreadyExists);
    assert!(!taken.to_string().contains("acme"));

    assert!(!keys.revoke(&house.globex, "a").await.unwrap(), "another tenant's");
    assert!(keys.find("a").await.unwrap().is_some());
    assert!(keys.revoke(&house.acme, "a").await.unwrap());
    assert!(!keys.revoke(&house.acme, "a").await.unwrap());
    assert_eq!(keys.find("a").await.unwrap(), None);
}

#[tokio::test]
async fn uses_are_noted_of_keys_that_are_there_and_never_go_back() {
    let house = house().await;
    let keys = DbApiKeys::new(&house.db);
    for number in 0..250 {
        keys.create(&house.acme, &key(&house.acme, &format!("key{number}"), number)).await.unwrap();
    }
    assert!(keys.revoke(&house.acme, "key7").await.unwrap());
    let uses: Vec<(Box<str>, Timestamp)> =
        (0..250).rev().map(|number| (format!("key{number}").into(), at(1_000 + number))).collect();
    keys.touch(&uses).await.unwrap();
    keys.touch(&[("key1".into(), at(5)), ("nobody".into(), at(5))]).await.unwrap();
    let used = async |name: &str| keys.find(name).await.unwrap().map(|key| key.last_used_at);
    assert_eq!((used("key1").await, used("key249").await), (Some(Some(at(1_001))), Some(Some(at(1_249)))));
    assert_eq!((used("key7").await, used("nobody").await), (None, None), "a use brings nothing back");
    keys.touch(&[("key1".into(), at(2_000))]).await.unwrap();
    assert_eq!(used("key1").await, Some(Some(at(2_000))));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_two_who_end_the_same_key_at_once_one_does() {
    let house = house().await;
    let (here, there) = (DbApiKeys::new(&house.db), DbApiKeys::new(&elsewhere(&house).await));
    for round in 0..10 {
        let name = format!("key{round}");
        here.create(&house.acme, &key(&house.acme, &name, round)).await.unwrap();
        let (one, other) = tokio::join!(here.revoke(&house.acme, &name), there.revoke(&house.acme, &name));
        assert!(one.unwrap() != other.unwrap());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn instances_that_note_the_same_uses_at_once_all_succeed() {
    let house = house().await;
    let (here, there) = (DbApiKeys::new(&house.db), DbApiKeys::new(&elsewhere(&house).await));
    let mut uses: Vec<(Box<str>, Timestamp)> = Vec::new();
    for number in 0..60 {
        here.create(&house.acme, &key(&house.acme, &format!("key{number}"), number)).await.unwrap();
        uses.push((format!("key{number}").into(), at(100)));
    }
    let backwards: Vec<(Box<str>, Timestamp)> = uses.iter().rev().cloned().collect();
    for _ in 0..3 {
        let (one, other) = tokio::join!(here.touch(&uses), there.touch(&backwards));
        one.and(other).unwrap();
    }
    let list = here.list(&house.acme, ALL).await.unwrap();
    assert!(list.len() == 60 && list.iter().all(|key| key.last_used_at == Some(at(100))));
}

fn session(tenant: &TenantContext, number: u8, subject: &str, expires: i64) -> SessionRecord {
    let mut session = SessionRecord::new([number; 32], *tenant.id(), subject, at(0), at(expires));
    session.roles = vec!["admin".into(), "a \"role\", Ü".into()];
    session
}

#[tokio::test]
async fn a_session_is_found_as_it_was_written_until_it_ends() {
    let house = house().await;
    let (here, there) = (DbSessions::new(&house.db), DbSessions::new(&elsewhere(&house).await));
    let mut written = session(&house.acme, 9, "ada", 500);
    here.create(&written).await.unwrap();
    assert_eq!(there.load(&[9; 32]).await.unwrap().as_ref(), Some(&written));
    assert_eq!(there.load(&[8; 32]).await.unwrap(), None);
    let again = here.create(&written).await.unwrap_err();
    assert_eq!(again.kind(), StoreErrorKind::AlreadyExists);
    there.touch(&[9; 32], at(40)).await.unwrap();
    there.touch(&[9; 32], at(30)).await.unwrap();
    written.seen_at = at(40);
    assert_eq!(here.load(&[9; 32]).await.unwrap(), Some(written));
    let mut proved = session(&house.acme, 10, "ada", 500);
    proved.second_factor = true;
    here.create(&proved).await.unwrap();
    assert_eq!(there.load(&[10; 32]).await.unwrap(), Some(proved));
    assert!(there.end(&[9; 32]).await.unwrap());
    assert!(!here.end(&[9; 32]).await.unwrap());
    here.touch(&[9; 32], at(50)).await.unwrap();
    assert_eq!(here.load(&[9; 32]).await.unwrap(), None, "a use brings nothing back");
}

#[tokio::test]
async fn all_sessions_of_somebody_end_in_one_tenant_and_nobody_elses() {
    let house = house().await;
    let sessions = DbSessions::new(&house.db);
    for (number, tenant, subject) in [
        (1, &house.acme, "ada"),
        (2, &house.acme, "ada"),
        (3, &house.acme, "Ada"),
        (4, &house.globex, "ada"),
        (5, &house.acme, "%"),
    ] {
        sessions.create(&session(tenant, number, subject, 500)).await.unwrap();
    }
    for nobody in ["ada ", "a%", "a_a", "ADA", ""] {
        assert_eq!(sessions.end_all(&id("acme"), nobody).await.unwrap().len(), 0, "{nobody:?}");
    }
    assert_eq!(sessions.end_all(&id("acme"), "ada").await.unwrap(), [[1; 32], [2; 32]]);
    let mut left = Vec::new();
    for number in 1..=5 {
        left.extend(sessions.load(&[number; 32]).await.unwrap().map(|_| number));
    }
    assert_eq!(left, [3, 4, 5]);
    for wrong in ["ada ", &"x".repeat(256)] {
        let refused = sessions.create(&session(&house.acme, 6, wrong, 500)).await.unwrap_err();
        assert_eq!(refused.kind(), StoreErrorKind::Invalid);
    }
}

#[tokio::test]
async fn what_has_expired_is_cleared_away_in_parts() {
    let house = house().await;
    let sessions = DbSessions::new(&house.db);
    for number in 0..250 {
        sessions.create(&session(&house.acme, number, "ada", i64::from(number))).await.unwrap();
    }
    assert_eq!(sessions.sweep(at(239), 10).await.unwrap(), 10);
    assert!(sessions.load(&[9; 32]).await.unwrap().is_none());
    assert!(sessions.load(&[10; 32]).await.unwrap().is_some());
    assert_eq!(sessions.sweep(at(239), 0).await.unwrap(), 0);
    assert_eq!(sessions.sweep(at(239), u32::MAX).await.unwrap(), 230);
    assert_eq!(sessions.sweep(at(239), u32::MAX).await.unwrap(), 0);
    assert!(sessions.load(&[240; 32]).await.unwrap().is_some());
}

fn person(person_id: &str, email: &str, hash: Option<&str>) -> Person {
    let mut person = Person::new(person_id, email, at(0));
    person.password_hash = hash.map(Into::into);
    person
}

#[tokio::test]
async fn somebody_exists_once_and_keeps_their_password_wherever_they_come() {
    let house = house().await;
    let people = DbPeople::new(&house.db);
    let ada = person("p1", "ada@x.example", Some("hash-1"));
    assert!(people.join(&house.acme, &ada, Role::Admin).await.unwrap());
    let again = people.join(&house.acme, &ada, Role::Owner).await.unwrap_err();
    assert_eq!(again.kind(), StoreErrorKind::AlreadyExists);
    let impostor = person("p2", "ada@x.example", Some("hash-of-mallory"));
    assert!(!people.join(&house.globex, &impostor, Role::Viewer).await.unwrap());
    assert_eq!(people.memberships("p1").await.unwrap(), [(id("acme"), Role::Admin)]);
    let other_hash = person("p1", "ada@x.example", Some("hash-of-mallory"));
    assert!(people.join(&house.globex, &other_hash, Role::Viewer).await.unwrap());

    let memberships = vec![(id("acme"), Role::Admin), (id("globex"), Role::Viewer)];
    let found = people.find_by_email("ada@x.example").await.unwrap();
    assert_eq!(found, Some((ada, memberships.clone())));
    assert_eq!(people.memberships("p1").await.unwrap(), memberships);
    for nobody in ["Ada@x.example", "ada@x.example ", "ada@_.example", ""] {
        assert_eq!(people.find_by_email(nobody).await.unwrap(), None, "{nobody:?}");
    }
    assert_eq!(people.memberships("p2").await.unwrap(), []);

    assert!(!people.leave(&house.acme, "p2").await.unwrap());
    assert!(people.leave(&house.acme, "p1").await.unwrap());
    assert!(!people.leave(&house.acme, "p1").await.unwrap());
    assert_eq!(people.memberships("p1").await.unwrap(), [(id("globex"), Role::Viewer)]);
}

#[tokio::test]
async fn a_password_is_replaced_by_who_knows_the_one_before() {
    let house = house().await;
    let people = DbPeople::new(&house.db);
    people.join(&house.acme, &person("p1", "ada@x.example", None), Role::Admin).await.unwrap();
    let set = async |former, hash| people.set_password("p1", former, hash).await.unwrap();
    assert!(!set(Some("none"), "h0").await);
    assert!(set(None, "h1").await);
    assert!(!set(None, "h2").await && !set(Some("H1"), "h2").await);
    assert!(set(Some("h1"), "h2").await);
    assert!(!people.set_password("nobody", None, "h3").await.unwrap());
    let (ada, _) = people.find_by_email("ada@x.example").await.unwrap().unwrap();
    assert_eq!(ada.password_hash.as_deref(), Some("h2"));
}

#[tokio::test]
async fn who_can_not_be_stored_as_they_are_is_refused() {
    let house = house().await;
    let people = DbPeople::new(&house.db);
    let long = "x".repeat(255);
    for (person_id, email) in
        [("", "a@b"), ("p", ""), ("p ", "a@b"), ("p", "a@b "), (&long, "a@b"), ("p", &long)]
    {
        let refused = people.join(&house.acme, &person(person_id, email, None), Role::Member).await;
        assert_eq!(refused.unwrap_err().kind(), StoreErrorKind::Invalid);
    }
    people.join(&house.acme, &person("p", "a@b", None), Role::Member).await.unwrap();
    let same_id = people.join(&house.acme, &person("p", "c@d", None), Role::Member).await.unwrap_err();
    assert_eq!(same_id.kind(), StoreErrorKind::AlreadyExists);
    assert_eq!(people.find_by_email("c@d").await.unwrap(), None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn who_joins_twice_at_once_is_one_person_with_one_membership_in_each_tenant() {
    let house = house().await;
    let (here, there) = (DbPeople::new(&house.db), DbPeople::new(&elsewhere(&house).await));
    for round in 0..10 {
        let email = format!("new{round}@x.example");
        let come = |number: u8| person(&format!("p{round}-{number}"), &email, Some("hash"));
        let (one, other, third, fourth) = (come(1), come(2), come(3), come(4));
        let (one, other, third, fourth) = tokio::join!(
            here.join(&house.acme, &one, Role::Member),
            there.join(&house.acme, &other, Role::Member),
            here.join(&house.globex, &third, Role::Viewer),
            there.join(&house.globex, &fourth, Role::Viewer),
        );
        let joined = [one, other, third, fourth].into_iter().filter(|answer| *answer.as_ref().unwrap());
        assert_eq!(joined.count(), 1);
        let (first, memberships) = here.find_by_email(&email).await.unwrap().unwrap();
        assert_eq!(memberships.len(), 1);
        let (one, other) = tokio::join!(
            here.join(&house.acme, &first, Role::Member),
            there.join(&house.acme, &first, Role::Member),
        );
        let is_new = memberships.iter().all(|(tenant, _)| tenant == house.globex.id());
        assert_eq!([one, other].into_iter().filter(Result::is_ok).count(), usize::from(is_new));
    }
}

const fn secs(seconds: u64) -> UnixTime {
    UnixTime::from_secs(1_700_000_000 + seconds)
}

#[tokio::test]
async fn revocations_are_read_in_their_order_and_numbers_are_never_given_twice() {
    let house = house().await;
    let (here, there) = (DbRevocations::new(&house.db), DbRevocations::new(&elsewhere(&house).await));
    let token = Revoked::Token("jti 'Ü'".into());
    let until = UnixTime::from_nanos(1_700_000_000_123_456_789);
    let subject = Revoked::Subject { subject: "ada".into(), until };
    here.revoke(&token, secs(10)).await.unwrap();
    there.revoke(&subject, secs(20)).await.unwrap();
    let tenant = Revoked::Tenant { tenant: id("acme"), until };
    here.revoke(&tenant, secs(20)).await.unwrap();
    let all = [
        Revocation::new(1, token.clone(), secs(10)),
        Revocation::new(2, subject, secs(20)),
        Revocation::new(3, tenant, secs(20)),
    ];
    assert_eq!(there.after(0, 10).await.unwrap(), all);
    assert_eq!(there.after(0, 1).await.unwrap(), all[..1]);
    assert_eq!(here.after(1, 10).await.unwrap(), all[1..]);
    assert_eq!(here.after(3, 10).await.unwrap(), []);
    here.sweep(secs(9)).await.unwrap();
    assert_eq!(here.after(0, 10).await.unwrap().len(), 3);
    here.sweep(secs(20)).await.unwrap();
    assert_eq!(here.after(0, 10).await.unwrap(), []);
    here.revoke(&token, UnixTime::from_nanos(u64::MAX)).await.unwrap();
    let numbers: Vec<u64> = here.after(0, 10).await.unwrap().iter().map(|one| one.number).collect();
    assert_eq!(numbers, [4]);
    assert_eq!(here.after(u64::MAX, 10).await.unwrap(), []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn who_reads_while_others_revoke_misses_none() {
    let house = house().await;
    let instances = [house.db.clone(), elsewhere(&house).await];
    let writers = (0..8).map(|writer| {
        let store = DbRevocations::new(&instances[writer % 2]);
        tokio::spawn(async move {
            for number in 0..15 {
                store.revoke(&Revoked::Token(format!("{writer}-{number}").into()), secs(9)).await.unwrap();
            }
        })
    });
    let writers: Vec<_> = writers.collect();
    let reader = Arc::new(DbRevocations::new(&elsewhere(&house).await));
    let (mut last, mut seen) = (0, BTreeSet::new());
    while seen.len() < 120 {
        let is_over = writers.iter().all(tokio::task::JoinHandle::is_finished);
        let news = reader.after(last, 7).await.unwrap();
        assert!(!is_over || !news.is_empty(), "{} of 120 were seen", seen.len());
        for one in news {
            assert_eq!(one.number, last + 1, "one was skipped");
            last = one.number;
            let Revoked::Token(name) = one.revoked else { panic!("a token was revoked") };
            seen.insert(name);
        }
    }
    for writer in writers {
        writer.await.unwrap();
    }
}

#[tokio::test]
async fn what_others_left_in_the_tables_is_an_error_that_tells_nothing_of_it() {
    let house = house().await;
    let damage = "INSERT INTO tenant_api_keys (key_id, tenant_id, name, digest, prefix, scopes, created_at)
         VALUES ('bad', 'acme', '', 'canary', '', '', 0)";
    sqlx::query(damage).execute(&house.db.unscoped(setup())).await.unwrap();
    let error = DbApiKeys::new(&house.db).find("bad").await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Unavailable);
    assert!(!format!("{error} {error:?}").contains("canary"));
}
