//! A tenant's limits, as they are sent.

use std::sync::Arc;

use redis::Cmd;
use tenant_core::{
    Algorithm, FailurePolicy, LimitKind, TenantId, Window,
    quota::{Cost, Limit, Limits},
};

use crate::Keyspace;

/// What is exact in Lua, whose numbers are doubles.
const MOST: u64 = 1 << 53;
/// What a month is where its length matters, in seconds.
const LONGEST: u64 = 31 * 86_400;

/// A cost, as it is sent: one that is above every limit stays so.
fn sent(cost: u64) -> u64 {
    cost.min(MOST + 2)
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
#[derive(Clone, Copy, Debug)]
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
    pub(super) fn touched(&self, costs: &[Cost]) -> Vec<Touched> {
        let limits = self.limits.iter().zip(&self.lines).enumerate();
        let counted = limits.filter(|(_, (_, line))| line.is_some());
        counted
            .filter_map(|(index, (limit, _))| {
                Some(Touched { index, cost: Cost::total(costs, &limit.dimension)? })
            })
            .collect()
    }

    /// Every limit that is counted, at no cost.
    pub(super) fn all(&self) -> Vec<Touched> {
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

    /// The keys of a decision, their number first.
    pub(super) fn write_keys(&self, touched: &[Touched], command: &mut Cmd) {
        let permits: Vec<&str> = self.permits(touched).map(|(key, _)| key).collect();
        command.arg(permits.len() + 1).arg(&self.key);
        for key in permits {
            command.arg(key);
        }
    }

    /// Where the permits go that a decision takes, and how many.
    pub(super) fn permits(&self, touched: &[Touched]) -> impl Iterator<Item = (&str, u64)> {
        touched.iter().filter_map(|touched| {
            let key = self.line(touched.index)?.permits.as_deref()?;
            Some((key, sent(touched.cost)))
        })
    }

    /// The seven arguments of a limit.
    pub(super) fn write_line(&self, touched: Touched, command: &mut Cmd) {
        let Some(line) = self.line(touched.index) else { return };
        command.arg(line.kind).arg(&line.field).arg(line.limit).arg(line.capacity);
        command.arg(line.window).arg(line.parts).arg(sent(touched.cost));
        command.arg(u8::from(line.denies));
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
        Some(Self {
            kind,
            field,
            permits,
            limit: limit.limit.min(MOST),
            capacity: limit.capacity().min(MOST),
            window,
            parts,
            denies: !limit.shadow,
        })
    }
}
