//! People and their passwords.

use std::{collections::HashMap, sync::Arc, time::Duration};

use async_trait::async_trait;
use parking_lot::Mutex;
use tenant_auth::{PasswordCheck, Passwords, People};
use tenant_core::{
    StoreError, StoreErrorKind, TenantContext, TenantId,
    auth::{AuthErrorKind, PeopleStore, Person, Role},
};

use super::support::{at, id, tenants};

/// Somebody, with what they are where.
type Entry = (Person, Vec<(TenantId, Role)>);

/// People in memory, by their address.
#[derive(Clone, Default)]
struct Known(Arc<Mutex<HashMap<String, Entry>>>);

#[async_trait]
impl PeopleStore for Known {
    async fn find_by_email(
        &self,
        email: &str,
    ) -> Result<Option<(Person, Vec<(TenantId, Role)>)>, StoreError> {
        Ok(self.0.lock().get(email).cloned())
    }

    async fn memberships(&self, _person_id: &str) -> Result<Vec<(TenantId, Role)>, StoreError> {
        Ok(Vec::new())
    }

    async fn join(&self, tenant: &TenantContext, person: &Person, role: Role) -> Result<bool, StoreError> {
        let mut known = self.0.lock();
        let (there, roles) =
            known.entry(person.email.clone()).or_insert_with(|| (person.clone(), Vec::new()));
        if there.person_id != person.person_id {
            return Ok(false);
        }
        if roles.iter().any(|(of, _)| of == tenant.id()) {
            return Err(StoreError::new(StoreErrorKind::AlreadyExists, "a member already"));
        }
        roles.push((*tenant.id(), role));
        Ok(true)
    }

    async fn set_password(
        &self,
        person_id: &str,
        former: Option<&str>,
        hash: &str,
    ) -> Result<bool, StoreError> {
        let mut known = self.0.lock();
        let person =
            known.values_mut().map(|(person, _)| person).find(|person| *person.person_id == *person_id);
        let person = person.filter(|person| person.password_hash.as_deref() == former);
        Ok(person.map(|person| person.password_hash = Some(hash.to_owned())).is_some())
    }

    async fn leave(&self, _tenant: &TenantContext, _person_id: &str) -> Result<bool, StoreError> {
        Ok(false)
    }
}

const RIGHT: &str = "correct horse";

#[tokio::test]
async fn every_failure_to_sign_in_is_the_same() {
    let ((acme, globex), store) = (tenants().await, Known::default());
    let people = People::new(store.clone(), Passwords::new().unwrap());
    people.join(&acme, " Ada@Example.com", Some(RIGHT), Role::Admin, at(0)).await.unwrap();
    people.join(&acme, "nopass@example.com", None, Role::Member, at(0)).await.unwrap();
    let signed_in = people.sign_in("ADA@example.com ", RIGHT).await.unwrap();
    assert_eq!((signed_in.role_in(acme.id()), signed_in.role_in(globex.id())), (Some(Role::Admin), None));
    assert!(!format!("{signed_in:?}").contains("argon2"));

    let mut reasons = Vec::new();
    for (email, password) in [
        ("ada@example.com", "wrong horse"),
        ("ada@example.com", ""),
        ("eve@example.com", RIGHT),
        ("nopass@example.com", RIGHT),
        ("no address", RIGHT),
        ("ada@example.com", &"x".repeat(100_000)),
    ] {
        let error = people.sign_in(email, password).await.unwrap_err();
        reasons.push((error.kind(), error.reason()));
    }
    reasons.dedup();
    assert_eq!(reasons.len(), 1);
    assert_eq!(reasons[0].0, AuthErrorKind::Rejected);
}

#[tokio::test]
async fn who_is_there_already_joins_with_their_password_alone_and_what_can_not_be_taken_is_not() {
    let ((acme, globex), store) = (tenants().await, Known::default());
    let people = People::new(store.clone(), Passwords::new().unwrap());
    let ada = people.join(&acme, "ada@example.com", Some(RIGHT), Role::Admin, at(0)).await.unwrap();
    let other = people.join(&globex, "ADA@example.com", Some("mallory's own"), Role::Viewer, at(0)).await;
    assert_eq!(other.unwrap_err().cause().unwrap().kind(), StoreErrorKind::AlreadyExists);
    assert_eq!(people.sign_in("ada@example.com", RIGHT).await.unwrap().role_in(&id("globex")), None);
    people.join(&acme, "nopass@example.com", None, Role::Member, at(0)).await.unwrap();
    let first = people.join(&globex, "nopass@example.com", Some(RIGHT), Role::Owner, at(0)).await;
    assert_eq!(first.unwrap_err().cause().unwrap().kind(), StoreErrorKind::AlreadyExists);
    let same = people.join(&globex, "ADA@example.com", Some(RIGHT), Role::Viewer, at(0)).await.unwrap();
    assert_eq!(ada.person_id, same.person_id);
    assert!(people.sign_in("ada@example.com", "mallory's own").await.is_err());
    assert_eq!(
        people.sign_in("ada@example.com", RIGHT).await.unwrap().role_in(&id("globex")),
        Some(Role::Viewer)
    );
    for (email, password, kind) in [
        ("ada@example.com", RIGHT, StoreErrorKind::AlreadyExists),
        ("no address", RIGHT, StoreErrorKind::Invalid),
        ("new@example.com", "7 bytes", StoreErrorKind::Invalid),
        ("new@example.com", &"x".repeat(1_025), StoreErrorKind::Invalid),
    ] {
        let error = people.join(&acme, email, Some(password), Role::Member, at(0)).await.unwrap_err();
        assert_eq!(error.cause().unwrap().kind(), kind, "{email}");
    }
}

#[tokio::test]
async fn a_hash_of_less_work_is_made_anew_at_the_next_sign_in() {
    let ((acme, _), store) = (tenants().await, Known::default());
    let people = People::new(store.clone(), Passwords::new().unwrap());
    people.join(&acme, "ada@example.com", Some(RIGHT), Role::Admin, at(0)).await.unwrap();
    let old = weak(RIGHT);
    store.0.lock().get_mut("ada@example.com").unwrap().0.password_hash = Some(old.clone());
    assert!(people.sign_in("ada@example.com", "wrong horse").await.is_err());
    assert_eq!(store.0.lock()["ada@example.com"].0.password_hash.as_ref(), Some(&old));
    people.sign_in("ada@example.com", RIGHT).await.unwrap();
    let new = store.0.lock()["ada@example.com"].0.password_hash.clone().unwrap();
    assert!(new.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{new}");
    let passwords = Passwords::new().unwrap();
    assert_eq!(passwords.check(RIGHT, Some(&new)).await.unwrap(), PasswordCheck::Right);
}

fn weak(password: &str) -> String {
    use argon2::{Algorithm, Argon2, Params, PasswordHasher, Version, password_hash::phc::PasswordHash};
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::new(64, 1, 1, Some(32)).unwrap());
    let hash: PasswordHash = argon2.hash_password_with_salt(password.as_bytes(), &[7; 16]).unwrap();
    hash.to_string()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn beyond_those_who_wait_nobody_is_admitted_and_who_goes_away_frees_no_core() {
    let passwords = Passwords::bounded(1, 2).unwrap();
    let all = (0..20).map(|_| {
        let passwords = passwords.clone();
        tokio::spawn(async move { passwords.hash(RIGHT).await.map(drop).map_err(|error| error.kind()) })
    });
    let all: Vec<_> = all.collect();
    let mut answers = Vec::new();
    for one in all {
        answers.push(one.await.unwrap());
    }
    let refused = answers.iter().filter(|answer| **answer == Err(AuthErrorKind::Overloaded)).count();
    assert!(refused > 0 && answers.iter().any(Result::is_ok), "{answers:?}");

    // One who gives up while it is hashed: the next two wait, and the one after them does not.
    let gone = tokio::time::timeout(Duration::from_millis(1), passwords.hash(RIGHT)).await;
    assert!(gone.is_err());
    let (mut one, mut other) = (Box::pin(passwords.hash(RIGHT)), Box::pin(passwords.hash(RIGHT)));
    let (first, second) = (poll(&mut one).await, poll(&mut other).await);
    assert!(!first && !second);
    let third = tokio::time::timeout(Duration::from_secs(10), passwords.hash(RIGHT)).await;
    assert_eq!(third.expect("it is admitted").unwrap_err().kind(), AuthErrorKind::Overloaded);
    one.await.unwrap();
    other.await.unwrap();
}

/// Whether it is done after a look.
async fn poll(future: &mut (impl Future<Output = impl Sized> + Unpin)) -> bool {
    std::future::poll_fn(|context| {
        std::task::Poll::Ready(std::pin::Pin::new(&mut *future).poll(context).is_ready())
    })
    .await
}

#[tokio::test]
async fn who_is_not_there_takes_as_long_as_who_is() {
    let passwords = Passwords::new().unwrap();
    let hash = passwords.hash(RIGHT).await.unwrap();
    let time = async |hash: Option<&str>| {
        let start = std::time::Instant::now();
        for _ in 0..3 {
            assert_eq!(passwords.check("wrong horse", hash).await.unwrap(), PasswordCheck::Wrong);
        }
        start.elapsed()
    };
    let (there, absent) = (time(Some(&hash)).await, time(None).await);
    assert!(absent * 3 > there && there * 3 > absent, "{there:?} {absent:?}");
}
