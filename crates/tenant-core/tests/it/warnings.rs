//! Warnings: once per window and threshold.

use std::sync::{Arc, Mutex};

use tenant_core::{
    Dimension, Hooks, InMemoryQuotaManager, ManualClock, NamedLimit, QuotaManager, TenantHooks, Window,
    hooks::LimitWarning, quota::Cost,
};

use crate::support::{
    ALGORITHMS, BUCKET, SLIDING, acme, admit, admitted, calls, decide, enter, jobs, limited, manager, secs,
};

#[derive(Default)]
struct Heard(Mutex<Vec<(String, u8)>>);

impl TenantHooks for Heard {
    fn on_limit_warning(&self, warning: &LimitWarning<'_>) {
        self.0.lock().unwrap().push((warning.limit.to_owned(), warning.percent));
    }
}

impl Heard {
    fn take(&self) -> Vec<u8> {
        std::mem::take(&mut *self.0.lock().unwrap()).into_iter().map(|(_, percent)| percent).collect()
    }
}

fn listening() -> (Arc<ManualClock>, InMemoryQuotaManager, Arc<Heard>) {
    let heard = Arc::new(Heard::default());
    let (clock, quotas) = manager();
    let hooks = Hooks::new([Arc::clone(&heard) as Arc<dyn TenantHooks>]);
    (clock, quotas.with_hooks(hooks), heard)
}

#[test]
fn each_threshold_is_told_of_once_per_window() {
    for algorithm in ALGORITHMS {
        let (clock, quotas, heard) = listening();
        let tenant = limited(calls(Window::Minute, 10, algorithm));
        assert_eq!(admitted(&quotas, &tenant, 7), 7);
        assert_eq!(heard.take(), [] as [u8; 0], "{algorithm:?}");
        admitted(&quotas, &tenant, 1);
        assert_eq!(heard.take(), [80], "{algorithm:?}");
        admitted(&quotas, &tenant, 10);
        assert_eq!(heard.take(), [100], "{algorithm:?}");
        clock.advance(secs(120));
        admitted(&quotas, &tenant, 9);
        assert_eq!(heard.take(), [80], "{algorithm:?}");
    }
}

#[test]
fn falling_below_a_threshold_and_crossing_it_again_is_told_of_once() {
    for algorithm in ALGORITHMS {
        let (_, quotas, heard) = listening();
        let tenant = limited(calls(Window::Minute, 10, algorithm));
        for _ in 0..5 {
            let decision = decide(&quotas, &tenant, &[Cost::requests(9)]);
            quotas.settle(&tenant, &decision, &[Cost::requests(0)]);
        }
        assert_eq!(heard.take(), [80], "{algorithm:?}");
    }
}

#[test]
fn one_that_hovers_around_a_threshold_is_told_of_once_per_windows_length() {
    for algorithm in [SLIDING, BUCKET] {
        let (clock, quotas, heard) = listening();
        let tenant = limited(calls(Window::Minute, 60, algorithm));
        for _ in 0..600 {
            admit(&quotas, &tenant, 1);
            clock.advance(secs(1));
            if matches!(algorithm, tenant_core::Algorithm::TokenBucket { .. }) {
                admit(&quotas, &tenant, 1);
            }
        }
        let heard = heard.take();
        assert!(heard.iter().filter(|percent| **percent == 80).count() <= 11, "{algorithm:?}: {heard:?}");
        assert!(heard.len() >= 9, "{algorithm:?}: {heard:?}");
    }
}

#[test]
fn permits_warn_too() {
    let (_, quotas, heard) = listening();
    let tenant = enter(acme().limit("at-once", NamedLimit::concurrency(Dimension::Named("jobs".into()), 2)));
    let permits: Vec<_> = (0..2).map(|_| decide(&quotas, &tenant, &[jobs(1)])).collect();
    assert_eq!(heard.take(), [100], "half, then all");
    drop(permits);
    drop(decide(&quotas, &tenant, &[jobs(2)]));
    assert_eq!(heard.take(), [] as [u8; 0], "in the same minute");
}

#[test]
fn thresholds_can_be_chosen() {
    let (_, quotas, heard) = listening();
    let quotas = quotas.with_thresholds([90, 0, 50, 101, 90]);
    let tenant = limited(calls(Window::Minute, 10, SLIDING));
    admitted(&quotas, &tenant, 10);
    assert_eq!(heard.take(), [50, 90]);
    let (_, quotas, heard) = listening();
    let quotas = quotas.with_thresholds([]);
    admitted(&quotas, &tenant, 10);
    assert_eq!(heard.take(), [] as [u8; 0]);
}

#[test]
fn what_is_settled_beyond_the_charge_warns_at_once() {
    let (_, quotas, heard) = listening();
    let tenant = limited(calls(Window::Minute, 10, tenant_core::Algorithm::Fixed));
    let decision = decide(&quotas, &tenant, &[Cost::requests(1)]);
    quotas.settle(&tenant, &decision, &[Cost::requests(12)]);
    assert_eq!(heard.take(), [100]);
}

#[test]
fn many_threads_hear_each_threshold_once() {
    for algorithm in ALGORITHMS {
        let (_, quotas, heard) = listening();
        let tenant = limited(calls(Window::Hour, 1_000, algorithm));
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| admitted(&quotas, &tenant, 1_000));
            }
        });
        let mut heard = heard.take();
        heard.sort_unstable();
        assert_eq!(heard, [80, 100], "{algorithm:?}");
    }
}
