use std::fmt;

use foldhash::HashMap;
use parking_lot::RwLock;
use tenant_core::TenantId;

use crate::{HostName, InvalidHost};

/// Which host belongs to which tenant: many hosts per tenant, one tenant per host, changed at run time.
///
/// A list is taken over whole or not at all, and no request sees half of it.
///
/// # Example
/// ```
/// use tenant_core::TenantId;
/// use tenant_tower::{HostErrorKind, HostName, HostRegistry};
///
/// let (acme, globex) = (TenantId::parse("acme")?, TenantId::parse("globex")?);
/// let registry = HostRegistry::new();
/// registry.add(&acme, ["app.acme.example", "acme.example"])?;
/// assert_eq!(registry.tenant_of(&HostName::parse("ACME.example")?), Some(acme));
///
/// let taken = registry.add(&globex, ["globex.example", "acme.example"]).unwrap_err();
/// assert_eq!(taken.kind(), HostErrorKind::Taken);
/// assert_eq!(registry.tenant_of(&HostName::parse("globex.example")?), None);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Default)]
pub struct HostRegistry(RwLock<Hosts>);

#[derive(Default)]
struct Hosts {
    tenants: HashMap<Box<str>, TenantId>,
    hosts: HashMap<TenantId, Vec<HostName>>,
}

impl HostRegistry {
    /// No hosts yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The tenant a host belongs to.
    #[must_use]
    pub fn tenant_of(&self, host: &HostName) -> Option<TenantId> {
        self.0.read().tenants.get(host.as_str()).copied()
    }

    /// A tenant's hosts, in the order they came.
    #[must_use]
    pub fn hosts_of(&self, tenant: &TenantId) -> Vec<HostName> {
        self.0.read().hosts.get(tenant).cloned().unwrap_or_default()
    }

    /// Gives hosts to a tenant, beside those that it has. Its own ones may be among them.
    ///
    /// # Errors
    /// One is not valid, is an address, or belongs to another tenant; then nothing is changed.
    pub fn add<S: AsRef<str>>(
        &self,
        tenant: &TenantId,
        hosts: impl IntoIterator<Item = S>,
    ) -> Result<(), HostError> {
        let hosts = parse(hosts)?;
        let mut all = self.0.write();
        all.ensure_free(tenant, &hosts)?;
        all.give(tenant, &hosts);
        Ok(())
    }

    /// Gives hosts to a tenant in place of those that it has.
    ///
    /// # Errors
    /// One is not valid, is an address, or belongs to another tenant; then nothing is changed.
    pub fn replace<S: AsRef<str>>(
        &self,
        tenant: &TenantId,
        hosts: impl IntoIterator<Item = S>,
    ) -> Result<(), HostError> {
        let hosts = parse(hosts)?;
        let mut all = self.0.write();
        all.ensure_free(tenant, &hosts)?;
        all.take_all(tenant);
        all.give(tenant, &hosts);
        Ok(())
    }

    /// Takes a host from a tenant; answers whether it was the tenant's.
    pub fn remove(&self, tenant: &TenantId, host: &HostName) -> bool {
        self.0.write().take(tenant, host)
    }

    /// Takes all hosts from a tenant.
    pub fn remove_all(&self, tenant: &TenantId) {
        self.0.write().take_all(tenant);
    }

    /// How many hosts are registered.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.read().tenants.len()
    }

    /// Whether none is.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

fn parse<S: AsRef<str>>(hosts: impl IntoIterator<Item = S>) -> Result<Vec<HostName>, HostError> {
    let parse = |host: S| match HostName::parse(host.as_ref()) {
        Ok(host) if !host.is_address() => Ok(host),
        Ok(_) | Err(InvalidHost) => Err(HostError(HostErrorKind::Invalid)),
    };
    hosts.into_iter().map(parse).collect()
}

impl Hosts {
    fn ensure_free(&self, tenant: &TenantId, hosts: &[HostName]) -> Result<(), HostError> {
        let is_taken = |host: &HostName| self.tenants.get(host.as_str()).is_some_and(|owner| owner != tenant);
        if hosts.iter().any(is_taken) {
            return Err(HostError(HostErrorKind::Taken));
        }
        Ok(())
    }

    fn give(&mut self, tenant: &TenantId, hosts: &[HostName]) {
        for host in hosts {
            if self.tenants.insert(host.as_str().into(), *tenant).is_none() {
                self.hosts.entry(*tenant).or_default().push(*host);
            }
        }
    }

    fn take(&mut self, tenant: &TenantId, host: &HostName) -> bool {
        if self.tenants.get(host.as_str()) != Some(tenant) {
            return false;
        }
        self.tenants.remove(host.as_str());
        if let Some(hosts) = self.hosts.get_mut(tenant) {
            hosts.retain(|own| own != host);
            if hosts.is_empty() {
                self.hosts.remove(tenant);
            }
        }
        true
    }

    fn take_all(&mut self, tenant: &TenantId) {
        for host in self.hosts.remove(tenant).unwrap_or_default() {
            self.tenants.remove(host.as_str());
        }
    }
}

impl fmt::Debug for HostRegistry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HostRegistry({})", self.len())
    }
}

/// A host can't be registered. Whose it is instead is not told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.0.text())]
pub struct HostError(HostErrorKind);

/// The kinds of [`HostError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum HostErrorKind {
    /// It is no host name, or an address.
    Invalid,
    /// It belongs to another tenant.
    Taken,
}

impl HostError {
    /// What kind of error it is.
    #[must_use]
    pub const fn kind(&self) -> HostErrorKind {
        self.0
    }
}

impl HostErrorKind {
    const fn text(self) -> &'static str {
        match self {
            Self::Invalid => "a host is not valid",
            Self::Taken => "a host belongs to another tenant",
        }
    }
}
