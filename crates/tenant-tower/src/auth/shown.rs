//! The credentials that a head shows.

use arrayvec::ArrayVec;
use http::{HeaderName, HeaderValue, header::AUTHORIZATION};
use tenant_core::auth::{Credential, CredentialKind};

use super::cookie::{InvalidCookie, read_session_cookie};
use crate::RequestHead;

/// Where credentials are looked for.
#[derive(Clone, Debug)]
pub(super) struct Places {
    pub(super) api_key: HeaderName,
}

impl Default for Places {
    fn default() -> Self {
        Self { api_key: HeaderName::from_static("x-api-key") }
    }
}

/// One of each kind at most, the strongest first: what a program says of itself before what a browser sends along.
pub(super) type Shown<'a> = ArrayVec<Credential<'a>, 3>;

/// A head shows a credential in a way that may be read in two ways.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ambiguous(pub(super) &'static str);

impl Places {
    pub(super) fn look<'a>(&self, head: &RequestHead<'a>) -> Result<Shown<'a>, Ambiguous> {
        let authorization = only(head, &AUTHORIZATION)?.map(authorization).transpose()?;
        let api_key = only(head, &self.api_key)?.map(|key| Credential::new(CredentialKind::ApiKey, key));
        let session = read_session_cookie(head.headers()).map_err(|InvalidCookie(why)| Ambiguous(why))?;
        let session = session.map(|value| Credential::new(CredentialKind::Session, value));
        Ok([authorization, api_key, session].into_iter().flatten().collect())
    }
}

fn only<'a>(head: &RequestHead<'a>, name: &HeaderName) -> Result<Option<&'a str>, Ambiguous> {
    let value = head.only(name).map_err(|_| Ambiguous("a credential's header comes more than once"))?;
    value.map(text).transpose()
}

fn text(value: &HeaderValue) -> Result<&str, Ambiguous> {
    value.to_str().map_err(|_| Ambiguous("a credential is not visible ASCII"))
}

/// `scheme SP credentials`, the scheme in any case (RFC 9110, section 11.4).
fn authorization(value: &str) -> Result<Credential<'_>, Ambiguous> {
    const UNKNOWN: Ambiguous = Ambiguous("the scheme is neither Bearer nor Basic");
    let (scheme, secret) = value.split_once(' ').ok_or(UNKNOWN)?;
    let secret = secret.trim_matches(' ');
    if scheme.eq_ignore_ascii_case("bearer") {
        return Ok(Credential::new(CredentialKind::Bearer, secret));
    }
    if scheme.eq_ignore_ascii_case("basic") {
        return Ok(Credential::new(CredentialKind::Basic, secret));
    }
    Err(UNKNOWN)
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    fn look(fields: &[(&str, &str)]) -> Result<Vec<(CredentialKind, String)>, Ambiguous> {
        let mut request = Request::get("/");
        for (name, value) in fields {
            request = request.header(*name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
        }
        let request = request.body(()).unwrap();
        let shown = Places::default().look(&RequestHead::from(&request))?;
        Ok(shown.iter().map(|shown| (shown.kind(), shown.secret().to_owned())).collect())
    }

    #[test]
    fn finds_one_of_each_kind_the_strongest_first() {
        let all = [
            ("cookie", "theme=dark; __Host-session=abc; x=\"y\""),
            ("x-api-key", "sk_live_1"),
            ("authorization", "bEARER a.b.c"),
        ];
        let found = look(&all).unwrap();
        assert_eq!(
            found,
            [
                (CredentialKind::Bearer, "a.b.c".to_owned()),
                (CredentialKind::ApiKey, "sk_live_1".to_owned()),
                (CredentialKind::Session, "abc".to_owned()),
            ],
        );
        assert!(look(&[("cookie", "a=b"), ("accept", "*/*")]).unwrap().is_empty());
        let split = look(&[("cookie", "a=b"), ("cookie", "__Host-session=abc")]).unwrap();
        assert_eq!(split.len(), 1);
    }

    #[test]
    fn what_can_be_read_in_two_ways_is_not_read() {
        for fields in [
            &[("authorization", "Bearer a"), ("authorization", "Bearer a")][..],
            &[("authorization", "Bearer")],
            &[("authorization", "Digest x")],
            &[("authorization", "")],
            &[("authorization", "Bearer \u{e4}")],
            &[("x-api-key", "a"), ("x-api-key", "b")],
            &[("cookie", "__Host-session=a; __Host-session=b")],
        ] {
            assert!(look(fields).is_err(), "{fields:?}");
        }
    }
}
