//! What belongs to others.

use tenant_auth::TokenKeys;
use tenant_core::auth::{Authenticator, Credential, CredentialKind};

use super::{ALGORITHM, NO_TOKEN, SIGNATURE};
use crate::token::{
    bearer, builder, clock,
    forge::{CLAIMS, ED, SECRET, TestKey, claims, encode, set_of},
    of, refused, show,
};

#[tokio::test]
async fn a_secret_takes_no_token_of_a_public_key_and_none_of_another_secret() {
    let verifier = of(TokenKeys::hs256(SECRET).unwrap(), &clock()).build();
    let own = TestKey::secret(SECRET);
    assert!(show(&verifier, &own.token(CLAIMS)).await.is_ok());
    for (reason, token) in [
        (ALGORITHM, ED.token(CLAIMS)),
        (ALGORITHM, own.sign(r#"{"alg":"none"}"#, CLAIMS)),
        (ALGORITHM, own.sign(r#"{"alg":"HS512"}"#, CLAIMS)),
        (ALGORITHM, own.sign(r#"{"alg":"hs256"}"#, CLAIMS)),
        (SIGNATURE, TestKey::secret(b"another secret of thirty-two ...").token(CLAIMS)),
        (SIGNATURE, TestKey::secret(b"").token(CLAIMS)),
        // HMAC pads with zeros: a secret and a zero behind it are one key, but no longer one token.
        (SIGNATURE, format!("{}.", own.token(CLAIMS).rsplit_once('.').unwrap().0)),
        (SIGNATURE, {
            let token = own.token(CLAIMS);
            let (signed, _) = token.rsplit_once('.').unwrap();
            format!("{signed}.{}", encode(&own.signature(signed.as_bytes())[..16]))
        }),
    ] {
        assert_eq!(refused(&verifier, &token).await, reason);
    }
}

/// One tenant's key set, another tenant's key: nothing is shared but the program.
#[tokio::test]
async fn verifiers_do_not_take_each_others_tokens() {
    let (clock, theirs) = (clock(), TestKey::ed("ed-1"));
    let ours = of(TokenKeys::jwks(&set_of(&[&ED.jwk()])).unwrap(), &clock).build();
    let other = of(TokenKeys::jwks(&set_of(&[&theirs.jwk()])).unwrap(), &clock).build();
    let token = theirs.token(CLAIMS);
    assert!(show(&other, &token).await.is_ok());
    assert_eq!(refused(&ours, &token).await, SIGNATURE);
}

#[tokio::test]
async fn what_is_shown_elsewhere_or_looks_like_an_api_key_is_left_to_others() {
    let verifier = builder(&clock()).build();
    let token = ED.token(CLAIMS);
    for kind in
        [CredentialKind::ApiKey, CredentialKind::Basic, CredentialKind::Session, CredentialKind::Certificate]
    {
        let shown = Credential::new(kind, &token);
        assert!(!verifier.judges(&shown) && verifier.peek(&shown).is_none());
        assert_eq!(verifier.verify(&shown).await.unwrap_err().reason(), NO_TOKEN);
    }
    for key in ["sk_live_0.1.2", "sk_test_abc", "opaque", "a.b"] {
        assert!(!verifier.judges(&bearer(key)), "{key}");
    }
    assert!(verifier.judges(&bearer(&token)));
}

#[tokio::test]
async fn an_error_gives_nothing_away() {
    let verifier = builder(&clock()).build();
    let error = show(&verifier, &ED.token(&claims("acme", "*globex*"))).await.unwrap_err();
    assert!(!format!("{error} {error:?} {verifier:?}").contains("globex"));
    let keys = TokenKeys::hs256(SECRET).unwrap();
    assert!(!format!("{keys:?}").contains("thirty-two"));
}
