//! Whatever is changed in a token, nobody becomes somebody else.

use std::sync::LazyLock;

use proptest::prelude::*;
use tenant_auth::TokenVerifier;
use tenant_core::auth::{AuthErrorKind, Principal};
use tokio::runtime::Runtime;

use super::{
    builder, clock,
    forge::{CLAIMS, EC, ED, RSA, claims_and},
    show,
};

static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Runtime::new().unwrap());
static VERIFIER: LazyLock<TokenVerifier> = LazyLock::new(|| builder(&clock()).build());
static TOKENS: LazyLock<[String; 3]> =
    LazyLock::new(|| [RSA.token(CLAIMS), EC.token(&claims_and(r#""scope":"read:users""#)), ED.token(CLAIMS)]);

fn said(principal: &Principal) -> String {
    format!(
        "{principal:?} {:?} {:?} {:?}",
        principal.scopes(),
        principal.credential(),
        principal.expires_at()
    )
}

/// The answer to what is shown is not valid, or the very one that the valid token has.
fn is_nobody_else(shown: &str, valid: &str) {
    RUNTIME.block_on(async {
        let own = said(&show(&VERIFIER, valid).await.unwrap());
        match show(&VERIFIER, shown).await {
            Ok(principal) => assert_eq!(said(&principal), own),
            Err(error) => assert_eq!(error.kind(), AuthErrorKind::Rejected),
        }
    });
}

#[test]
fn no_bit_of_a_token_can_be_turned() {
    for valid in TOKENS.iter().filter(|token| token.len() < 600) {
        for at in 0..valid.len() {
            for bit in 0..7 {
                let mut bytes = valid.clone().into_bytes();
                bytes[at] ^= 1 << bit;
                let shown = String::from_utf8(bytes).unwrap();
                let answer = RUNTIME.block_on(show(&VERIFIER, &shown));
                assert!(answer.is_err(), "byte {at}, bit {bit}: {answer:?}");
            }
        }
    }
}

proptest! {
    #[test]
    fn no_byte_of_a_token_makes_another_principal(which in 0..3_usize, at in any::<prop::sample::Index>(), byte: char) {
        let valid = &TOKENS[which];
        let at = at.index(valid.len());
        is_nobody_else(&format!("{}{byte}{}", &valid[..at], &valid[at + 1..]), valid);
        is_nobody_else(&format!("{}{byte}{}", &valid[..at], &valid[at..]), valid);
        is_nobody_else(&format!("{}{}", &valid[..at], &valid[at + 1..]), valid);
    }

    #[test]
    fn pieces_of_tokens_make_no_token(a in 0..3_usize, b in 0..3_usize, c in 0..3_usize) {
        prop_assume!(!(a == b && b == c));
        let part = |which: usize, number: usize| TOKENS[which].split('.').nth(number).unwrap();
        let shown = format!("{}.{}.{}", part(a, 0), part(b, 1), part(c, 2));
        // The claims of two of them are the same, so that nothing tells their payloads apart.
        let same_claims = [0, 2].contains(&a) && [0, 2].contains(&b) && a == c;
        prop_assert_eq!(RUNTIME.block_on(show(&VERIFIER, &shown)).is_ok(), same_claims);
    }

    #[test]
    fn nothing_that_is_not_signed_is_taken(text in "\\PC*", header in "\\PC*", claims in "\\PC*") {
        let unsigned = format!("{}.{}.", super::forge::encode(header), super::forge::encode(claims));
        for shown in [text.as_str(), &unsigned] {
            let error = RUNTIME.block_on(show(&VERIFIER, shown)).unwrap_err();
            prop_assert_eq!(error.kind(), AuthErrorKind::Rejected);
        }
    }

    /// What is signed but strange is refused or taken, and never panics.
    #[test]
    fn whatever_is_signed_is_answered(claims in "[\\[\\]{}:,\"a-z0-9.\\\\ e+-]{0,200}") {
        let _ = RUNTIME.block_on(show(&VERIFIER, &ED.token(&claims)));
        let _ = RUNTIME.block_on(show(&VERIFIER, &ED.sign(&claims, CLAIMS)));
    }
}
