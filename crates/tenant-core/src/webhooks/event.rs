use std::{error::Error, fmt};

use serde::{Serialize, de::IgnoredAny};

use crate::{TenantId, Timestamp};

/// Something that happened in a tenant, as its webhooks are told of it. All of it is kept and sent: another field breaks who does
/// that.
///
/// # Example
/// ```
/// use tenant_core::{TenantId, Timestamp, webhooks::OutboxEvent};
///
/// let acme = TenantId::parse("acme")?;
/// let event = OutboxEvent::new("msg_1", "user.created", acme, Timestamp::default(), &["u1"])?;
/// assert_eq!((&*event.kind, &*event.data), ("user.created", r#"["u1"]"#));
/// assert!(OutboxEvent::new("msg.1", "user.created", acme, Timestamp::default(), &()).is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutboxEvent {
    /// What who listens knows it again by: the same in all tries.
    pub id: Box<str>,
    /// What it is, such as `user.created`.
    pub kind: Box<str>,
    /// Where it happened.
    pub tenant: TenantId,
    /// When.
    pub created_at: Timestamp,
    /// What is told of it, in JSON; no secrets.
    pub data: Box<str>,
}

/// What can't be an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidOutboxEvent(&'static str);

impl OutboxEvent {
    /// How long an id and a name may be, in bytes.
    pub const MAX_NAME: usize = 64;
    /// How long the data may be, in bytes of JSON.
    pub const MAX_DATA: usize = 32 * 1024;

    /// An event.
    ///
    /// # Errors
    /// The data can't be written as JSON, or those of [`check`](Self::check).
    pub fn new<T: Serialize + ?Sized>(
        id: impl Into<Box<str>>,
        kind: impl Into<Box<str>>,
        tenant: TenantId,
        created_at: Timestamp,
        data: &T,
    ) -> Result<Self, InvalidOutboxEvent> {
        let data = serde_json::to_string(data).map_err(|_| MALFORMED)?;
        let event = Self { id: id.into(), kind: kind.into(), tenant, created_at, data: data.into() };
        event.check()?;
        Ok(event)
    }

    /// Whether it can be kept and sent.
    ///
    /// # Errors
    /// The id is not 1 to 64 of `[A-Za-z0-9_-]`, the name not 1 to 64 of `[a-z0-9_.]`, or the data are longer than 32 KiB or no JSON.
    pub fn check(&self) -> Result<(), InvalidOutboxEvent> {
        // A full stop in it would let one part of what is signed grow at its neighbour's cost.
        let in_id = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
        if !(1..=Self::MAX_NAME).contains(&self.id.len()) || !self.id.bytes().all(in_id) {
            return Err(InvalidOutboxEvent("an event's id must be 1 to 64 of [A-Za-z0-9_-]"));
        }
        if !Self::is_kind(&self.kind) {
            return Err(InvalidOutboxEvent("an event's name must be 1 to 64 of [a-z0-9_.]"));
        }
        if self.data.len() > Self::MAX_DATA {
            return Err(InvalidOutboxEvent("an event's data must be at most 32 KiB of JSON"));
        }
        serde_json::from_str::<IgnoredAny>(&self.data).map(drop).map_err(|_| MALFORMED)
    }

    /// Whether a text is the name of an event: 1 to 64 of `[a-z0-9_.]`.
    #[must_use]
    pub fn is_kind(text: &str) -> bool {
        let plain =
            |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'_' | b'.');
        (1..=Self::MAX_NAME).contains(&text.len()) && text.bytes().all(plain)
    }
}

const MALFORMED: InvalidOutboxEvent = InvalidOutboxEvent("an event's data can't be written as JSON");

impl fmt::Display for InvalidOutboxEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl Error for InvalidOutboxEvent {}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(id: &str, kind: &str, data: &str) -> Result<OutboxEvent, InvalidOutboxEvent> {
        let acme = TenantId::parse("acme").unwrap();
        OutboxEvent::new(id, kind, acme, Timestamp::default(), data)
    }

    #[test]
    fn what_would_mean_something_else_elsewhere_is_no_event() {
        assert!(event(&"i".repeat(64), &"k".repeat(64), &"d".repeat(32 * 1024 - 2)).is_ok());
        for id in ["", "a.b", "a b", "a\n", "\u{e4}", &"i".repeat(65)] {
            assert!(event(id, "k", "").is_err(), "{id:?}");
        }
        for kind in ["", "*", "A", "a b", "a\"", "\u{e4}", &"k".repeat(65)] {
            assert!(event("i", kind, "").is_err(), "{kind:?}");
        }
        assert!(event("i", "k", &"d".repeat(32 * 1024 - 1)).is_err());
        for data in ["", "{", "1,\"x\":2", "1 2"] {
            assert!(OutboxEvent { data: data.into(), ..event("i", "k", "").unwrap() }.check().is_err());
        }
    }
}
