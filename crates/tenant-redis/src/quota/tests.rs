//! The scripts against the engine in memory, by one clock that is set.

use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use proptest::{prelude::*, test_runner::TestCaseError};
use redis::{Client, Commands};
use tenant_core::{
    Algorithm, Amount, Clock, Dimension, FailurePolicy, Hooks, InMemoryConfigManager, InMemoryQuotaManager,
    LimitKind, ManualClock, NamedLimit, QuotaManager, TenantConfig, TenantContext, TenantHooks, TenantId,
    UnixTime, Window,
    hooks::LimitWarning,
    quota::{Cost, Decision, Denial, Limit, LimitState, Usage},
};
use tenant_testkit::servers::Redis as Server;
use tokio::runtime::Runtime;

use super::{RedisQuotaManager, scripts::Scripts};
use crate::{Keyspace, Redis};

/// What is done, one after the other.
#[derive(Clone, Debug)]
enum Op {
    Decide(u64, u64),
    /// Settles one of the decisions there were.
    Settle(usize, u64),
    /// In microseconds.
    Advance(u64),
    Back(u64),
    /// From now on the limits of the other config, or of the first again.
    Switch,
}

fn ops(back: u32) -> impl Strategy<Value = Vec<Op>> {
    let time = prop_oneof![0_u64..2_000_000, 0_u64..90_000_000, 0_u64..200_000_000_000];
    let op = prop_oneof![
        6 => (0_u64..8, 0_u64..40).prop_map(|(requests, tokens)| Op::Decide(requests, tokens)),
        // Together below 2^53, where our counts stop.
        1 => (0_u64..(1 << 46), 0_u64..40).prop_map(|(requests, tokens)| Op::Decide(requests, tokens)),
        2 => (any::<usize>(), 0_u64..60).prop_map(|(which, used)| Op::Settle(which, used)),
        4 => time.clone().prop_map(Op::Advance),
        back / 2 => Just(Op::Switch),
        back => time.prop_map(Op::Back),
    ];
    prop::collection::vec(op, 1..40)
}

fn limit() -> impl Strategy<Value = NamedLimit> {
    let dimension = prop_oneof![Just(Dimension::Requests), Just(Dimension::Tokens)];
    let window = prop_oneof![
        Just(Window::Second),
        Just(Window::Minute),
        Just(Window::Day),
        Just(Window::Month),
        (1_u64..100).prop_map(|seconds| Window::Length(Duration::from_secs(seconds))),
    ];
    // Those that divide a second in microseconds: the engine in memory cuts windows to the nanosecond.
    let parts = prop_oneof![Just(1_u8), Just(2), Just(5), Just(10), Just(100)];
    let algorithm = prop_oneof![
        Just(Algorithm::Fixed),
        parts.prop_map(|sub_windows| Algorithm::Sliding { sub_windows }),
        prop::option::of(0_u64..30).prop_map(|burst| Algorithm::TokenBucket { burst }),
    ];
    let amount = prop_oneof![4 => 0_u64..30, 1 => 0_u64..=(1 << 53)];
    (dimension, window, algorithm, amount, any::<bool>()).prop_map(
        |(dimension, window, algorithm, amount, shadow)| {
            NamedLimit::rate(dimension, window, amount).algorithm(algorithm).shadow(shadow)
        },
    )
}

#[derive(Default)]
struct Warnings(parking_lot::Mutex<Vec<(String, u8)>>);

impl TenantHooks for Warnings {
    fn on_limit_warning(&self, event: &LimitWarning<'_>) {
        self.0.lock().push((event.limit.to_owned(), event.percent));
    }
}

/// Both engines, side by side.
struct Pair {
    /// Ours goes by what it remembers, too.
    remembers: bool,
    connection: redis::Connection,
    clock: Arc<ManualClock>,
    clock_key: String,
    ours: RedisQuotaManager,
    theirs: InMemoryQuotaManager,
    our_warnings: Arc<Warnings>,
    their_warnings: Arc<Warnings>,
}

impl Pair {
    fn new(start: UnixTime, always_keep: bool) -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let url = Server::shared().unwrap().url();
        let prefix = format!("model{}", NUMBER.fetch_add(1, Ordering::Relaxed));
        let clock_key = format!("{prefix}:clock");
        let redis = Redis::open(&url).unwrap().with_keyspace(Keyspace::new(&prefix).unwrap());
        let clock = Arc::new(ManualClock::starting_at(start));
        let (our_warnings, their_warnings) = (Arc::new(Warnings::default()), Arc::new(Warnings::default()));
        let hooks = |warnings: &Arc<Warnings>| Hooks::new([Arc::clone(warnings) as Arc<dyn TenantHooks>]);
        let ours = RedisQuotaManager::builder(&redis)
            .deadline(Duration::from_secs(20))
            .clock(Arc::clone(&clock) as Arc<dyn Clock>)
            .hooks(hooks(&our_warnings))
            .build_with(Scripts::by_clock(&clock_key, always_keep));
        let theirs = InMemoryQuotaManager::with_clock(Arc::clone(&clock) as Arc<dyn Clock>)
            .with_hooks(hooks(&their_warnings));
        let connection = Client::open(url).unwrap().get_connection().unwrap();
        let mut pair = Self {
            remembers: false,
            connection,
            clock,
            clock_key,
            ours,
            theirs,
            our_warnings,
            their_warnings,
        };
        pair.set_clock();
        pair
    }

    fn set_clock(&mut self) {
        let micros = self.clock.unix().as_nanos() / 1_000;
        let both = format!("[{}, {}]", micros / 1_000_000, micros % 1_000_000);
        let _: () = self.connection.set(&self.clock_key, both).unwrap();
    }

    fn step(&mut self, forward: bool, micros: u64) {
        if self.remembers {
            self.clock.advance(Duration::from_micros(micros));
            return self.set_clock();
        }
        let nanos = self.clock.unix().as_nanos();
        let to = if forward { nanos + micros * 1_000 } else { nanos.saturating_sub(micros * 1_000) };
        self.clock.step_unix_to(UnixTime::from_nanos(to));
        // What was denied is asked again.
        self.clock.advance(Duration::from_secs(3_000_000));
        self.clock.step_unix_to(UnixTime::from_nanos(to));
        self.set_clock();
    }
}

async fn tenant(limits: &[NamedLimit]) -> TenantContext {
    let id = TenantId::parse("acme").unwrap();
    let mut config = TenantConfig::builder(id);
    for (number, limit) in limits.iter().enumerate() {
        config = config.limit(format!("l{number}"), limit.clone());
    }
    let configs = InMemoryConfigManager::with([config.build().unwrap()]).unwrap();
    TenantContext::of(&configs, &id).await.unwrap()
}

/// In microseconds, rounded up. Beyond 2^53 of their units ours may be one longer, and beyond a human life it is all one.
fn micros(nanos: u128) -> u128 {
    nanos.div_ceil(1_000).min(2_000_000_000_000_000)
}

fn is_near(ours: u128, theirs: u128) -> bool {
    (theirs..=theirs + 2).contains(&ours)
}

fn compare(ours: &Decision, theirs: &Decision) -> Result<(), TestCaseError> {
    let states = |decision: &Decision| -> Vec<_> {
        decision.states().map(|(_, state)| (state.index, state.remaining, state.charged)).collect()
    };
    prop_assert_eq!(states(ours), states(theirs));
    for ((_, our), (_, their)) in ours.states().zip(theirs.states()) {
        let (our, their) = (ours.resets_in(our).as_nanos(), theirs.resets_in(their).as_nanos());
        prop_assert!(is_near(micros(our), micros(their)), "{} {}", our, their);
    }
    let (our, their) = (ours.denial(), theirs.denial());
    prop_assert_eq!(our.map(|(_, denial)| denial.index), their.map(|(_, denial)| denial.index));
    let wait = |denial: Option<(&_, Denial)>| denial.and_then(|(_, denial)| denial.retry_after);
    match (wait(our), wait(their)) {
        (Some(our), Some(their)) => {
            prop_assert!(is_near(micros(our.as_nanos()), micros(their.as_nanos())), "{:?} {:?}", our, their);
        }
        (our, their) => prop_assert_eq!(our, their),
    }
    Ok(())
}

/// What is remembered denies no more and no less, and where the same limit denies, nobody is told to come back too soon.
/// Another limit's denial, which would take longer, may not be remembered.
fn compare_roughly(ours: &Decision, theirs: &Decision) -> Result<(), TestCaseError> {
    prop_assert_eq!(ours.is_admitted(), theirs.is_admitted());
    let wait = |decision: &Decision| decision.denial().map(|(_, denial)| denial.retry_after);
    let limit = |decision: &Decision| decision.denial().map(|(_, denial)| denial.index);
    if let (Some(Some(our)), Some(Some(their))) = (wait(ours), wait(theirs))
        && limit(ours) == limit(theirs)
    {
        prop_assert!(micros(our.as_nanos()) + 2 >= micros(their.as_nanos()), "{:?} {:?}", our, their);
    }
    let never = |decision: &Decision| wait(decision) == Some(None);
    prop_assert_eq!(never(ours), never(theirs));
    Ok(())
}

async fn run(pair: &mut Pair, tenants: [&TenantContext; 2], ops: &[Op]) -> Result<(), TestCaseError> {
    let mut decisions = Vec::new();
    let [mut tenant, mut other] = tenants;
    for op in ops {
        match *op {
            Op::Decide(requests, tokens) => {
                let costs = [Cost::requests(requests), Cost::tokens(tokens)];
                pair.prepare(tenant);
                let ours = pair.ours.decide(tenant, &costs).await.unwrap();
                let theirs = pair.theirs.decide(tenant, &costs).await.unwrap();
                if pair.remembers {
                    compare_roughly(&ours, &theirs)?;
                } else {
                    compare(&ours, &theirs)?;
                }
                if ours.is_admitted() {
                    decisions.push((ours, theirs));
                }
            }
            Op::Settle(which, used) if !decisions.is_empty() => {
                let (ours, theirs) = decisions.swap_remove(which % decisions.len());
                let actual = [Cost::requests(used / 8), Cost::tokens(used)];
                let same = |(limit, state): (&Limit, &LimitState)| {
                    Cost::total(&actual, &limit.dimension) == Some(state.charged)
                };
                // What is right already is not sent, and so not looked at.
                if ours.states().any(same) {
                    continue;
                }
                pair.ours.settle(tenant, &ours, &actual);
                pair.ours.flush().await;
                // They settle by the limits that they have seen last, we by those of the context.
                pair.theirs.usage(tenant.record()).await.unwrap();
                pair.theirs.settle(tenant, &theirs, &actual);
            }
            Op::Settle(..) => {}
            Op::Switch => std::mem::swap(&mut tenant, &mut other),
            Op::Advance(micros) => pair.step(true, micros),
            Op::Back(micros) => pair.step(false, micros),
        }
    }
    let ours = pair.ours.usage(tenant.record()).await.unwrap();
    let theirs = pair.theirs.usage(tenant.record()).await.unwrap();
    let used = |usage: &Usage| -> Vec<_> {
        usage.limits.iter().map(|limit| (limit.limit.name.clone(), limit.used.min(1 << 53))).collect()
    };
    prop_assert_eq!(used(&ours), used(&theirs));
    if pair.remembers {
        // Of what goes on to be denied from memory in another window nobody warns until it is asked about again.
        return Ok(());
    }
    let (our, their) = (pair.our_warnings.0.lock().clone(), pair.their_warnings.0.lock().clone());
    if ops.iter().any(|op| matches!(op, Op::Back(_))) {
        // In a window that a large step back returns to, the engine in memory warns again, at the thresholds in between as
        // well; the scripts remember.
        let each = |warnings: Vec<_>| warnings.into_iter().collect::<BTreeSet<_>>();
        let (our, their) = (each(our), each(their));
        prop_assert!(our.is_subset(&their), "{:?} {:?}", our, their);
    } else {
        prop_assert_eq!(our, their);
    }
    Ok(())
}

impl Pair {
    /// Every decision is the server's, or every one that is remembered is not.
    fn prepare(&self, tenant: &TenantContext) {
        let handle = self.ours.inner.handle(tenant.record());
        if self.remembers { handle.never_ask_again() } else { handle.forget_standings() }
    }
}

/// The same limit, by another amount and, unless something is settled, cut into other parts: a charge is found again by the
/// cut it was made under, here always, in memory as long as the cut is the same.
fn change(limit: &NamedLimit, ops: &[Op]) -> NamedLimit {
    let recuts = !ops.iter().any(|op| matches!(op, Op::Settle(..)));
    let mut changed = limit.clone();
    changed.limit = Amount::Limited(limit.limit.limit().unwrap_or(0) / 2 + 5);
    match limit.kind {
        LimitKind::Rate { algorithm: Algorithm::Sliding { sub_windows }, .. } if recuts => {
            changed.algorithm(Algorithm::Sliding { sub_windows: if sub_windows == 5 { 10 } else { 5 } })
        }
        _ => changed,
    }
}

fn check(limits: &[NamedLimit], ops: &[Op], start: u64, always_keep: bool) -> Result<(), TestCaseError> {
    check_by(limits, ops, start, |start| Pair::new(start, always_keep))
}

fn check_by(
    limits: &[NamedLimit],
    ops: &[Op],
    start: u64,
    pair: impl Fn(UnixTime) -> Pair,
) -> Result<(), TestCaseError> {
    Runtime::new().unwrap().block_on(async {
        let mut pair = pair(UnixTime::from_secs(start));
        let changed: Vec<_> = limits.iter().map(|limit| change(limit, ops)).collect();
        run(&mut pair, [&tenant(limits).await, &tenant(&changed).await], ops).await
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), max_shrink_iters: 400, ..ProptestConfig::default() })]

    #[test]
    fn the_scripts_count_as_the_engine_in_memory_does(
        limits in prop::collection::vec(limit(), 1..4),
        ops in ops(0),
        start in 1_600_000_000_u64..1_900_000_000,
    ) {
        check(&limits, &ops, start, false)?;
    }

    #[test]
    fn what_is_remembered_denies_what_the_engine_in_memory_denies(
        limits in prop::collection::vec(limit(), 1..4),
        ops in ops(0),
        start in 1_600_000_000_u64..1_900_000_000,
    ) {
        check_by(&limits, &ops, start, |start| Pair { remembers: true, ..Pair::new(start, false) })?;
    }

    // A count that was looked at and not charged is not kept. Of an empty one that makes no difference; in one that flows
    // or slides, time that was not spent on anything comes once more after a step back.
    #[test]
    fn the_scripts_survive_steps_of_the_clock_as_the_engine_in_memory_does(
        limits in prop::collection::vec(limit(), 1..4),
        ops in ops(2),
        start in 1_600_000_000_u64..1_900_000_000,
    ) {
        check(&limits, &ops, start, true)?;
    }
}

#[tokio::test]
async fn a_decision_of_an_outage_copies_no_limits() {
    let quotas = RedisQuotaManager::new(&Redis::open("redis://127.0.0.1:1").unwrap());
    let open = NamedLimit::rate(Dimension::Requests, Window::Day, 2).failure_policy(FailurePolicy::Open);
    let local = NamedLimit::rate(Dimension::Requests, Window::Day, 3);
    let tenant = tenant(&[open, local]).await;
    let handle = quotas.inner.handle(tenant.record());
    let decide = || quotas.inner.decide_alone(&handle, &[Cost::requests(1)]).unwrap();
    let (first, second) = (decide(), decide());
    assert!(Arc::ptr_eq(first.limits(), second.limits()));
    assert!(decide().is_admitted() && !decide().is_admitted());
}

/// `REDIS_MODEL_CASES` asks for more.
fn cases() -> u32 {
    std::env::var("REDIS_MODEL_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(150)
}
