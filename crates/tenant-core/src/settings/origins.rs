use std::{
    fmt,
    net::{Ipv4Addr, Ipv6Addr},
    sync::Arc,
};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use serde_json::Value;

use super::InvalidSetting;
use crate::config::is_host;

/// The web origins whose pages may call a tenant: exactly as browsers write them
/// (<https://html.spec.whatwg.org/multipage/browsers.html#ascii-serialisation-of-an-origin>), for they are compared byte for byte.
///
/// Each is `https://` and a host, with its port where that is not the usual one. `http://` is for pages of this very machine
/// (`http://localhost:3000`): what others send unencrypted, anybody on the way can change
/// (<https://www.w3.org/TR/secure-contexts/#is-origin-trustworthy>). There is no `*`: pages call with credentials, for
/// which it does not count (<https://fetch.spec.whatwg.org/#cors-protocol-and-credentials>). Nor is there `null`: that is the
/// origin of any sandboxed page, whoever wrote it.
///
/// # Example
/// ```
/// use tenant_core::settings::AllowedOrigins;
///
/// let origins: AllowedOrigins = serde_json::from_str(r#"["https://app.acme.example"]"#)?;
/// assert!(origins.allows(b"https://app.acme.example"));
/// assert!(!origins.allows(b"https://app.acme.example.evil.example"));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Default, PartialEq, Eq)]
pub struct AllowedOrigins(Option<Arc<[Box<str>]>>);

const MAX_ORIGINS: usize = 100;

impl AllowedOrigins {
    pub(super) fn read(value: &Value) -> Result<Self, InvalidSetting> {
        let Some(list) = value.as_array().filter(|list| list.len() <= MAX_ORIGINS) else {
            return Err(InvalidSetting::new("must be a list of at most 100 origins"));
        };
        let origins = list.iter().enumerate().map(|(place, entry)| {
            let text = entry.as_str().ok_or("is no text");
            let origin = text.and_then(|text| check(text).map(|()| Box::from(text)));
            origin.map_err(|problem| InvalidSetting::new(problem).in_entry(place))
        });
        let origins: Arc<[Box<str>]> = origins.collect::<Result<_, _>>()?;
        Ok(Self((!origins.is_empty()).then_some(origins)))
    }

    /// Whether pages of this origin may call.
    #[inline]
    #[must_use]
    pub fn allows(&self, origin: &[u8]) -> bool {
        self.iter().any(|own| own.as_bytes() == origin)
    }

    /// Whether there are none.
    #[inline]
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// The origins, one by one.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.as_deref().unwrap_or_default().iter().map(|origin| &**origin)
    }
}

const UNUSUAL: &str = "must be an origin as browsers write it, such as https://app.acme.example";

fn check(text: &str) -> Result<(), &'static str> {
    match text {
        "*" => return Err("must be one origin: answers to all can't be given with credentials"),
        "null" => return Err("must not be null, which is the origin of any sandboxed page"),
        _ => {}
    }
    let (scheme, authority) = text.split_once("://").ok_or(UNUSUAL)?;
    let (host, port) = split(authority).ok_or(UNUSUAL)?;
    let is_local = is_local(host).ok_or(UNUSUAL)?;
    match (scheme, port) {
        ("https", Some(443)) | ("http", Some(80)) => Err("must leave out the port that is the usual one"),
        ("https", _) => Ok(()),
        ("http", _) if is_local => Ok(()),
        ("http", _) => Err("must be https: what comes unencrypted, anybody on the way can change"),
        _ => Err(UNUSUAL),
    }
}

fn split(authority: &str) -> Option<(&str, Option<u16>)> {
    let after_bracket = authority.rfind(']').map_or(0, |at| at + 1);
    let Some(colon) = authority.get(after_bracket..)?.find(':') else { return Some((authority, None)) };
    let (host, port) = authority.split_at_checked(after_bracket + colon)?;
    let digits = port.get(1..)?;
    let number: u16 = digits.parse().ok()?;
    (number.to_string() == digits && number != 0).then_some((host, Some(number)))
}

/// Whether a host is of this very machine; `None` where it is not written as browsers write it.
fn is_local(host: &str) -> Option<bool> {
    if let Some(inner) = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        let address: Ipv6Addr = inner.parse().ok()?;
        let is_usual = address.to_string() == inner && address.to_ipv4_mapped().is_none();
        return is_usual.then(|| address.is_loopback());
    }
    if let Ok(address) = host.parse::<Ipv4Addr>() {
        return Some(address.is_loopback());
    }
    is_host(host).then(|| host == "localhost" || host.ends_with(".localhost"))
}

impl fmt::Debug for AllowedOrigins {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

impl<'de> Deserialize<'de> for AllowedOrigins {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::read(&Value::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

impl Serialize for AllowedOrigins {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}
