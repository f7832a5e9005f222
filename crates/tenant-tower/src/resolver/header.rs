use http::{HeaderName, HeaderValue};
use tenant_core::{InvalidTenantId, TenantId};

use super::{Resolution, TenantResolver};
use crate::{Claim, Rejection, RequestHead, Source};

/// Takes the tenant from a header, `X-Tenant-ID` by default.
///
/// Anybody can send a header: it is an authority only behind something that sets it, or agrees with it. One that comes
/// twice, is empty, holds a comma (two lines that a proxy has merged) or is no tenant id is rejected, never ignored.
///
/// # Example
/// ```
/// use tenant_tower::{HeaderResolver, http::HeaderName};
///
/// let default = HeaderResolver::default();
/// let other = HeaderResolver::new(HeaderName::from_static("x-organisation"));
/// ```
#[derive(Clone, Debug)]
pub struct HeaderResolver {
    name: HeaderName,
}

impl HeaderResolver {
    /// Takes the tenant from the header `name`.
    #[must_use]
    pub const fn new(name: HeaderName) -> Self {
        Self { name }
    }
}

impl Default for HeaderResolver {
    fn default() -> Self {
        Self::new(HeaderName::from_static("x-tenant-id"))
    }
}

impl TenantResolver for HeaderResolver {
    fn resolve(&self, head: &RequestHead<'_>) -> Resolution {
        let value = head.only(&self.name).map_err(|_| invalid("the tenant's header comes more than once"))?;
        value.map(parse).transpose()
    }
}

fn parse(value: &HeaderValue) -> Result<Claim, Rejection> {
    // Visible ASCII is all that an id is made of, and sooner told than UTF-8.
    match value.to_str().map_err(|_| InvalidTenantId::Character).and_then(TenantId::parse) {
        Ok(tenant) => Ok(Claim::new(tenant, Source::Header)),
        Err(error) => Err(Rejection::invalid_tenant_id(Source::Header, error.to_string())),
    }
}

fn invalid(detail: &'static str) -> Rejection {
    Rejection::invalid_tenant_id(Source::Header, detail)
}
