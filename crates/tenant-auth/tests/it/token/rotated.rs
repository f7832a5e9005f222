//! Key sets that change.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    time::Duration,
};

use parking_lot::Mutex;
use tenant_auth::{KeyRefresh, KeySource, TokenKeys, TokenKeysError, TokenKeysErrorKind};
use tenant_core::{async_trait, auth::Authenticator};
use tokio::time::{Instant, sleep};

use super::{
    bearer, clock,
    forge::{CLAIMS, EC, ED, TestKey, jwks, set_of},
    of, refused, show,
};

/// A source that answers what it is told to.
#[derive(Clone)]
struct Published(Arc<State>);

struct State {
    answer: Mutex<Result<String, TokenKeysError>>,
    delay: Mutex<Duration>,
    fetches: AtomicUsize,
}

impl Published {
    fn new(json: String) -> Self {
        let delay = Mutex::new(Duration::ZERO);
        Self(Arc::new(State { answer: Mutex::new(Ok(json)), delay, fetches: AtomicUsize::new(0) }))
    }

    fn publish(&self, answer: Result<String, TokenKeysError>) {
        *self.0.answer.lock() = answer;
    }

    fn fetches(&self) -> usize {
        self.0.fetches.load(SeqCst)
    }
}

#[async_trait]
impl KeySource for Published {
    async fn fetch(&self) -> Result<String, TokenKeysError> {
        self.0.fetches.fetch_add(1, SeqCst);
        let delay = *self.0.delay.lock();
        sleep(delay).await;
        self.0.answer.lock().clone()
    }
}

async fn keys_of(published: &Published) -> TokenKeys {
    TokenKeys::source(published.clone(), KeyRefresh::default()).await.unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_new_key_is_asked_for_and_nobody_waits_for_it() {
    let published = Published::new(set_of(&[&ED.jwk()]));
    let verifier = of(keys_of(&published).await, &clock()).build();
    let new = TestKey::ec("ec-2");
    published.publish(Ok(set_of(&[&ED.jwk(), &new.jwk()])));
    *published.0.delay.lock() = Duration::from_secs(3);
    let began = Instant::now();
    assert_eq!(refused(&verifier, &new.token(CLAIMS)).await, "the token names a key that is not known");
    assert_eq!(began.elapsed(), Duration::ZERO);
    sleep(Duration::from_secs(7)).await;
    assert!(show(&verifier, &ED.token(CLAIMS)).await.is_ok());
    assert!(show(&verifier, &new.token(CLAIMS)).await.is_err(), "it is being read");
    sleep(Duration::from_secs(2)).await;
    assert!(show(&verifier, &new.token(CLAIMS)).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn tokens_of_unknown_keys_do_not_have_the_issuer_asked_without_end() {
    let published = Published::new(jwks());
    let verifier = of(keys_of(&published).await, &clock()).build();
    for number in 0..600_u32 {
        refused(&verifier, &TestKey::ed(&format!("made-up-{number}")).token(CLAIMS)).await;
        sleep(Duration::from_millis(100)).await;
    }
    assert!((10..=13).contains(&published.fetches()), "{} in a minute", published.fetches());
}

#[tokio::test(start_paused = true)]
async fn without_any_token_the_set_is_read_every_five_minutes() {
    let published = Published::new(jwks());
    let _keys = keys_of(&published).await;
    sleep(Duration::from_secs(3_600 + 1)).await;
    assert_eq!(published.fetches(), 13);
}

#[tokio::test(start_paused = true)]
async fn a_key_that_is_gone_is_not_taken_even_from_memory() {
    let published = Published::new(jwks());
    let verifier = of(keys_of(&published).await, &clock()).build();
    let (of_ed, of_ec) = (ED.token(CLAIMS), EC.token(CLAIMS));
    for token in [&of_ed, &of_ec] {
        show(&verifier, token).await.unwrap();
    }
    published.publish(Ok(set_of(&[&EC.jwk()])));
    sleep(Duration::from_secs(301)).await;
    assert!(verifier.peek(&bearer(&of_ed)).is_none());
    assert_eq!(refused(&verifier, &of_ed).await, "the token names a key that is not known");
    assert!(matches!(verifier.peek(&bearer(&of_ec)), Some(Ok(_))), "what stays is still remembered");

    published.publish(Ok(jwks()));
    sleep(Duration::from_secs(301)).await;
    assert!(show(&verifier, &of_ed).await.is_ok(), "it is back");
}

#[tokio::test(start_paused = true)]
async fn another_key_under_the_same_name_is_another_key() {
    let published = Published::new(set_of(&[&ED.jwk()]));
    let verifier = of(keys_of(&published).await, &clock()).build();
    let (old, new) = (ED.token(CLAIMS), TestKey::ed("ed-1"));
    show(&verifier, &old).await.unwrap();
    published.publish(Ok(set_of(&[&new.jwk()])));
    sleep(Duration::from_secs(301)).await;
    assert_eq!(refused(&verifier, &old).await, "the token's signature does not hold");
    assert!(show(&verifier, &new.token(CLAIMS)).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_set_that_is_broken_or_out_of_reach_leaves_the_last_good_one() {
    let published = Published::new(jwks());
    let keys = keys_of(&published).await;
    let verifier = of(keys.clone(), &clock()).build();
    let weak = set_of(&[r#"{"kty":"oct","kid":"ed-1","k":"c2VjcmV0"}"#]);
    for (broken, kind) in [
        (Err(TokenKeysError::unreadable("refused")), TokenKeysErrorKind::Unreadable),
        (Ok(String::new()), TokenKeysErrorKind::Malformed),
        (Ok(jwks()[..100].to_owned()), TokenKeysErrorKind::Malformed),
        (Ok(r#"{"keys":[]}"#.to_owned()), TokenKeysErrorKind::NoKey),
        (Ok(weak), TokenKeysErrorKind::NoKey),
    ] {
        published.publish(broken);
        sleep(Duration::from_secs(301)).await;
        assert_eq!(keys.fault().unwrap().kind(), kind);
        assert!(show(&verifier, &ED.token(CLAIMS)).await.is_ok());
    }
    *published.0.delay.lock() = Duration::from_secs(3_600);
    sleep(Duration::from_secs(311)).await;
    assert_eq!(keys.fault().unwrap().to_string(), "the key set can't be read: it takes too long");
    *published.0.delay.lock() = Duration::ZERO;
    published.publish(Ok(jwks()));
    sleep(Duration::from_secs(301)).await;
    assert_eq!(keys.fault(), None);
}

#[tokio::test(start_paused = true)]
async fn reading_ends_with_the_last_that_holds_the_keys() {
    let published = Published::new(jwks());
    let keys = keys_of(&published).await;
    let verifier = of(keys.clone(), &clock()).build();
    drop(keys);
    sleep(Duration::from_secs(301)).await;
    assert_eq!(published.fetches(), 2, "the verifier holds them");
    drop(verifier);
    sleep(Duration::from_secs(3_600)).await;
    assert_eq!((published.fetches(), Arc::strong_count(&published.0)), (2, 1));
}

struct Panics(AtomicUsize);

#[async_trait]
impl KeySource for Panics {
    async fn fetch(&self) -> Result<String, TokenKeysError> {
        assert_eq!(self.0.fetch_add(1, SeqCst), 0, "a fault of the source's");
        Ok(jwks())
    }
}

#[tokio::test(start_paused = true)]
async fn a_source_that_panics_shows_as_a_fault() {
    let keys = TokenKeys::source(Panics(AtomicUsize::new(0)), KeyRefresh::default()).await.unwrap();
    assert_eq!(keys.fault(), None);
    sleep(Duration::from_secs(301)).await;
    assert_eq!(keys.fault().unwrap().kind(), TokenKeysErrorKind::Unreadable);
}

/// A real file and real time.
#[tokio::test]
async fn a_file_is_read_again_within_five_seconds_and_a_broken_one_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("jwks.json");
    let missing = TokenKeys::jwks_file(&path).await.unwrap_err();
    assert_eq!(missing.kind(), TokenKeysErrorKind::Unreadable);
    std::fs::write(&path, r#"{"keys":["#).unwrap();
    assert_eq!(TokenKeys::jwks_file(&path).await.unwrap_err().kind(), TokenKeysErrorKind::Malformed);

    std::fs::write(&path, set_of(&[&ED.jwk()])).unwrap();
    let keys = TokenKeys::jwks_file(&path).await.unwrap();
    let verifier = of(keys.clone(), &clock()).build();
    let (old, new) = (ED.token(CLAIMS), EC.token(CLAIMS));
    assert!(show(&verifier, &old).await.is_ok() && show(&verifier, &new).await.is_err());

    std::fs::write(&path, "half a fi").unwrap();
    within(Duration::from_secs(5), || keys.fault().is_some()).await;
    assert!(show(&verifier, &old).await.is_ok());
    std::fs::remove_file(&path).unwrap();
    let unreadable = || keys.fault().is_some_and(|fault| fault.kind() == TokenKeysErrorKind::Unreadable);
    within(Duration::from_secs(5), unreadable).await;
    assert!(show(&verifier, &old).await.is_ok());

    std::fs::write(&path, set_of(&[&EC.jwk()])).unwrap();
    within(Duration::from_secs(5), || keys.fault().is_none()).await;
    assert!(show(&verifier, &old).await.is_err() && show(&verifier, &new).await.is_ok());
}

async fn within(limit: Duration, mut seen: impl FnMut() -> bool) {
    let began = Instant::now();
    while !seen() {
        assert!(began.elapsed() < limit);
        sleep(Duration::from_millis(20)).await;
    }
}
