//! A tenant's limits, as they are sent.

use std::sync::Arc;

use redis::Cmd;
use smallvec::SmallVec;
use tenant_core::{
    Algorithm, FailurePolicy, LimitKind, TenantId, Window,
    quota::{Cost, Limit, Limits},
};
use uuid::Uuid;

use super::held::Places;
use crate::Keyspace;

/// What is exact in Lua, whose numbers are doubles.
const MOST: u64 = 1 << 53;
/// What a month is where its length matters, in seconds.
const LONGEST: u64 = 31 * 86_400;

/// A cost, as it is sent: one that is above every limit stays so.
fn sent(cost: u64) -> u64 {
    cost.min(MOST + 2)
}

/// What a decision is to charge: few limits stand inside.
pub(super) type TouchedList = SmallVec<[Touched; 2]>;

/// What a tenant is asked about.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    pub(super) touched: TouchedList,
    pub(super) permit: Option<Places>,
    /// Whether thresholds that are crossed are told of.
    pub(super) warns: bool,
}

/// Everything about a tenant's limits that is the same for each decision.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) tenant: TenantId,
    pub(super) limits: Arc<Limits>,
    /// The hash of counts: the key by which everything about the tenant is routed.
    pub(super) key: String,
    lines: Box<[Option<Line>]>,
}

/// One limit.
#[derive(Debug)]
struct Line {
    kind: &'static str,
    /// Under which name it is counted: a limit that changes its amount keeps its count, as in memory.
    field: String,
    /// Where the permits of a concurrency are.
    permits: Option<String>,
    limit: u64,
    capacity: u64,
    /// In seconds; 0 for a month.
    window: u64,
    parts: u64,
    denies: bool,
    /// All this as a question has it, up to the cost.
    packed: Box<[u8]>,
}

/// When what is left of a limit grows by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refill {
    /// When its window ends.
    AtReset,
    /// When the oldest of so many parts of its window leaves it, and each is so many microseconds long.
    Stepwise { step: u64, parts: u64 },
    /// Always: so much in so many microseconds.
    Evenly { limit: u64, window: u64 },
    /// Whenever somebody gives something back.
    Anytime,
}

/// What a decision is to charge one limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Touched {
    pub(super) index: usize,
    pub(super) cost: u64,
}

impl Plan {
    pub(super) fn new(limits: &Arc<Limits>, tenant: &TenantId, keys: &Keyspace) -> Self {
        let lines = limits.iter().map(|limit| Line::new(limit, tenant, keys)).collect();
        Self { tenant: *tenant, key: keys.counts(tenant), limits: Arc::clone(limits), lines }
    }

    /// The limits that costs touch, and what each of them is to be charged.
    pub(super) fn touched(&self, costs: &[Cost]) -> TouchedList {
        let limits = self.limits.iter().zip(&self.lines).enumerate();
        let counted = limits.filter(|(_, (_, line))| line.is_some());
        counted
            .filter_map(|(index, (limit, _))| {
                Some(Touched { index, cost: Cost::total(costs, &limit.dimension)? })
            })
            .collect()
    }

    /// Every limit that is counted, at no cost.
    pub(super) fn all(&self) -> TouchedList {
        let counted = self.lines.iter().enumerate().filter(|(_, line)| line.is_some());
        counted.map(|(index, _)| Touched { index, cost: 0 }).collect()
    }

    /// What becomes of work that touches these limits while nobody can count: the strictest of their policies.
    pub(super) fn policy(&self, touched: &[Touched]) -> FailurePolicy {
        let costly = touched.iter().filter(|touched| touched.cost > 0);
        let limits = costly.filter_map(|touched| self.limits.get(touched.index));
        let mut policy = FailurePolicy::Open;
        for limit in limits.filter(|limit| !limit.shadow) {
            match limit.failure_policy {
                FailurePolicy::Closed => return FailurePolicy::Closed,
                FailurePolicy::Local => policy = FailurePolicy::Local,
                FailurePolicy::Open => {}
            }
        }
        policy
    }

    /// Where the permits go that a decision takes, and how many.
    pub(super) fn permits(&self, touched: &[Touched]) -> impl Iterator<Item = (&str, u64)> {
        touched.iter().filter_map(|touched| {
            let key = self.line(touched.index)?.permits.as_deref()?;
            Some((key, sent(touched.cost)))
        })
    }

    /// Whether a question about these can be asked so many times in one.
    pub(super) fn can_be_multiplied(&self, touched: &[Touched]) -> bool {
        touched.iter().all(|touched| self.line(touched.index).is_some_and(Line::is_fixed))
    }

    /// A question, as the script reads it, asked so many times.
    pub(super) fn write_question(&self, asked: &Asked, times: u16, packed: &mut Vec<u8>) {
        let Asked { touched, permit, warns } = asked;
        let is_fixed = self.can_be_multiplied(touched);
        let few = |count: usize| u16::try_from(count).unwrap_or(u16::MAX).to_le_bytes();
        packed.extend([u8::from(is_fixed), u8::from(*warns)]);
        packed.extend(times.to_le_bytes());
        packed.extend(few(touched.len()));
        packed.extend(few(self.permits(touched).count()));
        if !is_fixed {
            let permit = permit.as_ref().map_or(Uuid::nil(), |permit| permit.number);
            packed.extend(permit.simple().encode_lower(&mut Uuid::encode_buffer()).as_bytes());
        }
        for touched in touched {
            if let Some(line) = self.line(touched.index) {
                packed.extend_from_slice(&line.packed);
                packed.extend((sent(touched.cost) as f64).to_le_bytes());
            }
        }
    }

    /// A limit and what was used of it, as the script that settles reads them.
    pub(super) fn write_used(&self, used: Touched, command: &mut Cmd) {
        let Some(line) = self.line(used.index) else { return };
        command.arg(line.kind).arg(&line.field).arg(line.limit).arg(line.capacity);
        command.arg(line.window).arg(line.parts).arg(sent(used.cost));
    }

    /// The largest cost that is ever admitted.
    pub(super) fn capacity(&self, index: usize) -> u64 {
        self.limits.get(index).map_or(0, Limit::capacity)
    }

    /// Whether it denies at all.
    pub(super) fn denies(&self, index: usize) -> bool {
        self.line(index).is_some_and(|line| line.denies)
    }

    /// `None` for a limit that is not counted here.
    pub(super) fn refill(&self, index: usize) -> Option<Refill> {
        let line = self.line(index)?;
        let window = if line.window > 0 { line.window } else { LONGEST } * 1_000_000;
        Some(match line.kind {
            "f" => Refill::AtReset,
            "s" => Refill::Stepwise { step: window.div_ceil(line.parts), parts: line.parts },
            "b" => Refill::Evenly { limit: line.limit, window },
            _ => Refill::Anytime,
        })
    }

    pub(super) fn is_rate(&self, index: usize) -> bool {
        self.line(index).is_some_and(|line| line.permits.is_none())
    }

    /// Where the count of a limit goes on in another plan of the tenant.
    pub(super) fn position_in(&self, index: usize, other: &Self) -> Option<usize> {
        let field = &self.line(index)?.field;
        other.lines.iter().position(|line| line.as_ref().is_some_and(|line| line.field == *field))
    }

    /// Whether all of these are counted in fixed windows.
    pub(super) fn is_fixed(&self, touched: &[Touched]) -> bool {
        touched.iter().all(|touched| self.line(touched.index).is_some_and(|line| line.kind == "f"))
    }

    fn line(&self, index: usize) -> Option<&Line> {
        self.lines.get(index)?.as_ref()
    }
}

impl Line {
    /// `None` for a stock, which is counted where the things are.
    fn new(limit: &Limit, tenant: &TenantId, keys: &Keyspace) -> Option<Self> {
        let (kind, window, parts) = match limit.kind {
            LimitKind::Rate { window, algorithm } => match algorithm {
                Algorithm::Fixed => ("f", window, 0),
                Algorithm::Sliding { sub_windows } => ("s", window, u64::from(sub_windows.max(1))),
                Algorithm::TokenBucket { .. } => ("b", window, 0),
            },
            LimitKind::Concurrency => ("c", Window::Second, 0),
            LimitKind::Stock => return None,
        };
        let window = if window == Window::Month { 0 } else { window.seconds() };
        // Neither names nor dimensions have a `|`.
        let field = format!("{kind}|{window}|{}|{}", limit.dimension, limit.name);
        let permits = (kind == "c").then(|| keys.permits(tenant, &field));
        let line = Self {
            kind,
            field,
            permits,
            limit: limit.limit.min(MOST),
            capacity: limit.capacity().min(MOST),
            window,
            parts,
            denies: !limit.shadow,
            packed: Box::default(),
        };
        Some(Self { packed: line.pack(), ..line })
    }

    fn pack(&self) -> Box<[u8]> {
        // A name is 64 bytes at most, and a dimension is no longer.
        let mut packed = vec![u8::try_from(self.field.len()).unwrap_or(u8::MAX)];
        packed.extend(self.field.bytes().take(u8::MAX.into()));
        for number in [self.limit, self.capacity, self.window, self.parts] {
            packed.extend((number as f64).to_le_bytes());
        }
        packed.push(u8::from(self.denies));
        packed.into()
    }

    /// Whether it is counted in windows of whole seconds that follow each other: those of months are not.
    fn is_fixed(&self) -> bool {
        self.kind == "f" && self.window > 0
    }
}
