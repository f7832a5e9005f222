//! Tokens that are not taken any more, though they are signed and have not expired.

use async_trait::async_trait;

use crate::{StoreError, TenantId, UnixTime};

/// Which tokens are not taken any more.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Revoked {
    /// The token of this `jti`.
    Token(Box<str>),
    /// All tokens of a subject that were issued up to a moment, this included.
    Subject {
        /// Whose.
        subject: Box<str>,
        /// Issued by then; a token that does not say when it was issued is one of them.
        until: UnixTime,
    },
    /// All tokens that name a tenant, also beside others, and were issued up to a moment, this included: another tenant may have its
    /// id by then.
    Tenant {
        /// Which.
        tenant: TenantId,
        /// Issued by then; a token that does not say when it was issued is one of them.
        until: UnixTime,
    },
}

/// A revocation, with its place in the order in which they were made.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Revocation {
    /// Grows with each; none is given twice.
    pub number: u64,
    /// Which tokens.
    pub revoked: Revoked,
    /// When all of them have expired: it may be forgotten then.
    pub forget_at: UnixTime,
}

impl Revocation {
    /// A revocation of this number.
    #[must_use]
    pub const fn new(number: u64, revoked: Revoked, forget_at: UnixTime) -> Self {
        Self { number, revoked, forget_at }
    }
}

/// Keeps revocations, which all instances read.
#[async_trait]
pub trait RevocationStore: Send + Sync {
    /// Revokes.
    ///
    /// # Errors
    /// The store failed.
    async fn revoke(&self, revoked: &Revoked, forget_at: UnixTime) -> Result<(), StoreError>;

    /// Those that came after this number, in order of their numbers, at most so many; fewer only where there are no more.
    ///
    /// Readers remember how far they have read. So a store owes that numbers are given in the order in which they are asked
    /// for (no session takes a stock of them beforehand), and that a transaction that was given one ends within ten seconds: then
    /// a lower number is seen no later than that after a higher one, and readers look back so far.
    ///
    /// # Errors
    /// The store failed.
    async fn after(&self, number: u64, limit: u32) -> Result<Vec<Revocation>, StoreError>;

    /// Clears away what may be forgotten by then.
    ///
    /// # Errors
    /// The store failed.
    async fn sweep(&self, now: UnixTime) -> Result<(), StoreError>;
}
