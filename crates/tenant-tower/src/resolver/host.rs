use std::sync::Arc;

use super::{HostRegistry, Resolution, TenantResolver};
use crate::{Claim, RequestHead, Source};

/// Takes the tenant from the whole host, by a [`HostRegistry`]. A host that nobody registered names no tenant.
#[derive(Clone, Debug)]
pub struct HostResolver {
    registry: Arc<HostRegistry>,
}

impl HostResolver {
    /// Takes tenants from `registry`, which may change while the resolver is in use.
    #[must_use]
    pub const fn new(registry: Arc<HostRegistry>) -> Self {
        Self { registry }
    }
}

impl TenantResolver for HostResolver {
    fn resolve(&self, head: &RequestHead<'_>) -> Resolution {
        let host = head.host()?;
        let tenant = host.and_then(|host| self.registry.tenant_of(&host));
        Ok(tenant.map(|tenant| Claim::new(tenant, Source::Host)))
    }
}
