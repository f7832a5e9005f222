//! Managers for those who want one algorithm for the two limits that every tenant has: thin fronts over
//! [`InMemoryQuotaManager`].

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;

use super::{Cost, Decision, InMemoryQuotaManager, Limits, QuotaManager, Usage};
use crate::{Algorithm, Clock, Hooks, LimitKind, StoreError, TenantContext, TenantRecord, Window};

/// How the two limits that every tenant has are counted.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shorthands {
    window: Window,
    algorithm: Algorithm,
}

impl Shorthands {
    /// The same limits, the two counted in this way. The amount per minute becomes that of the window, rounded down, but
    /// never to nothing.
    pub(super) fn apply(self, limits: &Limits) -> Limits {
        let mut limits: Vec<_> = limits.iter().cloned().collect();
        for limit in limits.iter_mut().filter(|limit| matches!(&*limit.name, "rpm" | "tpm")) {
            let amount = u128::from(limit.limit) * u128::from(self.window.seconds()) / 60;
            limit.limit = u64::try_from(amount).unwrap_or(u64::MAX).max(1);
            limit.kind = LimitKind::Rate { window: self.window, algorithm: self.algorithm };
        }
        Limits::new(limits)
    }
}

/// Counts `requests_per_minute` and `tokens_per_minute` in windows that move with time, in this process' memory.
///
/// In no stretch of the window's length is more than the limit admitted; what was admitted counts for up to one sub-window
/// longer. Named limits count by the algorithms that they name. Otherwise it is an [`InMemoryQuotaManager`].
///
/// # Example
/// ```
/// use std::time::Duration;
/// use tenant_core::SlidingWindowQuotaManager;
///
/// let quotas = SlidingWindowQuotaManager::new(Duration::from_secs(60), 6);
/// # let _ = quotas;
/// ```
#[derive(Debug)]
pub struct SlidingWindowQuotaManager(InMemoryQuotaManager);

impl SlidingWindowQuotaManager {
    /// Windows of `size`, cut into `sub_windows`.
    ///
    /// `size` is rounded up to whole seconds, 1 second to 31 days; of another length than a minute it holds the share of
    /// the amount per minute. `sub_windows` is 1 to 100. What lies outside of these ranges is taken for their nearest end.
    #[must_use]
    pub fn new(size: Duration, sub_windows: u8) -> Self {
        let algorithm = Algorithm::Sliding { sub_windows: sub_windows.clamp(1, 100) };
        Self(InMemoryQuotaManager::new().with_shorthands(Shorthands { window: whole(size), algorithm }))
    }
}

fn whole(size: Duration) -> Window {
    let seconds = size.as_secs().saturating_add(u64::from(size.subsec_nanos() > 0));
    match seconds.clamp(1, Window::Month.seconds()) {
        60 => Window::Minute,
        seconds => Window::Length(Duration::from_secs(seconds)),
    }
}

/// Counts `requests_per_minute` and `tokens_per_minute` in buckets that fill up evenly, in this process' memory: the
/// generic cell rate algorithm (ITU-T I.371; ATM Forum Traffic Management 4.0).
///
/// Named limits count by the algorithms that they name. Otherwise it is an [`InMemoryQuotaManager`].
///
/// # Example
/// ```
/// use tenant_core::GcraQuotaManager;
///
/// let quotas = GcraQuotaManager::new().with_burst(10); // at most 10 at once
/// # let _ = quotas;
/// ```
#[derive(Debug)]
pub struct GcraQuotaManager(InMemoryQuotaManager);

impl GcraQuotaManager {
    /// Buckets that hold as much as flows in within a minute.
    #[must_use]
    pub fn new() -> Self {
        Self(InMemoryQuotaManager::new().with_shorthands(bucket(None)))
    }

    /// Buckets that hold `burst`, of requests as of tokens: so many can be taken at once.
    #[must_use]
    pub fn with_burst(self, burst: u64) -> Self {
        Self(self.0.with_shorthands(bucket(Some(burst))))
    }
}

const fn bucket(burst: Option<u64>) -> Shorthands {
    Shorthands { window: Window::Minute, algorithm: Algorithm::TokenBucket { burst } }
}

impl Default for GcraQuotaManager {
    fn default() -> Self {
        Self::new()
    }
}

macro_rules! front {
    ($name:ident) => {
        impl $name {
            /// Takes the time from `clock`.
            #[must_use]
            pub fn with_clock(self, clock: Arc<dyn Clock>) -> Self {
                Self(self.0.clocked(clock))
            }

            /// Reports warnings to `hooks`, once per window and threshold.
            #[must_use]
            pub fn with_hooks(self, hooks: Hooks) -> Self {
                Self(self.0.with_hooks(hooks))
            }
        }

        #[async_trait]
        impl QuotaManager for $name {
            fn try_decide(&self, tenant: &TenantContext, costs: &[Cost]) -> Option<Decision> {
                self.0.try_decide(tenant, costs)
            }

            async fn decide(&self, tenant: &TenantContext, costs: &[Cost]) -> Result<Decision, StoreError> {
                self.0.decide(tenant, costs).await
            }

            fn settle(&self, tenant: &TenantContext, decision: &Decision, actual: &[Cost]) {
                self.0.settle(tenant, decision, actual);
            }

            async fn usage(&self, tenant: &TenantRecord) -> Result<Usage, StoreError> {
                self.0.usage(tenant).await
            }
        }
    };
}

front!(SlidingWindowQuotaManager);
front!(GcraQuotaManager);
