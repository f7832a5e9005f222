use std::{fmt, sync::Arc};

use serde::{Serialize, de::IgnoredAny};

/// Something that happened in a tenant: a name such as `user.created`, and data in JSON. Cheap to clone.
///
/// # Example
/// ```
/// use tenant_core::events::Event;
///
/// let event = Event::new("user.created", &[("id", "7")])?;
/// assert_eq!((event.name(), event.data()), ("user.created", r#"[["id","7"]]"#));
/// assert!(Event::new("user\ndeleted", &()).is_err());
/// # Ok::<(), tenant_core::events::InvalidEvent>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Event {
    name: Arc<str>,
    data: Arc<str>,
}

/// What can't be an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidEvent(pub(super) &'static str);

impl fmt::Display for InvalidEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for InvalidEvent {}

const MALFORMED: InvalidEvent = InvalidEvent("an event's data can't be written as JSON");

impl Event {
    /// How long a name may be, in bytes.
    pub const MAX_NAME: usize = 64;
    /// How long the data may be, in bytes of JSON.
    pub const MAX_DATA: usize = 8 * 1024;

    /// An event with a name of 1 to 64 of `[a-z0-9_.]` and with data of at most 8 KiB.
    ///
    /// # Errors
    /// The name is none of these, or the data are too long or can't be written as JSON.
    pub fn new<T: Serialize + ?Sized>(name: &str, data: &T) -> Result<Self, InvalidEvent> {
        let data = serde_json::to_string(data).map_err(|_| MALFORMED)?;
        Self::check(name, &data)?;
        Ok(Self { name: name.into(), data: data.into() })
    }

    /// One that came from elsewhere.
    pub(super) fn read(name: &str, data: &str) -> Result<Self, InvalidEvent> {
        Self::check(name, data)?;
        serde_json::from_str::<IgnoredAny>(data).map_err(|_| MALFORMED)?;
        Ok(Self { name: name.into(), data: data.into() })
    }

    // Names and data stand in lines of their own: nothing in them may begin another one.
    fn check(name: &str, data: &str) -> Result<(), InvalidEvent> {
        let plain =
            |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'_' | b'.');
        if !(1..=Self::MAX_NAME).contains(&name.len()) || !name.bytes().all(plain) {
            return Err(InvalidEvent("an event's name must be 1 to 64 of [a-z0-9_.]"));
        }
        if data.len() > Self::MAX_DATA {
            return Err(InvalidEvent("an event's data must be at most 8 KiB of JSON"));
        }
        if data.bytes().any(|byte| matches!(byte, b'\n' | b'\r')) {
            return Err(InvalidEvent("an event's data must be one line"));
        }
        Ok(())
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its data: JSON, in one line.
    #[must_use]
    pub fn data(&self) -> &str {
        &self.data
    }

    /// What it takes of the memory for events.
    pub(super) fn size(&self) -> usize {
        self.name.len() + self.data.len()
    }
}

impl fmt::Debug for Event {
    // Data are a tenant's own, and not for logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Event").field("name", &self.name).finish_non_exhaustive()
    }
}
