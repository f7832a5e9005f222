//! From what was used to what it costs.

use std::collections::BTreeMap;

use tenant_core::usage::{Measure, UsageKind};

use super::{
    rates::{Rates, Terms},
    statement::{ProjectUsage, Ratio, UsageLine},
};
use crate::usage::SeriesUsage;

type Project = Option<Box<str>>;

/// A kind's usage, of all and of each project.
#[derive(Default)]
struct Used {
    all: u128,
    projects: BTreeMap<Project, u128>,
}

pub(super) struct Lines {
    pub(super) breakdown: Vec<UsageLine>,
    pub(super) projects: Vec<ProjectUsage>,
    pub(super) total: u64,
}

/// What each kind costs, rounded once, and each project's share of that. `None` where it is beyond what can be reckoned with.
pub(super) fn lines(rates: &Rates, plan: &str, usage: &[SeriesUsage]) -> Option<Lines> {
    let terms = rates.terms(plan)?;
    let (mut breakdown, mut shares, mut total) =
        (Vec::new(), BTreeMap::<Project, Vec<UsageLine>>::new(), 0_u64);
    for ((kind, _), used) in by_kind(usage)? {
        let cost = rates.cost(plan, &kind, used.all)?;
        total = total.checked_add(cost)?;
        let (mut before, mut paid) = (0_u128, 0_u64);
        for (project, quantity) in used.projects {
            // What all up to here owe, less what those before have paid: the shares are the cost, to the last millionth.
            before = before.checked_add(quantity)?;
            let until = share(cost, before, used.all)?;
            let own = line(rates, terms, &kind, quantity, until.checked_sub(paid)?);
            shares.entry(project).or_default().push(own);
            paid = until;
        }
        breakdown.push(line(rates, terms, &kind, used.all, cost));
    }
    let projects = shares.into_iter().map(|(project_id, breakdown)| {
        let total_cost = breakdown.iter().map(|line| line.cost).try_fold(0, u64::checked_add)?;
        Some(ProjectUsage { project_id, total_cost, breakdown })
    });
    Some(Lines { breakdown, projects: projects.collect::<Option<_>>()?, total })
}

fn by_kind(usage: &[SeriesUsage]) -> Option<BTreeMap<(UsageKind, Measure), Used>> {
    let mut all = BTreeMap::<_, Used>::new();
    for one in usage.iter().filter(|one| one.quantity > 0 || one.records > 0) {
        let used = all.entry((one.series.kind.clone(), one.series.measure)).or_default();
        used.all = used.all.checked_add(one.quantity)?;
        used.projects.insert(one.series.project.clone(), one.quantity);
    }
    Some(all)
}

fn share(cost: u64, part: u128, all: u128) -> Option<u64> {
    match all {
        0 => Some(0),
        all => u64::try_from(u128::from(cost).checked_mul(part)? / all).ok(),
    }
}

fn line(rates: &Rates, terms: &Terms, kind: &UsageKind, quantity: u128, cost: u64) -> UsageLine {
    let price = rates.prices.get(kind);
    let (per, unit) = price.map_or((1, "unit"), |price| (price.per, &*price.unit));
    let rate = price.map_or(0, |price| terms.rate(price));
    UsageLine {
        kind: kind.clone(),
        quantity: Ratio { parts: quantity, of: per },
        unit: unit.into(),
        rate: Ratio { parts: rate, of: u64::try_from(Terms::whole()).unwrap_or(u64::MAX) },
        cost,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use tenant_core::usage::UsageSeries;

    use super::*;

    fn used(project: u8, kind: UsageKind, quantity: u128) -> SeriesUsage {
        let measure = kind.measure();
        let project = (project > 0).then(|| project.to_string().into());
        SeriesUsage { series: UsageSeries { measure, project, kind }, records: 1, quantity, unit_hours: 0 }
    }

    proptest! {
        #[test]
        fn shares_are_the_cost_and_costs_the_total(
            quantities in prop::collection::btree_map((0_u8..5, 0_usize..4), 0_u128..1 << 45, 0..20),
            plan in prop::sample::select(vec!["free", "starter", "pro", "enterprise"]),
        ) {
            let kinds = [UsageKind::API_CALL, UsageKind::COMPUTE, UsageKind::STORAGE, UsageKind::BANDWIDTH];
            let usage: Vec<_> = quantities
                .iter()
                .map(|((project, kind), quantity)| used(*project, kinds[*kind].clone(), *quantity))
                .collect();
            let rates = Rates::standard();
            let lines = lines(&rates, plan, &usage).unwrap();
            for line in &lines.breakdown {
                let all = usage.iter().filter(|one| one.series.kind == line.kind);
                let all = all.map(|one| one.quantity).sum::<u128>();
                prop_assert_eq!(Some(line.cost), rates.cost(plan, &line.kind, all));
                let own = lines.projects.iter().flat_map(|project| &project.breakdown);
                let own: u64 = own.filter(|own| own.kind == line.kind).map(|own| own.cost).sum();
                prop_assert_eq!(own, line.cost);
            }
            prop_assert_eq!(lines.breakdown.iter().map(|line| line.cost).sum::<u64>(), lines.total);
            prop_assert_eq!(lines.projects.iter().map(|project| project.total_cost).sum::<u64>(), lines.total);
        }
    }
}
