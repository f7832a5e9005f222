//! Second factors of people who sign in, as they are kept. People exist once, and so do these: no tenant owns them.

use std::{fmt, time::Duration};

use async_trait::async_trait;

use crate::{StoreError, Timestamp};

/// What is kept of somebody's second factor.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct MfaRecord {
    /// The name that an authenticator shows it by: the person's e-mail address.
    pub account: String,
    /// What proves them now.
    pub active: Option<ActiveFactor>,
    /// What will, once it was proved to work.
    pub pending: Option<PendingFactor>,
    /// How many recovery codes of the active one are left.
    pub recovery_codes: u64,
}

impl MfaRecord {
    /// Somebody who has none.
    #[must_use]
    pub fn new(account: impl Into<String>) -> Self {
        Self { account: account.into(), ..Self::default() }
    }
}

/// A factor that proves somebody.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ActiveFactor {
    /// Unique, and never used again.
    pub factor_id: Box<str>,
    /// The secret, as whoever keeps the key has sealed it.
    pub secret: Box<str>,
    /// The last step of time whose code was used; neither its nor an earlier one's is taken again.
    pub last_step: u64,
}

impl ActiveFactor {
    /// A factor whose codes behind this step have not been used.
    #[must_use]
    pub fn new(factor_id: impl Into<Box<str>>, secret: impl Into<Box<str>>, last_step: u64) -> Self {
        Self { factor_id: factor_id.into(), secret: secret.into(), last_step }
    }
}

/// A factor that has not been proved to work.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct PendingFactor {
    /// Unique, and never used again.
    pub factor_id: Box<str>,
    /// The secret, as whoever keeps the key has sealed it.
    pub secret: Box<str>,
    /// When it is too late to prove it.
    pub expires_at: Timestamp,
}

impl PendingFactor {
    /// A factor that is to be proved by then.
    #[must_use]
    pub fn new(factor_id: impl Into<Box<str>>, secret: impl Into<Box<str>>, expires_at: Timestamp) -> Self {
        Self { factor_id: factor_id.into(), secret: secret.into(), expires_at }
    }
}

/// How often somebody may try codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tries {
    /// So often at once.
    pub at_once: u32,
    /// And once more each time that this has passed.
    pub every: Duration,
}

/// Keeps second factors.
#[async_trait]
pub trait MfaStore: Send + Sync {
    /// What somebody has; `None` where nobody has the id.
    ///
    /// # Errors
    /// The store failed.
    async fn find(&self, person_id: &str) -> Result<Option<MfaRecord>, StoreError>;

    /// Keeps a factor that is to be proved, with the SHA-256 of each of its recovery codes, in place of one before it that was
    /// not. What is active stays, if it is still this (or still nothing); `false`, and nothing is written, where it is not, or
    /// nobody has the id.
    ///
    /// # Errors
    /// The store failed.
    async fn enrol(
        &self,
        person_id: &str,
        active: Option<&str>,
        factor: &PendingFactor,
        recovery: &[[u8; 32]],
    ) -> Result<bool, StoreError>;

    /// Takes one of somebody's tries; says from when there is another one where none is left. Who has nothing to try has none
    /// to take, and may.
    ///
    /// # Errors
    /// The store failed.
    async fn try_once(
        &self,
        person_id: &str,
        tries: Tries,
        now: Timestamp,
    ) -> Result<Option<Timestamp>, StoreError>;

    /// Makes the factor that was to be proved, and still is, the active one, with this step used, and gives the try back. The
    /// factor before it ends, with its recovery codes. Of several at once one does; `false` for all others.
    ///
    /// # Errors
    /// The store failed.
    async fn activate(
        &self,
        person_id: &str,
        factor_id: &str,
        step: u64,
        tries: Tries,
        now: Timestamp,
    ) -> Result<bool, StoreError>;

    /// Uses a step of the active factor, and gives the try back. Compared and set at once: `false` where this one or a later one
    /// was used, or another factor is active.
    ///
    /// # Errors
    /// The store failed.
    async fn use_step(
        &self,
        person_id: &str,
        factor_id: &str,
        step: u64,
        tries: Tries,
    ) -> Result<bool, StoreError>;

    /// Uses a recovery code of the active factor up; `false` where it has none of this digest.
    ///
    /// # Errors
    /// The store failed.
    async fn use_recovery(
        &self,
        person_id: &str,
        factor_id: &str,
        digest: &[u8; 32],
    ) -> Result<bool, StoreError>;

    /// Ends the active factor, if it is still this, with all that belongs to it and one that is to be proved; `false` where it
    /// is not.
    ///
    /// # Errors
    /// The store failed.
    async fn remove(&self, person_id: &str, factor_id: &str) -> Result<bool, StoreError>;
}

impl fmt::Debug for ActiveFactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ActiveFactor").field("factor_id", &self.factor_id).finish_non_exhaustive()
    }
}

impl fmt::Debug for PendingFactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PendingFactor").field("factor_id", &self.factor_id).finish_non_exhaustive()
    }
}
