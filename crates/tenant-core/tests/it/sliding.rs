//! The bound on a sliding window's error, as it is proved beside the code, against what was really admitted.

use std::sync::Arc;

use proptest::prelude::*;
use tenant_core::{Algorithm, InMemoryQuotaManager, ManualClock, UnixTime, Window, quota::Cost};

use crate::support::{calls, cases, decide, limited};

const MINUTE: u64 = 60_000_000_000;

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn never_more_than_the_limit_in_a_windows_length_nor_denied_for_more_than_a_sub_window_longer(
        parts in 1_u64..=100,
        start in 1_700_000_000_000_000_000_u64..1_700_000_060_000_000_000,
        limit in 1_u64..12,
        steps in prop::collection::vec((0..MINUTE / 3, 1_u64..4), 1..80),
    ) {
        let clock = Arc::new(ManualClock::starting_at(UnixTime::from_nanos(start)));
        let quotas = InMemoryQuotaManager::with_clock(Arc::clone(&clock) as _);
        let algorithm = Algorithm::Sliding { sub_windows: u8::try_from(parts).unwrap() };
        let tenant = limited(calls(Window::Minute, limit, algorithm));
        let (mut now, mut admitted) = (start, Vec::<(u64, u64)>::new());
        // What was admitted within so long before now, now included.
        let within = |admitted: &[(u64, u64)], now: u64, length: u64| {
            let recent = admitted.iter().filter(|(then, _)| now - then < length);
            recent.map(|(_, cost)| cost).sum::<u64>()
        };
        for (wait, cost) in steps {
            clock.advance(std::time::Duration::from_nanos(wait));
            now += wait;
            if decide(&quotas, &tenant, &[Cost::requests(cost)]).is_admitted() {
                admitted.push((now, cost));
                prop_assert!(within(&admitted, now, MINUTE) <= limit);
            } else {
                let longer = MINUTE + MINUTE.div_ceil(parts) + parts;
                prop_assert!(within(&admitted, now, longer) + cost > limit);
            }
        }
    }
}

// The worst cases, at their borders: the bound is reached, and not by a nanosecond more.
#[test]
fn both_bounds_are_reached() {
    let start = 1_699_999_980_000_000_000; // a full minute
    let step = MINUTE / 6;
    for (first, again, is_admitted) in [
        // At the start of a sub-window: counts for the window and one sub-window more.
        (0, MINUTE + step - 1, false),
        (0, MINUTE + step, true),
        // At its end: for the window.
        (step - 1, MINUTE + step - 1, false),
        (step - 1, MINUTE + step, true),
    ] {
        let clock = Arc::new(ManualClock::starting_at(UnixTime::from_nanos(start + first)));
        let quotas = InMemoryQuotaManager::with_clock(Arc::clone(&clock) as _);
        let tenant = limited(calls(Window::Minute, 1, Algorithm::Sliding { sub_windows: 6 }));
        assert!(decide(&quotas, &tenant, &[Cost::requests(1)]).is_admitted());
        clock.step_unix_to(UnixTime::from_nanos(start + again));
        let decision = decide(&quotas, &tenant, &[Cost::requests(1)]);
        assert_eq!(decision.is_admitted(), is_admitted, "{first}, {again}");
    }
}
