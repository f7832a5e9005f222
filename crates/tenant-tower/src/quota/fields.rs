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

/// The `RateLimit-Policy` of a tenant's config, rendered once.
#[derive(Debug)]
struct Policy(Option<HeaderValue>);

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
    let mut line = Line::default();
    for (limit, state) in told(decision) {
        member(&mut line, limit);
        parameter(&mut line, b";r=", state.remaining);
        parameter(&mut line, b";t=", seconds(decision, state));
    }
    if let (Ok(value), Some(policy)) =
        (HeaderValue::from_bytes(line.as_bytes()), policy(tenant, decision.limits()))
    {
        headers.insert(RATE_LIMIT_POLICY, policy);
        headers.insert(RATE_LIMIT, value);
    }
}

fn policy(tenant: &TenantContext, limits: &Arc<Limits>) -> Option<HeaderValue> {
    let slot = tenant.record().edge_slot();
    let own = Arc::ptr_eq(tenant.limits(), limits);
    let rendered = own.then(|| slot.get_or_init(0, || Arc::new(Policy::of(limits)))).flatten();
    rendered.map_or_else(|| Policy::of(limits).0, |policy| policy.0.clone())
}

impl Policy {
    fn of(limits: &Limits) -> Self {
        let mut line = Line::default();
        for limit in limits.iter().filter(|limit| is_told(limit)) {
            member(&mut line, limit);
            parameter(&mut line, b";q=", limit.limit);
            parameter(&mut line, b";w=", limit.window.seconds());
        }
        let value = (!line.is_empty()).then(|| HeaderValue::from_bytes(line.as_bytes()).ok());
        Self(value.flatten())
    }
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
    !limit.shadow && matches!(limit.dimension, Dimension::Requests | Dimension::Tokens)
}

/// Until the window ends: rounded up, and as with `Retry-After` never 0.
fn seconds(decision: &Decision, state: &LimitState) -> u64 {
    let left = decision.resets_in(state);
    left.as_secs().saturating_add(u64::from(left.subsec_nanos() > 0)).max(1)
}

// The names of limits are of [A-Za-z0-9_.-]: a quoted string needs no escapes.
fn member(line: &mut Line, limit: &Limit) {
    line.push(if line.is_empty() { b"\"" } else { b", \"" });
    line.push(limit.name.as_bytes());
    line.push(b"\"");
}

fn parameter(line: &mut Line, name: &[u8], value: u64) {
    let mut digits = itoa::Buffer::new();
    line.push(name);
    line.push(digits.format(value.min(MAX_INTEGER)).as_bytes());
}

/// A field's value as it grows: on the stack, unless a tenant has many limits with long names.
#[derive(Default)]
struct Line {
    near: ArrayVec<u8, 256>,
    far: Vec<u8>,
}

impl Line {
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
