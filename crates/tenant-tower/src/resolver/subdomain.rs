use foldhash::HashSet;
use tenant_core::TenantId;

use super::{Resolution, TenantResolver};
use crate::{Claim, HostName, InvalidHost, Rejection, RequestHead, Source};

/// Takes the tenant from the one label before a base domain: `acme.example.com`.
///
/// A base domain itself, its `www`, hosts two or more labels below it, addresses and foreign hosts name no tenant.
/// Hosts are compared in lower case, so that a tenant whose id has upper-case letters has no subdomain.
///
/// # Example
/// ```
/// use tenant_tower::SubdomainResolver;
///
/// let resolver = SubdomainResolver::new(["example.com", "example.org"])?;
/// # Ok::<(), tenant_tower::InvalidHost>(())
/// ```
#[derive(Clone, Debug)]
pub struct SubdomainResolver {
    bases: HashSet<Box<str>>,
}

impl SubdomainResolver {
    /// Takes tenants from the subdomains of these domains.
    ///
    /// # Errors
    /// One is no host name, or an address.
    pub fn new<S: AsRef<str>>(bases: impl IntoIterator<Item = S>) -> Result<Self, InvalidHost> {
        let parse = |base: S| match HostName::parse(base.as_ref())? {
            address if address.is_address() => Err(InvalidHost),
            base => Ok(base.as_str().into()),
        };
        let bases = bases.into_iter().map(parse).collect::<Result<_, _>>()?;
        Ok(Self { bases })
    }

    fn label<'a>(&self, host: &'a str) -> Option<&'a str> {
        let (label, base) = host.split_once('.')?;
        let names = !self.bases.contains(host) && self.bases.contains(base) && label != "www";
        names.then_some(label)
    }
}

impl TenantResolver for SubdomainResolver {
    fn resolve(&self, head: &RequestHead<'_>) -> Resolution {
        let Some(host) = head.host()? else {
            return Ok(None);
        };
        let Some(label) = self.label(host.as_str()) else {
            return Ok(None);
        };
        match TenantId::parse(label) {
            Ok(tenant) => Ok(Some(Claim::new(tenant, Source::Subdomain))),
            Err(error) => Err(Rejection::invalid_tenant_id(Source::Subdomain, error.to_string())),
        }
    }
}
