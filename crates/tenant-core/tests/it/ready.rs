//! The managers that are ready made.

use std::{sync::Arc, time::Duration};

use tenant_core::{GcraQuotaManager, ManualClock, QuotaManager, SlidingWindowQuotaManager, quota::Cost};

use crate::support::{NOON, acme, admitted, block_on, decide, enter, secs};

fn clock() -> Arc<ManualClock> {
    Arc::new(ManualClock::starting_at(NOON))
}

#[test]
fn a_sliding_window_has_no_border_to_wait_for() {
    let clock = clock();
    let quotas = SlidingWindowQuotaManager::new(secs(60), 6).with_clock(Arc::clone(&clock) as _);
    let tenant = enter(acme().requests_per_minute(10));
    clock.advance(secs(55));
    assert_eq!(admitted(&quotas, &tenant, 20), 10);
    clock.advance(secs(10));
    assert_eq!(admitted(&quotas, &tenant, 20), 0, "a fixed window would begin anew");
    clock.advance(secs(55));
    assert_eq!(admitted(&quotas, &tenant, 20), 10);
    let usage = block_on(quotas.usage(tenant.record())).unwrap();
    assert_eq!((usage.limits[0].used, usage.limits[0].remaining()), (10, 0));
}

#[test]
fn a_window_of_another_length_holds_its_share() {
    let quotas = SlidingWindowQuotaManager::new(Duration::from_millis(29_100), 3).with_clock(clock());
    let tenant = enter(acme().requests_per_minute(10).tokens_per_minute(1));
    assert_eq!(admitted(&quotas, &tenant, 20), 5, "half a minute's");
    let tokens = decide(&quotas, &tenant, &[Cost::tokens(1)]);
    assert!(tokens.is_admitted(), "never rounded down to nothing");
    assert!(!decide(&quotas, &tenant, &[Cost::tokens(1)]).is_admitted());
    for (size, parts) in [(Duration::ZERO, 0), (Duration::MAX, u8::MAX)] {
        let quotas = SlidingWindowQuotaManager::new(size, parts).with_clock(clock());
        assert!(decide(&quotas, &tenant, &[Cost::requests(1)]).is_admitted());
    }
}

#[test]
fn a_bucket_fills_up_evenly() {
    let clock = clock();
    let quotas = GcraQuotaManager::new().with_burst(3).with_clock(Arc::clone(&clock) as _);
    let tenant = enter(acme().requests_per_minute(60));
    assert_eq!(admitted(&quotas, &tenant, 20), 3);
    let denied = decide(&quotas, &tenant, &[Cost::requests(1)]);
    assert_eq!(denied.denial().unwrap().1.retry_after, Some(secs(1)));
    clock.advance(secs(2));
    assert_eq!(admitted(&quotas, &tenant, 20), 2);
    let whole = GcraQuotaManager::default().with_clock(clock);
    assert_eq!(admitted(&whole, &tenant, 100), 60);
}
