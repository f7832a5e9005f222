use std::{
    fmt,
    hash::{BuildHasher, Hasher, RandomState},
};

/// The place of an event in its tenant's stream: `Last-Event-ID` of server-sent events.
///
/// It counts the tenant's own events since somebody began to listen, behind a number that is drawn then. It tells nothing of
/// other tenants; of another instance, or of a stream before, it is of no use and known to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct EventId {
    pub(super) stream: u64,
    pub(super) number: u64,
}

impl EventId {
    /// The id that is written so; `None` where it is no id.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (stream, number) = text.split_once('-')?;
        let is_plain =
            stream.len() == 16 && number.len() <= 20 && number.bytes().all(|byte| byte.is_ascii_digit());
        let stream = is_plain.then(|| u64::from_str_radix(stream, 16).ok()).flatten()?;
        Some(Self { stream, number: number.parse().ok()? })
    }
}

/// A number that no other stream has.
pub(super) fn draw() -> u64 {
    RandomState::new().build_hasher().finish()
}

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}-{}", self.stream, self.number)
    }
}
