//! Second factors. The authenticator is another implementation than the one that looks at its codes.
//!
//! Ways in which somebody could come in, or keep somebody out:
//! - a code is used twice: by who looked over a shoulder, or twice at once; or a recovery code is;
//! - a factor counts that was never shown to work, or a new one takes the place of one that works, without a code of that;
//! - somebody guesses, with many tries, many at once, or one after the other for years;
//! - a code of somebody else, or of a factor that has ended, counts;
//! - what is kept tells the secrets.

use std::{sync::Arc, time::Duration};

use tenant_auth::{Enrolment, InMemoryMfa, Mfa, MfaErrorKind, MfaKey};
use tenant_core::{ManualClock, auth::MfaStore};
use totp_rs::Totp;

use super::support::clock;

struct House {
    clock: Arc<ManualClock>,
    store: InMemoryMfa,
    mfa: Mfa<InMemoryMfa>,
}

const STEP: u64 = 30;

fn house() -> House {
    let (clock, store) = (clock(), InMemoryMfa::with([("ada", "ada@x.example"), ("eve", "eve@x.example")]));
    let mfa = Mfa::new(store.clone(), "The house").with_clock(Arc::clone(&clock) as _);
    House { clock, store, mfa }
}

/// What stands on somebody's phone.
struct App(Totp);

impl App {
    fn of(enrolment: &Enrolment) -> Self {
        Self(Totp::from_url(enrolment.otpauth_url()).unwrap())
    }

    /// The code that it shows, so many seconds from now.
    fn shows(&self, house: &House, seconds: i64) -> String {
        use tenant_core::Clock as _;
        self.0.generate(house.clock.unix().as_secs().checked_add_signed(seconds).unwrap()).to_string()
    }

    /// One that it does not show now, nor a step before or behind.
    fn never_shows(&self, house: &House) -> String {
        let shown = [-30, 0, 30].map(|seconds| self.shows(house, seconds));
        (0..).map(|number| format!("{number:06}")).find(|code| !shown.contains(code)).unwrap()
    }
}

impl House {
    fn wait(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }

    /// Somebody with an active factor, whose code of now was not used.
    async fn enrolled(&self, person: &str) -> (App, Vec<String>) {
        let enrolment = self.mfa.enrol(person, None).await.unwrap();
        let app = App::of(&enrolment);
        self.mfa.confirm(person, &app.shows(self, 0)).await.unwrap();
        self.wait(2 * STEP);
        (app, enrolment.recovery_codes().to_vec())
    }

    async fn check(&self, person: &str, code: &str) -> Result<bool, MfaErrorKind> {
        self.mfa.check(person, Some(code)).await.map_err(|error| error.kind())
    }
}

const WRONG: Result<bool, MfaErrorKind> = Err(MfaErrorKind::Wrong);
const TOO_MANY: Result<bool, MfaErrorKind> = Err(MfaErrorKind::TooMany);

#[tokio::test]
async fn a_factor_counts_once_it_was_shown_to_work() {
    let house = house();
    assert!(!house.mfa.check("ada", None).await.unwrap());
    let enrolment = house.mfa.enrol("ada", None).await.unwrap();
    let app = App::of(&enrolment);
    assert_eq!((app.0.issuer(), app.0.account_name()), (Some("The house"), "ada@x.example"));
    assert!(!house.mfa.check("ada", None).await.unwrap(), "it was not shown to work");
    assert!(!house.check("ada", &enrolment.recovery_codes()[0]).await.unwrap(), "nor do its recovery codes");
    let wrong = house.mfa.confirm("ada", &app.never_shows(&house)).await.unwrap_err();
    assert_eq!(wrong.kind(), MfaErrorKind::Wrong);
    let recovery = house.mfa.confirm("ada", &enrolment.recovery_codes()[0]).await.unwrap_err();
    assert_eq!(recovery.kind(), MfaErrorKind::Wrong, "the app was not shown to work by that");
    house.mfa.confirm("ada", &app.shows(&house, 0)).await.unwrap();
    let missing = house.mfa.check("ada", None).await.unwrap_err();
    assert_eq!(missing.kind(), MfaErrorKind::Required);
    house.wait(STEP);
    assert_eq!(house.check("ada", &app.shows(&house, 0)).await, Ok(true));
    let standing = house.mfa.standing("ada").await.unwrap();
    assert!(standing.is_active && standing.recovery_codes == 10);
    assert!(!house.mfa.standing("eve").await.unwrap().is_active);
    for nobody in ["", "nobody"] {
        assert_eq!(house.mfa.check(nobody, None).await.unwrap_err().kind(), MfaErrorKind::Nobody);
        assert_eq!(house.mfa.enrol(nobody, None).await.unwrap_err().kind(), MfaErrorKind::Nobody);
    }
}

#[tokio::test]
async fn what_was_begun_long_ago_or_begun_anew_is_not_confirmed() {
    let house = house();
    let first = App::of(&house.mfa.enrol("ada", None).await.unwrap());
    let second = App::of(&house.mfa.enrol("ada", None).await.unwrap());
    assert!(house.mfa.confirm("ada", &first.shows(&house, 0)).await.is_err());
    house.wait(15 * 60);
    let late = house.mfa.confirm("ada", &second.shows(&house, 0)).await.unwrap_err();
    assert_eq!(late.kind(), MfaErrorKind::NotEnrolled);
    assert_eq!(house.mfa.confirm("eve", "123456").await.unwrap_err().kind(), MfaErrorKind::NotEnrolled);
    assert!(!house.mfa.standing("ada").await.unwrap().is_active);
}

#[tokio::test]
async fn a_code_is_good_once_and_so_is_every_one_before_it() {
    let house = house();
    let enrolment = house.mfa.enrol("ada", None).await.unwrap();
    let app = App::of(&enrolment);
    let shown = app.shows(&house, 0);
    house.mfa.confirm("ada", &shown).await.unwrap();
    assert_eq!(house.check("ada", &shown).await, WRONG, "it has confirmed the factor");
    house.wait(STEP);
    let ahead = app.shows(&house, 30);
    assert_eq!(house.check("ada", &ahead).await, Ok(true), "a clock that goes ahead");
    for used in [ahead, app.shows(&house, 0), app.shows(&house, -30)] {
        assert_eq!(house.check("ada", &used).await, WRONG);
    }
    house.wait(2 * STEP);
    let behind = app.shows(&house, -30);
    assert_eq!(house.check("ada", &behind).await, WRONG, "its step was used, as the one ahead");
    house.wait(600);
    assert_eq!(house.check("ada", &app.shows(&house, -30)).await, Ok(true), "a clock that goes behind");
    assert_eq!(house.check("ada", &app.shows(&house, 0)).await, Ok(true));
    for seconds in [-60, 60] {
        assert_eq!(house.check("ada", &app.shows(&house, seconds)).await, WRONG, "{seconds}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_who_show_the_same_code_at_once_one_is_let_in() {
    let house = Arc::new(house());
    let (app, recovery) = house.enrolled("ada").await;
    for code in [app.shows(&house, 0), recovery[3].clone()] {
        let all = (0..16).map(|_| {
            let (house, code) = (Arc::clone(&house), code.clone());
            tokio::spawn(async move { house.check("ada", &code).await })
        });
        let mut let_in = 0;
        for one in all.collect::<Vec<_>>() {
            let_in += usize::from(one.await.unwrap() == Ok(true));
        }
        assert_eq!(let_in, 1, "{code}");
    }
}

#[tokio::test]
async fn a_recovery_code_stands_in_once_and_for_nobody_else() {
    let house = house();
    let (_, hers) = house.enrolled("ada").await;
    let (eves_app, eves) = house.enrolled("eve").await;
    let distinct: std::collections::BTreeSet<_> = hers.iter().chain(&eves).collect();
    assert_eq!(distinct.len(), 20);
    assert_eq!(house.check("ada", &eves[0]).await, WRONG);
    assert_eq!(house.check("ada", &eves_app.shows(&house, 0)).await, WRONG);
    for (used, code) in (1..).zip(&hers) {
        assert_eq!(house.check("ada", &code.to_lowercase().replace('-', " ")).await, Ok(true));
        assert_eq!(house.check("ada", code).await, WRONG);
        assert_eq!(house.mfa.standing("ada").await.unwrap().recovery_codes, 10 - used);
    }
    assert_eq!(house.mfa.standing("eve").await.unwrap().recovery_codes, 10);
}

#[tokio::test]
async fn who_guesses_has_few_tries_and_does_not_keep_who_can_recover_out() {
    let house = house();
    let (app, recovery) = house.enrolled("ada").await;
    let (eves, _) = house.enrolled("eve").await;
    for _ in 0..5 {
        assert_eq!(house.check("ada", &app.never_shows(&house)).await, WRONG);
    }
    let refused = house.mfa.check("ada", Some(&app.shows(&house, 0))).await.unwrap_err();
    assert_eq!(refused.kind(), MfaErrorKind::TooMany, "a right one is not looked at either");
    assert_eq!(refused.retry_after(), Some(Duration::from_secs(300)));
    assert!(house.mfa.confirm("ada", "123456").await.is_err(), "nor is there another way to guess");
    assert_eq!(house.mfa.remove("ada", Some("123456")).await.unwrap_err().kind(), MfaErrorKind::TooMany);
    assert_eq!(house.mfa.enrol("ada", Some("123456")).await.unwrap_err().kind(), MfaErrorKind::TooMany);
    assert_eq!(house.check("eve", &eves.shows(&house, 0)).await, Ok(true), "it is hers alone");
    assert_eq!(house.check("ada", &recovery[0]).await, Ok(true));
    assert_eq!(house.check("ada", &app.shows(&house, 0)).await, TOO_MANY, "which is no new try");
    house.wait(299);
    assert_eq!(house.check("ada", &app.never_shows(&house)).await, TOO_MANY);
    house.wait(1);
    assert_eq!(house.check("ada", &app.shows(&house, 0)).await, Ok(true));
    house.wait(STEP);
    assert_eq!(house.check("ada", &app.shows(&house, 0)).await, Ok(true), "a right one takes no try");
    assert_eq!(house.check("ada", &app.never_shows(&house)).await, WRONG);
    assert_eq!(house.check("ada", &app.never_shows(&house)).await, TOO_MANY);
    // In a day, and in the long run.
    let mut looked_at = 0;
    for _ in 0..(24 * 60) {
        house.wait(60);
        looked_at += usize::from(house.check("ada", &app.never_shows(&house)).await == WRONG);
    }
    assert!((287..=289).contains(&looked_at), "{looked_at}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_guesses_at_once_five_are_looked_at() {
    let house = Arc::new(house());
    let (app, _) = house.enrolled("ada").await;
    let all = (0..50).map(|_| {
        let (house, code) = (Arc::clone(&house), app.never_shows(&house));
        tokio::spawn(async move { house.check("ada", &code).await })
    });
    let mut looked_at = 0;
    for one in all.collect::<Vec<_>>() {
        looked_at += usize::from(one.await.unwrap() == WRONG);
    }
    assert_eq!(looked_at, 5);
}

#[tokio::test]
async fn what_is_no_code_takes_no_try() {
    let house = house();
    let (app, _) = house.enrolled("ada").await;
    for text in ["", "12345", "abcdef", "not a code at all", &"1".repeat(10_000)] {
        for _ in 0..10 {
            assert_eq!(house.check("ada", text).await, WRONG);
        }
    }
    assert_eq!(house.check("ada", &app.shows(&house, 0)).await, Ok(true));
}

#[tokio::test]
async fn a_factor_is_replaced_and_removed_with_a_code_of_its_own() {
    let house = house();
    let (app, recovery) = house.enrolled("ada").await;
    let without = house.mfa.enrol("ada", None).await.unwrap_err();
    assert_eq!(without.kind(), MfaErrorKind::Required);
    let wrong = house.mfa.enrol("ada", Some(&app.never_shows(&house))).await.unwrap_err();
    assert_eq!(wrong.kind(), MfaErrorKind::Wrong);
    let new = house.mfa.enrol("ada", Some(&recovery[0])).await.unwrap();
    let new_app = App::of(&new);
    assert_eq!(house.check("ada", &new_app.shows(&house, 0)).await, WRONG, "not yet");
    assert_eq!(house.check("ada", &new.recovery_codes()[0]).await, WRONG, "not yet");
    assert_eq!(house.check("ada", &app.shows(&house, 0)).await, Ok(true), "the one before still is");
    house.mfa.confirm("ada", &new_app.shows(&house, 0)).await.unwrap();
    house.wait(STEP);
    assert_eq!(house.check("ada", &app.shows(&house, 0)).await, WRONG, "it has ended");
    assert_eq!(house.check("ada", &recovery[1]).await, WRONG, "with its recovery codes");
    assert_eq!(house.check("ada", &new.recovery_codes()[0]).await, Ok(true));

    for (code, kind) in [(None, MfaErrorKind::Required), (Some(&*recovery[1]), MfaErrorKind::Wrong)] {
        assert_eq!(house.mfa.remove("ada", code).await.unwrap_err().kind(), kind);
    }
    house.mfa.remove("ada", Some(&new_app.shows(&house, 0))).await.unwrap();
    assert_eq!(house.check("ada", "123456").await, Ok(false));
    let again = house.mfa.remove("ada", None).await.unwrap_err();
    assert_eq!(again.kind(), MfaErrorKind::NotEnrolled);
    house.enrolled("ada").await;
    house.mfa.reset("ada").await.unwrap();
    assert!(!house.mfa.standing("ada").await.unwrap().is_active);
    assert_eq!(house.mfa.reset("ada").await.unwrap_err().kind(), MfaErrorKind::NotEnrolled);
}

/// Somebody else's browser has begun, before theirs.
#[tokio::test]
async fn what_was_begun_without_a_code_does_not_replace_what_became_active_meanwhile() {
    let house = house();
    let stolen = App::of(&house.mfa.enrol("ada", None).await.unwrap());
    let hers = App::of(&house.mfa.enrol("ada", None).await.unwrap());
    house.mfa.confirm("ada", &hers.shows(&house, 0)).await.unwrap();
    let late = house.mfa.confirm("ada", &stolen.shows(&house, 0)).await.unwrap_err();
    assert_eq!(late.kind(), MfaErrorKind::NotEnrolled);
    // Nor where it looked before, and writes after that.
    let record = house.store.find("ada").await.unwrap().unwrap();
    let active = record.active.unwrap();
    let expires_at = tenant_core::Timestamp::from_unix_micros(i64::MAX);
    let pending = tenant_core::auth::PendingFactor::new("f", active.secret.clone(), expires_at);
    assert!(!house.store.enrol("ada", None, &pending, &[]).await.unwrap());
    assert!(house.store.enrol("ada", Some(&active.factor_id), &pending, &[]).await.unwrap());
}

#[tokio::test]
async fn what_is_kept_under_a_key_is_of_no_use_without_it() {
    let house = house();
    let key = || MfaKey::parse("c2l4IGJ5dGVzIGFyZSBub3QgZW5vdWdoLCAzMiBhcmU=").unwrap();
    let with_key = |key| {
        Mfa::new(house.store.clone(), "The house").with_clock(Arc::clone(&house.clock) as _).with_key(key)
    };
    let mfa = with_key(key());
    let enrolment = mfa.enrol("ada", None).await.unwrap();
    let app = App::of(&enrolment);
    let kept = house.store.find("ada").await.unwrap().unwrap().pending.unwrap();
    let secret = enrolment.otpauth_url().split("secret=").nth(1).unwrap().split('&').next().unwrap();
    assert!(!kept.secret.contains(secret) && !format!("{kept:?}").contains(&*kept.secret));
    mfa.confirm("ada", &app.shows(&house, 0)).await.unwrap();
    house.wait(STEP);
    let shown = app.shows(&house, 0);
    let other = with_key(MfaKey::parse("b3RoZXIgYnl0ZXMgYXJlIG5vdCBlbm91Z2gsIDMyIGE=").unwrap());
    for without in [&house.mfa, &other] {
        let error = without.check("ada", Some(&shown)).await.unwrap_err();
        assert_eq!(error.kind(), MfaErrorKind::Unavailable, "nobody is let in");
    }
    assert!(mfa.check("ada", Some(&shown)).await.unwrap());
    // What was kept before there was a key still counts.
    let (plain, _) = house.enrolled("eve").await;
    assert!(mfa.check("eve", Some(&plain.shows(&house, 0))).await.unwrap());
}

#[tokio::test]
async fn codes_are_shown_once_and_nowhere_else() {
    let house = house();
    let enrolment = house.mfa.enrol("ada", None).await.unwrap();
    let secret = enrolment.otpauth_url().split("secret=").nth(1).unwrap().split('&').next().unwrap();
    assert_eq!(secret.len(), 32, "160 bits");
    let shown = format!("{enrolment:?} {:?} {:?}", house.mfa, house.store);
    for code in enrolment.recovery_codes() {
        assert!(!shown.contains(&**code) && !shown.contains(&code.replace('-', "")));
    }
    assert!(!shown.contains(secret));
}
