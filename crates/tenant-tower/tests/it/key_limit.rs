//! Requests of a key: as many as it may send, and at nobody else's cost.

use std::{num::NonZeroU32, sync::Arc, time::Duration};

use tenant_core::{
    ManualClock, async_trait,
    auth::{AuthError, Authenticator, Credential, CredentialKind, Principal, Proof},
};
use tenant_tower::{AuthLayer, AuthService, GuardService, KeyLimitLayer};
use tower::Layer;

use crate::support::{Answer, EchoService, clock, get, id, send};

/// Knows `NAME` and `NAME+RATE`, of acme.
struct Porter;

fn read(credential: &Credential<'_>) -> Principal {
    let (name, rate) = credential.secret().split_once('+').unwrap_or((credential.secret(), ""));
    let proof = if credential.kind() == CredentialKind::ApiKey { Proof::ApiKey } else { Proof::Token };
    let principal = Principal::builder(name, proof).membership(id("acme"), ["member"]);
    match rate.parse() {
        Ok(rate) => principal.rate_limit(rate).build(),
        Err(_) => principal.build(),
    }
}

#[async_trait]
impl Authenticator for Porter {
    fn judges(&self, _: &Credential<'_>) -> bool {
        true
    }

    fn peek(&self, credential: &Credential<'_>) -> Option<Result<Principal, AuthError>> {
        Some(Ok(read(credential)))
    }

    async fn verify(&self, credential: &Credential<'_>) -> Result<Principal, AuthError> {
        Ok(read(credential))
    }

    async fn holds(&self, _: &Principal) -> Result<bool, AuthError> {
        Ok(true)
    }
}

type Limited = AuthService<GuardService<EchoService, KeyLimitLayer>>;

fn service(usual: u32, clock: &Arc<ManualClock>) -> Limited {
    let limits =
        KeyLimitLayer::per_minute(NonZeroU32::new(usual).unwrap()).with_clock(Arc::clone(clock) as _);
    AuthLayer::new(Porter).layer(limits.layer(EchoService))
}

async fn ask(service: &Limited, key: &str) -> Answer {
    send(service, get("/", &[("x-api-key", key)])).await
}

#[tokio::test]
async fn a_key_has_its_own_limit_or_the_usual_one() {
    let clock = clock();
    let service = service(3, &clock);
    for (key, limit) in [("ada", 3), ("bob", 3), ("own+5", 5)] {
        for request in 0..8 {
            let status = ask(&service, key).await.status;
            assert_eq!(status, if request < limit { 200 } else { 429 }, "{key} {request}");
        }
    }
    let denied = ask(&service, "ada").await;
    assert_eq!((denied.code().as_str(), denied.header("retry-after")), ("quota_exceeded", Some("20")));
    clock.advance(Duration::from_secs(20));
    assert_eq!(ask(&service, "ada").await.status, 200);
    assert_eq!(ask(&service, "ada").await.status, 429);
}

#[tokio::test]
async fn a_limit_of_nothing_admits_nothing_and_one_beyond_numbers_is_large() {
    let service = service(3, &clock());
    let denied = ask(&service, "shut+0").await;
    assert_eq!((denied.status, denied.header("retry-after")), (429, None));
    assert_eq!(ask(&service, &format!("open+{}", u64::MAX)).await.status, 200);
}

#[tokio::test]
async fn other_credentials_pass_and_a_forgotten_layer_is_found() {
    let clock = clock();
    let service = service(1, &clock);
    for _ in 0..3 {
        assert_eq!(send(&service, get("/", &[("authorization", "Bearer ada")])).await.status, 200);
        assert_eq!(
            send(&service, get("/", &[])).await.status,
            200,
            "who is nobody is another layer's affair"
        );
    }
    let alone = KeyLimitLayer::per_minute(NonZeroU32::new(1).unwrap()).layer(EchoService);
    assert_eq!(send(&alone, get("/", &[("x-api-key", "ada")])).await.status, 500);
}
