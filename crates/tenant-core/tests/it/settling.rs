//! Reserving, settling and refunding: a refund is never more than what still counts.

use std::sync::Arc;

use proptest::prelude::*;
use tenant_core::{
    Algorithm, InMemoryQuotaManager, ManualClock, QuotaManager, UnixTime, Window,
    quota::{Cost, Reservation},
};

use crate::support::{
    ALGORITHMS, NOON, SLIDING, admit, admitted, calls, cases, decide, limited, manager, secs, used,
};

#[test]
fn what_was_not_used_comes_back() {
    for algorithm in ALGORITHMS {
        let (_, quotas) = manager();
        let tenant = limited(calls(Window::Minute, 10, algorithm));
        let decision = decide(&quotas, &tenant, &[Cost::requests(8)]);
        quotas.settle(&tenant, &decision, &[Cost::requests(3)]);
        assert_eq!(used(&quotas, &tenant)[0].1, 3, "{algorithm:?}");
        assert_eq!(admitted(&quotas, &tenant, 20), 7);
        let decision = decide(&quotas, &tenant, &[Cost::requests(0)]);
        quotas.settle(&tenant, &decision, &[Cost::requests(5)]);
        assert_eq!(used(&quotas, &tenant)[0].1, 15, "{algorithm:?}: what was used beyond the charge counts");
        assert!(!admit(&quotas, &tenant, 1));
    }
}

#[tokio::test]
async fn a_dropped_reservation_is_refunded_by_every_algorithm() {
    for algorithm in ALGORITHMS {
        let quotas = Arc::new(manager().1);
        let tenant = limited(calls(Window::Minute, 10, algorithm));
        let ten = [Cost::requests(10)];
        let reserve = || Reservation::reserve(Arc::clone(&quotas) as _, &tenant, &ten);
        let first = reserve().await.unwrap().unwrap();
        assert!(reserve().await.unwrap().is_err(), "{algorithm:?}");
        drop(first);
        reserve().await.unwrap().unwrap().keep();
        assert!(reserve().await.unwrap().is_err(), "{algorithm:?}");
    }
}

#[test]
fn what_time_has_given_back_is_not_given_back_again() {
    for algorithm in ALGORITHMS {
        let (clock, quotas) = manager();
        let tenant = limited(calls(Window::Minute, 10, algorithm));
        let decision = decide(&quotas, &tenant, &[Cost::requests(10)]);
        clock.advance(secs(70));
        assert_eq!(admitted(&quotas, &tenant, 20), 10);
        quotas.settle(&tenant, &decision, &[Cost::requests(0)]);
        assert_eq!(admitted(&quotas, &tenant, 20), 0, "{algorithm:?}");
    }
}

// Two reserve and refund to erase what a third one used.
#[test]
fn a_refund_from_a_bucket_never_pays_somebody_elses_debt() {
    let (clock, quotas) = manager();
    let tenant = limited(calls(Window::Minute, 60, Algorithm::TokenBucket { burst: Some(20) }));
    let ask = |cost| decide(&quotas, &tenant, &[Cost::requests(cost)]);
    let (a, b) = (ask(10), ask(10));
    quotas.settle(&tenant, &a, &[Cost::requests(0)]);
    assert!(ask(10).is_admitted());
    clock.advance(secs(10));
    assert!(ask(10).is_admitted());
    quotas.settle(&tenant, &b, &[Cost::requests(0)]);
    assert!(!ask(1).is_admitted(), "what b had taken was paid by time");
}

#[test]
fn a_sliding_window_gives_back_to_the_sub_window_that_was_charged() {
    let (clock, quotas) = manager();
    let tenant = limited(calls(Window::Minute, 10, SLIDING));
    let first = decide(&quotas, &tenant, &[Cost::requests(4)]);
    clock.advance(secs(30));
    assert!(admit(&quotas, &tenant, 6));
    quotas.settle(&tenant, &first, &[Cost::requests(1)]);
    assert_eq!(used(&quotas, &tenant)[0].1, 7);
    clock.advance(secs(45));
    assert_eq!(used(&quotas, &tenant)[0].1, 6);
}

#[derive(Clone, Debug)]
enum Act {
    Ask { wait: u64, cost: u64 },
    Settle { which: prop::sample::Index, used: u64 },
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let ask = (0..20_000_000_000_u64, 1_u64..8).prop_map(|(wait, cost)| Act::Ask { wait, cost });
    let settle =
        (any::<prop::sample::Index>(), 0_u64..8).prop_map(|(which, used)| Act::Settle { which, used });
    prop::collection::vec(prop_oneof![3 => ask, 2 => settle], 1..80)
}

proptest! {
    #![proptest_config(cases())]

    /// Whoever reserves and refunds, in whatever order: what is really used within a window's length stays within what
    /// the algorithm promises, as long as nobody uses more than was reserved.
    #[test]
    fn no_order_of_reserving_and_settling_admits_more_than_was_promised(
        acts in acts(),
        which in 0_usize..3,
        limit in 1_u64..15,
    ) {
        let algorithm = ALGORITHMS[which];
        let clock = Arc::new(ManualClock::starting_at(NOON));
        let quotas = InMemoryQuotaManager::with_clock(Arc::clone(&clock) as _);
        let tenant = limited(calls(Window::Minute, limit, algorithm));
        // Of each admission its time and what it counts for: what was reserved, and once settled what was used.
        let mut counts: Vec<(UnixTime, u64)> = Vec::new();
        let mut open = Vec::new();
        let mut now = NOON;
        for act in acts {
            match act {
                Act::Ask { wait, cost } => {
                    clock.advance(std::time::Duration::from_nanos(wait));
                    now = UnixTime::from_nanos(now.as_nanos() + wait);
                    let decision = decide(&quotas, &tenant, &[Cost::requests(cost)]);
                    if decision.is_admitted() {
                        open.push((counts.len(), cost, decision));
                        counts.push((now, cost));
                    }
                }
                Act::Settle { which, used } if !open.is_empty() => {
                    let (position, cost, decision) = open.swap_remove(which.index(open.len()));
                    let used = used.min(cost);
                    quotas.settle(&tenant, &decision, &[Cost::requests(used)]);
                    counts[position].1 = used;
                }
                Act::Settle { .. } => {}
            }
            // A window's length of any kind holds no more than this.
            let promised = match algorithm {
                Algorithm::Sliding { .. } => limit,
                Algorithm::Fixed | Algorithm::TokenBucket { .. } => limit * 2,
            };
            for (end, _) in &counts {
                let within = |then: &UnixTime| *then <= *end && end.as_nanos() - then.as_nanos() < 60_000_000_000;
                let sum: u64 = counts.iter().filter(|(then, _)| within(then)).map(|(_, cost)| cost).sum();
                prop_assert!(sum <= promised, "{algorithm:?}: {sum} of {promised} in {counts:?}");
            }
        }
    }
}
