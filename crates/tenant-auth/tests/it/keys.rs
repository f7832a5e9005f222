//! API keys.

use std::sync::Arc;

use tenant_auth::{ApiKeyMode, ApiKeyVerifier, InMemoryApiKeys, NewApiKey};
use tenant_core::{
    ManualClock, Page, TenantContext, Timestamp, UnixTime,
    auth::{
        ApiKeyRecord, ApiKeyStore, AuthErrorKind, Authenticator, Credential, CredentialKind, Principal,
        Proof, Role,
    },
};

use super::support::{Faulty, Shared, api_key, at, clock, id, millis, tenants, verify};

type Keys = Shared<InMemoryApiKeys>;

struct House {
    acme: TenantContext,
    globex: TenantContext,
    clock: Arc<ManualClock>,
    keys: Keys,
    here: ApiKeyVerifier<Keys>,
    /// Another instance, on the same store.
    there: ApiKeyVerifier<Keys>,
}

const REJECTED: AuthErrorKind = AuthErrorKind::Rejected;

async fn house() -> House {
    let ((acme, globex), clock) = (tenants().await, clock());
    let keys = Shared(Faulty::new(InMemoryApiKeys::new()));
    let verifier = || ApiKeyVerifier::new(keys.clone()).with_clock(Arc::clone(&clock) as _);
    let (here, there) = (verifier(), verifier());
    House { acme, globex, clock, keys, here, there }
}

impl House {
    fn generate(&self, tenant: &TenantContext) -> NewApiKey {
        NewApiKey::generate(tenant, ApiKeyMode::Live, at(0)).unwrap()
    }

    async fn add(&self, new: NewApiKey) -> NewApiKey {
        let tenant = if new.record().tenant == *self.acme.id() { &self.acme } else { &self.globex };
        self.keys.create(tenant, new.record()).await.unwrap();
        new
    }

    async fn key(&self, tenant: &TenantContext) -> NewApiKey {
        self.add(self.generate(tenant)).await
    }

    async fn last_used(&self, new: &NewApiKey) -> Option<Timestamp> {
        self.keys.find(&new.record().key_id).await.unwrap().unwrap().last_used_at
    }
}

#[tokio::test]
async fn a_key_is_a_member_of_its_own_tenant_and_of_no_other() {
    let house = house().await;
    let (ours, theirs) = (house.key(&house.acme).await, house.key(&house.globex).await);
    for (key, own, other) in [(&ours, "acme", "globex"), (&theirs, "globex", "acme")] {
        let caller = verify(&house.here, api_key(key.key())).await.unwrap();
        assert_eq!((caller.proof(), caller.subject()), (Proof::ApiKey, &*key.record().key_id));
        assert_eq!(caller.role_in(&id(own)), Some(Role::Member));
        assert!(caller.membership_in(&id(other)).is_none());
    }
}

#[tokio::test]
async fn what_is_known_of_a_key_reaches_its_principal() {
    let house = house().await;
    let new = house.generate(&house.acme).name("import").scopes("read:users".parse().unwrap());
    let new = new.project(Some("apollo".into())).rate_limit(Some(7)).expires_at(Some(at(100)));
    let new = house.add(new).await;
    let caller = verify(&house.here, api_key(new.key())).await.unwrap();
    assert!(caller.may("read:users") && !caller.may("write:users"));
    assert_eq!((caller.project(), caller.rate_limit()), (Some("apollo"), Some(7)));
    let (issued, expires) = (UnixTime::from_secs(1_700_000_000), UnixTime::from_secs(1_700_000_100));
    assert_eq!((caller.issued_at(), caller.expires_at()), (Some(issued), Some(expires)));
    assert_eq!(caller.credential(), Some(&*new.record().key_id));

    let nothing = house.key(&house.acme).await;
    let caller = verify(&house.here, api_key(nothing.key())).await.unwrap();
    assert!(!caller.may("read:users"), "a key without scopes may nothing");
}

#[tokio::test]
async fn keys_are_looked_at_where_they_are_shown_and_nothing_else_is() {
    let house = house().await;
    let new = house.key(&house.acme).await;
    let shown = |kind, secret| Credential::new(kind, secret);
    assert!(verify(&house.here, shown(CredentialKind::Bearer, new.key())).await.is_ok());
    assert!(house.here.judges(&shown(CredentialKind::ApiKey, "no key")));
    assert!(!house.here.judges(&shown(CredentialKind::Bearer, "eyJhbGciOiJIUzI1NiJ9.e30.AA")));
    for kind in [CredentialKind::Basic, CredentialKind::Session, CredentialKind::Certificate] {
        assert!(!house.here.judges(&shown(kind, new.key())));
    }
}

#[tokio::test]
async fn what_can_be_no_key_asks_no_store() {
    let house = house().await;
    let new = house.key(&house.acme).await;
    let key = new.key();
    let swapped = key.replace("sk_live", "sk_test");
    for wrong in ["", "sk_", "sk_live_", &key[..key.len() - 1], &key[1..], &swapped, &key.to_lowercase()] {
        assert_eq!(verify(&house.here, api_key(wrong)).await.unwrap_err(), REJECTED);
        assert!(house.here.peek(&api_key(wrong)).is_some(), "it is known without a lookup");
    }
    assert_eq!(house.keys.0.reads(), 0);
}

/// What somebody can make who knows how keys look: of any id and any secret, and with a checksum that is right.
fn forge(id: &str, secret: &str) -> String {
    let body = format!("sk_live_{id}_{secret}");
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, body.as_bytes());
    let mut rest = u32::from_be_bytes(digest.as_ref()[..4].try_into().unwrap());
    let mut checksum = String::new();
    for _ in 0..6 {
        let digits = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
        checksum.insert(0, char::from(digits[usize::try_from(rest % 62).unwrap()]));
        rest /= 62;
    }
    body + &checksum
}

/// The id of a key and its secret, without the checksum.
fn parts(key: &str) -> (&str, &str) {
    (&key[8..24], &key[25..68])
}

#[tokio::test]
async fn a_wrong_secret_is_rejected_though_its_checksum_is_right_and_asks_the_store_once() {
    let house = house().await;
    let (new, theirs) = (house.key(&house.acme).await, house.key(&house.globex).await);
    let (own, secret) = parts(new.key());
    assert_eq!(forge(own, secret), new.key());
    verify(&house.there, api_key(new.key())).await.unwrap();
    let mut last_differs = secret.to_owned();
    last_differs.replace_range(42.., if secret.ends_with('a') { "b" } else { "a" });
    for wrong in [parts(theirs.key()).1, &last_differs, &"0".repeat(43)] {
        for _ in 0..50 {
            assert_eq!(verify(&house.here, api_key(&forge(own, wrong))).await.unwrap_err(), REJECTED);
            assert_eq!(verify(&house.there, api_key(&forge(own, wrong))).await.unwrap_err(), REJECTED);
        }
    }
    verify(&house.here, api_key(new.key())).await.unwrap();
    assert_eq!(house.keys.0.reads(), 2, "once on each instance");
}

#[tokio::test]
async fn a_digest_of_nothing_but_zeros_opens_nothing() {
    let house = house().await;
    let foreign = house.generate(&house.acme);
    let record = ApiKeyRecord::new(foreign.record().key_id.clone(), *house.acme.id(), [0; 32], at(0));
    house.keys.create(&house.acme, &record).await.unwrap();
    assert_eq!(verify(&house.here, api_key(foreign.key())).await.unwrap_err(), REJECTED);
}

#[tokio::test]
async fn two_keys_that_look_alike_are_two() {
    let house = house().await;
    let new = house.key(&house.acme).await;
    let (own, secret) = parts(new.key());
    // Their ids begin alike, as far as people see them, and one differs in case alone.
    let other_case: String = own.chars().map(swap_case).collect();
    let others = [format!("{}00000000", &own[..8]), other_case];
    assert!(verify(&house.here, api_key(new.key())).await.is_ok());
    for other in &others {
        assert_eq!(verify(&house.here, api_key(&forge(other, secret))).await.unwrap_err(), REJECTED);
    }
    let key = forge(&others[0], &"x".repeat(43));
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, key.as_bytes());
    let record =
        ApiKeyRecord::new(&*others[0], *house.globex.id(), digest.as_ref().try_into().unwrap(), at(0));
    house.keys.create(&house.globex, &record).await.unwrap();
    house.here.forget(&others[0]);
    assert!(verify(&house.here, api_key(&key)).await.unwrap().membership_in(&id("globex")).is_some());
    assert!(verify(&house.here, api_key(new.key())).await.unwrap().membership_in(&id("acme")).is_some());

    // A store may find without regard to case: what it finds is looked at again.
    let verifier = ApiKeyVerifier::new(Similar(new.record().clone()));
    let caller = verify(&verifier, api_key(new.key())).await.unwrap();
    assert_eq!(verify(&verifier, api_key(&forge(&others[1], secret))).await.unwrap_err(), REJECTED);
    assert!(verifier.holds(&caller).await.unwrap());
    let similar = Principal::builder(&*others[1], Proof::ApiKey).membership(id("acme"), ["member"]);
    assert!(!verifier.holds(&similar.credential(&*others[1]).build()).await.unwrap());
    let elsewhere = Principal::builder(own, Proof::ApiKey).membership(id("globex"), ["member"]);
    assert!(!verifier.holds(&elsewhere.credential(own).build()).await.unwrap());
}

fn swap_case(letter: char) -> char {
    if letter.is_ascii_lowercase() { letter.to_ascii_uppercase() } else { letter.to_ascii_lowercase() }
}

/// Finds the same key, whatever it is asked for.
struct Similar(ApiKeyRecord);

#[async_trait::async_trait]
impl ApiKeyStore for Similar {
    async fn find(&self, _key_id: &str) -> Result<Option<ApiKeyRecord>, tenant_core::StoreError> {
        Ok(Some(self.0.clone()))
    }

    async fn create(&self, _: &TenantContext, _: &ApiKeyRecord) -> Result<(), tenant_core::StoreError> {
        Ok(())
    }

    async fn list(&self, _: &TenantContext, _: Page) -> Result<Vec<ApiKeyRecord>, tenant_core::StoreError> {
        Ok(Vec::new())
    }

    async fn revoke(&self, _: &TenantContext, _: &str) -> Result<bool, tenant_core::StoreError> {
        Ok(false)
    }

    async fn touch(&self, _: &[(Box<str>, Timestamp)]) -> Result<(), tenant_core::StoreError> {
        Ok(())
    }
}

#[tokio::test]
async fn an_expired_key_is_rejected_to_the_microsecond_also_from_memory() {
    let house = house().await;
    let new = house.add(house.generate(&house.acme).expires_at(Some(at(10)))).await;
    house.clock.step_unix_to(UnixTime::from_nanos(1_700_000_009_999_999_000));
    let caller = verify(&house.here, api_key(new.key())).await.unwrap();
    assert!(house.here.holds(&caller).await.unwrap());
    house.clock.step_unix_to(UnixTime::from_secs(1_700_000_010));
    assert_eq!(verify(&house.here, api_key(new.key())).await.unwrap_err(), REJECTED);
    assert!(!house.here.holds(&caller).await.unwrap());
    assert_eq!(house.keys.0.reads(), 1);
}

#[tokio::test]
async fn a_key_is_looked_up_once_while_it_is_believed() {
    let house = house().await;
    let new = house.key(&house.acme).await;
    for _ in 0..1_000 {
        verify(&house.here, api_key(new.key())).await.unwrap();
    }
    assert_eq!(house.keys.0.reads(), 1);
    house.clock.advance(millis(499));
    assert!(house.here.peek(&api_key(new.key())).is_some());
    house.clock.advance(millis(1));
    assert!(house.here.peek(&api_key(new.key())).is_none());
    verify(&house.here, api_key(new.key())).await.unwrap();
    assert_eq!(house.keys.0.reads(), 2);
}

#[tokio::test]
async fn a_key_revoked_while_it_is_remembered_is_rejected_at_once_here_and_within_a_second_there() {
    let house = house().await;
    let new = house.key(&house.acme).await;
    let shown = || api_key(new.key());
    let caller = verify(&house.here, shown()).await.unwrap();
    verify(&house.there, shown()).await.unwrap();
    assert!(house.here.holds(&caller).await.unwrap());

    assert!(!house.here.revoke(&house.globex, &new.record().key_id).await.unwrap(), "another tenant's");
    verify(&house.here, shown()).await.unwrap();

    assert!(house.here.revoke(&house.acme, &new.record().key_id).await.unwrap());
    assert_eq!(verify(&house.here, shown()).await.unwrap_err(), REJECTED);
    assert!(!house.here.holds(&caller).await.unwrap());
    house.clock.advance(millis(500));
    assert_eq!(verify(&house.there, shown()).await.unwrap_err(), REJECTED);
    assert!(!house.there.holds(&caller).await.unwrap());
    assert!(!house.here.revoke(&house.acme, &new.record().key_id).await.unwrap(), "once is enough");
}

#[tokio::test]
async fn a_lookup_that_was_on_its_way_when_the_key_was_revoked_brings_nothing() {
    let house = house().await;
    let new = house.key(&house.acme).await;
    house.keys.0.block();
    let (here, key) = (Arc::new(house.here), new.key().to_owned());
    let looking = tokio::spawn({
        let here = Arc::clone(&here);
        async move { here.verify(&api_key(&key)).await.map(drop).map_err(|error| error.kind()) }
    });
    while house.keys.0.reads() == 0 {
        tokio::task::yield_now().await;
    }
    here.revoke(&house.acme, &new.record().key_id).await.unwrap();
    house.keys.0.gate.add_permits(10);
    assert_eq!(looking.await.unwrap(), Err(REJECTED));
    assert_eq!(verify(&*here, api_key(new.key())).await.unwrap_err(), REJECTED);
}

#[tokio::test]
async fn many_who_show_the_same_key_at_once_ask_once() {
    let house = house().await;
    let new = house.key(&house.acme).await;
    house.keys.0.block();
    let (here, key) = (Arc::new(house.here), Arc::<str>::from(new.key()));
    let all = (0..50).map(|_| {
        let (here, key) = (Arc::clone(&here), Arc::clone(&key));
        tokio::spawn(async move { here.verify(&api_key(&key)).await.is_ok() })
    });
    let all: Vec<_> = all.collect();
    while house.keys.0.reads() == 0 {
        tokio::task::yield_now().await;
    }
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    house.keys.0.gate.add_permits(100);
    for one in all {
        assert!(one.await.unwrap());
    }
    assert_eq!(house.keys.0.reads(), 1);
}

#[tokio::test]
async fn an_unknown_id_is_remembered_for_a_second_and_a_new_key_works_at_once() {
    let house = house().await;
    let unknown = house.generate(&house.acme);
    for _ in 0..100 {
        assert_eq!(verify(&house.here, api_key(unknown.key())).await.unwrap_err(), REJECTED);
    }
    assert_eq!(house.keys.0.reads(), 1);
    house.clock.advance(millis(1_000));
    assert_eq!(verify(&house.here, api_key(unknown.key())).await.unwrap_err(), REJECTED);
    assert_eq!(house.keys.0.reads(), 2);
    let new = house.key(&house.acme).await;
    verify(&house.here, api_key(new.key())).await.unwrap();
}

#[tokio::test]
async fn guesses_evict_nobodys_key() {
    let house = house().await;
    let small =
        ApiKeyVerifier::new(house.keys.clone()).remembering(16).with_clock(Arc::clone(&house.clock) as _);
    let new = house.key(&house.acme).await;
    verify(&small, api_key(new.key())).await.unwrap();
    for _ in 0..200 {
        verify(&small, api_key(house.generate(&house.globex).key())).await.unwrap_err();
    }
    assert!(small.peek(&api_key(new.key())).is_some());
}

#[tokio::test]
async fn a_store_that_fails_is_no_rejection_and_what_is_believed_stays_so_for_its_time() {
    let house = house().await;
    let new = house.key(&house.acme).await;
    let caller = verify(&house.here, api_key(new.key())).await.unwrap();
    house.keys.0.fail(true);
    verify(&house.here, api_key(new.key())).await.unwrap();
    house.clock.advance(millis(500));
    let error = house.here.verify(&api_key(new.key())).await.unwrap_err();
    assert_eq!(error.kind(), AuthErrorKind::Unavailable);
    assert!(house.here.holds(&caller).await.is_err());
    house.keys.0.fail(false);
    verify(&house.here, api_key(new.key())).await.unwrap();
}

#[tokio::test]
async fn uses_are_written_in_batches_and_once_a_minute_for_each_key() {
    let house = house().await;
    let (one, other) = (house.key(&house.acme).await, house.key(&house.globex).await);
    house.here.flush().await.unwrap();
    assert_eq!((house.keys.0.touches(), house.last_used(&one).await), (0, None));
    for _ in 0..100 {
        verify(&house.here, api_key(one.key())).await.unwrap();
        verify(&house.here, api_key(other.key())).await.unwrap();
        house.clock.advance(millis(590));
    }
    house.here.flush().await.unwrap();
    assert_eq!((house.keys.0.touches(), house.last_used(&one).await), (2, Some(at(0))));
    house.clock.advance(millis(1_000));
    verify(&house.here, api_key(one.key())).await.unwrap();
    // Another instance reads when it was used last.
    verify(&house.there, api_key(one.key())).await.unwrap();
    house.here.flush().await.unwrap();
    house.there.flush().await.unwrap();
    assert_eq!((house.keys.0.touches(), house.last_used(&one).await), (4, Some(at(60))));
    assert_eq!(house.last_used(&other).await, Some(at(0)));
}

#[tokio::test]
async fn a_use_that_could_not_be_written_is_written_the_next_time() {
    let house = house().await;
    let new = house.key(&house.acme).await;
    verify(&house.here, api_key(new.key())).await.unwrap();
    house.keys.0.fail(true);
    assert!(house.here.flush().await.is_err());
    house.keys.0.fail(false);
    assert_eq!(house.last_used(&new).await, None);
    house.here.flush().await.unwrap();
    assert_eq!(house.last_used(&new).await, Some(at(0)));
}

#[tokio::test]
async fn what_is_rejected_is_no_use() {
    let house = house().await;
    let new = house.add(house.generate(&house.acme).expires_at(Some(at(0)))).await;
    verify(&house.here, api_key(new.key())).await.unwrap_err();
    house.here.flush().await.unwrap();
    assert_eq!(house.keys.0.touches(), 0);
}

#[tokio::test]
async fn no_key_stands_in_what_is_printed() {
    let house = house().await;
    let new = house.key(&house.acme).await;
    let secret = &new.key()[25..];
    let caller = verify(&house.here, api_key(new.key())).await.unwrap();
    let printed = format!("{new:?} {:?} {:?} {caller:?} {:?}", new.record(), house.here, api_key(new.key()));
    assert!(!printed.contains(secret) && !new.record().prefix.contains(&secret[..4]));
    assert!(new.key().starts_with(&new.record().prefix) && new.record().prefix.len() == 16);
}

#[tokio::test]
async fn a_tenant_lists_its_own_keys_alone() {
    let house = house().await;
    let (ours, _theirs) = (house.key(&house.acme).await, house.key(&house.globex).await);
    let list = house.keys.list(&house.acme, Page { limit: 10, offset: 0 }).await.unwrap();
    assert_eq!(list, [ours.record().clone()]);
    let foreign = house.generate(&house.globex);
    assert!(house.keys.create(&house.acme, foreign.record()).await.is_err());
}

#[tokio::test]
#[ignore = "a figure: run it optimised"]
async fn how_long_a_look_takes() {
    let house = house().await;
    let verifier = ApiKeyVerifier::new(house.keys.clone());
    let new = house.key(&house.acme).await;
    verifier.verify(&api_key(new.key())).await.unwrap();
    let (mut looks, start) = (0_u32, std::time::Instant::now());
    while start.elapsed() < millis(300) {
        looks += u32::from(verifier.peek(&api_key(new.key())).is_some_and(|answer| answer.is_ok()));
    }
    println!("{:?} for each look", start.elapsed() / looks);
}
