//! What becomes of a day that is told.

use aws_lc_rs::digest::{Context, SHA256};
use data_encoding::HEXLOWER;
use tenant_core::{
    TenantConfig, Timestamp,
    usage::{ToldDay, ToldPart, UsageSeries},
};

/// Whose day it is, and who is told.
#[derive(Clone, Copy)]
pub(super) struct Whose<'a> {
    pub(super) exporter: &'a str,
    pub(super) config: &'a TenantConfig,
    pub(super) receiver: &'a str,
}

/// The day with one more part.
pub(super) fn begun(day: ToldDay, amount: u128, whose: Whose<'_>, now: Timestamp) -> ToldDay {
    let part = ToldPart {
        amount,
        identifier: identifier(&day, whose).into(),
        receiver: whose.receiver.into(),
        doubtful_since: None,
        tries: 0,
        failures: 0,
        due: Some(now),
    };
    ToldDay { parts: day.parts.saturating_add(1), part: Some(part), ..day }
}

/// The day when its part was taken.
pub(super) fn settled(day: ToldDay) -> ToldDay {
    ToldDay { told: day.all(), part: None, ..day }
}

/// The day when its part was not taken, and will not be.
pub(super) fn released(day: ToldDay) -> ToldDay {
    ToldDay { part: None, ..day }
}

/// It is the same for the same part of the same tenant alone, one that was purged and made anew being another: so a database that
/// was restored from yesterday tells yesterday's parts as it did.
fn identifier(day: &ToldDay, whose: Whose<'_>) -> String {
    let mut context = Context::new(&SHA256);
    let mut add = |text: &str| {
        context.update(&(text.len() as u64).to_be_bytes());
        context.update(text.as_bytes());
    };
    let UsageSeries { measure, project, kind } = &day.series;
    add(whose.exporter);
    add(whose.config.tenant_id.as_str());
    add(&whose.config.created_at.as_unix_micros().to_string());
    add(measure.as_str());
    add(project.as_deref().unwrap_or(""));
    add(kind.as_str());
    add(&day.date.as_days().to_string());
    add(&day.parts.to_string());
    HEXLOWER.encode(context.finish().as_ref())
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use tenant_core::{
        TenantId,
        usage::{Measure, UsageDate, UsageKind},
    };

    use super::*;

    #[test]
    fn each_part_of_each_day_of_each_series_of_each_tenant_is_known_by_itself() {
        let mut all = HashSet::new();
        for (tenant, created) in [("acme", 1), ("acme", 2), ("globex", 1)] {
            let id = TenantId::parse(tenant).unwrap();
            let config = TenantConfig::builder(id)
                .timestamps(Timestamp::from_unix_micros(created), Timestamp::default())
                .build()
                .unwrap();
            for exporter in ["stripe", "other"] {
                let whose = Whose { exporter, config: &config, receiver: "cus" };
                for (project, kind) in [(None, "a"), (Some("a"), "b"), (Some("ab"), "c"), (Some("a"), "bc")] {
                    for date in [1, 2] {
                        for parts in [0, 1] {
                            let series = UsageSeries {
                                measure: Measure::Sum,
                                project: project.map(Into::into),
                                kind: UsageKind::parse(kind).unwrap(),
                            };
                            let day = ToldDay { parts, ..ToldDay::new(series, UsageDate::from_days(date)) };
                            let one = identifier(&day, whose);
                            assert_eq!((one.len(), &one), (64, &identifier(&day, whose)));
                            all.insert(one);
                        }
                    }
                }
            }
        }
        assert_eq!(all.len(), 3 * 2 * 4 * 2 * 2);
    }
}
