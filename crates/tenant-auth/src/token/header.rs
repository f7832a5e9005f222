//! The header of a token (RFC 7515, section 4): which key is said to have signed it, and nothing more.

use tenant_core::auth::AuthError;

use super::json::{Json, Members};

/// What a header must not have: extensions that must be understood (`crit`, section 4.1.11; `b64`, RFC 7797), keys that
/// the sender brings along or points at (sections 4.1.2, 4.1.3, 4.1.5, 4.1.6; RFC 8725, section 3.10), compression and
/// encryption (RFC 7516, section 4.1), tokens in tokens (RFC 7519, section 5.2).
const REFUSED: [&str; 9] = ["crit", "b64", "jku", "jwk", "x5u", "x5c", "zip", "enc", "cty"];

const LONGEST_KID: usize = 255;

/// What the header says about the key. It chooses among keys, each of which knows its own algorithm.
#[derive(Debug)]
pub(super) struct Header<'a> {
    pub(super) alg: &'a str,
    pub(super) kid: Option<&'a str>,
}

impl<'a> Header<'a> {
    pub(super) fn read(members: &'a Members) -> Result<Self, AuthError> {
        if REFUSED.iter().any(|name| members.contains_key(*name)) {
            return Err(AuthError::rejected("the token's header has a member that is not taken"));
        }
        if !members.get("typ").is_none_or(is_type_of_tokens) {
            return Err(AuthError::rejected("the token is of another type"));
        }
        let malformed = AuthError::rejected("the token's header is malformed");
        let Some(alg) = members.get("alg").and_then(Json::text) else { return Err(malformed) };
        let kid = match members.get("kid") {
            None => None,
            Some(Json::Text(kid)) if (1..=LONGEST_KID).contains(&kid.len()) => Some(&**kid),
            Some(_) => return Err(malformed),
        };
        Ok(Self { alg, kid })
    }
}

/// `JWT` (RFC 7519, section 5.1) or an access token's `at+jwt` (RFC 9068, section 2.1): a token that was issued for something
/// else, such as a logout notice, is none to us (RFC 8725, section 3.11).
fn is_type_of_tokens(typ: &Json) -> bool {
    let Some(typ) = typ.text() else { return false };
    ["JWT", "at+jwt", "application/jwt", "application/at+jwt"].iter().any(|own| typ.eq_ignore_ascii_case(own))
}
