//! Tokens that are refused, and by what: each is one step away from one that is taken.

use tenant_auth::TokenKeys;
use tenant_core::auth::{Authenticator, Credential, CredentialKind};

use super::{
    builder, clock,
    forge::{CLAIMS, EC, ED, NOW, RSA, SECRET, TestKey, claims, claims_and, encode, set_of},
    of, refused, show,
};

const MALFORMED: &str = "the token is malformed";
const CLAIMS_MALFORMED: &str = "the token's claims are malformed";
const HEADER: &str = "the token's header is malformed";
const MEMBER: &str = "the token's header has a member that is not taken";
const TYPE: &str = "the token is of another type";
const ALGORITHM: &str = "the token's algorithm is not that of its key";
const SIGNATURE: &str = "the token's signature does not hold";
const UNKNOWN: &str = "the token names a key that is not known";
const UNSAID: &str = "the token does not say which key has signed it";
const ISSUER: &str = "the token is of another issuer, or of none";
const AUDIENCE: &str = "the token is for others, or for nobody";
const EXPIRED: &str = "the token has expired";
const ENDLESS: &str = "the token has no end";
const EARLY: &str = "the token is not valid yet";
const MOMENT: &str = "a moment in the token is no whole number of seconds";
const SUBJECT: &str = "the token has no subject";
const TENANT: &str = "the token's tenant is no tenant's id";
const TENANTS: &str = "the token's tenants are malformed";
const ROLES: &str = "the token's roles are malformed";
const SCOPES: &str = "the token's scopes are malformed";
const ID: &str = "the token's id is malformed";
const NO_TOKEN: &str = "this is no token";

type Case = (&'static str, String);

async fn all_refused(cases: Vec<Case>) {
    let verifier = builder(&clock()).build();
    for key in [&*RSA, &*EC, &*ED] {
        show(&verifier, &key.token(CLAIMS))
            .await
            .expect("what is forged here is one step away from a valid token");
    }
    for (number, (reason, token)) in cases.into_iter().enumerate() {
        let shown: String = token.chars().take(120).collect();
        let refused = refused(&verifier, &token).await;
        assert_eq!(refused, reason, "case {number}: {shown}");
    }
}

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

#[tokio::test]
async fn no_token_in_another_spelling() {
    let token = ED.token(CLAIMS);
    let (signed, signature) = token.rsplit_once('.').unwrap();
    let (head, body) = signed.split_once('.').unwrap();
    let other = ED.signature(format!("{head}.{}", encode(claims("acme", "globex"))).as_bytes());
    let malleable = |at: usize| format!("{signed}.{}", encode(flipped(&ED.signature(signed.as_bytes()), at)));
    let mut cases = vec![
        (NO_TOKEN, String::new()),
        (NO_TOKEN, ".".into()),
        (NO_TOKEN, signed.to_owned()),
        (NO_TOKEN, format!("{token}.")),
        (NO_TOKEN, format!("{token}.AAAA.AAAA")),
        (MALFORMED, "..".into()),
        (MALFORMED, format!(" {token}")),
        (MALFORMED, format!("{token} ")),
        (MALFORMED, format!("{token}\n")),
        (MALFORMED, format!("{token}\0")),
        (MALFORMED, format!("Bearer {token}")),
        (MALFORMED, format!("{head} .{body}.{signature}")),
        (MALFORMED, format!("{head}=.{body}.{signature}")),
        (MALFORMED, format!("{token}==")),
        (MALFORMED, format!("{token}%3D")),
        (MALFORMED, token.replace('.', ".\u{200b}")),
        (MALFORMED, format!("{signed}.{}", standard(signature))),
        (MALFORMED, format!("{signed}.{}", with_trailing_bits(signature))),
        (SIGNATURE, format!("{signed}.")),
        (SIGNATURE, format!("{signed}.{}", &signature[..signature.len() - 2])),
        (SIGNATURE, format!("{signed}.{signature}AAAA")),
        (SIGNATURE, format!("{signed}.{}", encode([0; 64]))),
        (SIGNATURE, format!("{signed}.{}", encode([0xff; 64]))),
        (SIGNATURE, format!("{signed}.{}", encode(other))),
        (SIGNATURE, malleable(0)),
        (SIGNATURE, malleable(63)),
        (SIGNATURE, format!("{head}.{}.{signature}", encode(claims("acme", "globex")))),
        (SIGNATURE, format!("{head}.{}.{signature}", encode(format!("{CLAIMS} ")))),
        (SIGNATURE, format!("{head}..{signature}")),
        ("the token is too long", ED.token(&claims_and(&format!(r#""x":"{}""#, "y".repeat(1 << 20))))),
        ("the token is too long", ED.token(&claims_and(&format!(r#""x":"{}""#, "y".repeat(6_000))))),
        ("the token is too long", format!("{}.{body}.{signature}", "A".repeat(1 << 20))),
    ];
    // A signature of zeros, which a library once took for any text: r = s = 0, and the order of the group.
    let ec = EC.token(CLAIMS);
    let ec_signed = ec.rsplit_once('.').unwrap().0;
    for forged in
        [vec![0; 64], vec![0; 63], Vec::new(), vec![1; 64], der_of(&EC.signature(ec_signed.as_bytes()))]
    {
        cases.push((SIGNATURE, format!("{ec_signed}.{}", encode(forged))));
    }
    let rsa = RSA.token(CLAIMS);
    let rsa_signed = rsa.rsplit_once('.').unwrap().0;
    for forged in
        [vec![0; 256], [&[0][..], &RSA.signature(rsa_signed.as_bytes())].concat(), vec![0; 255], vec![1]]
    {
        cases.push((SIGNATURE, format!("{rsa_signed}.{}", encode(forged))));
    }
    all_refused(cases).await;
}

fn flipped(bytes: &[u8], at: usize) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    bytes[at] ^= 0x20;
    bytes
}

/// The other alphabet, of which this must use a letter.
fn standard(signature: &str) -> String {
    let standard = signature.replace('-', "+").replace('_', "/");
    if standard == signature { format!("+{}", &signature[1..]) } else { standard }
}

/// The same bytes in another spelling: 64 bytes leave four bits over at the end.
fn with_trailing_bits(signature: &str) -> String {
    let (start, last) = signature.split_at(signature.len() - 1);
    let next = match last {
        "A" => "B",
        "Q" => "R",
        "g" => "h",
        "w" => "x",
        _ => panic!("{last}"),
    };
    format!("{start}{next}")
}

/// A signature of two numbers in DER, which is how others than JOSE write it.
fn der_of(fixed: &[u8]) -> Vec<u8> {
    let number = |bytes: &[u8]| [&[2, 33, 0][..], bytes].concat();
    let numbers = [number(&fixed[..32]), number(&fixed[32..])].concat();
    [&[0x30, 70][..], &numbers].concat()
}

#[tokio::test]
async fn no_claims_that_mean_two_things() {
    let mut cases = Vec::new();
    for claims in [
        claims_and(r#""tenant_id":"globex""#),
        claims_and(r#""tenant\u005fid":"globex""#),
        claims_and(r#""sub":"eve""#),
        claims_and(r#""exp":9999999999"#),
        claims_and(r#""x":{"a":{"b":1,"b":1}}"#),
        claims(r#""tenant_id":"acme""#, r#""tenants":{"acme":["viewer"],"acme":["owner"]}"#),
        claims(r#""tenant_id":"acme""#, r#""tenants":{"acme":["viewer"],"\u0061cme":["owner"]}"#),
        format!("{CLAIMS}{CLAIMS}"),
        format!("[{CLAIMS}]"),
        claims("}", ",}"),
        claims(r#""acme""#, "\"ac\tme\""),
        claims(r#""acme""#, r#""\ud83d""#),
        format!("{CLAIMS}\0"),
        claims_and(&format!(r#""x":{}1{}"#, "[".repeat(8), "]".repeat(8))),
        claims_and(&format!(r#""x":{}1{}"#, "[".repeat(2_000), "]".repeat(2_000))),
        claims_and(&r#""x":{"#.repeat(500)),
        String::new(),
    ] {
        cases.push((CLAIMS_MALFORMED, ED.token(&claims)));
    }
    let latin = [&CLAIMS.as_bytes()[..CLAIMS.len() - 1], b",\"x\":\"\xe4\"}"].concat();
    cases.push((CLAIMS_MALFORMED, ED.sign_encoded(&format!("{}.{}", encode(ED.header()), encode(latin)))));
    all_refused(cases).await;
}

#[tokio::test]
async fn no_other_issuer_and_no_other_audience() {
    let iss = r#""iss":"https://id.example","#;
    let aud = r#""aud":"api","#;
    let mut cases = Vec::new();
    for (reason, old, new) in [
        (ISSUER, iss, ""),
        (ISSUER, iss, r#""iss":"","#),
        (ISSUER, iss, r#""iss":"https://id.example/","#),
        (ISSUER, iss, r#""iss":"https://ID.example","#),
        (ISSUER, iss, r#""iss":"https://id.example\u0000","#),
        ("the token's issuer is malformed", iss, r#""iss":null,"#),
        ("the token's issuer is malformed", iss, r#""iss":["https://id.example"],"#),
        (AUDIENCE, aud, ""),
        (AUDIENCE, aud, r#""aud":"","#),
        (AUDIENCE, aud, r#""aud":[],"#),
        (AUDIENCE, aud, r#""aud":"API","#),
        (AUDIENCE, aud, r#""aud":"web api","#),
        (AUDIENCE, aud, r#""aud":["api2","ap"],"#),
        ("the token's audience is malformed", aud, r#""aud":["api",1],"#),
        ("the token's audience is malformed", aud, r#""aud":[["api"]],"#),
        ("the token's audience is malformed", aud, r#""aud":{"api":"api"},"#),
        ("the token's audience is malformed", aud, r#""aud":null,"#),
    ] {
        cases.push((reason, ED.token(&claims(old, new))));
    }
    all_refused(cases).await;
}

#[tokio::test]
async fn no_moment_that_is_not_now() {
    let exp = |value: &str| ED.token(&claims("1700000600", value));
    let iat = |value: &str| ED.token(&claims("1699999990", value));
    let nbf = |value: &str| ED.token(&claims_and(&format!(r#""nbf":{value}"#)));
    let mut cases = vec![
        (ENDLESS, ED.token(&claims(r#","exp":1700000600"#, ""))),
        (EXPIRED, exp(&NOW.to_string())),
        (EXPIRED, exp(&(NOW - 1).to_string())),
        (EXPIRED, exp("0")),
        (EARLY, nbf(&(NOW + 2).to_string())),
        (EARLY, iat(&(NOW + 2).to_string())),
        (EARLY, nbf("253402300799")),
    ];
    for no_moment in [
        "1700000600.0",
        "1.7000006e9",
        "1e300",
        "-1",
        "-0",
        "\"1700000600\"",
        "null",
        "true",
        "[1700000600]",
        "253402300800",
        "9223372036854775807",
        "18446744073709551615",
        "18446744073709551616",
        "1700000600000000000000000",
    ] {
        cases.extend([(MOMENT, exp(no_moment)), (MOMENT, iat(no_moment)), (MOMENT, nbf(no_moment))]);
    }
    all_refused(cases).await;
}

#[tokio::test]
async fn no_tenant_but_one_that_is_said_once() {
    let one = r#""tenant_id":"acme""#;
    let long = format!(r#""{}""#, "a".repeat(64));
    let mut cases = vec![
        ("the token names no tenant", ED.token(&claims(&format!("{one},"), ""))),
        ("the token names its tenant twice", ED.token(&claims_and(r#""tenants":{"acme":["member"]}"#))),
        ("the token names its tenant twice", ED.token(&claims_and(r#""tenants":null"#))),
    ];
    for no_id in [
        "null",
        "1",
        "true",
        "{}",
        r#"["acme"]"#,
        r#"["acme","globex"]"#,
        r#""""#,
        r#"" acme""#,
        r#""acme ""#,
        r#""acme\u0000""#,
        r#""acme\u0000globex""#,
        r#""../acme""#,
        r#""*""#,
        r#""acme,globex""#,
        r#""аcme""#,
        r#""acme\n""#,
        r#""-acme""#,
        &long,
    ] {
        cases.push((TENANT, ED.token(&claims(one, &format!(r#""tenant_id":{no_id}"#)))));
    }
    for no_tenants in ["null", "{}", "[]", r#"["acme"]"#, r#""acme""#] {
        cases.push((TENANTS, ED.token(&claims(one, &format!(r#""tenants":{no_tenants}"#)))));
    }
    for (reason, tenants) in [
        (TENANT, r#"{"":["member"]}"#),
        (TENANT, r#"{"acme":["member"],"*":["owner"]}"#),
        (ROLES, r#"{"acme":"member"}"#),
        (ROLES, r#"{"acme":null}"#),
        (ROLES, r#"{"acme":{"member":true}}"#),
        (ROLES, r#"{"acme":["member",1]}"#),
    ] {
        cases.push((reason, ED.token(&claims(one, &format!(r#""tenants":{tenants}"#)))));
    }
    all_refused(cases).await;
}

#[tokio::test]
async fn no_subject_role_scope_or_id_that_is_malformed() {
    let long = format!(r#""{}""#, "a".repeat(256));
    let mut cases = vec![(SUBJECT, ED.token(&claims(r#""sub":"ada","#, "")))];
    let no_names = ["null", "1", r#""""#, r#"["ada"]"#, r#""ada\u0000""#, r#""ada\n""#, r#""\u0085""#, &long];
    for no_name in no_names {
        cases.push((SUBJECT, ED.token(&claims(r#""ada""#, no_name))));
        cases.push((ID, ED.token(&claims(r#""t-1""#, no_name))));
        cases.push((ROLES, ED.token(&claims(r#"["member"]"#, &format!("[{no_name}]")))));
    }
    for no_roles in ["null", r#""member""#, r#""admin member""#, r#"{"0":"admin"}"#, "1", r#"[["admin"]]"#] {
        cases.push((ROLES, ED.token(&claims(r#"["member"]"#, no_roles))));
    }
    for no_scope in [
        "null",
        "1",
        r#"["read:users"]"#,
        r#"" read:users""#,
        r#""read:users ""#,
        r#""read:users  write:users""#,
        r#""read:users\twrite:users""#,
        r#""read:\u0000""#,
        r#""read:ä""#,
        r#"" ""#,
    ] {
        cases.push((SCOPES, ED.token(&claims_and(&format!(r#""scope":{no_scope}"#)))));
    }
    all_refused(cases).await;
}

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
        assert!(!verifier.judges(&super::bearer(key)), "{key}");
    }
    assert!(verifier.judges(&super::bearer(&token)));
}

#[tokio::test]
async fn an_error_gives_nothing_away() {
    let verifier = builder(&clock()).build();
    let error = show(&verifier, &ED.token(&claims("acme", "*globex*"))).await.unwrap_err();
    assert!(!format!("{error} {error:?} {verifier:?}").contains("globex"));
    let keys = TokenKeys::hs256(SECRET).unwrap();
    assert!(!format!("{keys:?}").contains("thirty-two"));
}
