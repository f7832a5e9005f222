//! How a tenant's limits stand, for itself and for the operator.

use std::collections::BTreeMap;

use serde::Serialize;
use tenant::{
    ApiError, LimitKind, QuotaManager, UnixTime,
    quota::{Limit, LimitUsage, Limits},
};
use utoipa::ToSchema;

use crate::{
    state::AppState,
    stock::{Whose, used_of},
};

/// How one limit stands.
#[derive(Serialize, ToSchema)]
pub(crate) struct LimitView {
    limit: u64,
    used: u64,
    remaining: u64,
    utilization_percent: f64,
    shadow: bool,
}

/// Rates and concurrencies as the manager counts them, stocks as the database does; by name.
#[derive(Serialize, ToSchema)]
#[serde(transparent)]
pub(crate) struct Standing(BTreeMap<String, LimitView>);

impl Standing {
    /// How all of them stand at this moment.
    pub(crate) async fn of(app: &AppState, whose: Whose<'_>) -> Result<Self, ApiError> {
        let mut usage = app.quotas().usage(whose.record()).await?.limits;
        for limit in stocks(whose.record().limits_at(app.clock.unix())) {
            let used = used_of(app, whose, limit.dimension.as_str()).await?;
            usage.push(LimitUsage { limit: limit.clone(), used, resets_at: UnixTime::default() });
        }
        Ok(Self(usage.iter().map(|used| (used.limit.name.to_string(), LimitView::from(used))).collect()))
    }

    /// What is used of a limit; `None` if there is no such limit.
    pub(crate) fn used(&self, name: &str) -> Option<u64> {
        self.0.get(name).map(|limit| limit.used)
    }

    /// The used share of a limit in percent.
    pub(crate) fn utilization_percent(&self, name: &str) -> Option<f64> {
        self.0.get(name).map(|limit| limit.utilization_percent)
    }
}

/// Those that bound what is kept.
pub(crate) fn stocks(limits: &Limits) -> impl Iterator<Item = &Limit> {
    limits.iter().filter(|limit| limit.kind == LimitKind::Stock)
}

impl From<&LimitUsage> for LimitView {
    fn from(used: &LimitUsage) -> Self {
        Self {
            limit: used.limit.limit,
            used: used.used,
            remaining: used.remaining(),
            utilization_percent: used.utilization_percent(),
            shadow: used.limit.shadow,
        }
    }
}
