//! What is revoked, as this process knows it.

use std::collections::HashMap;

use tenant_core::{
    UnixTime,
    auth::{Principal, Revocation, Revoked},
};

/// The revocations that have not been forgotten.
#[derive(Debug, Default)]
pub(super) struct View {
    /// When each may be forgotten.
    tokens: HashMap<Box<str>, UnixTime>,
    subjects: HashMap<Box<str>, SubjectRevoked>,
}

#[derive(Clone, Copy, Debug)]
struct SubjectRevoked {
    until: UnixTime,
    forget_at: UnixTime,
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
                let new = SubjectRevoked { until: *until, forget_at };
                let all = self.subjects.entry(subject.clone()).or_insert(new);
                // The later of both is never too little: what ended before is refused anyway.
                *all =
                    SubjectRevoked { until: all.until.max(*until), forget_at: all.forget_at.max(forget_at) };
            }
        }
    }

    pub(super) fn has(&self, principal: &Principal) -> bool {
        let by_id = principal.credential().is_some_and(|id| self.tokens.contains_key(id));
        by_id
            || self
                .subjects
                .get(principal.subject())
                .is_some_and(|revoked| principal.issued_at().is_none_or(|moment| moment <= revoked.until))
    }

    pub(super) fn forget(&mut self, by: UnixTime) {
        self.tokens.retain(|_, forget_at| *forget_at > by);
        self.subjects.retain(|_, revoked| revoked.forget_at > by);
    }

    pub(super) fn len(&self) -> usize {
        self.tokens.len() + self.subjects.len()
    }
}
