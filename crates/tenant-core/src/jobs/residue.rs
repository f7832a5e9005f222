use async_trait::async_trait;

use crate::{StoreError, TenantId};

/// A part of the house that keeps something of a tenant, and can let go of it: a cache, counts, sessions.
///
/// A purge has each part erase what it keeps, and asks it afterwards what is left.
#[async_trait]
pub trait Residue: Send + Sync {
    /// What it is, such as `cache`.
    fn name(&self) -> &str;

    /// Removes all that is kept of a tenant. It may be said again.
    ///
    /// # Errors
    /// The part can't be reached.
    async fn erase(&self, tenant: &TenantId) -> Result<(), StoreError>;

    /// How much of a tenant is still there: 0 after it was erased.
    ///
    /// # Errors
    /// The part can't be reached.
    async fn left(&self, tenant: &TenantId) -> Result<u64, StoreError>;
}
