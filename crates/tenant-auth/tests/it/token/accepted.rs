use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use tenant_auth::{TokenKeys, TokenVerifier};
use tenant_core::{
    Clock, UnixTime,
    auth::{Proof, Role},
};

use super::{
    builder, clock,
    forge::{CLAIMS, EC, ED, NOW, RSA, SECRET, TestKey, claims, claims_and, set_of},
    id, of, refused, show,
};

#[tokio::test]
async fn a_token_of_each_algorithm_proves_its_subject_in_its_tenant() {
    let clock = clock();
    let of_secret = of(TokenKeys::hs256(SECRET).unwrap(), &clock).build();
    let of_set = builder(&clock).build();
    let secret = TestKey::secret(SECRET);
    let keys: [(&TestKey, &TokenVerifier); 4] =
        [(&RSA, &of_set), (&EC, &of_set), (&ED, &of_set), (&secret, &of_secret)];
    for (key, verifier) in keys {
        let ada =
            show(verifier, &key.token(CLAIMS)).await.unwrap_or_else(|error| panic!("{}: {error}", key.alg));
        assert_eq!((ada.subject(), ada.proof(), ada.credential()), ("ada", Proof::Token, Some("t-1")));
        assert_eq!((ada.only_tenant(), ada.role_in(&id("acme"))), (Some(&id("acme")), Some(Role::Member)));
        assert_eq!(ada.role_in(&id("globex")), None);
        assert_eq!(ada.issued_at(), Some(UnixTime::from_secs(NOW - 10)));
        assert_eq!(ada.expires_at(), Some(UnixTime::from_secs(NOW + 600)));
        assert!(ada.scopes().is_none());
    }
}

/// The other implementation signs; what its tokens say is what it was given.
#[tokio::test]
async fn tokens_of_another_implementation_are_taken() {
    let rsa_der = RSA.private();
    let keys = [
        // PKCS #1 is what PKCS #8 wraps in 26 bytes.
        (Algorithm::RS256, EncodingKey::from_rsa_der(&rsa_der[26..]), "rsa-1"),
        (Algorithm::ES256, EncodingKey::from_ec_der(&EC.private()), "ec-1"),
        (Algorithm::EdDSA, EncodingKey::from_ed_der(&ED.private()), "ed-1"),
    ];
    let said: serde_json::Value = serde_json::from_str(CLAIMS).unwrap();
    let verifier = builder(&clock()).build();
    for (alg, key, kid) in keys {
        let mut header = Header::new(alg);
        header.kid = Some(kid.into());
        let token = encode(&header, &said, &key).unwrap();
        assert_eq!(show(&verifier, &token).await.unwrap().subject(), "ada", "{kid}");
    }
    let secret = of(TokenKeys::hs256(SECRET).unwrap(), &clock()).build();
    let token = encode(&Header::default(), &said, &EncodingKey::from_secret(SECRET)).unwrap();
    assert_eq!(show(&secret, &token).await.unwrap().subject(), "ada");
}

/// RFC 7515, appendices A.1 and A.3. Their tokens name no subject, which is found out only once the signature holds.
#[tokio::test]
async fn the_signatures_of_the_standard_hold() {
    const SIGNED: &str =
        "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
    const KEY: &str =
        "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow";
    const POINT: &str = r#"{"keys":[{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}]}"#;
    let clock = clock();
    clock.step_unix_to(UnixTime::from_secs(1_300_819_000));
    let secret = data_encoding::BASE64URL_NOPAD.decode(KEY.as_bytes()).unwrap();
    let examples = [
        (
            TokenKeys::hs256(secret),
            "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9",
            "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
        ),
        (
            TokenKeys::jwks(POINT),
            "eyJhbGciOiJFUzI1NiJ9",
            "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q",
        ),
    ];
    for (keys, header, signature) in examples {
        let verifier = of(keys.unwrap(), &clock).build();
        let token = format!("{header}.{SIGNED}.{signature}");
        assert_eq!(refused(&verifier, &token).await, "the token has no subject");
    }
}

#[tokio::test]
async fn what_may_be_left_out_or_be_there_besides_is_taken() {
    let verifier = builder(&clock()).build();
    for claims in [
        claims(r#""iat":1699999990,"#, ""),
        claims(r#","jti":"t-1""#, ""),
        claims(r#""roles":["member"],"#, ""),
        claims(r#"["member"]"#, "[]"),
        claims(r#""aud":"api""#, r#""aud":["web","api"]"#),
        claims_and(r#""nbf":1700000000"#),
        claims_and(r#""nbf":1700000001"#),
        claims_and(r#""scope":"""#),
        claims_and(r#""email":"ada@acme.example","address":{"country":null,"numbers":[1.5,true]}"#),
        claims(r#""ada""#, &format!(r#""{}""#, "a".repeat(255))),
        format!(" {CLAIMS}\n"),
    ] {
        show(&verifier, &ED.token(&claims)).await.unwrap_or_else(|error| panic!("{claims}: {error}"));
    }
    for header in [
        r#"{"typ":"JWT","alg":"EdDSA","kid":"ed-1"}"#,
        r#"{"typ":"at+jwt","alg":"EdDSA","kid":"ed-1"}"#,
        r#"{"typ":"application/at+JWT","alg":"EdDSA","kid":"ed-1"}"#,
        r#"{"alg":"Ed25519","kid":"ed-1"}"#,
        r#"{"alg":"EdDSA","kid":"ed-1","x5t":"dGh1bWI","other":[1]}"#,
    ] {
        show(&verifier, &ED.sign(header, CLAIMS)).await.unwrap_or_else(|error| panic!("{header}: {error}"));
    }
}

#[tokio::test]
async fn a_token_for_several_tenants_has_in_each_what_it_says_of_it() {
    let verifier = builder(&clock()).build();
    let several = r#""tenants":{"acme":["admin"],"globex":[],"initech":["wizard","viewer"]}"#;
    let ada = show(&verifier, &ED.token(&claims(r#""tenant_id":"acme""#, several))).await.unwrap();
    assert_eq!(ada.memberships().len(), 3);
    assert_eq!(ada.role_in(&id("acme")), Some(Role::Admin));
    assert_eq!(ada.role_in(&id("globex")), None, "the roles beside it give none");
    assert!(ada.membership_in(&id("globex")).is_some());
    assert_eq!(ada.role_in(&id("initech")), Some(Role::Viewer));
    assert_eq!(ada.only_tenant(), None);
}

#[tokio::test]
async fn scopes_bound_what_a_token_may() {
    let verifier = builder(&clock()).build();
    let ada = show(&verifier, &ED.token(&claims_and(r#""scope":"read:users write:events""#))).await.unwrap();
    assert!(ada.may("read:users") && ada.may("write:events") && !ada.may("write:users"));
    let nobody = show(&verifier, &ED.token(&claims_and(r#""scope":"""#))).await.unwrap();
    assert!(!nobody.may("read:users"));
}

/// RFC 8176, section 2.
#[tokio::test]
async fn a_token_tells_by_amr_alone_whether_a_second_factor_was_shown() {
    let verifier = builder(&clock()).build();
    for (claims, expected) in [
        (CLAIMS.to_owned(), false),
        (claims_and(r#""amr":["pwd","mfa"]"#), true),
        (claims_and(r#""amr":["mfa"]"#), true),
        (claims_and(r#""amr":[]"#), false),
        (claims_and(r#""amr":["pwd","otp"]"#), false),
        (claims_and(r#""amr":["MFA","mfa "]"#), false),
        (claims_and(r#""amr":"mfa""#), false),
        (claims_and(r#""amr":["mfa",7]"#), false),
        (claims_and(r#""amr":{"mfa":true}"#), false),
        (claims_and(r#""mfa":true,"acr":"mfa""#), false),
    ] {
        let ada = show(&verifier, &ED.token(&claims)).await.unwrap();
        assert_eq!(ada.has_second_factor(), expected, "{claims}");
    }
}

#[tokio::test]
async fn a_token_need_not_name_the_only_key() {
    let clock = clock();
    let verifier = of(TokenKeys::jwks(&set_of(&[&ED.jwk()])).unwrap(), &clock).build();
    assert!(show(&verifier, &ED.sign(r#"{"alg":"EdDSA"}"#, CLAIMS)).await.is_ok());
    let nameless = format!("{{{}}}", ED.material());
    let verifier = of(TokenKeys::jwks(&set_of(&[&nameless])).unwrap(), &clock).build();
    assert!(show(&verifier, &ED.sign(r#"{"alg":"EdDSA"}"#, CLAIMS)).await.is_ok());
    assert_eq!(refused(&verifier, &ED.token(CLAIMS)).await, "the token names a key that is not known");
}

#[tokio::test]
async fn leeway_is_a_minute_at_most() {
    let clock = clock();
    let verifier = builder(&clock).leeway(std::time::Duration::from_secs(3_600)).build();
    let ending = |at: u64| ED.token(&claims("1700000600", &at.to_string()));
    let ada = show(&verifier, &ending(NOW - 59)).await.unwrap();
    assert!(ada.expires_at().unwrap() > clock.unix(), "it ends when it is not taken any more");
    assert_eq!(refused(&verifier, &ending(NOW - 60)).await, "the token has expired");
    let issued = |at: u64| ED.token(&claims("1699999990", &at.to_string()));
    assert!(show(&verifier, &issued(NOW + 60)).await.is_ok());
    assert_eq!(refused(&verifier, &issued(NOW + 61)).await, "the token is not valid yet");
}
