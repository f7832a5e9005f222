//! The compact serialization of a signed token (RFC 7515, section 7.1), taken apart.

use data_encoding::BASE64URL_NOPAD;
use tenant_core::auth::AuthError;

use super::json::{Members, read_object};

/// The longest token, in bytes: as much as servers commonly take for all headers together.
const LONGEST: usize = 8 * 1024;

/// Header and claims need no more than `{"tenants":{"id":["role"]}}`, and some room for claims that are not ours.
const DEEPEST: usize = 8;

/// A token that was taken apart. Nothing of it is proved.
#[derive(Debug)]
pub(super) struct Compact<'a> {
    pub(super) header: Members,
    /// What is signed: the first two parts as they stand (RFC 7515, section 5.2).
    pub(super) signed: &'a str,
    claims: &'a str,
    pub(super) signature: Vec<u8>,
}

/// Whether a secret has the three parts of a token.
pub(super) fn looks_like_one(secret: &str) -> bool {
    !secret.starts_with("sk_") && secret.bytes().filter(|byte| *byte == b'.').count() == 2
}

impl<'a> Compact<'a> {
    pub(super) fn parse(token: &'a str) -> Result<Self, AuthError> {
        if Self::is_too_long(token) {
            return Err(AuthError::rejected("the token is too long"));
        }
        let malformed = || AuthError::rejected("the token is malformed");
        let (signed, signature) = token.rsplit_once('.').ok_or_else(malformed)?;
        let (header, claims) = signed.split_once('.').ok_or_else(malformed)?;
        let header = decode(header).and_then(|json| read_object(&json, DEEPEST)).ok_or_else(malformed)?;
        let signature = decode(signature).ok_or_else(malformed)?;
        Ok(Self { header, signed, claims, signature })
    }

    pub(super) fn is_too_long(token: &str) -> bool {
        token.len() > LONGEST
    }

    /// The claims, which are read once the signature is known to hold.
    pub(super) fn claims(&self) -> Result<Members, AuthError> {
        decode(self.claims)
            .and_then(|json| read_object(&json, DEEPEST))
            .ok_or(AuthError::rejected("the token's claims are malformed"))
    }
}

/// Base64url without padding (RFC 7515, section 2). Bits behind the end must be zero: one value has one spelling.
pub(super) fn decode(text: &str) -> Option<Vec<u8>> {
    BASE64URL_NOPAD.decode(text.as_bytes()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_value_has_one_spelling() {
        assert_eq!(decode("_-8").as_deref(), Some(&[0xff, 0xef][..]));
        for text in ["_-9", "_-8=", "/+8", "_-8\n", "_- 8", "_", "_-8."] {
            assert_eq!(decode(text), None, "{text:?}");
        }
    }

    #[test]
    fn three_parts_look_like_a_token_and_an_api_key_does_not() {
        assert!(looks_like_one("a.b.c") && looks_like_one("a.b."));
        assert!(!looks_like_one("a.b") && !looks_like_one("a.b.c.d.e") && !looks_like_one("sk_live_a.b.c"));
    }
}
