use std::{
    collections::BTreeSet,
    sync::{Arc, LazyLock},
};

use super::Plan;
use crate::{
    Algorithm, Dimension, FailurePolicy, LimitKind, LimitSetting, NamedLimit, TenantConfig, Window,
    quota::Limit,
};

/// The shorthands that are not unlimited, then the named limits in order of name.
pub(super) fn merge(config: &TenantConfig, plan: Option<&Plan>) -> Vec<Limit> {
    let base = plan.map(|plan| plan.quota).unwrap_or_default();
    let own = config.quota;
    let shorthands = [
        shorthand(&RPM, Dimension::Requests, own.requests_per_minute.or(base.requests_per_minute)),
        shorthand(&TPM, Dimension::Tokens, own.tokens_per_minute.or(base.tokens_per_minute)),
    ];
    let of_plan = plan.map(|plan| plan.limits.keys()).into_iter().flatten();
    let names: BTreeSet<&String> = of_plan.chain(config.limits.keys()).collect();
    let named = names.into_iter().filter_map(|name| named(name, config, plan));
    shorthands.into_iter().flatten().chain(named).collect()
}

/// Almost every tenant has them: they are the same two texts for all.
static RPM: LazyLock<Arc<str>> = LazyLock::new(|| "rpm".into());
static TPM: LazyLock<Arc<str>> = LazyLock::new(|| "tpm".into());

fn shorthand(name: &Arc<str>, dimension: Dimension, limit: Option<u64>) -> Option<Limit> {
    Some(Limit {
        name: Arc::clone(name),
        kind: LimitKind::Rate { window: Window::Minute, algorithm: Algorithm::Fixed },
        dimension,
        limit: limit.filter(|&limit| limit > 0)?,
        shadow: false,
        failure_policy: FailurePolicy::default(),
    })
}

/// The limit of a name; `None` where it is unlimited.
fn named(name: &str, config: &TenantConfig, plan: Option<&Plan>) -> Option<Limit> {
    let of_plan = plan.and_then(|plan| plan.limits.get(name)).map(|setting| in_full(name, setting, None));
    let limit = match config.limits.get(name) {
        Some(own) => in_full(name, own, of_plan.as_ref()),
        None => of_plan?,
    };
    Some(Limit {
        name: name.into(),
        kind: limit.kind,
        dimension: limit.dimension?,
        limit: limit.limit.limit()?,
        shadow: limit.shadow,
        failure_policy: limit.failure_policy,
    })
}

fn in_full(name: &str, setting: &LimitSetting, base: Option<&NamedLimit>) -> NamedLimit {
    let known = NamedLimit::well_known(name);
    let base = base.or(known.as_ref());
    match setting {
        LimitSetting::Full(limit) => limit.clone().completed(name, base),
        LimitSetting::Amount(amount) => {
            let stock = || NamedLimit::stock(Dimension::of(name), 0);
            NamedLimit { limit: *amount, ..base.cloned().unwrap_or_else(stock) }
        }
    }
}
