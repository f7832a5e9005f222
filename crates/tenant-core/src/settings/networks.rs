use std::{fmt, net::IpAddr, str::FromStr, sync::Arc};

use ipnet::IpNet;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use serde_json::Value;

use super::InvalidSetting;

/// A network in CIDR notation ([RFC 4632, section 3.1](https://www.rfc-editor.org/rfc/rfc4632#section-3.1)), or a single address.
///
/// Addresses are compared as what they are: one of IPv4 that IPv6 merely carries (`::ffff:192.0.2.1`, RFC 4291, section 2.5.5.2)
/// is one of IPv4. So a network is never written as one that is carried: nobody would be in it.
///
/// # Example
/// ```
/// use tenant_core::settings::Network;
///
/// let office: Network = "192.0.2.0/24".parse()?;
/// assert!(office.contains("192.0.2.7".parse()?) && office.contains("::ffff:192.0.2.7".parse()?));
/// assert!("192.0.2.7/24".parse::<Network>().is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Network(IpNet);

/// A text is no network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct InvalidNetwork(&'static str);

impl InvalidNetwork {
    /// What is wrong with it, as it goes on from its name: `has bits beyond its prefix`.
    #[must_use]
    pub const fn problem(&self) -> &'static str {
        self.0
    }
}

impl Network {
    /// Whether an address is in it.
    #[inline]
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        self.0.contains(&address.to_canonical())
    }

    /// Whether every address of its family is in it.
    #[must_use]
    pub fn is_everybody(&self) -> bool {
        self.0.prefix_len() == 0
    }
}

impl FromStr for Network {
    type Err = InvalidNetwork;

    // Read by the standard library, which refuses `010.0.0.0`: ten to some programs, eight to others.
    fn from_str(text: &str) -> Result<Self, InvalidNetwork> {
        let (address, length) =
            text.split_once('/').map_or((text, None), |(address, length)| (address, Some(length)));
        let address: IpAddr = address.parse().map_err(|_| InvalidNetwork("is no address and no network"))?;
        let network = match length {
            None => IpNet::from(address),
            Some(length) => {
                IpNet::new(address, prefix(length)?).map_err(|_| InvalidNetwork("has too long a prefix"))?
            }
        };
        match network {
            _ if network.trunc() != network => Err(InvalidNetwork("has bits beyond its prefix")),
            IpNet::V6(v6) if v6.addr().to_ipv4_mapped().is_some() => {
                Err(InvalidNetwork("is IPv4, written as IPv6"))
            }
            _ => Ok(Self(network)),
        }
    }
}

fn prefix(length: &str) -> Result<u8, InvalidNetwork> {
    let is_number = length.bytes().all(|byte| byte.is_ascii_digit());
    length.parse().ok().filter(|_| is_number).ok_or(InvalidNetwork("has no prefix length"))
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The networks that a tenant's callers may call from; never an empty list.
///
/// # Example
/// ```
/// use tenant_core::settings::AllowedNetworks;
///
/// let networks: AllowedNetworks = serde_json::from_str(r#"["192.0.2.0/24", "2001:db8::/32"]"#)?;
/// assert!(networks.contains("2001:db8::1".parse()?));
/// assert!(!networks.contains("198.51.100.1".parse()?));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct AllowedNetworks(Arc<[Network]>);

const MAX_NETWORKS: usize = 256;

impl AllowedNetworks {
    pub(super) fn read(value: &Value) -> Result<Self, InvalidSetting> {
        let list = match value {
            // To some that would mean nobody, to others everybody.
            Value::Array(list) if list.is_empty() => {
                return Err(InvalidSetting::new("must not be empty: without it everybody is let in"));
            }
            Value::Array(list) if list.len() <= MAX_NETWORKS => list,
            _ => return Err(InvalidSetting::new("must be a list of at most 256 networks")),
        };
        let networks = list.iter().enumerate().map(|(place, entry)| {
            let network = entry.as_str().ok_or(InvalidNetwork("is no text"));
            let network = network.and_then(str::parse);
            network.map_err(|error| InvalidSetting::new(error.problem()).in_entry(place))
        });
        networks.collect::<Result<_, _>>().map(Self)
    }

    /// For settings that can't be read.
    pub(super) fn nobody() -> Self {
        Self(Arc::default())
    }

    /// Whether an address is in one of them.
    #[inline]
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(address))
    }
}

impl fmt::Debug for AllowedNetworks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(Network::to_string)).finish()
    }
}

impl<'de> Deserialize<'de> for AllowedNetworks {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::read(&Value::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

impl Serialize for AllowedNetworks {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(Network::to_string))
    }
}
