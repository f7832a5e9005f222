//! Telling callers how their limits stand (draft-ietf-httpapi-ratelimit-headers).

use std::sync::Arc;

use arrayvec::ArrayVec;
use http::{HeaderMap, HeaderName, HeaderValue};
use tenant_core::{
    Dimension, TenantContext,
    quota::{Decision, Limit, LimitState, Limits},
};

const RATE_LIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");
const X_LIMIT: HeaderName = HeaderName::from_static("x-ratelimit-limit");
const X_REMAINING: HeaderName = HeaderName::from_static("x-ratelimit-remaining");
const X_RESET: HeaderName = HeaderName::from_static("x-ratelimit-reset");
const X_REQUESTS: HeaderName = HeaderName::from_static("x-quota-remaining-requests");
const X_TOKENS: HeaderName = HeaderName::from_static("x-quota-remaining-tokens");
// The largest integer of a structured field (RFC 9651, section 3.3.1).
const MAX_INTEGER: u64 = 999_999_999_999_999;

/// Which fields are sent.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fields {
    pub(crate) standard: bool,
    pub(crate) legacy: bool,
    pub(crate) remaining: bool,
}

impl Default for Fields {
    fn default() -> Self {
        Self { standard: true, legacy: false, remaining: false }
    }
}

/// What the fields say of a tenant's config, rendered once.
#[derive(Debug)]
struct Told {
    /// `RateLimit-Policy`; `None` where no limit is told of.
    policy: Option<HeaderValue>,
    /// Limit by limit, how its member of `RateLimit` begins: `"rpm";r=`. `None` where it is not told of.
    members: Box<[Option<Box<[u8]>>]>,
}

impl Fields {
    /// Whether any is sent.
    pub(crate) const fn any(&self) -> bool {
        self.standard || self.legacy || self.remaining
    }

    /// Writes the fields. A limit in shadow mode denies nobody and is not told of; an unlimited dimension has none.
    pub(crate) fn write(&self, tenant: &TenantContext, decision: &Decision, headers: &mut HeaderMap) {
        if self.standard {
            write_standard(tenant, decision, headers);
        }
        if self.legacy {
            write_legacy(decision, headers);
        }
        if self.remaining {
            write_remaining(&X_REQUESTS, &Dimension::Requests, decision, headers);
            write_remaining(&X_TOKENS, &Dimension::Tokens, decision, headers);
        }
    }
}

fn write_standard(tenant: &TenantContext, decision: &Decision, headers: &mut HeaderMap) {
    // What was rendered for a config holds for that config's limits: positions in others mean something else.
    if !Arc::ptr_eq(tenant.limits(), decision.limits()) {
        return Told::of(decision.limits()).write(decision, headers);
    }
    if let Some(told) = tenant.record().edge_slot().get_or_init(0, || Arc::new(Told::of(tenant.limits()))) {
        told.write(decision, headers);
    }
}

impl Told {
    fn of(limits: &Limits) -> Self {
        let mut line = Line::default();
        let told = limits.iter().filter(|limit| is_told(limit));
        for (limit, window) in told.filter_map(|limit| Some((limit, limit.window()?))) {
            line.separate();
            line.name(limit);
            line.push(b";q=");
            line.number(limit.limit);
            line.push(b";w=");
            line.number(window.seconds());
        }
        let policy = (!line.is_empty()).then(|| HeaderValue::from_bytes(line.as_bytes()).ok());
        Self { policy: policy.flatten(), members: limits.iter().map(member).collect() }
    }

    fn write(&self, decision: &Decision, headers: &mut HeaderMap) {
        let Some(policy) = &self.policy else { return };
        let mut line = Line::default();
        for (_, state) in decision.states() {
            let Some(Some(member)) = self.members.get(state.index) else { continue };
            line.separate();
            line.push(member);
            line.number(state.remaining);
            line.push(b";t=");
            line.number(seconds(decision, state));
        }
        if let Ok(value) = HeaderValue::from_bytes(line.as_bytes()) {
            headers.reserve(2);
            headers.insert(RATE_LIMIT_POLICY, policy.clone());
            headers.insert(RATE_LIMIT, value);
        }
    }
}

fn member(limit: &Limit) -> Option<Box<[u8]>> {
    let mut line = Line::default();
    line.name(limit);
    line.push(b";r=");
    is_told(limit).then(|| line.as_bytes().into())
}

/// `X-RateLimit-*` have room for one limit: of those over requests the one with the least left. The reset is in
/// seconds from now.
fn write_legacy(decision: &Decision, headers: &mut HeaderMap) {
    if let Some((limit, state)) = tightest(decision, &Dimension::Requests) {
        headers.insert(X_LIMIT, HeaderValue::from(limit.limit));
        headers.insert(X_REMAINING, HeaderValue::from(state.remaining));
        headers.insert(X_RESET, HeaderValue::from(seconds(decision, state)));
    }
}

fn write_remaining(name: &HeaderName, of: &Dimension, decision: &Decision, headers: &mut HeaderMap) {
    if let Some((_, state)) = tightest(decision, of) {
        headers.insert(name, HeaderValue::from(state.remaining));
    }
}

fn tightest<'a>(decision: &'a Decision, of: &Dimension) -> Option<(&'a Limit, &'a LimitState)> {
    told(decision).filter(|(limit, _)| limit.dimension == *of).min_by_key(|(_, state)| state.remaining)
}

fn told(decision: &Decision) -> impl Iterator<Item = (&Limit, &LimitState)> {
    decision.states().filter(|(limit, _)| is_told(limit))
}

fn is_told(limit: &Limit) -> bool {
    !limit.shadow && limit.is_rate() && matches!(limit.dimension, Dimension::Requests | Dimension::Tokens)
}

/// Until the window ends: rounded up, and as with `Retry-After` never 0.
fn seconds(decision: &Decision, state: &LimitState) -> u64 {
    let left = decision.resets_in(state);
    left.as_secs().saturating_add(u64::from(left.subsec_nanos() > 0)).max(1)
}

/// A field's value as it grows: on the stack, unless a tenant has many limits with long names.
#[derive(Default)]
struct Line {
    near: ArrayVec<u8, 256>,
    far: Vec<u8>,
}

impl Line {
    fn separate(&mut self) {
        if !self.is_empty() {
            self.push(b", ");
        }
    }

    // The names of limits are of [A-Za-z0-9_.-]: a quoted string needs no escapes.
    fn name(&mut self, limit: &Limit) {
        self.push(b"\"");
        self.push(limit.name.as_bytes());
        self.push(b"\"");
    }

    fn number(&mut self, value: u64) {
        self.push(itoa::Buffer::new().format(value.min(MAX_INTEGER)).as_bytes());
    }

    #[inline]
    fn push(&mut self, bytes: &[u8]) {
        if self.far.is_empty() {
            if self.near.try_extend_from_slice(bytes).is_ok() {
                return;
            }
            self.far.extend_from_slice(&self.near);
        }
        self.far.extend_from_slice(bytes);
    }

    fn as_bytes(&self) -> &[u8] {
        if self.far.is_empty() { &self.near } else { &self.far }
    }

    const fn is_empty(&self) -> bool {
        self.near.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_outgrows_the_stack() {
        let (mut line, mut expected) = (Line::default(), Vec::new());
        assert!(line.is_empty());
        for part in 0..100_u8 {
            line.push(&[part; 7]);
            expected.extend_from_slice(&[part; 7]);
            assert_eq!(line.as_bytes(), expected);
        }
    }
}
