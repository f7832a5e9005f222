//! What a session's cookie holds: 256 random bits, and what follows from them.

use aws_lc_rs::hmac;
use data_encoding::BASE64URL_NOPAD;
use subtle::ConstantTimeEq;
use tenant_core::auth::AuthError;

use crate::random::{random, sha256};

/// What finds a session: the SHA-256 of its cookie.
pub(super) type Digest = [u8; 32];

/// A new cookie.
pub(super) fn make() -> Result<String, AuthError> {
    Ok(BASE64URL_NOPAD.encode(&random::<32>()?))
}

/// What finds the session of a cookie; nothing where it can't be one.
pub(super) fn read(cookie: &str) -> Option<Digest> {
    bits(cookie)?;
    Some(sha256(cookie))
}

/// What names the session of this cookie, and gives nothing of it away: [`Principal::credential`](tenant_core::auth::Principal::credential)
/// of whom it proves. `None` where it is no cookie of a session.
#[must_use]
pub fn session_name(cookie: &str) -> Option<String> {
    read(cookie).as_ref().map(name)
}

/// Names a session, and gives nothing of its cookie away.
pub(super) fn name(digest: &Digest) -> String {
    BASE64URL_NOPAD.encode(digest)
}

/// The session of a name.
pub(super) fn named(name: &str) -> Option<Digest> {
    bits(name)
}

fn bits(text: &str) -> Option<[u8; 32]> {
    // Longer texts are not even decoded.
    let bytes = (text.len() == 43).then(|| BASE64URL_NOPAD.decode(text.as_bytes()).ok())??;
    bytes.try_into().ok()
}

const LABEL: &[u8] = b"tenant: csrf token of a session";

/// What a page has to send along with unsafe requests of the session that this cookie is for; `None` where it is none.
///
/// It follows from the cookie (HMAC-SHA-256, RFC 2104), so that nothing more is kept; and from it nothing of the cookie
/// follows. It is there again whenever a page asks for it.
#[must_use]
pub fn csrf_token(cookie: &str) -> Option<String> {
    let key = hmac::Key::new(hmac::HMAC_SHA256, &bits(cookie)?);
    Some(BASE64URL_NOPAD.encode(hmac::sign(&key, LABEL).as_ref()))
}

/// Whether a token is the one of the session that this cookie is for, in constant time.
///
/// # Example
/// ```
/// let cookie = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
/// let token = tenant_auth::csrf_token(cookie).expect("it is one");
/// assert!(tenant_auth::csrf_matches(cookie, &token));
/// assert!(!tenant_auth::csrf_matches(cookie, cookie));
/// ```
#[must_use]
pub fn csrf_matches(cookie: &str, token: &str) -> bool {
    csrf_token(cookie).is_some_and(|own| own.as_bytes().ct_eq(token.as_bytes()).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_cookie_finds_nothing_and_has_no_token() {
        let cookie = make().unwrap();
        assert!(read(&cookie).is_some() && csrf_token(&cookie).is_some());
        // The last of 43 characters has four bits: `B` sets one that is not there.
        let same_bits = format!("{}B", "A".repeat(42));
        for wrong in
            ["", &cookie[1..], &format!("{cookie}="), &format!("{cookie}A"), &same_bits, &"\u{e9}".repeat(43)]
        {
            assert!(
                read(wrong).is_none() && csrf_token(wrong).is_none() && !csrf_matches(wrong, ""),
                "{wrong}"
            );
        }
    }

    #[test]
    fn a_token_is_of_one_cookie() {
        let (one, other) = (make().unwrap(), make().unwrap());
        let token = csrf_token(&one).unwrap();
        assert!(csrf_matches(&one, &token) && !csrf_matches(&other, &token));
        for wrong in ["", &token[1..], &token.to_lowercase(), &name(&read(&one).unwrap())] {
            assert!(!csrf_matches(&one, wrong));
        }
    }
}
