//! What a header must not say.

use super::{ALGORITHM, HEADER, MALFORMED, MEMBER, SIGNATURE, TYPE, UNKNOWN, UNSAID, all_refused};
use crate::token::forge::{CLAIMS, EC, ED, RSA, TestKey, encode};

/// Signed with the Ed25519 key, under this header.
fn header(header: &str) -> String {
    ED.sign(header, CLAIMS)
}

/// The valid header, with more in it.
fn header_and(more: &str) -> String {
    header(&format!(r#"{{"alg":"EdDSA","kid":"ed-1",{more}}}"#))
}

#[tokio::test]
async fn no_algorithm_but_that_of_the_key() {
    let unsigned = |alg: &str, kid: &str, end: &str| {
        format!("{}.{}.{end}", encode(format!(r#"{{"alg":{alg},"kid":"{kid}"}}"#)), encode(CLAIMS))
    };
    let mut cases = Vec::new();
    for none in ["none", "None", "NONE", "nOnE", "", " none", "no\\u006ee", "none\\u0000"] {
        for end in ["", &encode([0; 64])] {
            cases.push((ALGORITHM, unsigned(&format!("\"{none}\""), "ed-1", end)));
        }
    }
    for no_text in ["null", "0", "true", "[\"EdDSA\"]", "{}"] {
        cases.push((HEADER, unsigned(no_text, "ed-1", "")));
    }
    // The public key as a secret, in each form in which somebody may have it at hand.
    for (key, kid) in [(&*RSA, "rsa-1"), (&*EC, "ec-1"), (&*ED, "ed-1")] {
        for secret in [key.public(), key.pem().into_bytes(), key.jwk().into_bytes(), Vec::new()] {
            let hs = |alg: &str| format!(r#"{{"alg":"{alg}","kid":"{kid}"}}"#);
            let forger = TestKey::secret(&secret);
            cases.push((ALGORITHM, forger.sign(&hs("HS256"), CLAIMS)));
            cases.push((ALGORITHM, forger.sign(&hs("hs256"), CLAIMS)));
            cases.push((SIGNATURE, forger.sign(&hs(key.alg), CLAIMS)));
        }
    }
    for alg in
        ["ES256", "RS256", "HS256", "eddsa", "EDDSA", "EdDSA ", "ES384", "RS512", "PS256", "ES256K", "Ed448"]
    {
        cases.push((ALGORITHM, header(&format!(r#"{{"alg":"{alg}","kid":"ed-1"}}"#))));
    }
    cases.push((ALGORITHM, RSA.sign(r#"{"alg":"PS256","kid":"rsa-1"}"#, CLAIMS)));
    cases.push((ALGORITHM, RSA.sign(r#"{"alg":"RS384","kid":"rsa-1"}"#, CLAIMS)));
    cases.push((HEADER, header(r#"{"kid":"ed-1"}"#)));
    all_refused(cases).await;
}

#[tokio::test]
async fn no_key_but_the_one_that_is_named() {
    let stranger = TestKey::ed("ed-1");
    all_refused(vec![
        (UNSAID, header(r#"{"alg":"EdDSA"}"#)),
        (UNKNOWN, header(r#"{"alg":"EdDSA","kid":"ed-2"}"#)),
        (UNKNOWN, header(r#"{"alg":"EdDSA","kid":"ED-1"}"#)),
        (UNKNOWN, header(r#"{"alg":"EdDSA","kid":"ed-1 "}"#)),
        (UNKNOWN, header(r#"{"alg":"EdDSA","kid":"ed-1\u0000"}"#)),
        (UNKNOWN, header(r#"{"alg":"EdDSA","kid":"../../../dev/null"}"#)),
        (HEADER, header(r#"{"alg":"EdDSA","kid":""}"#)),
        (HEADER, header(r#"{"alg":"EdDSA","kid":1}"#)),
        (HEADER, header(r#"{"alg":"EdDSA","kid":null}"#)),
        (HEADER, header(r#"{"alg":"EdDSA","kid":["ed-1"]}"#)),
        (HEADER, header(&format!(r#"{{"alg":"EdDSA","kid":"{}"}}"#, "k".repeat(256)))),
        (ALGORITHM, header(r#"{"alg":"EdDSA","kid":"ec-1"}"#)),
        (ALGORITHM, header(r#"{"alg":"EdDSA","kid":"rsa-1"}"#)),
        (SIGNATURE, header(r#"{"alg":"ES256","kid":"ec-1"}"#)),
        (SIGNATURE, header(r#"{"alg":"RS256","kid":"rsa-1"}"#)),
        (SIGNATURE, EC.sign(r#"{"alg":"EdDSA","kid":"ed-1"}"#, CLAIMS)),
        (SIGNATURE, RSA.sign(r#"{"alg":"EdDSA","kid":"ed-1"}"#, CLAIMS)),
        (SIGNATURE, stranger.token(CLAIMS)),
    ])
    .await;
}

#[tokio::test]
async fn no_header_that_wants_more_than_is_understood() {
    let brought = TestKey::ed("mine");
    let with_own_key =
        format!(r#"{{"alg":"EdDSA","kid":"ed-1","jwk":{}}}"#, brought.jwk_with(r#""use":"sig""#));
    let mut cases = vec![
        (MEMBER, header_and(r#""crit":["exp"]"#)),
        (MEMBER, header_and(r#""crit":[]"#)),
        (MEMBER, header_and(r#""crit":["b64"],"b64":false"#)),
        (MEMBER, header_and(r#""b64":true"#)),
        (MEMBER, header_and(r#""jku":"https://evil.example/keys""#)),
        (MEMBER, header_and(r#""x5u":"https://evil.example/cert""#)),
        (MEMBER, header_and(r#""x5c":["MII"]"#)),
        (MEMBER, header_and(r#""zip":"DEF""#)),
        (MEMBER, header_and(r#""enc":"A256GCM""#)),
        (MEMBER, header_and(r#""cty":"JWT""#)),
        (MEMBER, header_and(r#""jwk":null"#)),
        (MEMBER, header_and(r#""\u006awk":{}"#)),
        (MEMBER, brought.sign(&with_own_key, CLAIMS)),
        (TYPE, header_and(r#""typ":"JWE""#)),
        (TYPE, header_and(r#""typ":"logout+jwt""#)),
        (TYPE, header_and(r#""typ":"secevent+jwt""#)),
        (TYPE, header_and(r#""typ":"""#)),
        (TYPE, header_and(r#""typ":null"#)),
        (TYPE, header_and(r#""typ":["JWT"]"#)),
    ];
    for twice in [
        r#"{"alg":"EdDSA","alg":"EdDSA","kid":"ed-1"}"#,
        r#"{"alg":"none","alg":"EdDSA","kid":"ed-1"}"#,
        r#"{"alg":"EdDSA","kid":"ed-1","kid":"ec-1"}"#,
        r#"{"alg":"EdDSA","\u0061lg":"none","kid":"ed-1"}"#,
        r#"{"alg":"EdDSA","kid":"ed-1","x":{"y":1,"y":2}}"#,
    ] {
        cases.push((MALFORMED, header(twice)));
    }
    for no_object in [
        "",
        "[]",
        "null",
        "\"EdDSA\"",
        r#"{"alg":"EdDSA","kid":"ed-1"} {}"#,
        r#"{"alg":"EdDSA","kid":"ed-1",}"#,
        "{'alg':'EdDSA'}",
    ] {
        cases.push((MALFORMED, header(no_object)));
    }
    cases.push((MALFORMED, header(&format!("\u{feff}{}", ED.header()))));
    cases.push((MALFORMED, header_and(&format!(r#""x":{}1{}"#, "[".repeat(8), "]".repeat(8)))));
    all_refused(cases).await;
}
