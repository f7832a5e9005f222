use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;

fn key(tenant: u8) -> Key {
    (tenant > 0).then(|| TenantId::parse(&format!("t{tenant}")).unwrap())
}

fn settings(slots: usize, per_tenant: usize, waiting: usize) -> Settings {
    Settings { per_tenant, waiting, ..Settings::new(slots) }
}

#[derive(Clone, Debug)]
enum Step {
    Enter(u8),
    Leave(prop::sample::Index),
    Cancel(prop::sample::Index),
    Later(u64),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => (0..5_u8).prop_map(Step::Enter),
        3 => any::<prop::sample::Index>().prop_map(Step::Leave),
        1 => any::<prop::sample::Index>().prop_map(Step::Cancel),
        1 => (0..400_u64).prop_map(Step::Later),
    ];
    prop::collection::vec(step, 1..200)
}

/// What a caller sees: who runs, and who waits with which ticket.
#[derive(Default)]
struct Seen {
    running: Vec<u8>,
    waiting: BTreeMap<usize, (u8, u64)>,
    gone: BTreeSet<usize>,
}

impl Seen {
    fn lose(&mut self, request: Option<usize>) {
        if let Some(request) = request {
            assert!(self.waiting.remove(&request).is_some(), "only who waits loses its place");
            assert!(self.gone.insert(request));
        }
    }

    fn grant(&mut self, queue: &mut Queue<usize>, now: Instant) {
        while let Some(Granted { key: granted, waiter, shed }) = queue.grant(now) {
            let (tenant, _) = self.waiting.remove(&waiter).expect("only who waits is granted a slot");
            assert_eq!(granted, key(tenant));
            self.running.push(tenant);
            self.lose(shed);
        }
    }

    fn agrees(&self, queue: &Queue<usize>) {
        let Settings { slots, per_tenant, waiting, .. } = queue.settings;
        assert_eq!((queue.running, queue.waiting), (self.running.len(), self.waiting.len()));
        assert!(self.running.len() <= slots && self.waiting.len() <= waiting);
        for tenant in 0..5 {
            let running = self.running.iter().filter(|running| **running == tenant).count();
            let waits = self.waiting.values().any(|(waiting, _)| *waiting == tenant);
            assert!(running <= per_tenant);
            assert!(!waits || running == per_tenant || self.running.len() == slots, "a slot stands idle");
            assert_eq!(queue.lines.contains_key(&key(tenant)), running > 0 || waits);
        }
        let may_run = |line: &Line<usize>| !line.waiting.is_empty() && line.running < per_tenant;
        assert_eq!(queue.standing_since.is_some(), queue.lines.values().any(may_run));
    }
}

proptest! {
    #[test]
    fn slots_are_bounded_never_idle_and_each_request_has_one_fate(
        (slots, per_tenant, waiting) in (1..6_usize, 1..6_usize, 0..12_usize),
        steps in steps(),
    ) {
        let mut queue = Queue::new(settings(slots, per_tenant.min(slots), waiting));
        let (mut seen, mut now) = (Seen::default(), Instant::now());
        for (request, step) in steps.into_iter().enumerate() {
            match step {
                Step::Enter(tenant) => match queue.enter(key(tenant), now, || request) {
                    Entered::Runs => seen.running.push(tenant),
                    Entered::Waits { ticket, shed } => {
                        seen.lose(shed);
                        seen.waiting.insert(request, (tenant, ticket));
                    }
                    Entered::Shed => {}
                },
                Step::Leave(index) if !seen.running.is_empty() => {
                    let tenant = seen.running.swap_remove(index.index(seen.running.len()));
                    queue.leave(key(tenant), now);
                    seen.grant(&mut queue, now);
                }
                Step::Cancel(index) if !seen.waiting.is_empty() => {
                    let (request, (tenant, ticket)) =
                        seen.waiting.iter().nth(index.index(seen.waiting.len())).map(|(r, w)| (*r, *w)).unwrap();
                    prop_assert_eq!(queue.cancel(key(tenant), ticket), Some(request));
                    seen.waiting.remove(&request);
                    prop_assert_eq!(queue.cancel(key(tenant), ticket), None);
                }
                Step::Leave(_) | Step::Cancel(_) => {}
                Step::Later(millis) => now += Duration::from_millis(millis),
            }
            seen.agrees(&queue);
        }
    }
}

#[test]
fn tenants_take_turns_however_many_requests_one_has() {
    let now = Instant::now();
    let mut queue = Queue::new(settings(1, 1, 100));
    assert!(matches!(queue.enter(key(1), now, || 1), Entered::Runs));
    for _ in 0..50 {
        assert!(matches!(queue.enter(key(1), now, || 1), Entered::Waits { .. }));
    }
    for tenant in [2, 2, 3] {
        assert!(matches!(queue.enter(key(tenant), now, || tenant), Entered::Waits { .. }));
    }
    let mut order = Vec::new();
    let mut last = 1;
    for _ in 0..7 {
        queue.leave(key(last), now);
        last = queue.grant(now).unwrap().waiter;
        order.push(last);
    }
    assert_eq!(order, [2, 3, 1, 2, 1, 1, 1]);
}

#[test]
fn where_no_more_may_wait_the_heaviest_tenant_loses_its_newest() {
    let now = Instant::now();
    let mut queue = Queue::new(settings(1, 1, 3));
    let enter = |queue: &mut Queue<u8>, tenant: u8, name| queue.enter(key(tenant), now, || name);
    assert!(matches!(enter(&mut queue, 1, 10), Entered::Runs));
    for name in [11, 12, 13] {
        assert!(matches!(enter(&mut queue, 1, name), Entered::Waits { shed: None, .. }));
    }
    assert!(matches!(enter(&mut queue, 2, 21), Entered::Waits { shed: Some(13), .. }));
    assert!(matches!(enter(&mut queue, 1, 14), Entered::Shed), "its own");
    assert!(matches!(enter(&mut queue, 2, 22), Entered::Waits { shed: Some(12), .. }));
    assert!(matches!(enter(&mut queue, 2, 23), Entered::Shed), "two each: nobody has more");
}

#[test]
fn a_queue_that_stands_sheds_the_oldest_of_the_heaviest_until_the_wait_is_short() {
    let start = Instant::now();
    let mut queue = Queue::new(settings(1, 2, 100));
    assert!(matches!(queue.enter(key(1), start, || 10), Entered::Runs));
    for name in [11, 12, 13, 14] {
        assert!(matches!(queue.enter(key(1), start, || name), Entered::Waits { .. }));
    }
    let soon = start + Duration::from_millis(499);
    queue.leave(key(1), soon);
    let burst = queue.grant(soon).unwrap();
    assert_eq!((burst.waiter, burst.shed), (11, None), "it has not stood long enough");
    let later = start + Duration::from_millis(600);
    assert!(matches!(queue.enter(key(2), later, || 20), Entered::Waits { .. }));
    queue.leave(key(1), later);
    let late = queue.grant(later).unwrap();
    assert_eq!((late.waiter, late.shed), (12, Some(13)));
    let last = later + Duration::from_millis(50);
    queue.leave(key(1), last);
    let light = queue.grant(last).unwrap();
    assert_eq!((light.waiter, light.shed), (20, None), "it has not waited for too long");
}

#[test]
fn waiting_for_a_share_of_ones_own_is_no_sign_of_too_much_work() {
    let start = Instant::now();
    let mut queue = Queue::new(settings(4, 1, 100));
    assert!(matches!(queue.enter(key(1), start, || 10), Entered::Runs));
    for name in [11, 12, 13] {
        assert!(matches!(queue.enter(key(1), start, || name), Entered::Waits { .. }));
    }
    // Three slots are free all the time.
    let mut now = start;
    for name in [11, 12] {
        now += Duration::from_secs(1);
        queue.leave(key(1), now);
        let next = queue.grant(now).unwrap();
        assert_eq!((next.waiter, next.shed), (name, None));
    }
    // Now all are taken, and who was held back by itself goes on waiting, for others: that is counted from now.
    for tenant in [2, 3, 4] {
        assert!(matches!(queue.enter(key(tenant), now, || tenant), Entered::Runs));
    }
    assert!(matches!(queue.enter(key(5), now, || 5), Entered::Waits { .. }));
    now += Duration::from_millis(600);
    queue.leave(key(2), now);
    let late = queue.grant(now).unwrap();
    assert_eq!((late.waiter, late.shed), (5, Some(13)));
}

#[test]
fn a_wait_is_counted_from_when_ones_own_share_was_free() {
    let start = Instant::now();
    let mut queue = Queue::new(settings(2, 1, 100));
    for tenant in [1, 2] {
        assert!(matches!(queue.enter(key(tenant), start, || tenant), Entered::Runs));
    }
    assert!(matches!(queue.enter(key(1), start, || 11), Entered::Waits { .. }));
    assert!(matches!(queue.enter(key(1), start, || 12), Entered::Waits { .. }));
    assert!(matches!(queue.enter(key(3), start, || 3), Entered::Waits { .. }));
    let later = start + Duration::from_secs(1);
    queue.leave(key(1), later);
    // The third tenant has waited for a slot all the time.
    let third = queue.grant(later).unwrap();
    assert_eq!((third.waiter, third.shed), (3, Some(11)));
    let soon = later + Duration::from_millis(10);
    queue.leave(key(2), soon);
    let first = queue.grant(soon).unwrap();
    assert_eq!((first.waiter, first.shed), (12, None), "10 ms, and not a second");
}

#[test]
fn nothing_is_kept_of_tenants_that_are_gone() {
    let now = Instant::now();
    let mut queue = Queue::new(settings(2_000, 2_000, 0));
    let ids: Vec<Key> = (0..2_000).map(|n| TenantId::parse(&format!("t{n}")).ok()).collect();
    for id in &ids {
        assert!(matches!(queue.enter(*id, now, || ()), Entered::Runs));
    }
    for id in &ids {
        queue.leave(*id, now);
        assert!(queue.grant(now).is_none());
    }
    assert_eq!((queue.lines.capacity(), queue.turns.capacity(), queue.running), (0, 0, 0));
}
