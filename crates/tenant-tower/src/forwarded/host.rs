//! The host that a proxy was asked for.

use http::{HeaderName, HeaderValue, Request, Uri, header::HOST, uri::Authority};

use crate::{Rejection, RequestHead, host};

const NAME: &str = "x-forwarded-host";
pub(super) const FORWARDED_HOST: HeaderName = HeaderName::from_static(NAME);

/// Puts the host that a trusted proxy was asked for in the place of the one that the proxy itself asked for.
pub(super) fn replace<B>(request: &mut Request<B>) -> Result<(), Rejection> {
    let Some(value) = only(request)? else {
        return Ok(());
    };
    // The proxy's own request must be sound: two hosts in it are two opinions about where it went.
    RequestHead::from(&*request).host()?;
    if request.uri().authority().is_some() {
        let uri = retargeted(request.uri(), &value)?;
        *request.uri_mut() = uri;
    }
    let headers = request.headers_mut();
    headers.remove(FORWARDED_HOST);
    headers.insert(HOST, value);
    Ok(())
}

/// The one value, valid; each proxy on the way would add its own with a comma, or as a line, and nobody can say whose counts.
fn only<B>(request: &Request<B>) -> Result<Option<HeaderValue>, Rejection> {
    let mut values = request.headers().get_all(FORWARDED_HOST).iter();
    let Some(value) = values.next() else {
        return Ok(None);
    };
    if values.next().is_some() {
        return Err(invalid("comes more than once"));
    }
    match host::parse_value(value) {
        Some(_) => Ok(Some(value.clone())),
        None => Err(invalid("is not a valid host")),
    }
}

/// The target with another host, so that it does not disagree with the header: absolute form, and all of HTTP/2.
fn retargeted(uri: &Uri, host: &HeaderValue) -> Result<Uri, Rejection> {
    let mut parts = uri.clone().into_parts();
    let authority = Authority::try_from(host.as_bytes());
    parts.authority = Some(authority.map_err(|_| invalid("is not a valid host"))?);
    Uri::from_parts(parts).map_err(|_| invalid("does not fit the target"))
}

fn invalid(problem: &'static str) -> Rejection {
    Rejection::invalid_request(problem).with_field(NAME)
}
