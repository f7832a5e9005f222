use std::{
    collections::{BTreeMap, HashMap},
    time::Duration,
};

use proptest::prelude::*;
use tenant_cache::{Bytes, CacheBackend, CacheErrorKind, InMemoryBackend, Lease, Leased};
use tenant_core::{Clock, Monotonic, TenantContext};

use crate::support::{House, now, tenants};

const TENANTS: [&str; 4] = ["a", "b", "c", "d"];

#[derive(Clone, Debug)]
enum Op {
    Get(usize, u8),
    Exists(usize, u8),
    Set(usize, u8, Vec<u8>, Option<u64>),
    Delete(usize, u8),
    Add(usize, u8, i64),
    Load(usize, u8, Option<u64>),
    Lease(usize, u8),
    Fill(usize, u8, Option<u64>),
    Clear(usize),
    Advance(u64),
    Reclaim,
}

fn ops() -> impl Strategy<Value = Vec<Op>> {
    let (tenant, key) = (0..TENANTS.len(), 0..12_u8);
    let at = (tenant.clone(), key);
    let ttl = proptest::option::of(0..5_u64);
    let value = prop_oneof![
        (0..20_i64).prop_map(|number| number.to_string().into_bytes()),
        (0..600_usize).prop_map(|len| vec![b'v'; len]),
        Just(i64::MAX.to_string().into_bytes()),
    ];
    let op = prop_oneof![
        4 => at.clone().prop_map(|(t, k)| Op::Get(t, k)),
        1 => at.clone().prop_map(|(t, k)| Op::Exists(t, k)),
        8 => (at.clone(), value, ttl.clone()).prop_map(|((t, k), v, ttl)| Op::Set(t, k, v, ttl)),
        2 => at.clone().prop_map(|(t, k)| Op::Delete(t, k)),
        3 => (at.clone(), -5..5_i64).prop_map(|((t, k), by)| Op::Add(t, k, by)),
        2 => (at.clone(), ttl.clone()).prop_map(|((t, k), ttl)| Op::Load(t, k, ttl)),
        2 => at.clone().prop_map(|(t, k)| Op::Lease(t, k)),
        3 => (at, ttl).prop_map(|((t, k), ttl)| Op::Fill(t, k, ttl)),
        1 => tenant.prop_map(Op::Clear),
        2 => (0..3_u64).prop_map(Op::Advance),
        1 => Just(Op::Reclaim),
    ];
    proptest::collection::vec(op, 1..150)
}

/// What ought to be there: a map per tenant, without any thought of room.
#[derive(Default)]
struct Model {
    entries: HashMap<(usize, u8), (Bytes, Option<Monotonic>)>,
    leases: BTreeMap<(usize, u8), Lease>,
    now: Monotonic,
}

impl Model {
    fn get(&self, at: (usize, u8)) -> Option<Bytes> {
        let (value, expires) = self.entries.get(&at)?;
        expires.is_none_or(|moment| self.now < moment).then(|| value.clone())
    }

    fn set(&mut self, at: (usize, u8), value: Bytes, ttl: Option<u64>) {
        self.leases.remove(&at);
        let expires = ttl.map(|seconds| self.now.after(Duration::from_secs(seconds)));
        self.entries.insert(at, (value, expires));
    }

    fn drop(&mut self, at: (usize, u8)) -> bool {
        self.leases.remove(&at);
        let live = self.get(at).is_some();
        self.entries.remove(&at);
        live
    }

    fn add(&mut self, at: (usize, u8), by: i64) -> Result<i64, CacheErrorKind> {
        let (old, expires) = match self.get(at) {
            Some(value) => (value, self.entries[&at].1),
            None => (Bytes::from("0"), None),
        };
        let text = std::str::from_utf8(&old).map_err(|_| CacheErrorKind::NotANumber)?;
        let number: i64 = text.parse().map_err(|_| CacheErrorKind::NotANumber)?;
        let sum = number.checked_add(by).ok_or(CacheErrorKind::Overflow)?;
        self.leases.remove(&at);
        self.entries.insert(at, (Bytes::from(sum.to_string()), expires));
        Ok(sum)
    }

    fn clear(&mut self, tenant: usize) {
        self.entries.retain(|(owner, _), _| *owner != tenant);
        self.leases.retain(|(owner, _), _| *owner != tenant);
    }
}

struct Run {
    house: House,
    tenants: [TenantContext; 4],
    model: Model,
    held: BTreeMap<(usize, u8), Lease>,
    /// Whether room is scarce, so that entries may be missing that the model has.
    scarce: bool,
    loads: u32,
}

fn seconds(ttl: Option<u64>) -> Option<Duration> {
    ttl.map(Duration::from_secs)
}

impl Run {
    fn new(house: House, scarce: bool) -> Self {
        Self {
            house,
            tenants: tenants(TENANTS),
            model: Model::default(),
            held: BTreeMap::new(),
            scarce,
            loads: 0,
        }
    }

    /// What is found must be what the model has; where room is scarce it may be missing, and then is for good.
    fn agree(&mut self, at: (usize, u8), found: Option<&Bytes>) {
        if self.scarce && found.is_none() {
            self.model.entries.remove(&at);
        }
        assert_eq!(found, self.model.get(at).as_ref(), "{at:?}");
    }

    fn look(&mut self, at: (usize, u8)) -> Option<Bytes> {
        let found = now(self.house.cache.get(&self.tenants[at.0], [at.1])).unwrap();
        self.agree(at, found.as_ref());
        found
    }

    fn step(&mut self, op: Op) {
        let House { cache, backend, clock } = &self.house;
        match op {
            Op::Get(t, k) => drop(self.look((t, k))),
            Op::Exists(t, k) => {
                let found = now(cache.exists(&self.tenants[t], [k])).unwrap();
                assert!(!found || self.model.get((t, k)).is_some());
                assert!(self.scarce || found == self.model.get((t, k)).is_some());
            }
            Op::Set(t, k, value, ttl) => {
                let value = Bytes::from(value);
                let answer = now(backend.set(&self.tenants[t], &[k], value.clone(), seconds(ttl)));
                match answer {
                    Ok(()) => self.model.set((t, k), value, ttl),
                    Err(error) => {
                        assert!(self.scarce && error.kind() == CacheErrorKind::TooLarge);
                        self.model.drop((t, k));
                        assert!(!self.house.holds(&self.tenants[t], std::str::from_utf8(&[k]).unwrap()));
                    }
                }
            }
            Op::Delete(t, k) => {
                let found = now(cache.delete(&self.tenants[t], [k])).unwrap();
                let expected = self.model.drop((t, k));
                assert!(found == expected || self.scarce && !found);
            }
            Op::Add(t, k, by) => {
                self.look((t, k));
                let answer =
                    now(self.house.cache.incr(&self.tenants[t], [k], by)).map_err(|error| error.kind());
                if self.scarce && answer == Err(CacheErrorKind::TooLarge) {
                    self.look((t, k));
                } else {
                    assert_eq!(answer, self.model.add((t, k), by));
                }
            }
            Op::Load(t, k, ttl) => self.load((t, k), ttl),
            Op::Lease(t, k) => match now(backend.lease(&self.tenants[t], &[k])).unwrap() {
                Leased::Found(value) => assert_eq!(Some(value), self.model.get((t, k))),
                Leased::Granted(lease) => {
                    assert!(self.scarce || self.model.get((t, k)).is_none());
                    self.model.entries.remove(&(t, k));
                    self.model.leases.insert((t, k), lease);
                    self.held.insert((t, k), lease);
                }
            },
            Op::Fill(t, k, ttl) => self.fill((t, k), ttl),
            Op::Clear(t) => {
                now(cache.clear(&self.tenants[t])).unwrap();
                self.model.clear(t);
            }
            Op::Advance(by) => {
                clock.advance(Duration::from_secs(by));
                self.model.now = clock.monotonic();
            }
            Op::Reclaim => backend.reclaim_expired(),
        }
    }

    fn load(&mut self, at: (usize, u8), ttl: Option<u64>) {
        self.look(at);
        self.loads += 1;
        let fresh = Bytes::from(format!("loaded {}", self.loads));
        let answer = fresh.clone();
        let loader = move || async { Ok::<_, std::io::Error>(answer) };
        let cache = &self.house.cache;
        let got = now(cache.get_or_load(&self.tenants[at.0], [at.1], seconds(ttl), loader)).unwrap();
        match self.model.get(at) {
            Some(old) => assert_eq!(got, old),
            None => {
                assert_eq!(got, fresh);
                self.model.set(at, fresh, ttl);
            }
        }
        self.held.remove(&at);
    }

    fn fill(&mut self, at: (usize, u8), ttl: Option<u64>) {
        let Some(lease) = self.held.remove(&at) else {
            return;
        };
        let value = Bytes::from("filled");
        let (tenant, key) = (&self.tenants[at.0], [at.1]);
        let filling = self.house.backend.fill(tenant, &key, lease, value.clone(), seconds(ttl));
        let filled = matches!(now(filling), Ok(true));
        let valid = self.model.leases.get(&at) == Some(&lease);
        assert!(valid || !filled, "a lease that was lost has filled {at:?}");
        assert!(self.scarce || ttl == Some(0) || filled == valid);
        if filled {
            self.model.set(at, value, ttl);
        }
    }

    fn counts(&self) -> [(usize, usize); 4] {
        self.tenants.each_ref().map(|tenant| {
            let stats = self.house.backend.tenant_stats(tenant);
            (stats.evictions as usize, stats.bytes)
        })
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn with_room_enough_it_is_a_map_per_tenant(ops in ops()) {
        let mut run = Run::new(House::new(), false);
        for op in ops {
            run.step(op);
        }
        for at in (0..4).flat_map(|tenant| (0..12).map(move |key| (tenant, key))) {
            run.look(at);
        }
    }

    #[test]
    fn where_room_is_scarce_nothing_is_stale_or_foreign_or_over_budget(
        ops in ops(), total in 1_000..13_000_usize, share in 1_000..9_000_usize,
    ) {
        let builder = InMemoryBackend::builder().max_bytes(total).max_tenant_bytes(share);
        let mut run = Run::new(House::with(builder), true);
        for op in ops {
            let writer = match op {
                Op::Set(t, ..) | Op::Add(t, ..) | Op::Load(t, ..) | Op::Fill(t, ..) => Some(t),
                _ => None,
            };
            let drops = matches!(op, Op::Delete(..) | Op::Clear(_));
            let (before, expired) = (run.counts(), run.house.backend.stats().expirations);
            run.step(op);
            let after = run.counts();
            let lost = !drops && run.house.backend.stats().expirations == expired;
            let taken: usize = after.iter().map(|(_, bytes)| bytes).sum();
            prop_assert_eq!(taken, run.house.backend.bytes());
            prop_assert!(taken <= total);
            for tenant in 0..4 {
                let (evictions, bytes) = before[tenant];
                prop_assert!(after[tenant].1 <= share);
                // The writer counts as a tenant too.
                let active = (0..4).filter(|other| before[*other].1 > 0 || writer == Some(*other)).count().max(1);
                if writer == Some(tenant) || bytes == 0 || bytes > total / active {
                    continue;
                }
                let robbed = match after[tenant] {
                    // Its counts are gone with its last entry.
                    (_, 0) => lost,
                    (now, _) => now > evictions,
                };
                prop_assert!(!robbed, "a tenant within its fair share lost an entry");
            }
        }
    }
}
