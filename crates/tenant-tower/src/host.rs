//! Host names, as requests carry and registries hold them.

use std::{fmt, net::Ipv6Addr};

use arrayvec::ArrayString;
use http::{HeaderValue, Uri, header::HOST};

use crate::{Rejection, RequestHead, Source};

/// A host name in its one form: valid, lower-case, without port and trailing dot. The bytes stand inside the value.
///
/// Labels are 1 to 63 of `[a-z0-9_-]`, the whole at most 253 bytes (RFC 1035, section 2.3.4; the underscore occurs in
/// practice). Addresses are hosts too; they are just nobody's name.
///
/// # Example
/// ```
/// use tenant_tower::HostName;
///
/// assert_eq!(HostName::parse("Acme.Example.COM.")?.as_str(), "acme.example.com");
/// assert!(HostName::parse("user@example.com").is_err());
/// # Ok::<(), tenant_tower::InvalidHost>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct HostName(ArrayString<{ Self::MAX_LEN }>);

/// A text is no host name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a host is not valid")]
pub struct InvalidHost;

impl HostName {
    /// The longest host name, in bytes.
    pub const MAX_LEN: usize = 253;

    /// Parses a host without a port.
    ///
    /// # Errors
    /// It is neither a host name nor an address.
    pub fn parse(text: &str) -> Result<Self, InvalidHost> {
        let text = text.strip_suffix('.').unwrap_or(text);
        let mut name = ArrayString::from(text).map_err(|_| InvalidHost)?;
        name.make_ascii_lowercase();
        if is_dotted(&name) || is_bracketed(&name) {
            return Ok(Self(name));
        }
        Err(InvalidHost)
    }

    /// The host as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// Whether it is an address, or what programs take for one: a last label that is a number (WHATWG URL, "ends in
    /// a number").
    #[must_use]
    pub fn is_address(&self) -> bool {
        let last = self.0.rsplit('.').next().unwrap_or_default();
        let hex = last.strip_prefix("0x");
        self.0.starts_with('[')
            || last.bytes().all(|byte| byte.is_ascii_digit())
            || hex.is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()))
    }
}

fn is_dotted(name: &str) -> bool {
    let is_byte = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    let label = |label: &str| {
        (1..=63).contains(&label.len()) && label.bytes().all(is_byte) && !label.starts_with('-')
    };
    name.split('.').all(label)
}

fn is_bracketed(name: &str) -> bool {
    let inner = name.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    inner.is_some_and(|inner| inner.parse::<Ipv6Addr>().is_ok())
}

impl AsRef<str> for HostName {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

impl fmt::Display for HostName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for HostName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HostName({:?})", self.as_str())
    }
}

/// A host with the port that was written beside it.
pub(crate) type Authority = (HostName, Option<u16>);

/// The host that a request is for.
pub(crate) fn of(head: &RequestHead<'_>) -> Result<Option<HostName>, Rejection> {
    let header = match field(head)? {
        Some(value) => Some(parse_field(value)?),
        None => None,
    };
    match (header, target(head.uri())?) {
        (Some(header), Some(target)) if !same(header, target, head.uri()) => Err(disagrees()),
        (header, target) => Ok(header.or(target).map(|(host, _)| host)),
    }
}

/// Checks what holds for every request, whoever names the tenant: one `Host`, and no other one in the target.
/// A proxy in front that looks at the other one would have sent the request elsewhere.
#[inline]
pub(crate) fn check(head: &RequestHead<'_>) -> Result<(), Rejection> {
    match field(head)? {
        Some(_) if head.uri().authority().is_some() => of(head).map(|_| ()),
        _ => Ok(()),
    }
}

#[inline]
fn field<'a>(head: &RequestHead<'a>) -> Result<Option<&'a HeaderValue>, Rejection> {
    head.only(&HOST).map_err(|_| invalid("the Host header comes more than once"))
}

fn parse_field(value: &HeaderValue) -> Result<Authority, Rejection> {
    parse_value(value).ok_or_else(|| invalid("the Host header is not valid"))
}

/// The one host, and its port, that a header's value is.
pub(crate) fn parse_value(value: &HeaderValue) -> Option<Authority> {
    value.to_str().ok().and_then(parse_authority)
}

fn target(uri: &Uri) -> Result<Option<Authority>, Rejection> {
    let Some(authority) = uri.authority() else {
        return Ok(None);
    };
    let parsed = parse_authority(authority.as_str());
    parsed.map(Some).ok_or_else(|| invalid("the host in the target is not valid"))
}

/// `host [ ":" port ]` (RFC 9110, section 7.2); an empty port is none (RFC 3986, section 3.2.3).
fn parse_authority(text: &str) -> Option<Authority> {
    let bracket = text.rfind(']').map_or(0, |at| at + 1);
    let (host, port) = match text.get(bracket..)?.find(':') {
        Some(colon) => {
            let (host, port) = text.split_at_checked(bracket + colon)?;
            (host, port.get(1..)?)
        }
        None => (text, ""),
    };
    let port = match port {
        "" => None,
        digits if digits.bytes().all(|byte| byte.is_ascii_digit()) => Some(digits.parse().ok()?),
        _ => return None,
    };
    Some((HostName::parse(host).ok()?, port))
}

fn same(header: Authority, target: Authority, uri: &Uri) -> bool {
    let usual = if uri.scheme_str() == Some("https") { 443 } else { 80 };
    header.0 == target.0 && header.1.unwrap_or(usual) == target.1.unwrap_or(usual)
}

fn invalid(detail: &'static str) -> Rejection {
    Rejection::invalid_tenant_id(Source::Host, detail)
}

fn disagrees() -> Rejection {
    invalid("the Host header and the target name different hosts")
}
