//! Tokens that were seen before.

use tenant_core::{
    Clock, UnixTime,
    auth::{AuthErrorKind, Authenticator, Principal, Proof},
};

use super::{
    MINUTE, bearer, builder, clock,
    forge::{CLAIMS, ED, NOW, claims},
    show,
};

#[tokio::test]
async fn a_token_is_remembered_once_it_was_verified_and_not_before() {
    let verifier = builder(&clock()).build();
    let token = ED.token(CLAIMS);
    assert!(verifier.peek(&bearer(&token)).is_none());
    show(&verifier, &token).await.unwrap();
    assert_eq!(verifier.peek(&bearer(&token)).unwrap().unwrap().subject(), "ada");
    assert_eq!(verifier.remembered(), 1);
}

#[tokio::test]
async fn a_remembered_token_expires_at_its_second() {
    let clock = clock();
    let verifier = builder(&clock).build();
    let token = ED.token(CLAIMS);
    let ada = show(&verifier, &token).await.unwrap();
    clock.advance(10 * MINUTE - std::time::Duration::from_nanos(1));
    assert!(verifier.peek(&bearer(&token)).unwrap().is_ok() && verifier.holds(&ada).await.unwrap());
    clock.advance(std::time::Duration::from_nanos(1));
    assert_eq!(clock.unix(), UnixTime::from_secs(NOW + 600));
    let error = verifier.peek(&bearer(&token)).unwrap().unwrap_err();
    assert_eq!((error.kind(), error.reason()), (AuthErrorKind::Rejected, "the token has expired"));
    assert!(!verifier.holds(&ada).await.unwrap());
    assert_eq!(verifier.remembered(), 0, "it is forgotten");
    assert_eq!(show(&verifier, &token).await.unwrap_err().reason(), "the token has expired");
}

/// The cache is keyed by the whole token: one that shares a signature, a subject or an id with another is its own.
#[tokio::test]
async fn what_is_remembered_of_a_token_is_not_told_of_another() {
    let verifier = builder(&clock()).build();
    let (acme, globex) = (ED.token(CLAIMS), ED.token(&claims("acme", "globex")));
    show(&verifier, &acme).await.unwrap();
    assert!(verifier.peek(&bearer(&globex)).is_none());
    let forged = format!("{}.{}", globex.rsplit_once('.').unwrap().0, acme.rsplit_once('.').unwrap().1);
    assert!(verifier.peek(&bearer(&forged)).is_none());
    assert!(show(&verifier, &forged).await.is_err());
    assert_eq!(show(&verifier, &globex).await.unwrap().only_tenant(), Some(&super::id("globex")));
    assert_eq!(show(&verifier, &acme).await.unwrap().only_tenant(), Some(&super::id("acme")));
}

#[tokio::test]
async fn no_more_is_remembered_than_was_asked_for_and_nothing_that_is_not_valid() {
    for (asked, least) in [(0, 0), (1, 1), (10, 10), (320, 200)] {
        let verifier = builder(&clock()).remember(asked).build();
        for number in 0..700 {
            let token = ED.token(&claims("t-1", &format!("t-{number}")));
            show(&verifier, &token).await.unwrap();
            show(&verifier, &format!("{token}AAAA")).await.unwrap_err();
        }
        assert!((least..=asked).contains(&verifier.remembered()), "{asked}: {}", verifier.remembered());
    }
}

#[tokio::test]
async fn what_was_proved_in_another_way_holds() {
    let verifier = builder(&clock()).build();
    let session = Principal::builder("ada", Proof::Session).expires_at(UnixTime::from_secs(1)).build();
    assert!(verifier.holds(&session).await.unwrap());
}
