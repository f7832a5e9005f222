use async_trait::async_trait;

use super::{Dns, DomainProof, NotProved, coarse::within_bounds};

/// Finds the token in the DNS: as a TXT record of `_tenant-verification.` and the host, which holds it and nothing else.
///
/// An alias (CNAME) at that name is not followed. An answer takes at most ten seconds, and a failure at least one.
///
/// # Example
/// ```
/// use tenant_auth::{Dns, DomainProof, TxtProof};
///
/// # async fn prove() -> Result<(), Box<dyn std::error::Error>> {
/// // shop.example.com: _tenant-verification.shop.example.com. TXT "the token"
/// TxtProof::new(Dns::of_system()?).prove("shop.example.com", "the token").await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct TxtProof(Dns);

impl TxtProof {
    /// The label that stands in front of the host. No host has an underscore (RFC 8552), so that no host is ever at this name.
    pub const LABEL: &str = "_tenant-verification";

    /// By these name servers.
    #[must_use]
    pub const fn new(dns: Dns) -> Self {
        Self(dns)
    }
}

#[async_trait]
impl DomainProof for TxtProof {
    async fn prove(&self, host: &str, token: &str) -> Result<(), NotProved> {
        let name = format!("{}.{host}", Self::LABEL);
        let finds = async { self.0.texts(&name).await.iter().any(|text| text == token.as_bytes()) };
        within_bounds(finds).await
    }
}
