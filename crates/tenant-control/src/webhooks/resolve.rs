use std::net::IpAddr;

use async_trait::async_trait;
use tenant_auth::Dns;

/// Finds the addresses of a host that a tenant chose, whatever they are: who connects checks each of them.
#[async_trait]
pub trait Resolve: Send + Sync {
    /// All addresses of a host; none where it has none.
    async fn addresses(&self, host: &str) -> Vec<IpAddr>;
}

/// By name servers alone: `/etc/hosts` is not read, and no search list makes another name of one.
#[async_trait]
impl Resolve for Dns {
    async fn addresses(&self, host: &str) -> Vec<IpAddr> {
        Self::addresses(self, host).await
    }
}
