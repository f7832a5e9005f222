//! What stays open ends with what it was opened by. Time is tokio's, and stands still until all wait.

use std::{
    convert::Infallible,
    future::pending,
    pin::{Pin, pin},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use http_body_util::{BodyExt, Full};
use parking_lot::Mutex;
use tenant_core::{
    Clock, ConfigManager, ConfigStoreExt, InMemoryConfigManager, ManualClock, StoreError, TenantConfig,
    TenantContext, TenantId, TenantRecord, TenantStatus, Timestamp, UnixTime, async_trait,
    auth::{AuthError, Authenticator, Credential, Principal, Proof},
};
use tenant_tower::{StreamEnd, StreamGuard};
use tokio::time::{Instant, advance, timeout};

use crate::support::{NOW, clock, configs, id};

/// What becomes of the credential.
#[derive(Clone, Copy)]
enum Then {
    Holds,
    Revoked,
    Fails,
    Hangs,
}

struct Judge(Mutex<Then>);

impl Judge {
    fn new() -> Arc<Self> {
        Arc::new(Self(Mutex::new(Then::Holds)))
    }

    fn becomes(&self, then: Then) {
        *self.0.lock() = then;
    }
}

#[async_trait]
impl Authenticator for Judge {
    fn judges(&self, _: &Credential<'_>) -> bool {
        true
    }

    async fn verify(&self, _: &Credential<'_>) -> Result<Principal, AuthError> {
        Err(AuthError::rejected("nobody asks"))
    }

    async fn holds(&self, _: &Principal) -> Result<bool, AuthError> {
        let then = *self.0.lock();
        match then {
            Then::Holds => Ok(true),
            Then::Revoked => Ok(false),
            Then::Fails => Err(StoreError::unavailable("away").into()),
            Then::Hangs => pending().await,
        }
    }
}

struct Setting {
    judge: Arc<Judge>,
    configs: Arc<InMemoryConfigManager>,
    clock: Arc<ManualClock>,
    guard: StreamGuard,
    tenant: TenantContext,
    caller: Principal,
}

async fn setting() -> Setting {
    let (judge, configs, clock) = (Judge::new(), Arc::new(configs()), clock());
    let guard = StreamGuard::new(Arc::clone(&judge)).configs(Arc::clone(&configs));
    let guard = guard.with_clock(Arc::clone(&clock) as Arc<dyn Clock>);
    let tenant = TenantContext::of(&*configs, &id("acme")).await.unwrap();
    let caller = Principal::builder("ada", Proof::Token).membership(id("acme"), ["member"]);
    let caller = caller.expires_at(UnixTime::from_secs(NOW + 3_600)).build();
    Setting { judge, configs, clock, guard, tenant, caller }
}

impl Setting {
    /// Why it ends, and after how long.
    async fn end(&self) -> (StreamEnd, Duration) {
        let (begin, watch) = (Instant::now(), self.guard.watch(&self.tenant, Some(&self.caller)));
        let end = timeout(Duration::from_secs(10), watch).await.unwrap();
        (end, begin.elapsed())
    }
}

/// Less the half second for which an authenticator believes what it knows.
const SOON: Duration = Duration::from_millis(1_500);

#[tokio::test(start_paused = true)]
async fn it_goes_on_while_the_credential_holds_and_the_tenant_is_served() {
    let setting = setting().await;
    let watch = setting.guard.watch(&setting.tenant, Some(&setting.caller));
    assert!(timeout(Duration::from_secs(600), watch).await.is_err());
    let anonymous = setting.guard.watch(&setting.tenant, None);
    assert!(timeout(Duration::from_secs(600), anonymous).await.is_err());
}

#[tokio::test(start_paused = true)]
async fn it_ends_soon_after_the_credential_was_revoked_or_nobody_can_tell() {
    let setting = setting().await;
    for (then, end) in [
        (Then::Revoked, StreamEnd::Revoked),
        (Then::Fails, StreamEnd::Unknown),
        (Then::Hangs, StreamEnd::Unknown),
    ] {
        setting.judge.becomes(then);
        let (told, after) = setting.end().await;
        assert_eq!(told, end);
        assert!(after < SOON, "{end:?}: {after:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_store_that_fails_once_ends_nothing() {
    let setting = setting().await;
    setting.judge.becomes(Then::Fails);
    let mut watch = pin!(setting.guard.watch(&setting.tenant, Some(&setting.caller)));
    assert!(timeout(Duration::from_millis(900), watch.as_mut()).await.is_err());
    setting.judge.becomes(Then::Holds);
    assert!(timeout(Duration::from_secs(60), watch).await.is_err());
}

#[tokio::test(start_paused = true)]
async fn it_ends_when_the_tenant_takes_what_was_proved_no_longer() {
    let mut setting = setting().await;
    let caller = Principal::builder("ada", Proof::Session).membership(id("acme"), ["member"]);
    setting.caller = caller.issued_at(UnixTime::from_secs(NOW)).build();
    setting.clock.advance(Duration::from_secs(30 * 60));
    let mut watch = pin!(setting.guard.watch(&setting.tenant, Some(&setting.caller)));
    assert!(timeout(Duration::from_secs(10), watch.as_mut()).await.is_err());
    // Also one that was opened before.
    let change =
        |config: &mut TenantConfig| drop(config.settings.insert("session_timeout".into(), 31.into()));
    setting.configs.modify(&id("acme"), change).await.unwrap();
    assert!(timeout(Duration::from_secs(10), watch.as_mut()).await.is_err());
    setting.clock.advance(Duration::from_secs(60));
    assert_eq!(timeout(SOON, watch).await, Ok(StreamEnd::Expired));
}

#[tokio::test(start_paused = true)]
async fn it_ends_when_the_tenant_requires_a_second_factor_that_nobody_has_shown() {
    let mut setting = setting().await;
    let caller = || Principal::builder("ada", Proof::Token).membership(id("acme"), ["member"]);
    let watch = |caller| setting.guard.watch(&setting.tenant, Some(&caller));
    let (half, whole) = (watch(caller().build()), watch(caller().second_factor().build()));
    let change = |config: &mut TenantConfig| drop(config.settings.insert("require_mfa".into(), true.into()));
    setting.configs.modify(&id("acme"), change).await.unwrap();
    assert_eq!(timeout(SOON, half).await, Ok(StreamEnd::MfaRequired));
    assert!(timeout(Duration::from_secs(10), whole).await.is_err());
    setting.caller = caller().build();
    assert_eq!(setting.end().await.0, StreamEnd::MfaRequired, "nor does a new one stay");
}

#[tokio::test(start_paused = true)]
async fn it_ends_when_the_credential_ends_by_itself() {
    let setting = setting().await;
    setting.clock.advance(Duration::from_secs(3_599));
    let mut watch = pin!(setting.guard.watch(&setting.tenant, Some(&setting.caller)));
    assert!(timeout(Duration::from_secs(5), watch.as_mut()).await.is_err());
    setting.clock.advance(Duration::from_secs(1));
    assert_eq!(timeout(SOON, watch).await.unwrap(), StreamEnd::Expired);
}

#[tokio::test(start_paused = true)]
async fn it_ends_with_its_tenant_also_where_another_lives_under_its_id() {
    let setting = setting().await;
    setting.configs.modify(&id("acme"), |config| config.status = TenantStatus::Suspended).await.unwrap();
    assert_eq!(setting.end().await.0, StreamEnd::Inactive);
    // This instance has not heard; its store has.
    let other = Arc::new(configs());
    let stale = TenantContext::of(&*other, &id("acme")).await.unwrap();
    let watch = setting.guard.watch(&stale, Some(&setting.caller));
    assert_eq!(timeout(SOON, watch).await.unwrap(), StreamEnd::Inactive);
    let ask = async |configs: Only| {
        let guard = StreamGuard::new(Judge::new()).configs(configs);
        timeout(SOON, guard.watch(&stale, None)).await
    };
    assert_eq!(ask(Only(None)).await.unwrap(), StreamEnd::Inactive);
    let mut config = stale.config().clone();
    assert!(ask(Only(Some(config.clone()))).await.is_err());
    config.created_at = Timestamp::from_unix_micros(config.created_at.as_unix_micros() + 1);
    assert_eq!(ask(Only(Some(config))).await.unwrap(), StreamEnd::Inactive);
}

/// Knows this tenant and no other.
struct Only(Option<TenantConfig>);

#[async_trait]
impl ConfigManager for Only {
    async fn load(&self, _: &TenantId) -> Result<Option<Arc<TenantRecord>>, StoreError> {
        Ok(self.0.clone().map(|config| Arc::new(TenantRecord::new(config))))
    }
}

#[tokio::test(start_paused = true)]
async fn all_of_them_end_when_the_server_stops_and_so_do_those_that_begin_then() {
    let setting = setting().await;
    let watch = setting.guard.watch(&setting.tenant, Some(&setting.caller));
    setting.guard.clone().stop();
    assert_eq!(timeout(Duration::from_millis(1), watch).await.unwrap(), StreamEnd::Stopped);
    assert_eq!(setting.end().await, (StreamEnd::Stopped, Duration::ZERO));
}

/// Always has more, and tells when it is dropped.
struct Endless(Arc<AtomicBool>);

impl Body for Endless {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(b"more")))))
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(1 << 40)
    }
}

impl Drop for Endless {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

#[tokio::test(start_paused = true)]
async fn a_body_that_always_has_more_ends_all_the_same_and_lets_go_of_what_it_holds() {
    let setting = setting().await;
    let is_dropped = Arc::new(AtomicBool::new(false));
    let body = Endless(Arc::clone(&is_dropped));
    let mut body = setting.guard.body(&setting.tenant, Some(&setting.caller), body);
    assert_eq!(body.size_hint().exact(), None, "it may end before");
    assert!(body.frame().await.is_some());
    setting.judge.becomes(Then::Revoked);
    advance(SOON).await;
    assert!(body.frame().await.is_none() && is_dropped.load(Ordering::SeqCst) && body.is_end_stream());
    assert!(body.frame().await.is_none());
}

#[tokio::test(start_paused = true)]
async fn a_body_ends_at_once_with_its_tenant_and_one_that_waits_is_woken() {
    let setting = setting().await;
    let is_dropped = Arc::new(AtomicBool::new(false));
    let mut busy = setting.guard.body(&setting.tenant, None, Endless(Arc::clone(&is_dropped)));
    assert!(busy.frame().await.is_some());
    let waits =
        http_body_util::StreamBody::new(futures_util::stream::pending::<Result<Frame<Bytes>, Infallible>>());
    let mut waits = setting.guard.body(&setting.tenant, None, waits);
    setting.configs.modify(&id("acme"), |config| config.status = TenantStatus::Suspended).await.unwrap();
    assert!(busy.frame().await.is_none() && is_dropped.load(Ordering::SeqCst));
    assert!(timeout(SOON, waits.frame()).await.unwrap().is_none());
}

#[tokio::test(start_paused = true)]
async fn a_body_that_is_over_stays_what_it_was() {
    let setting = setting().await;
    let body = Full::new(Bytes::from_static(b"whole"));
    let body = setting.guard.body(&setting.tenant, Some(&setting.caller), body);
    assert_eq!(body.collect().await.unwrap().to_bytes(), "whole");
}
