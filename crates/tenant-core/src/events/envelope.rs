use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::{Event, InvalidEvent, bus::Key, channel::Entry};
use crate::{TenantContext, TenantId, Timestamp};

/// An event with its tenant, on its way to other instances.
///
/// It opens nothing: only who has subscribed with a context of the same tenant hears of what is in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envelope {
    pub(super) key: Key,
    pub(super) entry: Entry,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Written<'a> {
    tenant: Cow<'a, str>,
    created_at: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    event: Option<(Cow<'a, str>, Cow<'a, str>)>,
    #[serde(skip_serializing_if = "Option::is_none")]
    missed: Option<u64>,
}

// JSON in a string of JSON: each of its bytes takes at most six.
const LONGEST: usize = 6 * Event::MAX_DATA + 1_024;

impl Envelope {
    /// Tells those of the tenant who listen that this many events did not travel; nobody knows how many where that is `None`.
    #[must_use]
    pub fn missed(mut self, count: Option<u64>) -> Self {
        self.entry = Entry::Missed(count);
        self
    }

    /// The tenant.
    #[must_use]
    pub const fn tenant(&self) -> &TenantId {
        &self.key.tenant
    }

    /// Whether it is of the same tenant as another one, and not of one that was created anew under its id.
    #[must_use]
    pub fn is_of_same_tenant(&self, other: &Self) -> bool {
        self.key == other.key
    }

    /// Whether it is of this tenant.
    #[must_use]
    pub fn is_of(&self, tenant: &TenantContext) -> bool {
        self.key == Key::of(tenant)
    }

    /// As it travels.
    #[must_use]
    pub fn to_text(&self) -> String {
        let (event, missed) = match &self.entry {
            Entry::Event(event) => (Some((event.name().into(), event.data().into())), None),
            Entry::Missed(count) => (None, *count),
        };
        let Key { tenant, created_at } = &self.key;
        let created_at = created_at.as_unix_micros();
        let written = Written { tenant: tenant.as_str().into(), created_at, event, missed };
        // Strings and numbers never fail.
        serde_json::to_string(&written).unwrap_or_default()
    }

    /// One that has travelled.
    ///
    /// # Errors
    /// It is none, or longer than one can be.
    pub fn parse(text: &str) -> Result<Self, InvalidEvent> {
        const MALFORMED: InvalidEvent = InvalidEvent("what came is no event");
        if text.len() > LONGEST {
            return Err(MALFORMED);
        }
        let written: Written<'_> = serde_json::from_str(text).map_err(|_| MALFORMED)?;
        let tenant = TenantId::parse(&written.tenant).map_err(|_| MALFORMED)?;
        let entry = match written.event {
            Some((name, data)) => Entry::Event(Event::read(&name, &data)?),
            None => Entry::Missed(written.missed),
        };
        Ok(Self { key: Key { tenant, created_at: Timestamp::from_unix_micros(written.created_at) }, entry })
    }
}
