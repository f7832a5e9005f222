//! Each algorithm against a model that is as simple as can be: a list of all that was ever admitted, or a rational number.

use std::sync::Arc;

use proptest::prelude::*;
use tenant_core::{Algorithm, InMemoryQuotaManager, ManualClock, UnixTime, Window, quota::Cost};

use crate::support::{calls, cases, decide, limited};

/// What happens: so many nanoseconds pass, then so much is asked for.
type Step = (u64, u64);

const START: u64 = 1_700_000_040_000_000_000;

fn window() -> impl Strategy<Value = Window> {
    let length = (1_u64..100).prop_map(|seconds| Window::Length(std::time::Duration::from_secs(seconds)));
    prop_oneof![Just(Window::Second), Just(Window::Minute), Just(Window::Hour), length]
}

/// Steps that often end just before, at and just after a border.
fn steps(window: Window, parts: u64) -> impl Strategy<Value = Vec<Step>> {
    let nanos = window.seconds() * 1_000_000_000;
    let wait = prop_oneof![
        3 => Just(0),
        3 => 0..nanos / parts,
        2 => 0..nanos * 2,
        1 => Just(nanos), 1 => Just(nanos - 1), 1 => Just(nanos / parts), 1 => Just(nanos / parts + 1),
    ];
    prop::collection::vec((wait, prop_oneof![4 => 1_u64..4, 1 => 0_u64..30]), 1..60)
}

trait Model {
    fn admits(&mut self, now: u64, cost: u64) -> bool;
}

/// Runs both, and checks besides that waiting as long as a denial says helps, and a nanosecond less does not.
fn agree(
    window: Window,
    limit: u64,
    algorithm: Algorithm,
    steps: &[Step],
    mut model: impl Model,
) -> Result<(), TestCaseError> {
    let clock = Arc::new(ManualClock::starting_at(UnixTime::from_nanos(START)));
    let quotas = InMemoryQuotaManager::with_clock(Arc::clone(&clock) as _);
    let tenant = limited(calls(window, limit, algorithm));
    let mut now = START;
    let mut ask = |wait: u64, cost: u64| {
        clock.advance(std::time::Duration::from_nanos(wait));
        now += wait;
        let decision = decide(&quotas, &tenant, &[Cost::requests(cost)]);
        prop_assert_eq!(decision.is_admitted(), model.admits(now, cost), "{} at {}", cost, now);
        Ok(decision)
    };
    let mut denied = None;
    for (wait, cost) in steps {
        let decision = ask(*wait, *cost)?;
        if let Some((_, denial)) = decision.denial() {
            prop_assert_eq!(denial.retry_after.is_none(), *cost > tenant.limits().get(0).unwrap().capacity());
            denied = denial.retry_after.map(|wait| (wait, *cost));
        } else {
            denied = None;
        }
    }
    if let Some((wait, cost)) = denied {
        let wait = u64::try_from(wait.as_nanos()).unwrap();
        prop_assert!(!ask(wait - 1, cost)?.is_admitted());
        prop_assert!(ask(1, cost)?.is_admitted());
    }
    Ok(())
}

/// All that was admitted, and when.
struct Log {
    admitted: Vec<Step>,
    limit: u64,
    still_counts: fn(then: u64, now: u64, length: u64, parts: u64) -> bool,
    length: u64,
    parts: u64,
}

impl Model for Log {
    fn admits(&mut self, now: u64, cost: u64) -> bool {
        let counting =
            self.admitted.iter().filter(|(then, _)| (self.still_counts)(*then, now, self.length, self.parts));
        let sum: u64 = counting.map(|(_, cost)| cost).sum();
        let admits = cost == 0 || sum + cost <= self.limit;
        if admits {
            self.admitted.push((now, cost));
        }
        admits
    }
}

/// Virtual scheduling, by rational numbers: the theoretical arrival time in units of `1 / limit` nanoseconds.
struct VirtualScheduling {
    arrival: u128,
    limit: u128,
    burst: u128,
    length: u128,
}

impl Model for VirtualScheduling {
    fn admits(&mut self, now: u64, cost: u64) -> bool {
        let now = u128::from(now) * self.limit;
        let arrival = self.arrival.max(now) + u128::from(cost) * self.length;
        let admits = cost == 0 || (self.limit > 0 && arrival <= now + self.burst * self.length);
        if admits {
            self.arrival = arrival;
        }
        admits
    }
}

fn nanos(window: Window) -> u64 {
    window.seconds() * 1_000_000_000
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn fixed_windows_count_what_was_admitted_since_the_border(
        (window, steps) in window().prop_flat_map(|window| (Just(window), steps(window, 1))),
        limit in 0_u64..20,
    ) {
        let still_counts = |then, now, length, _| then / length == now / length;
        let model = Log { admitted: Vec::new(), limit, still_counts, length: nanos(window), parts: 1 };
        agree(window, limit, Algorithm::Fixed, &steps, model)?;
    }

    #[test]
    fn sliding_windows_count_what_was_admitted_in_the_last_sub_windows(
        (window, parts, steps) in (window(), 1_u64..=12)
            .prop_flat_map(|(window, parts)| (Just(window), Just(parts), steps(window, parts))),
        limit in 0_u64..20,
    ) {
        let still_counts = |then, now, length: u64, parts: u64| {
            let part = length.div_ceil(parts);
            now / part - then / part <= parts
        };
        let model = Log { admitted: Vec::new(), limit, still_counts, length: nanos(window), parts };
        let algorithm = Algorithm::Sliding { sub_windows: u8::try_from(parts).unwrap() };
        agree(window, limit, algorithm, &steps, model)?;
    }

    #[test]
    fn token_buckets_equal_virtual_scheduling(
        (window, limit, steps) in (window(), 0_u64..20)
            .prop_flat_map(|(window, limit)| (Just(window), Just(limit), steps(window, limit.max(1)))),
        burst in prop::option::of(0_u64..25),
    ) {
        let model = VirtualScheduling {
            arrival: 0,
            limit: limit.into(),
            burst: burst.unwrap_or(limit).max(1).into(),
            length: nanos(window).into(),
        };
        agree(window, limit, Algorithm::TokenBucket { burst }, &steps, model)?;
    }
}
