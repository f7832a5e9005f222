use std::{fmt, sync::Arc};

use super::{Cost, Decision, Permit, QuotaManager};
use crate::{StoreError, TenantContext};

/// A charge that is settled with what was really used, or refunded when it is dropped.
///
/// # Example
/// ```
/// # use std::sync::Arc;
/// # use tenant_core::{InMemoryConfigManager, InMemoryQuotaManager, TenantConfig, TenantContext, TenantId};
/// use tenant_core::quota::{Cost, Reservation};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let id = TenantId::parse("acme")?;
/// # let configs = InMemoryConfigManager::with([TenantConfig::builder(id).tokens_per_minute(100).build()?])?;
/// # let tenant = TenantContext::of(&configs, &id).await?;
/// let quotas = Arc::new(InMemoryQuotaManager::new());
/// let Ok(reservation) = Reservation::reserve(quotas, &tenant, &[Cost::tokens(80)]).await? else {
///     return Ok(()); // denied: tell the caller when to come back
/// };
/// reservation.settle(&[Cost::tokens(12)]);
/// # Ok(())
/// # }
/// ```
#[must_use = "dropping a reservation refunds it"]
pub struct Reservation {
    quotas: Arc<dyn QuotaManager>,
    tenant: TenantContext,
    decision: Decision,
    open: bool,
}

impl Reservation {
    /// Charges an estimate; a denied one comes back as the inner error.
    ///
    /// # Errors
    /// The counts can't be reached.
    pub async fn reserve(
        quotas: Arc<dyn QuotaManager>,
        tenant: &TenantContext,
        estimate: &[Cost],
    ) -> Result<Result<Self, Box<Decision>>, StoreError> {
        let decision = match quotas.try_decide(tenant, estimate) {
            Some(decision) => decision,
            None => quotas.decide(tenant, estimate).await?,
        };
        Ok(Self::of(quotas, tenant.clone(), decision))
    }

    /// Takes over a decision that has been charged; one that was denied comes back.
    ///
    /// # Errors
    /// The decision was a denial: there is nothing to settle.
    pub fn of(
        quotas: Arc<dyn QuotaManager>,
        tenant: TenantContext,
        decision: Decision,
    ) -> Result<Self, Box<Decision>> {
        if decision.is_admitted() {
            Ok(Self { quotas, tenant, decision, open: true })
        } else {
            Err(Box::new(decision))
        }
    }

    /// What was decided.
    #[must_use]
    pub const fn decision(&self) -> &Decision {
        &self.decision
    }

    /// Takes the permit out, for work that goes on after the charge is settled; otherwise it is held until then.
    pub fn take_permit(&mut self) -> Option<Permit> {
        self.decision.take_permit()
    }

    /// Replaces the estimate by what was used, in the dimensions of `actual`; the others stay charged.
    pub fn settle(mut self, actual: &[Cost]) {
        self.open = false;
        self.quotas.settle(&self.tenant, &self.decision, actual);
    }

    /// Leaves the estimate charged as it is.
    pub fn keep(mut self) {
        self.open = false;
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        if !self.open {
            return;
        }
        self.quotas.settle(&self.tenant, &self.decision, &self.decision.no_costs());
    }
}

impl fmt::Debug for Reservation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reservation").field("tenant", &self.tenant).field("decision", &self.decision).finish()
    }
}
