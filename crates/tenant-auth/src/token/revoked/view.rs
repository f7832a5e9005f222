//! What is revoked, as this process knows it.

use std::collections::HashMap;

use tenant_core::{
    TenantId, UnixTime,
    auth::{Membership, Principal, Revocation, Revoked},
};

/// The revocations that have not been forgotten.
#[derive(Debug, Default)]
pub(super) struct View {
    /// When each may be forgotten.
    tokens: HashMap<Box<str>, UnixTime>,
    subjects: HashMap<Box<str>, IssuedUntil>,
    tenants: HashMap<TenantId, IssuedUntil>,
}

#[derive(Clone, Copy, Debug)]
struct IssuedUntil {
    until: UnixTime,
    forget_at: UnixTime,
}

impl IssuedUntil {
    /// The later of both is never too little: what ended before is refused anyway.
    fn or_later(&mut self, other: Self) {
        self.until = self.until.max(other.until);
        self.forget_at = self.forget_at.max(other.forget_at);
    }

    fn has(&self, principal: &Principal) -> bool {
        principal.issued_at().is_none_or(|moment| moment <= self.until)
    }
}

impl View {
    /// The same again changes nothing, and the order does not matter.
    pub(super) fn add(&mut self, revocation: &Revocation) {
        self.apply(&revocation.revoked, revocation.forget_at);
    }

    pub(super) fn apply(&mut self, revoked: &Revoked, forget_at: UnixTime) {
        match revoked {
            Revoked::Token(id) => {
                let end = self.tokens.entry(id.clone()).or_insert(forget_at);
                *end = forget_at.max(*end);
            }
            Revoked::Subject { subject, until } => {
                let new = IssuedUntil { until: *until, forget_at };
                self.subjects.entry(subject.clone()).or_insert(new).or_later(new);
            }
            Revoked::Tenant { tenant, until } => {
                let new = IssuedUntil { until: *until, forget_at };
                self.tenants.entry(*tenant).or_insert(new).or_later(new);
            }
        }
    }

    pub(super) fn has(&self, principal: &Principal) -> bool {
        let by_id = || principal.credential().is_some_and(|id| self.tokens.contains_key(id));
        let by_subject =
            || self.subjects.get(principal.subject()).is_some_and(|issued| issued.has(principal));
        let names = |membership: &Membership| {
            self.tenants.get(membership.tenant()).is_some_and(|issued| issued.has(principal))
        };
        by_id() || by_subject() || principal.memberships().iter().any(names)
    }

    pub(super) fn forget(&mut self, by: UnixTime) {
        self.tokens.retain(|_, forget_at| *forget_at > by);
        self.subjects.retain(|_, issued| issued.forget_at > by);
        self.tenants.retain(|_, issued| issued.forget_at > by);
    }

    pub(super) fn len(&self) -> usize {
        self.tokens.len() + self.subjects.len() + self.tenants.len()
    }
}
