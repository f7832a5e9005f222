use super::AuditEvent;

/// What seals an entry and all before it.
pub type Digest = [u8; 32];

/// A place in the chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ChainLink {
    /// Counts from 1; 0 is before the first.
    pub number: u64,
    /// What seals the entry; zeros before the first.
    pub digest: Digest,
}

impl ChainLink {
    /// Before the first entry.
    pub const START: Self = Self::new(0, [0; 32]);

    /// A place in the chain.
    #[must_use]
    pub const fn new(number: u64, digest: Digest) -> Self {
        Self { number, digest }
    }
}

/// An event in its place in the chain.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AuditEntry {
    /// Where it stands, and what seals it.
    pub link: ChainLink,
    /// What happened.
    pub event: AuditEvent,
}

impl AuditEntry {
    /// An event in its place.
    #[must_use]
    pub const fn new(link: ChainLink, event: AuditEvent) -> Self {
        Self { link, event }
    }
}

/// Where the chain begins and ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AuditEnds {
    /// The last entry that was forgotten when its time had come; the [start](ChainLink::START) where none was.
    pub forgotten: ChainLink,
    /// The last entry.
    pub last: ChainLink,
}

impl AuditEnds {
    /// These ends.
    #[must_use]
    pub const fn new(forgotten: ChainLink, last: ChainLink) -> Self {
        Self { forgotten, last }
    }
}
