//! Time stamps as they stand on the wire: RFC 3339 in UTC.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use time::{OffsetDateTime, UtcOffset, format_description::well_known::Rfc3339};

use crate::UnixTime;

/// A moment in UTC with microseconds, written as RFC 3339.
///
/// # Example
/// ```
/// use tenant_core::Timestamp;
///
/// let moment = Timestamp::from_unix_micros(1_700_000_000_000_000);
/// assert_eq!(moment.to_string(), "2023-11-14T22:13:20Z");
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The moment `micros` microseconds after 1970-01-01 00:00 UTC.
    #[must_use]
    pub const fn from_unix_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// Microseconds since 1970-01-01 00:00 UTC.
    #[must_use]
    pub const fn as_unix_micros(self) -> i64 {
        self.0
    }

    /// Reads RFC 3339.
    ///
    /// # Errors
    /// The text is no RFC 3339 date and time.
    pub fn parse(text: &str) -> Result<Self, InvalidTimestamp> {
        let moment = OffsetDateTime::parse(text, &Rfc3339).map_err(|_| InvalidTimestamp)?;
        let micros = moment.to_offset(UtcOffset::UTC).unix_timestamp_nanos() / 1_000;
        i64::try_from(micros).map(Self).map_err(|_| InvalidTimestamp)
    }
}

impl From<UnixTime> for Timestamp {
    fn from(moment: UnixTime) -> Self {
        Self(i64::try_from(moment.as_nanos() / 1_000).unwrap_or(i64::MAX))
    }
}

/// A text is no RFC 3339 time stamp.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a time stamp is not written as RFC 3339")]
pub struct InvalidTimestamp;

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let moment =
            OffsetDateTime::from_unix_timestamp_nanos(i128::from(self.0) * 1_000).map_err(|_| fmt::Error)?;
        f.write_str(&moment.format(&Rfc3339).map_err(|_| fmt::Error)?)
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        Self::parse(&text).map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn survives_a_round_trip() {
        let moment = Timestamp::from_unix_micros(1_700_000_000_123_456);
        assert_eq!(Timestamp::parse(&moment.to_string()), Ok(moment));
    }

    #[test]
    fn reads_offsets_as_utc() {
        assert_eq!(Timestamp::parse("2024-01-01T01:00:00+01:00"), Timestamp::parse("2024-01-01T00:00:00Z"));
    }
}
