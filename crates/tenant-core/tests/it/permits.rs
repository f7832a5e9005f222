//! Concurrency: a permit is held as long as the work lasts, and never leaks.

use std::{
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use tenant_core::{
    Dimension, InMemoryQuotaManager, NamedLimit, QuotaManager, TenantContext,
    quota::{Cost, Permit, Reservation},
};

use crate::support::{acme, decide, enter, jobs, manager, used};

fn at_once(limit: u64) -> NamedLimit {
    NamedLimit::concurrency(Dimension::Named("jobs".into()), limit)
}

fn tenant(limit: u64) -> TenantContext {
    enter(acme().limit("at-once", at_once(limit)))
}

fn permit(quotas: &InMemoryQuotaManager, tenant: &TenantContext) -> Option<Permit> {
    decide(quotas, tenant, &[jobs(1)]).take_permit()
}

fn held(quotas: &InMemoryQuotaManager, tenant: &TenantContext) -> u64 {
    used(quotas, tenant).into_iter().find(|(name, _)| name == "at-once").unwrap().1
}

#[test]
fn a_permit_can_go_anywhere() {
    fn anywhere<T: Send + Sync + 'static>(_: &T) {}
    let (_, quotas) = manager();
    let permit = permit(&quotas, &tenant(1)).unwrap();
    anywhere(&permit);
    drop(quotas);
    std::thread::spawn(move || drop(permit)).join().unwrap();
}

#[test]
fn so_many_at_once_and_no_more() {
    let (_, quotas) = manager();
    let tenant = tenant(2);
    let (first, second) = (permit(&quotas, &tenant), permit(&quotas, &tenant));
    let denied = decide(&quotas, &tenant, &[jobs(1)]);
    assert_eq!(denied.denial().unwrap().1.retry_after_secs(), Some(1));
    assert_eq!(decide(&quotas, &tenant, &[jobs(3)]).denial().unwrap().1.retry_after, None);
    drop(first);
    assert!(permit(&quotas, &tenant).is_some());
    assert!(decide(&quotas, &tenant, &[jobs(0)]).take_permit().is_none(), "nothing takes no place");
    drop(second);
    assert_eq!(held(&quotas, &tenant), 0);
}

#[test]
fn a_decision_that_is_dropped_gives_its_permit_back_and_a_clone_has_none() {
    let (_, quotas) = manager();
    let tenant = tenant(1);
    let decision = decide(&quotas, &tenant, &[jobs(1)]);
    drop(decision.clone());
    assert_eq!(held(&quotas, &tenant), 1);
    assert!(decision.refunded().take_permit().is_none());
    drop(decision);
    assert_eq!(held(&quotas, &tenant), 0);
}

#[test]
fn a_concurrency_denial_does_not_charge_the_day() {
    let (_, quotas) = manager();
    let tenant = enter(acme().limit("executions_per_day", 5).limit("concurrent_executions", 1));
    let execution = [Cost::of("executions".parse().unwrap(), 1)];
    let first = decide(&quotas, &tenant, &execution);
    assert!(first.is_admitted());
    let denied = decide(&quotas, &tenant, &execution);
    assert_eq!(&*denied.denial().unwrap().0.name, "concurrent_executions");
    let of_day = ("executions_per_day".to_owned(), 1);
    assert_eq!(used(&quotas, &tenant)[1], of_day);
    // Settling what was used does not give the place back; only the end of the work does.
    quotas.settle(&tenant, &first, &[Cost::of("executions".parse().unwrap(), 0)]);
    assert!(!decide(&quotas, &tenant, &execution).is_admitted());
    drop(first);
    assert!(decide(&quotas, &tenant, &execution).is_admitted());
}

#[tokio::test]
async fn a_reservation_holds_its_permit_until_it_is_settled_or_taken() {
    let quotas = Arc::new(manager().1);
    let tenant = tenant(1);
    let reserve =
        || async { Reservation::reserve(Arc::clone(&quotas) as _, &tenant, &[jobs(1)]).await.unwrap() };
    let reservation = reserve().await.unwrap();
    assert!(reserve().await.is_err());
    reservation.settle(&[jobs(1)]);
    let mut reservation = reserve().await.unwrap();
    let permit = reservation.take_permit();
    reservation.settle(&[jobs(1)]);
    assert!(reserve().await.is_err());
    drop(permit);
    assert!(reserve().await.is_ok());
}

#[test]
fn permits_survive_changes_of_the_limit() {
    let (_, quotas) = manager();
    let before = tenant(3);
    let mut permits: Vec<_> = (0..3).map(|_| permit(&quotas, &before).unwrap()).collect();
    let lower = tenant(1);
    assert!(permit(&quotas, &lower).is_none());
    permits.truncate(1);
    assert!(permit(&quotas, &lower).is_none(), "one is still out");
    let none = enter(acme());
    assert!(permit(&quotas, &none).is_none() && decide(&quotas, &none, &[jobs(1)]).is_admitted());
    assert!(permit(&quotas, &lower).is_none(), "it was not forgotten while there was no limit");
    assert!(decide(&quotas, &none, &[jobs(1)]).is_admitted());
    permits.clear();
    assert!(permit(&quotas, &lower).is_some(), "given back while the limit was away");
    assert_eq!(held(&quotas, &lower), 0);
}

#[test]
fn counts_with_permits_out_are_not_reclaimed() {
    let (clock, quotas) = manager();
    let permit = permit(&quotas, &tenant(1));
    clock.advance(crate::support::secs(1_000_000));
    quotas.reclaim();
    let anew = tenant(1);
    assert!(!decide(&quotas, &anew, &[jobs(1)]).is_admitted());
    drop((permit, anew));
    quotas.reclaim();
    assert_eq!(quotas.tenants(), 0);
}

/// Numbers that look random and are the same each time.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }
}

fn with_tokens(limit: u64) -> TenantContext {
    enter(acme().tokens_per_minute(1_000_000).limit("at-once", at_once(limit)))
}

async fn work(quotas: Arc<InMemoryQuotaManager>, tenant: TenantContext, inside: Arc<AtomicU64>, number: u64) {
    let mut dice = Dice(number);
    let costs = [Cost::tokens(1 + dice.roll(9)), jobs(1)];
    let Ok(mut reservation) = Reservation::reserve(quotas, &tenant, &costs).await.unwrap() else {
        return;
    };
    assert!(inside.fetch_add(1, Ordering::SeqCst) < 20, "more at once than the limit");
    struct Leave(Arc<AtomicU64>);
    impl Drop for Leave {
        fn drop(&mut self) {
            self.0.fetch_sub(1, Ordering::SeqCst);
        }
    }
    let leave = Leave(inside);
    for _ in 0..dice.roll(4) {
        tokio::task::yield_now().await;
    }
    match dice.roll(4) {
        0 => resume_unwind(Box::new("the handler panics")),
        1 => {
            let permit = reservation.take_permit();
            reservation.settle(&[Cost::tokens(0)]);
            tokio::task::yield_now().await;
            drop((leave, permit));
        }
        2 => {
            drop(leave);
            reservation.settle(&[Cost::tokens(0)]);
        }
        _ => {
            drop(leave);
            drop(reservation);
        }
    }
}

/// How 10 000 have ended: by themselves, aborted, in a panic.
async fn aborted_at_random(
    quotas: &Arc<InMemoryQuotaManager>,
    tenants: &[TenantContext; 3],
    dice: &mut Dice,
) -> [u32; 3] {
    let inside = Arc::new(AtomicU64::new(0));
    let mut tasks = Vec::new();
    for number in 0..10_000_u64 {
        let tenant = tenants[usize::try_from(number % 3).unwrap()].clone();
        let task = tokio::spawn(work(Arc::clone(quotas), tenant, Arc::clone(&inside), number));
        match dice.roll(3) {
            0 => task.abort(),
            1 => {
                tokio::task::yield_now().await;
                task.abort();
            }
            _ => {}
        }
        tasks.push(task);
    }
    let mut ended = [0; 3];
    for task in tasks {
        match task.await {
            Ok(()) => ended[0] += 1,
            Err(error) if error.is_cancelled() => ended[1] += 1,
            Err(error) => {
                let text = error.into_panic().downcast_ref::<&str>().map(|text| (*text).to_owned());
                assert_eq!(text.as_deref(), Some("the handler panics"));
                ended[2] += 1;
            }
        }
    }
    ended
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn ten_thousand_aborted_at_random_points_leak_nothing() {
    let quotas = Arc::new(manager().1);
    // The config changes all the while, between limits of 20 and less.
    let tenants = [with_tokens(20), with_tokens(7), with_tokens(20)];
    let (mut dice, mut all) = (Dice(42), [0; 3]);
    // How many of them get as far as to panic is for the scheduler to say.
    for _ in 0..20 {
        let ended = aborted_at_random(&quotas, &tenants, &mut dice).await;
        all.iter_mut().zip(ended).for_each(|(all, ended)| *all += ended);
        let expected = [("tpm".to_owned(), 0), ("at-once".to_owned(), 0)];
        let usage = quotas.usage(tenants[0].record()).await.unwrap();
        let used = usage.limits.iter().map(|used| (used.limit.name.to_string(), used.used));
        assert_eq!(used.collect::<Vec<_>>(), expected);
        if all.iter().all(|count| *count > 100) {
            return;
        }
    }
    panic!("too few ended in each way: {all:?}");
}

#[test]
fn a_panic_between_decision_and_work_gives_everything_back() {
    let (_, quotas) = manager();
    let tenant = tenant(1);
    for _ in 0..100 {
        let result = catch_unwind(AssertUnwindSafe(|| {
            let _decision = decide(&quotas, &tenant, &[jobs(1)]);
            resume_unwind(Box::new(()));
        }));
        assert!(result.is_err());
    }
    assert_eq!(held(&quotas, &tenant), 0);
}

#[test]
fn many_threads_never_hold_more_than_the_limit() {
    let (_, quotas) = manager();
    let tenant = tenant(5);
    let (inside, most) = (AtomicU64::new(0), AtomicU64::new(0));
    std::thread::scope(|scope| {
        for _ in 0..16 {
            scope.spawn(|| {
                for _ in 0..5_000 {
                    if let Some(permit) = permit(&quotas, &tenant) {
                        most.fetch_max(inside.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                        std::hint::spin_loop();
                        inside.fetch_sub(1, Ordering::SeqCst);
                        drop(permit);
                    }
                }
            });
        }
    });
    assert!((1..=5).contains(&most.into_inner()));
    assert_eq!(held(&quotas, &tenant), 0);
}
