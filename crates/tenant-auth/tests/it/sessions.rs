//! Sessions.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use tenant_auth::{InMemorySessions, NewSession, Sessions, csrf_matches};
use tenant_core::{
    ManualClock, TenantContext,
    auth::{AuthErrorKind, Authenticator, Principal, Proof, Role, SessionStore},
};

use super::support::{Faulty, Shared, api_key, at, clock, cookie, id, millis, tenants, verify};

type Store = Shared<InMemorySessions>;

struct House {
    acme: TenantContext,
    globex: TenantContext,
    clock: Arc<ManualClock>,
    store: Store,
    here: Sessions<Store>,
    there: Sessions<Store>,
}

const REJECTED: AuthErrorKind = AuthErrorKind::Rejected;
const IDLE: Duration = Duration::from_secs(400);
const ABSOLUTE: Duration = Duration::from_secs(2_000);

async fn house() -> House {
    let ((acme, globex), clock) = (tenants().await, clock());
    let store = Shared(Faulty::new(InMemorySessions::new()));
    let sessions = || {
        let sessions = Sessions::new(store.clone()).with_clock(Arc::clone(&clock) as _);
        sessions.idle_timeout(IDLE).absolute_timeout(ABSOLUTE)
    };
    let (here, there) = (sessions(), sessions());
    House { acme, globex, clock, store, here, there }
}

impl House {
    async fn ada(&self) -> NewSession {
        self.here.begin(&self.acme, "ada", ["admin"]).await.unwrap()
    }

    async fn show(&self, new: &NewSession) -> Result<Principal, AuthErrorKind> {
        verify(&self.here, cookie(new.cookie())).await
    }

    async fn show_there(&self, new: &NewSession) -> Result<Principal, AuthErrorKind> {
        verify(&self.there, cookie(new.cookie())).await
    }

    fn wait(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }
}

#[tokio::test]
async fn a_session_knows_whether_a_second_factor_was_shown_and_so_does_every_instance() {
    let house = house().await;
    let half = house.ada().await;
    let whole = house.here.begin_with_second_factor(&house.acme, "ada", ["admin"]).await.unwrap();
    for (session, expected) in [(&half, false), (&whole, true)] {
        assert_eq!(house.show(session).await.unwrap().has_second_factor(), expected);
        assert_eq!(house.show_there(session).await.unwrap().has_second_factor(), expected);
    }
    // What takes its place was not begun with one.
    let renewed = house.here.renew(whole.cookie(), &house.acme, "ada", ["admin"]).await.unwrap();
    assert!(!house.show(&renewed).await.unwrap().has_second_factor());
}

#[tokio::test]
async fn a_session_is_for_its_own_tenant_and_no_other() {
    let house = house().await;
    let (ours, theirs) =
        (house.ada().await, house.here.begin(&house.globex, "ada", ["viewer"]).await.unwrap());
    let (ours, theirs) = (house.show(&ours).await.unwrap(), house.show(&theirs).await.unwrap());
    assert_eq!((ours.subject(), ours.proof()), ("ada", Proof::Session));
    assert_eq!((ours.role_in(&id("acme")), ours.role_in(&id("globex"))), (Some(Role::Admin), None));
    assert_eq!((theirs.role_in(&id("acme")), theirs.role_in(&id("globex"))), (None, Some(Role::Viewer)));
    assert_eq!(ours.expires_at().unwrap().as_secs(), 1_700_002_000);
    // Nobody else's principal holds because this session does.
    let claims = |subject: &str, tenant| {
        let other = Principal::builder(subject, Proof::Session).membership(id(tenant), ["admin"]);
        other.credential(ours.credential().unwrap()).build()
    };
    for (subject, tenant, holds) in [("ada", "acme", true), ("ada", "globex", false), ("eve", "acme", false)]
    {
        assert_eq!(house.here.holds(&claims(subject, tenant)).await.unwrap(), holds);
    }
}

#[tokio::test]
async fn at_each_sign_in_the_cookie_is_another_and_the_former_one_ends() {
    let house = house().await;
    let planted = house.here.begin(&house.acme, "mallory", ["viewer"]).await.unwrap();
    let new = house.here.renew(planted.cookie(), &house.acme, "ada", ["admin"]).await.unwrap();
    assert_ne!(planted.cookie(), new.cookie());
    assert_eq!(house.show(&planted).await.unwrap_err(), REJECTED);
    assert_eq!(house.show(&new).await.unwrap().subject(), "ada");

    let made_up = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    for former in [made_up, "", "no cookie"] {
        let new = house.here.renew(former, &house.acme, "ada", ["admin"]).await.unwrap();
        assert_ne!(new.cookie(), former);
        assert!(verify(&house.here, cookie(former)).await.is_err());
    }
    assert!(
        csrf_matches(new.cookie(), new.csrf_token()) && !csrf_matches(planted.cookie(), new.csrf_token())
    );
}

#[tokio::test]
async fn after_its_end_a_session_is_rejected_at_once_here_and_within_a_second_there() {
    let house = house().await;
    let new = house.ada().await;
    let caller = house.show(&new).await.unwrap();
    house.show_there(&new).await.unwrap();
    assert!(house.here.holds(&caller).await.unwrap());
    assert!(house.here.end(new.cookie()).await.unwrap());
    assert_eq!(house.show(&new).await.unwrap_err(), REJECTED);
    assert!(!house.here.holds(&caller).await.unwrap());
    house.clock.advance(millis(500));
    assert_eq!(house.show_there(&new).await.unwrap_err(), REJECTED);
    assert!(!house.here.end(new.cookie()).await.unwrap());
    assert!(!house.here.end("no cookie").await.unwrap());
}

#[tokio::test]
async fn a_lookup_on_its_way_when_a_session_ends_brings_nothing() {
    let house = house().await;
    let new = house.ada().await;
    house.store.0.block();
    let (here, shown) = (Arc::new(house.here), new.cookie().to_owned());
    let looking = tokio::spawn({
        let here = Arc::clone(&here);
        async move { here.verify(&cookie(&shown)).await.map(drop).map_err(|error| error.kind()) }
    });
    while house.store.0.reads() == 0 {
        tokio::task::yield_now().await;
    }
    here.end_all(house.acme.id(), "ada").await.unwrap();
    house.store.0.gate.add_permits(10);
    assert_eq!(looking.await.unwrap(), Err(REJECTED));
}

#[tokio::test]
async fn all_sessions_of_somebody_end_in_one_tenant_and_nobody_elses() {
    let house = house().await;
    let (one, other) = (house.ada().await, house.ada().await);
    let elsewhere = house.here.begin(&house.globex, "ada", ["admin"]).await.unwrap();
    let bob = house.here.begin(&house.acme, "bob", ["admin"]).await.unwrap();
    for new in [&one, &other, &elsewhere, &bob] {
        house.show(new).await.unwrap();
    }
    let mut ended = house.here.end_all(house.acme.id(), "ada").await.unwrap();
    let mut names = [one.name(), other.name()];
    ended.sort_unstable();
    names.sort_unstable();
    assert_eq!(ended, names);
    assert_eq!(
        (house.show(&one).await.unwrap_err(), house.show(&other).await.unwrap_err()),
        (REJECTED, REJECTED)
    );
    assert!(house.show(&elsewhere).await.is_ok() && house.show(&bob).await.is_ok());
}

#[tokio::test]
async fn who_is_idle_is_signed_out_and_who_is_not_stays() {
    let house = house().await;
    let new = house.ada().await;
    for _ in 0..3 {
        house.wait(399);
        house.show(&new).await.unwrap();
    }
    let caller = house.show(&new).await.unwrap();
    house.wait(400);
    assert_eq!(house.show(&new).await.unwrap_err(), REJECTED);
    assert!(!house.here.holds(&caller).await.unwrap());
    assert_eq!(house.show(&new).await.unwrap_err(), REJECTED, "being rejected is no use");
    assert_eq!(house.show_there(&new).await.unwrap_err(), REJECTED);
}

#[tokio::test]
async fn whatever_is_done_a_session_ends() {
    let house = house().await;
    let new = house.ada().await;
    for _ in 0..19 {
        house.wait(100);
        house.show(&new).await.unwrap();
    }
    house.clock.advance(millis(99_999));
    let caller = house.show(&new).await.unwrap();
    house.clock.advance(millis(1));
    assert_eq!(house.show(&new).await.unwrap_err(), REJECTED);
    assert!(!house.here.holds(&caller).await.unwrap());
}

#[tokio::test]
async fn one_may_be_shorter_than_others_and_none_longer() {
    let house = house().await;
    let begin = async |seconds| {
        let lifetime = Duration::from_secs(seconds);
        house.here.begin_for(&house.acme, "ada", ["admin"], lifetime).await.unwrap()
    };
    let (short, long) = (begin(60).await, begin(u64::MAX).await);
    assert_eq!((short.record().expires_at, long.record().expires_at), (at(60), at(2_000)));
    house.wait(60);
    assert_eq!(house.show(&short).await.unwrap_err(), REJECTED);
    house.show(&long).await.unwrap();
}

#[tokio::test]
async fn its_use_is_written_down_once_in_a_quarter_of_the_idle_time_and_another_instance_goes_by_it() {
    let house = house().await;
    let new = house.ada().await;
    for _ in 0..99 {
        house.wait(1);
        house.show(&new).await.unwrap();
    }
    assert_eq!(house.store.0.touches(), 0);
    house.wait(1);
    house.show(&new).await.unwrap();
    house.show(&new).await.unwrap();
    assert_eq!(house.store.0.touches(), 1);
    house.wait(399);
    let elsewhere = house.show_there(&new).await;
    assert!(elsewhere.is_ok(), "it was used 399 seconds ago");
}

#[tokio::test]
async fn a_use_that_can_not_be_written_rejects_nobody_and_is_written_the_next_time() {
    let house = house().await;
    let new = house.ada().await;
    house.show(&new).await.unwrap();
    house.wait(100);
    house.store.0.is_read_only.store(true, Ordering::SeqCst);
    for _ in 0..3 {
        house.show(&new).await.unwrap();
    }
    house.store.0.is_read_only.store(false, Ordering::SeqCst);
    assert_eq!(house.store.0.touches(), 0);
    house.show(&new).await.unwrap();
    assert_eq!(house.store.0.touches(), 1);
}

#[tokio::test]
async fn a_use_does_not_bring_back_what_has_ended() {
    let house = house().await;
    let new = house.ada().await;
    house.show_there(&new).await.unwrap();
    house.store.end(&new.record().digest).await.unwrap();
    house.store.touch(&new.record().digest, at(1)).await.unwrap();
    house.clock.advance(millis(500));
    assert_eq!(house.show_there(&new).await.unwrap_err(), REJECTED);
}

#[tokio::test]
async fn nothing_else_is_looked_at_and_what_can_be_no_cookie_asks_no_store() {
    let house = house().await;
    let new = house.ada().await;
    assert!(!house.here.judges(&api_key(new.cookie())));
    let cut = &new.cookie()[1..];
    for wrong in ["", cut, &format!("{}=", new.cookie()), &"\u{e9}".repeat(43)] {
        assert_eq!(verify(&house.here, cookie(wrong)).await.unwrap_err(), REJECTED);
    }
    assert_eq!(house.store.0.reads(), 0);
    for _ in 0..10 {
        let unknown = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
        assert_eq!(verify(&house.here, cookie(unknown)).await.unwrap_err(), REJECTED);
    }
    assert_eq!(house.store.0.reads(), 1);
}

#[tokio::test]
async fn what_names_a_session_does_not_open_it() {
    let house = house().await;
    let new = house.ada().await;
    let caller = house.show(&new).await.unwrap();
    let name = caller.credential().unwrap();
    assert_eq!(verify(&house.here, cookie(name)).await.unwrap_err(), REJECTED);
    assert_eq!(verify(&house.here, cookie(new.csrf_token())).await.unwrap_err(), REJECTED);
    let printed = format!("{new:?} {:?} {caller:?} {:?}", new.record(), house.here);
    assert!(!printed.contains(new.cookie()) && !printed.contains(new.csrf_token()));
}

#[tokio::test]
async fn a_store_that_fails_is_no_rejection() {
    let house = house().await;
    let new = house.ada().await;
    house.store.0.fail(true);
    let error = house.here.verify(&cookie(new.cookie())).await.unwrap_err();
    assert_eq!(error.kind(), AuthErrorKind::Unavailable);
}

#[tokio::test]
async fn what_has_expired_is_swept() {
    let house = house().await;
    for _ in 0..5 {
        drop(house.ada().await);
    }
    house.wait(1);
    drop(house.ada().await);
    house.wait(1_999);
    assert_eq!(house.here.sweep(3).await.unwrap(), 3);
    assert_eq!(house.here.sweep(100).await.unwrap(), 2);
    assert_eq!(house.here.sweep(100).await.unwrap(), 0);
}

#[tokio::test]
async fn in_memory_sessions_do_not_pile_up() {
    let (house, store) = (house().await, InMemorySessions::new());
    let sessions = Sessions::new(store.clone()).with_clock(Arc::clone(&house.clock) as _);
    let sessions = sessions.absolute_timeout(Duration::from_secs(10));
    for _ in 0..5_000 {
        house.clock.advance(millis(100));
        drop(sessions.begin(&house.acme, "ada", ["member"]).await.unwrap());
    }
    assert!(store.len() <= 1_024 + 1, "{}", store.len());
}
