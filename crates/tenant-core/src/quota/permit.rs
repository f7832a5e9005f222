use std::fmt;

/// The right to be at work under one or more concurrency limits. Dropping it gives it back.
///
/// It is owned and can go anywhere: into a response's body, a job, another thread. It stays what it is when the tenant's
/// config changes, and when the tenant is deleted and created anew: the place it takes counts until it is dropped.
///
/// # Example
/// ```
/// # use tenant_core::{InMemoryConfigManager, InMemoryQuotaManager, TenantConfig, TenantContext, TenantId};
/// use tenant_core::{Dimension, NamedLimit, QuotaManager, quota::Cost};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let id = TenantId::parse("acme")?;
/// # let config = TenantConfig::builder(id).limit("concurrent_executions", 1).build()?;
/// # let configs = InMemoryConfigManager::with([config])?;
/// # let tenant = TenantContext::of(&configs, &id).await?;
/// let quotas = InMemoryQuotaManager::new();
/// let execution = [Cost::of("executions".parse()?, 1)];
/// let permit = quotas.decide(&tenant, &execution).await?.take_permit();
/// assert!(!quotas.decide(&tenant, &execution).await?.is_admitted());
/// drop(permit);
/// assert!(quotas.decide(&tenant, &execution).await?.is_admitted());
/// # Ok(())
/// # }
/// ```
#[must_use = "dropping a permit gives it back"]
// Boxed twice, to be one word in decisions, few of which hold one.
pub struct Permit(Box<Box<dyn PermitLease>>);

/// What a manager knows of a permit that it has given.
///
/// A manager whose permits live outside of this process gives them for a while only, so that those of an instance that
/// was killed come back by themselves; it remembers the leases it has given and extends them in
/// [`QuotaManager::renew_permits`](super::QuotaManager::renew_permits) until each was released.
pub trait PermitLease: Send + Sync + 'static {
    /// Gives back all that the permit holds. It is called once, by dropping the permit, wherever that happens: it must
    /// neither block nor panic, and a remote manager queues it.
    fn release(&self);
}

impl Permit {
    /// A permit of a manager.
    pub fn new(lease: impl PermitLease) -> Self {
        Self(Box::new(Box::new(lease)))
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.0.release();
    }
}

impl fmt::Debug for Permit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Permit").finish_non_exhaustive()
    }
}
