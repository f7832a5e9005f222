//! Where an event may be sent to.
//!
//! The URL is read by one parser (the URL standard's, <https://url.spec.whatwg.org>), which gives each spelling of an address as that
//! address; what it read is what is connected to, and nothing reads the text again.

use std::{error::Error, fmt, net::IpAddr};

use http::uri::PathAndQuery;
use tenant_core::address::{is_private, is_public};
use url::{Host, Position, Url};

/// Whereto a tenant may have events sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WebhookReach {
    /// To addresses of the internet: to the ports 80, 443, and from 1024 on.
    #[default]
    Public,
    /// Also to this machine and to private networks, and to any port: for tests, and for deployments whose tenants may reach what is
    /// there. Addresses of the link and of metadata services stay closed.
    PrivateToo,
}

/// A URL to which nothing is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidWebhookUrl(&'static str);

/// A URL to which an event may be sent, as far as it tells by itself.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Endpoint {
    pub(crate) is_encrypted: bool,
    pub(crate) host: Place,
    pub(crate) port: u16,
    /// The host, with the port where that is not the scheme's own.
    pub(crate) authority: String,
    /// With the query.
    pub(crate) path: PathAndQuery,
}

/// Where a host is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// In lower case, without a full stop at the end.
    Name(String),
    Address(IpAddr),
}

const LONGEST: usize = 2_048;
const MALFORMED: InvalidWebhookUrl =
    InvalidWebhookUrl("a webhook's URL must be an http or https URL of at most 2048 ASCII characters");
const CREDENTIALS: InvalidWebhookUrl = InvalidWebhookUrl("a webhook's URL must carry no credentials");
const FRAGMENT: InvalidWebhookUrl = InvalidWebhookUrl("a webhook's URL must have no fragment");
const PORT: InvalidWebhookUrl =
    InvalidWebhookUrl("a webhook's URL must lead to the port 80 or 443, or one from 1024 on");
const PRIVATE: InvalidWebhookUrl = InvalidWebhookUrl("a webhook's URL must lead to a public host");

impl WebhookReach {
    pub(super) fn admits(self, address: IpAddr) -> bool {
        is_public(address) || (self == Self::PrivateToo && is_private(address))
    }

    fn admits_name(self, name: &str) -> bool {
        self == Self::PrivateToo || is_public_name(name)
    }

    const fn admits_port(self, port: u16) -> bool {
        match self {
            // Those below are other protocols', which would read lines of what is sent as theirs.
            Self::Public => matches!(port, 80 | 443 | 1_024..),
            Self::PrivateToo => port != 0,
        }
    }
}

impl Endpoint {
    pub(crate) fn parse(text: &str, reach: WebhookReach) -> Result<Self, InvalidWebhookUrl> {
        let authority = authority(text)?;
        if authority.contains('@') {
            return Err(CREDENTIALS);
        }
        let url = Url::parse(text).map_err(|_| MALFORMED)?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(CREDENTIALS);
        }
        if url.fragment().is_some() {
            return Err(FRAGMENT);
        }
        let host = place(&url.host().ok_or(MALFORMED)?)?;
        let is_open = match &host {
            Place::Name(name) => reach.admits_name(name),
            Place::Address(address) => reach.admits(*address),
        };
        if !is_open {
            return Err(PRIVATE);
        }
        let port = url.port_or_known_default().ok_or(MALFORMED)?;
        if !reach.admits_port(port) {
            return Err(PORT);
        }
        let path = &url[Position::BeforePath..Position::AfterQuery];
        let path = path.parse().map_err(|_| MALFORMED)?;
        Ok(Self {
            is_encrypted: url.scheme() == "https",
            authority: written(&host, url.port()),
            host,
            port,
            path,
        })
    }
}

/// As it is written, between the scheme and the path. The parser would also take what is written otherwise, and means something else
/// to who reads it.
fn authority(text: &str) -> Result<&str, InvalidWebhookUrl> {
    let is_plain = |byte: u8| byte.is_ascii_graphic() && byte != b'\\';
    if text.len() > LONGEST || !text.bytes().all(is_plain) {
        return Err(MALFORMED);
    }
    let (scheme, rest) = text.split_once("://").ok_or(MALFORMED)?;
    if !["http", "https"].iter().any(|known| scheme.eq_ignore_ascii_case(known)) {
        return Err(MALFORMED);
    }
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    if authority.is_empty() { Err(MALFORMED) } else { Ok(authority) }
}

fn place(host: &Host<&str>) -> Result<Place, InvalidWebhookUrl> {
    match host {
        Host::Ipv4(address) => Ok(Place::Address((*address).into())),
        Host::Ipv6(address) => Ok(Place::Address((*address).into())),
        Host::Domain(name) => {
            let name = name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase();
            if is_name(&name) { Ok(Place::Name(name)) } else { Err(MALFORMED) }
        }
    }
}

/// RFC 1123, section 2.1, and underscores, which names have.
fn is_name(name: &str) -> bool {
    let is_byte = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    let is_label = |label: &str| (1..=63).contains(&label.len()) && label.bytes().all(is_byte);
    name.len() <= 253 && name.split('.').all(is_label)
}

/// Names that only somebody's own network has: those of one label, and those below domains that are kept for it (RFC 6761, RFC 6762,
/// RFC 8375, and ICANN's for private use) or commonly taken.
fn is_public_name(name: &str) -> bool {
    const OWN: [&str; 11] = [
        "localhost",
        "localdomain",
        "local",
        "internal",
        "intranet",
        "private",
        "corp",
        "home",
        "lan",
        "home.arpa",
        "in-addr.arpa",
    ];
    let is_within = |domain: &str| {
        let above = name.strip_suffix(domain);
        above.is_some_and(|above| above.is_empty() || above.ends_with('.'))
    };
    name.contains('.') && !OWN.into_iter().any(is_within)
}

fn written(host: &Place, port: Option<u16>) -> String {
    let host = match host {
        Place::Name(name) => name.clone(),
        Place::Address(IpAddr::V4(address)) => address.to_string(),
        Place::Address(IpAddr::V6(address)) => format!("[{address}]"),
    };
    port.map_or(host.clone(), |port| format!("{host}:{port}"))
}

impl fmt::Display for InvalidWebhookUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl Error for InvalidWebhookUrl {}

#[cfg(test)]
mod tests;
