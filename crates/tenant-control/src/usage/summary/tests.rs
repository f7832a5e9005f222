//! A level over days, against the level at each moment.

use proptest::prelude::*;
use tenant_core::usage::{LevelOfDay, UsageKind};

use super::*;

/// Small days, so that each moment can be looked at: 24 steps of an hour.
const STEP: i64 = 3_600_000_000;
const DAYS: i64 = 5;

fn at(step: i64) -> Timestamp {
    Timestamp::from_unix_micros(step * STEP)
}

fn series() -> UsageSeries {
    UsageSeries { measure: Measure::Level, project: None, kind: UsageKind::STORAGE }
}

/// The roll-ups of changes, each at its own step and in their order.
fn rolled_up(changes: &BTreeMap<i64, u64>) -> BTreeMap<UsageDate, UsageDay> {
    let mut days = BTreeMap::new();
    for day in 0..DAYS {
        let own: Vec<_> = changes.range(day * 24..(day + 1) * 24).collect();
        let (Some(first), Some(last)) = (own.first(), own.last()) else { continue };
        let ends = own.iter().skip(1).map(|(step, _)| **step).chain([(day + 1) * 24]);
        let steps =
            own.iter().zip(ends).map(|((step, level), end)| u128::from(**level) * (end - **step) as u128);
        let date = UsageDate::from_days(day);
        let level = LevelOfDay {
            first_at: at(*first.0),
            last_at: at(*last.0),
            last: *last.1,
            peak: own.iter().map(|(_, level)| **level).max().unwrap(),
        };
        let amount = steps.sum::<u128>() * HOUR;
        let records = own.len() as u64;
        days.insert(date, UsageDay { series: series(), date, records, amount, level: Some(level) });
    }
    days
}

proptest! {
    #[test]
    fn a_level_is_the_sum_of_what_it_was_at_each_moment(
        carried in 0_u64..9,
        changes in prop::collection::btree_map(0_i64..24 * DAYS, 0_u64..9, 0..20),
        from in 0_i64..DAYS,
        now in 0_i64..24 * DAYS + 30,
    ) {
        let changes: BTreeMap<_, _> = changes.into_iter().filter(|(step, _)| *step < now).collect();
        let at_step = |step: i64| changes.range(..=step).next_back().map_or(carried, |(_, level)| *level);
        let begin = if from == 0 { carried } else { at_step(from * 24 - 1) };
        let mut days = rolled_up(&changes);
        days.retain(|date, _| date.as_days() >= from);
        let rows = Rows { carried: begin, days };
        let dates = UsageDate::from_days(from)..UsageDate::from_days(DAYS);
        let total = rows.total(series(), &dates, at(now)).unwrap();
        let steps = from * 24..now.min(24 * DAYS);
        prop_assert_eq!(total.unit_hours, steps.clone().map(|step| u128::from(at_step(step))).sum::<u128>());
        prop_assert_eq!(total.quantity, steps.map(|step| u128::from(at_step(step))).max().unwrap_or(0));
        let each = rows.each(&series(), &dates, at(now)).unwrap();
        prop_assert_eq!(each.iter().map(|day| day.used.unit_hours).sum::<u128>(), total.unit_hours);
        prop_assert_eq!(each.iter().map(|day| day.used.quantity).max().unwrap_or(0), total.quantity);
    }
}
