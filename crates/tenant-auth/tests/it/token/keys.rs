//! Which keys are taken, and which sets.

use proptest::prelude::*;
use tenant_auth::{LeftOut, TokenKeys, TokenKeysErrorKind};

use super::{
    clock,
    forge::{CLAIMS, EC, ED, RSA, SECRET, TestKey, encode, set_of},
    of, refused, show,
};

fn kind_of(json: &str) -> TokenKeysErrorKind {
    TokenKeys::jwks(json).expect_err(json).kind()
}

#[test]
fn a_secret_that_could_be_guessed_is_refused() {
    for short in [&b""[..], b"secret", b"fifteen bytes .."[..15].as_ref()] {
        assert_eq!(TokenKeys::hs256(short).unwrap_err().kind(), TokenKeysErrorKind::ShortSecret);
    }
    assert!(TokenKeys::hs256(b"sixteen bytes ..").is_ok());
}

#[test]
fn what_is_no_key_set_is_refused() {
    let twice = format!(r#"{{"keys":[],"keys":[{}]}}"#, ED.jwk());
    let many = set_of(&vec!["{}"; 129]);
    let large = format!(r#"{{"x":"{}","keys":[{}]}}"#, "y".repeat(256 * 1024), ED.jwk());
    let deep = format!(r#"{{"x":{}{},"keys":[{}]}}"#, "[".repeat(8), "]".repeat(8), ED.jwk());
    let bare = ED.jwk();
    for json in
        ["", "null", "[]", "{}", r#"{"keys":{}}"#, r#"{"keys":null}"#, &bare, &twice, &many, &large, &deep]
    {
        assert_eq!(kind_of(json), TokenKeysErrorKind::Malformed);
    }
    assert_eq!(kind_of(r#"{"keys":[]}"#), TokenKeysErrorKind::NoKey);
}

#[test]
fn two_keys_of_one_name_are_refused_and_the_same_key_twice_is_one() {
    let other = TestKey::ec("ed-1");
    assert_eq!(kind_of(&set_of(&[&ED.jwk(), &other.jwk()])), TokenKeysErrorKind::Malformed);
    let nameless = |key: &TestKey| format!("{{{}}}", key.material());
    assert_eq!(kind_of(&set_of(&[&nameless(&ED), &nameless(&EC)])), TokenKeysErrorKind::Malformed);
    assert!(TokenKeys::jwks(&set_of(&[&ED.jwk(), &ED.jwk()])).is_ok());
}

/// A key of this size, which would else be one.
fn rsa_of(bits: usize, exponent: &str) -> String {
    let mut n = vec![0xc5; bits / 8];
    *n.last_mut().unwrap() |= 1;
    format!(r#"{{"kid":"k","kty":"RSA","n":"{}","e":"{exponent}"}}"#, encode(n))
}

#[tokio::test]
async fn a_key_that_is_not_safe_is_left_out_and_the_others_are_taken() {
    use LeftOut::{Malformed, OtherAlgorithm, OtherUse, Secret, Weak};
    let off_curve = EC.jwk().replace(&encode(&EC.public()[33..65]), &encode([7; 32]));
    let short = EC.jwk().replace(&encode(&EC.public()[33..65]), &encode([7; 31]));
    let zero_in_front = {
        let n = &RSA.public()[9..265];
        RSA.jwk().replace(&encode(n), &encode([&[0], n].concat()))
    };
    let swapped = ED.jwk().replace("OKP", "EC").replace("Ed25519", "P-256");
    let padded = RSA.jwk().replace("AQAB", "AQAB====");
    let twisted = ED.jwk().replace("Ed25519", "X25519");
    let k1 = EC.jwk().replace("P-256", "secp256k1");
    for (jwk, reason) in [
        (TestKey::secret(SECRET).jwk(), Secret),
        (r#"{"kid":"k","kty":"oct"}"#.into(), Secret),
        (ED.jwk_with(r#""d":"AAAA""#), Secret),
        (RSA.jwk_with(r#""p":"AAAA""#), Secret),
        (rsa_of(1024, "AQAB"), Weak),
        (rsa_of(2040, "AQAB"), Weak),
        (rsa_of(8200, "AQAB"), Weak),
        (rsa_of(2048, "AQ"), Weak),
        (rsa_of(2048, "Aw"), Weak),
        (rsa_of(2048, &encode([0xff; 9])), Weak),
        (RSA.jwk_with(r#""use":"enc""#), OtherUse),
        (RSA.jwk_with(r#""use":null"#), OtherUse),
        (RSA.jwk_with(r#""use":"SIG""#), OtherUse),
        (RSA.jwk_with(r#""key_ops":["encrypt"]"#), OtherUse),
        (RSA.jwk_with(r#""key_ops":"verify""#), OtherUse),
        (RSA.jwk_with(r#""alg":"RS512""#), OtherAlgorithm),
        (RSA.jwk_with(r#""alg":"HS256""#), OtherAlgorithm),
        (RSA.jwk_with(r#""alg":"none""#), OtherAlgorithm),
        (RSA.jwk_with(r#""alg":null"#), OtherAlgorithm),
        (EC.jwk_with(r#""alg":"RS256""#), OtherAlgorithm),
        (ED.jwk_with(r#""alg":"ES256""#), OtherAlgorithm),
        (twisted, OtherAlgorithm),
        (k1, OtherAlgorithm),
        (r#"{"kid":"k","kty":"AKP"}"#.into(), OtherAlgorithm),
        (off_curve, Malformed),
        (short, Malformed),
        (swapped, Malformed),
        (zero_in_front, Malformed),
        (padded, Malformed),
        (r#"{"kid":"k","kty":"RSA"}"#.into(), Malformed),
        (r#"{"kid":"k"}"#.into(), Malformed),
        (ED.jwk().replace(r#""ed-1""#, "7"), Malformed),
        ("null".into(), Malformed),
    ] {
        assert_eq!(kind_of(&set_of(&[&jwk])), TokenKeysErrorKind::NoKey, "{jwk}");
        let good = TestKey::ed("good");
        let keys = TokenKeys::jwks(&set_of(&[&jwk, &good.jwk()])).unwrap();
        assert_eq!(keys.left_out(), [reason], "{jwk}");
        let verifier = of(keys, &clock()).build();
        assert!(show(&verifier, &good.token(CLAIMS)).await.is_ok());
        for key in [&*RSA, &*EC, &*ED, &TestKey::secret(SECRET)] {
            refused(&verifier, &key.token(CLAIMS)).await;
        }
    }
}

#[test]
fn what_else_a_key_may_say_is_taken() {
    for jwk in [
        ED.jwk_with(r#""alg":"EdDSA""#),
        ED.jwk_with(r#""alg":"Ed25519""#),
        RSA.jwk_with(r#""alg":"RS256","x5c":["MII"],"x5t":"AA""#),
        EC.jwk_with(r#""key_ops":["verify"],"ext":true"#),
    ] {
        let keys = TokenKeys::jwks(&set_of(&[&jwk])).unwrap();
        assert!(keys.left_out().is_empty());
    }
}

proptest! {
    /// Whatever an issuer publishes is refused or taken, and never panics.
    #[test]
    fn whatever_is_published_is_answered(
        which in 0..3_usize,
        member in "kty|crv|n|e|x|y|kid|use|alg|key_ops",
        value in "[\\[\\]{}\"A-Za-z0-9_=-]{0,50}",
        text in "[\\[\\]{}:,\"keys0-9.\\\\ ]{0,100}",
    ) {
        let jwk = [&*RSA, &*EC, &*ED][which].jwk();
        let damaged = jwk.replacen(&format!(r#""{member}":""#), &format!(r#""{member}":"{value}"#), 1);
        let _ = (TokenKeys::jwks(&set_of(&[&damaged])), TokenKeys::jwks(&text), TokenKeys::jwks(&set_of(&[&text])));
    }
}
