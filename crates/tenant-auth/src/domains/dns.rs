//! Asking the DNS, for names that tenants chose.

use std::{
    fmt,
    net::{IpAddr, SocketAddr},
    time::Duration,
};

use futures_util::future::join;
use hickory_resolver::{
    TokioResolver,
    config::{ConnectionConfig, NameServerConfig, ResolveHosts, ResolverConfig, ResolverOpts},
    net::runtime::TokioRuntimeProvider,
    proto::rr::{Name, RData, Record, RecordType},
};

/// Name servers, and how they are asked. It is cheap to clone.
///
/// Names are asked for as they are: no search list makes an internal name of one, and `/etc/hosts` is not read. Nothing is
/// remembered, so that a record is found as soon as the name servers have it.
#[derive(Clone)]
pub struct Dns(TokioResolver);

/// The system's name servers are not known.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the name servers can't be used: {0}")]
pub struct DnsError(Box<str>);

const PATIENCE: Duration = Duration::from_secs(2);

impl Dns {
    /// The name servers of the system, as `/etc/resolv.conf` names them now.
    ///
    /// # Errors
    /// They can't be read.
    pub fn of_system() -> Result<Self, DnsError> {
        let mut builder = TokioResolver::builder_tokio().map_err(unusable)?;
        set(builder.options_mut());
        builder.build().map(Self).map_err(unusable)
    }

    /// The name servers at these addresses.
    ///
    /// # Errors
    /// They can't be used.
    pub fn at(servers: &[SocketAddr]) -> Result<Self, DnsError> {
        let servers = servers.iter().map(|server| {
            let connections = [ConnectionConfig::udp(), ConnectionConfig::tcp()].map(|mut connection| {
                connection.port = server.port();
                connection
            });
            NameServerConfig::new(server.ip(), true, connections.into())
        });
        let config = ResolverConfig::from_name_servers(servers.collect());
        let mut builder = TokioResolver::builder_with_config(config, TokioRuntimeProvider::default());
        set(builder.options_mut());
        builder.build().map(Self).map_err(unusable)
    }

    /// All addresses of a host, whatever they are.
    pub async fn addresses(&self, host: &str) -> Vec<IpAddr> {
        let (v4, v6) = join(self.records(host, RecordType::A), self.records(host, RecordType::AAAA)).await;
        let address = |record: Record| record.data.ip_addr();
        v4.into_iter().chain(v6).filter_map(|(_, record)| address(record)).collect()
    }

    /// The texts at a name itself. An alias is not followed: a forgotten one, or one that a wildcard makes, would let whoever
    /// holds its target speak for the host.
    pub(super) async fn texts(&self, name: &str) -> Vec<Vec<u8>> {
        let records = self.records(name, RecordType::TXT).await.into_iter();
        let own = records.filter(|(name, record)| record.name == *name);
        own.filter_map(|(_, record)| match record.data {
            RData::TXT(text) => Some(text.txt_data.concat()),
            _ => None,
        })
        .collect()
    }

    /// With the name that was asked for. A name that does not exist has none.
    async fn records(&self, name: &str, kind: RecordType) -> Vec<(Name, Record)> {
        let Ok(mut name) = Name::from_ascii(name) else { return Vec::new() };
        name.set_fqdn(true);
        let answer = self.0.lookup(name.clone(), kind).await;
        let records = answer.map(|answer| answer.answers().to_vec()).unwrap_or_default();
        records.into_iter().map(|record| (name.clone(), record)).collect()
    }
}

fn set(options: &mut ResolverOpts) {
    options.cache_size = 0;
    (options.positive_max_ttl, options.negative_max_ttl) = (Some(Duration::ZERO), Some(Duration::ZERO));
    options.use_hosts_file = ResolveHosts::Never;
    options.timeout = PATIENCE;
    options.attempts = 2;
}

fn unusable(error: impl fmt::Display) -> DnsError {
    DnsError(error.to_string().into())
}

impl fmt::Debug for Dns {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dns").finish_non_exhaustive()
    }
}
