use std::{fmt, sync::Arc};

use tenant_core::{
    Hooks, QuotaManager, TenantContext,
    hooks::QuotaEvent,
    quota::{Cost, Reservation},
};

use crate::Rejection;

/// Charges what only the handler knows: the tokens of a model's answer, an execution that goes on after the response.
///
/// A denial comes back as the rejection to answer with; the layer then refunds what it charged for the request. A
/// [`Decision`](tenant_core::quota::Decision) of a reservation in the response's extensions is told in the RateLimit fields.
///
/// # Example
/// ```
/// # use tenant_core::{InMemoryConfigManager, InMemoryQuotaManager, TenantConfig, TenantContext, TenantId};
/// use tenant_core::quota::Cost;
/// use tenant_tower::Meter;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let id = TenantId::parse("acme")?;
/// # let config = TenantConfig::builder(id).tokens_per_minute(100).build()?;
/// # let tenant = TenantContext::of(&InMemoryConfigManager::with([config])?, &id).await?;
/// let meter = Meter::new(InMemoryQuotaManager::new());
/// let reservation = meter.reserve(&tenant, &[Cost::tokens(90)]).await?;
/// let denied = meter.reserve(&tenant, &[Cost::tokens(20)]).await.unwrap_err();
/// assert_eq!(denied.code(), "quota_exceeded");
/// reservation.settle(&[Cost::tokens(12)]);
/// assert!(meter.reserve(&tenant, &[Cost::tokens(20)]).await.is_ok());
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Meter {
    quotas: Arc<dyn QuotaManager>,
    hooks: Hooks,
}

impl Meter {
    /// Charges in `quotas`; [`TenantLayer::meter`](crate::TenantLayer::meter) gives the one of a layer.
    #[must_use]
    pub fn new(quotas: impl QuotaManager + 'static) -> Self {
        Self::of(Arc::new(quotas), Hooks::default())
    }

    pub(crate) const fn of(quotas: Arc<dyn QuotaManager>, hooks: Hooks) -> Self {
        Self { quotas, hooks }
    }

    /// Where it charges.
    #[must_use]
    pub const fn quotas(&self) -> &Arc<dyn QuotaManager> {
        &self.quotas
    }

    /// Charges an estimate, until the reservation is settled; dropped, it is refunded. Permits of concurrency limits are
    /// held by it.
    ///
    /// # Errors
    /// A limit denies (429), or the counts can't be reached (503).
    pub async fn reserve(&self, tenant: &TenantContext, estimate: &[Cost]) -> Result<Reservation, Rejection> {
        let reserved = Reservation::reserve(Arc::clone(&self.quotas), tenant, estimate).await;
        let reserved = reserved.map_err(Rejection::store_unavailable)?;
        let decision = reserved.as_ref().map_or_else(|denied| &**denied, Reservation::decision);
        self.hooks.on_quota(&QuotaEvent::new(tenant, decision));
        reserved.map_err(|denied| Rejection::of_quota(&denied).unwrap_or_else(Rejection::internal))
    }
}

impl fmt::Debug for Meter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Meter")
    }
}
