//! Civil time steps: it must buy nobody a second budget, and make nobody wait for a far future.

use std::{sync::Arc, time::Duration};

use tenant_core::{
    Algorithm, Clock, InMemoryQuotaManager, ManualClock, Monotonic, UnixTime, Window, quota::Cost,
};

use crate::support::{ALGORITHMS, NOON, acme, admit, admitted, calls, decide, enter, limited, manager, secs};

fn at(seconds: i64) -> UnixTime {
    UnixTime::from_secs(NOON.as_secs().checked_add_signed(seconds).unwrap())
}

#[test]
fn a_step_back_within_a_windows_length_buys_nothing() {
    for algorithm in ALGORITHMS {
        let (clock, quotas) = manager();
        let tenant = limited(calls(Window::Minute, 10, algorithm));
        assert_eq!(admitted(&quotas, &tenant, 20), 10);
        for back in [-1, -59, -30, -60, 0] {
            clock.step_unix_to(at(back));
            assert_eq!(admitted(&quotas, &tenant, 20), 0, "{algorithm:?} after a step by {back} s");
        }
        clock.step_unix_to(at(120));
        assert_eq!(admitted(&quotas, &tenant, 20), 10, "{algorithm:?} when time has passed");
    }
}

#[test]
fn after_a_long_step_back_nobody_waits_for_the_old_time() {
    for algorithm in ALGORITHMS {
        let (clock, quotas) = manager();
        let tenant = limited(calls(Window::Minute, 10, algorithm));
        assert_eq!(admitted(&quotas, &tenant, 20), 10);
        clock.step_unix_to(at(-1_000_000));
        let denied = decide(&quotas, &tenant, &[Cost::requests(10)]);
        let wait = denied.denial().expect("the count went along").1.retry_after.unwrap();
        assert!(wait <= secs(70), "{algorithm:?}: {wait:?}");
        clock.advance(wait);
        assert!(admit(&quotas, &tenant, 10), "{algorithm:?}");
    }
}

#[test]
fn stepping_to_and_fro_never_admits_more_than_time_that_passed() {
    for algorithm in ALGORITHMS {
        let (clock, quotas) = manager();
        let tenant = limited(calls(Window::Minute, 60, algorithm));
        let mut count = admitted(&quotas, &tenant, 100);
        for _ in 0..200 {
            clock.step_unix_to(at(10));
            count += admitted(&quotas, &tenant, 100);
            clock.step_unix_to(at(5));
            count += admitted(&quotas, &tenant, 100);
        }
        let flown = if matches!(algorithm, Algorithm::TokenBucket { .. }) { 10 } else { 0 };
        assert_eq!(count, 60 + flown, "{algorithm:?}: ten seconds have passed, once");
    }
}

#[test]
fn a_step_forward_is_time_that_has_passed() {
    for algorithm in ALGORITHMS {
        let (clock, quotas) = manager();
        let tenant = limited(calls(Window::Minute, 10, algorithm));
        assert_eq!(admitted(&quotas, &tenant, 20), 10);
        clock.step_unix_to(at(100_000_000));
        assert_eq!(admitted(&quotas, &tenant, 20), 10, "{algorithm:?}");
    }
}

#[test]
fn retry_after_and_resets_are_by_the_managers_clock() {
    let (clock, quotas) = manager();
    clock.advance(Duration::from_millis(29_500));
    let tenant = enter(acme().requests_per_minute(1));
    let decision = decide(&quotas, &tenant, &[Cost::requests(1)]);
    let (_, state) = decision.states().next().unwrap();
    assert_eq!((state.resets_at, decision.resets_in(state)), (at(60), Duration::from_millis(30_500)));
    let denied = decide(&quotas, &tenant, &[Cost::requests(1)]);
    assert_eq!(denied.denial().unwrap().1.retry_after_secs(), Some(31));
}

#[test]
fn a_month_ends_with_the_calendars_leap_years_included() {
    let noon = |seconds| UnixTime::from_secs(seconds);
    // 2024-02-29T23:59:59Z and 2023-02-28T23:59:59Z, 2100-02-28T23:59:59Z, 2023-12-31T23:59:59Z: a second later is a new month.
    for last in [1_709_251_199, 1_677_628_799, 4_107_542_399, 1_704_067_199] {
        let (clock, quotas) = manager();
        let tenant = limited(calls(Window::Month, 2, Algorithm::Fixed));
        clock.step_unix_to(noon(last - 27 * 86_400));
        assert_eq!(admitted(&quotas, &tenant, 1), 1);
        clock.step_unix_to(noon(last));
        assert_eq!(admitted(&quotas, &tenant, 2), 1);
        let denied = decide(&quotas, &tenant, &[Cost::requests(1)]);
        assert_eq!(denied.denial().unwrap().1.retry_after, Some(secs(1)));
        clock.step_unix_to(noon(last + 1));
        assert_eq!(admitted(&quotas, &tenant, 3), 2);
    }
    // 2024-02-28T23:59:59Z is followed by the 29th of the same month.
    let (clock, quotas) = manager();
    let tenant = limited(calls(Window::Month, 1, Algorithm::Fixed));
    clock.step_unix_to(noon(1_709_164_799));
    assert_eq!(admitted(&quotas, &tenant, 1), 1);
    clock.step_unix_to(noon(1_709_164_800));
    assert_eq!(admitted(&quotas, &tenant, 1), 0);
}

/// A clock whose coarse reading is that of its last tick, up to 10 ms ago.
#[derive(Debug)]
struct Ticking(ManualClock);

impl Clock for Ticking {
    fn monotonic(&self) -> Monotonic {
        self.0.monotonic()
    }

    fn unix(&self) -> UnixTime {
        self.0.unix()
    }

    fn coarse_unix(&self) -> UnixTime {
        let nanos = self.0.unix().as_nanos();
        UnixTime::from_nanos(nanos - nanos % 10_000_000)
    }
}

#[test]
fn a_bucket_that_fills_up_faster_than_the_clock_ticks_loses_nothing() {
    let clock = Arc::new(Ticking(ManualClock::starting_at(NOON)));
    let quotas = InMemoryQuotaManager::with_clock(Arc::clone(&clock) as _);
    let tenant = limited(calls(Window::Second, 1_000, Algorithm::TokenBucket { burst: Some(1) }));
    let ask = |_| {
        clock.0.advance(Duration::from_millis(1));
        u64::from(admit(&quotas, &tenant, 1))
    };
    assert_eq!((0..500).map(ask).sum::<u64>(), 500);
}
