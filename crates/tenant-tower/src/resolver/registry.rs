use std::fmt;

use foldhash::HashMap;
use parking_lot::RwLock;
use tenant_core::TenantId;

use crate::{HostName, HostPattern, InvalidHost, pattern::above};

/// Which host belongs to which tenant: many hosts per tenant, one tenant per host, changed at run time.
///
/// `*.base` is every host one label below `base`, and below none further down. What a tenant has that way is the tenant's:
/// no other one can register a host below it, nor a wildcard over hosts of others. The same tenant may have both; then
/// removing the host leaves it to the wildcard. `base` itself is another host.
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
/// registry.add(&acme, ["acme.example", "*.acme.example"])?;
/// assert_eq!(registry.tenant_of(&HostName::parse("ACME.example")?), Some(acme));
/// assert_eq!(registry.tenant_of(&HostName::parse("app.acme.example")?), Some(acme));
///
/// let taken = registry.add(&globex, ["globex.example", "login.acme.example"]).unwrap_err();
/// assert_eq!(taken.kind(), HostErrorKind::Taken);
/// assert_eq!(registry.tenant_of(&HostName::parse("globex.example")?), None);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Default)]
pub struct HostRegistry(RwLock<Hosts>);

#[derive(Default)]
struct Hosts {
    /// By host.
    exact: HashMap<Box<str>, TenantId>,
    /// By base.
    wildcards: HashMap<Box<str>, TenantId>,
    /// How many hosts each tenant has right below a base: whom a wildcard there would take something from.
    below: HashMap<Box<str>, HashMap<TenantId, usize>>,
    of_tenants: HashMap<TenantId, Vec<HostPattern>>,
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
        self.0.read().tenant_of(host.as_str())
    }

    /// A tenant's hosts, in the order they came.
    #[must_use]
    pub fn hosts_of(&self, tenant: &TenantId) -> Vec<HostPattern> {
        self.0.read().of_tenants.get(tenant).cloned().unwrap_or_default()
    }

    /// Gives hosts to a tenant, beside those that it has. Its own ones may be among them.
    ///
    /// # Errors
    /// One is not valid, is an address, or another tenant has it, one that it covers, or one that covers it; then nothing is
    /// changed.
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
    /// One is not valid, is an address, or another tenant has it, one that it covers, or one that covers it; then nothing is
    /// changed.
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
    pub fn remove(&self, tenant: &TenantId, host: &HostPattern) -> bool {
        self.0.write().take(tenant, host)
    }

    /// Takes all hosts from a tenant.
    pub fn remove_all(&self, tenant: &TenantId) {
        self.0.write().take_all(tenant);
    }

    /// How many hosts and wildcards are registered.
    #[must_use]
    pub fn len(&self) -> usize {
        let all = self.0.read();
        all.exact.len() + all.wildcards.len()
    }

    /// Whether none is.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

fn parse<S: AsRef<str>>(hosts: impl IntoIterator<Item = S>) -> Result<Vec<HostPattern>, HostError> {
    let invalid = |InvalidHost| HostError(HostErrorKind::Invalid);
    hosts.into_iter().map(|host| HostPattern::parse(host.as_ref()).map_err(invalid)).collect()
}

impl Hosts {
    #[inline]
    fn tenant_of(&self, host: &str) -> Option<TenantId> {
        if let Some(tenant) = self.exact.get(host) {
            return Some(*tenant);
        }
        self.wildcards.get(above(host)?).copied()
    }

    fn ensure_free(&self, tenant: &TenantId, hosts: &[HostPattern]) -> Result<(), HostError> {
        if hosts.iter().all(|host| self.is_free(tenant, host)) {
            return Ok(());
        }
        Err(HostError(HostErrorKind::Taken))
    }

    fn is_free(&self, tenant: &TenantId, host: &HostPattern) -> bool {
        let own = |owner: Option<&TenantId>| owner.is_none_or(|owner| owner == tenant);
        match host.base() {
            None => {
                let wildcard = above(host.as_str()).and_then(|base| self.wildcards.get(base));
                own(self.exact.get(host.as_str())) && own(wildcard)
            }
            Some(base) => {
                let below = self.below.get(base);
                let only_own = |below: &HashMap<TenantId, usize>| below.keys().all(|owner| owner == tenant);
                own(self.wildcards.get(base)) && below.is_none_or(only_own)
            }
        }
    }

    fn give(&mut self, tenant: &TenantId, hosts: &[HostPattern]) {
        for host in hosts {
            let (hosts, name) = match host.base() {
                Some(base) => (&mut self.wildcards, base),
                None => (&mut self.exact, host.as_str()),
            };
            if hosts.insert(name.into(), *tenant).is_none() {
                self.of_tenants.entry(*tenant).or_default().push(*host);
                self.count(tenant, host);
            }
        }
    }

    fn count(&mut self, tenant: &TenantId, host: &HostPattern) {
        if let (None, Some(base)) = (host.base(), above(host.as_str())) {
            *self.below.entry(base.into()).or_default().entry(*tenant).or_default() += 1;
        }
    }

    fn discount(&mut self, tenant: &TenantId, host: &HostPattern) {
        let base = above(host.as_str()).filter(|_| host.base().is_none());
        let Some((base, below)) = base.and_then(|base| Some((base, self.below.get_mut(base)?))) else {
            return;
        };
        if let Some(count) = below.get_mut(tenant) {
            *count -= 1;
            if *count == 0 {
                below.remove(tenant);
            }
        }
        if below.is_empty() {
            self.below.remove(base);
        }
    }

    fn take(&mut self, tenant: &TenantId, host: &HostPattern) -> bool {
        if !self.forget(tenant, host) {
            return false;
        }
        if let Some(hosts) = self.of_tenants.get_mut(tenant) {
            hosts.retain(|own| own != host);
            if hosts.is_empty() {
                self.of_tenants.remove(tenant);
            }
        }
        true
    }

    fn take_all(&mut self, tenant: &TenantId) {
        for host in self.of_tenants.remove(tenant).unwrap_or_default() {
            self.forget(tenant, &host);
        }
    }

    /// Lets a host lead nowhere, if it leads to the tenant.
    fn forget(&mut self, tenant: &TenantId, host: &HostPattern) -> bool {
        let (hosts, name) = match host.base() {
            Some(base) => (&mut self.wildcards, base),
            None => (&mut self.exact, host.as_str()),
        };
        let is_own = hosts.get(name) == Some(tenant);
        if is_own {
            hosts.remove(name);
            self.discount(tenant, host);
        }
        is_own
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
    /// Another tenant has it, one that it covers, or one that covers it.
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
