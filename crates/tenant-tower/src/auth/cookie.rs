//! The cookie of a session.

use std::{fmt, time::Duration};

use http::{HeaderMap, header::COOKIE};

/// The name of the session's cookie. A browser takes one with the prefix `__Host-` over TLS alone, for the whole of one host
/// and for no other ([RFC 6265bis, section
/// 4.1.3.2](https://datatracker.ietf.org/doc/html/draft-ietf-httpbis-rfc6265bis-20#section-4.1.3.2)): the host of one tenant
/// can't set it for another's.
pub const SESSION_COOKIE: &str = "__Host-session";

/// The `Set-Cookie` that a session begins with: `Secure; HttpOnly; SameSite=Lax; Path=/`, kept for so long, in whole seconds.
///
/// # Example
/// ```
/// use std::time::Duration;
///
/// assert_eq!(
///     tenant_tower::session_cookie("c2VjcmV0", Duration::from_secs(3_600)),
///     "__Host-session=c2VjcmV0; Path=/; Max-Age=3600; Secure; HttpOnly; SameSite=Lax",
/// );
/// ```
#[must_use]
pub fn session_cookie(value: &str, max_age: Duration) -> String {
    let seconds = max_age.as_secs();
    format!("{SESSION_COOKIE}={value}; Path=/; Max-Age={seconds}; Secure; HttpOnly; SameSite=Lax")
}

/// The `Set-Cookie` that takes the session's cookie away.
#[must_use]
pub fn cleared_session_cookie() -> String {
    session_cookie("", Duration::ZERO)
}

/// Cookies can't be read without a doubt about which one is the session's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidCookie(pub(super) &'static str);

impl fmt::Display for InvalidCookie {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for InvalidCookie {}

const TWICE: InvalidCookie = InvalidCookie("the session's cookie comes twice");
const MALFORMED: InvalidCookie = InvalidCookie("the session's cookie is malformed");

/// Reads the session's cookie out of all `Cookie` headers of a request (RFC 6265, sections 4.2.1 and 5.4); `None` where there
/// is none. Other cookies may be as odd as they like.
///
/// # Errors
/// It is there twice, or is not written as it was set, or something is there that others might take for it. A subdomain can
/// plant what looks like it to this reader and not to the browser: a cookie without a name whose value is
/// `__Host-session=…`, or another spelling of the name.
///
/// # Example
/// ```
/// use tenant_tower::{http::{HeaderMap, HeaderValue, header::COOKIE}, read_session_cookie};
///
/// let mut headers = HeaderMap::new();
/// headers.append(COOKIE, HeaderValue::from_static("theme=dark; __Host-session=abc"));
/// assert_eq!(read_session_cookie(&headers)?, Some("abc"));
/// headers.append(COOKIE, HeaderValue::from_static("__Host-session=abd"));
/// assert!(read_session_cookie(&headers).is_err());
/// # Ok::<(), tenant_tower::InvalidCookie>(())
/// ```
pub fn read_session_cookie(headers: &HeaderMap) -> Result<Option<&str>, InvalidCookie> {
    // HTTP/2 may split the field (RFC 9113, section 8.2.3); a cookie of this name comes once all the same.
    let headers = headers.get_all(COOKIE).iter();
    let pairs = headers.flat_map(|header| header.as_bytes().split(|byte| *byte == b';'));
    let mut found = None;
    for pair in pairs {
        let Some(value) = value_of(pair)? else { continue };
        if found.replace(value).is_some() {
            return Err(TWICE);
        }
    }
    Ok(found)
}

/// The value of a pair that is the session's.
fn value_of(pair: &[u8]) -> Result<Option<&str>, InvalidCookie> {
    let pair = pair.strip_prefix(b" ").unwrap_or(pair);
    let mut parts = pair.splitn(2, |byte| *byte == b'=');
    let (name, value) = (parts.next().unwrap_or_default(), parts.next());
    if name != SESSION_COOKIE.as_bytes() {
        return if looks_like_ours(name) { Err(MALFORMED) } else { Ok(None) };
    }
    let value = value.filter(|value| !value.is_empty() && value.iter().all(is_octet));
    let value = value.and_then(|value| std::str::from_utf8(value).ok());
    value.map(Some).ok_or(MALFORMED)
}

/// Another reader might trim it, or not tell upper case from lower.
fn looks_like_ours(name: &[u8]) -> bool {
    let text = String::from_utf8_lossy(name);
    let is_padding =
        |letter: char| letter.is_whitespace() || letter.is_control() || letter == '"' || letter == '$';
    text.trim_matches(is_padding).eq_ignore_ascii_case(SESSION_COOKIE)
}

/// `cookie-octet` (RFC 6265, section 4.1.1).
fn is_octet(byte: &u8) -> bool {
    matches!(byte, 0x21 | 0x23..=0x2b | 0x2d..=0x3a | 0x3c..=0x5b | 0x5d..=0x7e)
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn all(values: &[&str]) -> Result<Option<String>, InvalidCookie> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(COOKIE, HeaderValue::from_bytes(value.as_bytes()).unwrap());
        }
        read_session_cookie(&headers).map(|value| value.map(str::to_owned))
    }

    fn read(header: &str) -> Result<Option<String>, InvalidCookie> {
        all(&[header])
    }

    #[test]
    fn what_was_set_is_read_back_among_others() {
        for header in [
            "__Host-session=a-_9",
            "a=b; __Host-session=a-_9; c",
            "a=\"x, y\"; json={\"k\": 1}; __Host-session=a-_9",
            "=; ;; __Host-session=a-_9;",
            "session=evil; __Host-sessions=evil; __Secure-session=evil; __Host-session=a-_9",
        ] {
            assert_eq!(read(header), Ok(Some("a-_9".to_owned())), "{header}");
        }
        for header in ["", ";", "a=__Host-session", "=__Host-session=v", "x=__Host-session=v"] {
            assert_eq!(read(header), Ok(None), "{header}");
        }
    }

    #[test]
    fn two_are_refused_also_in_two_headers_and_also_the_same_twice() {
        assert_eq!(read("__Host-session=a; b=c; __Host-session=a"), Err(TWICE));
        assert_eq!(all(&["__Host-session=a", "__Host-session=b"]), Err(TWICE));
        let planted_without_a_name = "__Host-session=evil; __Host-session=a";
        assert_eq!(read(planted_without_a_name), Err(TWICE));
    }

    #[test]
    fn what_is_malformed_or_might_be_taken_for_it_is_refused() {
        for header in [
            "__Host-session",
            "__Host-session=",
            "__Host-session=\"a\"",
            "__Host-session=a b",
            "__Host-session=a,b",
            "__Host-session=a\\",
            "__Host-session=\u{e9}",
            "__Host-session =a",
            "  __Host-session=a",
            "\t__Host-session=a",
            "__host-session=a",
            "__HOST-SESSION=a",
            "\u{2000}__Host-session=a",
            "\u{a0}__Host-session=a",
            "$__Host-session=a",
            "a=\"x; __Host-session\"=b",
        ] {
            assert_eq!(read(header), Err(MALFORMED), "{header}");
        }
        let mut headers = HeaderMap::new();
        headers.insert(COOKIE, HeaderValue::from_bytes(b"__Host-session=a\xff").unwrap());
        assert_eq!(read_session_cookie(&headers), Err(MALFORMED));
    }

    #[test]
    fn clearing_it_has_the_same_attributes() {
        let cleared = cleared_session_cookie();
        assert_eq!(cleared, "__Host-session=; Path=/; Max-Age=0; Secure; HttpOnly; SameSite=Lax");
    }

    proptest::proptest! {
        #[test]
        fn nothing_makes_it_panic(header in proptest::collection::vec(0x20_u8..0x7f, 0..80)) {
            let _ = read(str::from_utf8(&header).unwrap());
        }
    }
}
