//! Named limits as they stand in a config: parsed strictly, so that a typing error is found when it is written.

use std::{fmt, sync::Arc, time::Duration};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// What a limit counts.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Dimension {
    /// Requests: one per request.
    Requests,
    /// Tokens of a language model, or whatever `X-Token-Count` stands for.
    Tokens,
    /// Anything else, charged by the application.
    Named(Arc<str>),
}

impl Dimension {
    /// The name on the wire.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Requests => "requests",
            Self::Tokens => "tokens",
            Self::Named(name) => name,
        }
    }

    fn parse(text: &str) -> Result<Self, InvalidLimit> {
        match text {
            "requests" => Ok(Self::Requests),
            "tokens" => Ok(Self::Tokens),
            name if is_limit_name(name) => Ok(Self::Named(name.into())),
            _ => Err(InvalidLimit("dimension must be 1 to 64 of [A-Za-z0-9_.-]")),
        }
    }
}

/// The stretch of time a rate counts over, aligned to UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Window {
    /// From second to second.
    Second,
    /// From minute to minute.
    Minute,
    /// From hour to hour.
    Hour,
    /// From 00:00 UTC to 00:00 UTC.
    Day,
    /// From the first of a month to the first of the next.
    Month,
    /// Any whole number of seconds, aligned to 1970-01-01 00:00 UTC.
    Length(Duration),
}

impl Window {
    /// The length in seconds; for a month the longest one, 31 days.
    #[must_use]
    pub const fn seconds(self) -> u64 {
        match self {
            Self::Second => 1,
            Self::Minute => 60,
            Self::Hour => 3_600,
            Self::Day => 86_400,
            Self::Month => 31 * 86_400,
            Self::Length(length) => length.as_secs(),
        }
    }

    fn parse(text: &str) -> Result<Self, InvalidLimit> {
        match text {
            "second" => Ok(Self::Second),
            "minute" => Ok(Self::Minute),
            "hour" => Ok(Self::Hour),
            "day" => Ok(Self::Day),
            "month" => Ok(Self::Month),
            length => Self::parse_length(length),
        }
    }

    fn parse_length(text: &str) -> Result<Self, InvalidLimit> {
        const WRONG: InvalidLimit = InvalidLimit(
            "window must be second, minute, hour, day, month, or a length such as \"10s\" of 1 second to 31 days",
        );
        let unit_at = text.len().checked_sub(1).ok_or(WRONG)?;
        let (digits, unit) = text.split_at_checked(unit_at).ok_or(WRONG)?;
        let factor: u64 = match unit {
            "s" => 1,
            "m" => 60,
            "h" => 3_600,
            "d" => 86_400,
            _ => return Err(WRONG),
        };
        if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(WRONG);
        }
        let count: u64 = digits.parse().map_err(|_| WRONG)?;
        let seconds = count.checked_mul(factor).ok_or(WRONG)?;
        if seconds == 0 || seconds > Self::Month.seconds() {
            return Err(WRONG);
        }
        Ok(Self::Length(Duration::from_secs(seconds)))
    }
}

impl fmt::Display for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Second => f.write_str("second"),
            Self::Minute => f.write_str("minute"),
            Self::Hour => f.write_str("hour"),
            Self::Day => f.write_str("day"),
            Self::Month => f.write_str("month"),
            Self::Length(length) => write!(f, "{}s", length.as_secs()),
        }
    }
}

/// How a rate counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Algorithm {
    /// From zero at each start of the window.
    #[default]
    Fixed,
}

/// A limit beyond the two shorthands: an amount of a dimension per window.
///
/// In JSON: `{"kind": "rate", "dimension": "requests", "window": "day", "limit": 1000}`, with `algorithm`
/// (`fixed`) and `shadow` (`false`) where wanted. A limit of 0 admits nothing.
///
/// # Example
/// ```
/// use tenant_core::NamedLimit;
///
/// let daily: NamedLimit = serde_json::from_str(
///     r#"{"kind": "rate", "dimension": "requests", "window": "day", "limit": 1000}"#,
/// )?;
/// assert_eq!(daily.limit, 1000);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct NamedLimit {
    /// What is counted.
    pub dimension: Dimension,
    /// Over which stretch of time.
    pub window: Window,
    /// How much of it is admitted.
    pub limit: u64,
    /// How it counts.
    pub algorithm: Algorithm,
    /// Counts and reports, but never denies.
    pub shadow: bool,
}

impl NamedLimit {
    /// A fixed-window rate.
    #[must_use]
    pub const fn rate(dimension: Dimension, window: Window, limit: u64) -> Self {
        Self { dimension, window, limit, algorithm: Algorithm::Fixed, shadow: false }
    }

    /// Counts and reports, but never denies.
    #[must_use]
    pub const fn shadow(mut self, shadow: bool) -> Self {
        self.shadow = shadow;
        self
    }
}

/// A limit that makes no sense, with what it must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct InvalidLimit(pub(super) &'static str);

pub(super) fn is_limit_name(name: &str) -> bool {
    (1..=64).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-'))
}

/// The JSON form, field by field.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wire<'a> {
    kind: std::borrow::Cow<'a, str>,
    dimension: std::borrow::Cow<'a, str>,
    limit: u64,
    window: std::borrow::Cow<'a, str>,
    #[serde(default)]
    algorithm: Algorithm,
    #[serde(default)]
    shadow: bool,
}

impl Wire<'_> {
    fn parse(&self) -> Result<NamedLimit, InvalidLimit> {
        if self.kind != "rate" {
            return Err(InvalidLimit("kind must be rate; concurrency and stock limits are not built yet"));
        }
        Ok(NamedLimit {
            dimension: Dimension::parse(&self.dimension)?,
            window: Window::parse(&self.window)?,
            limit: self.limit,
            algorithm: self.algorithm,
            shadow: self.shadow,
        })
    }
}

impl Serialize for NamedLimit {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Wire {
            kind: "rate".into(),
            dimension: self.dimension.as_str().into(),
            limit: self.limit,
            window: self.window.to_string().into(),
            algorithm: self.algorithm,
            shadow: self.shadow,
        }
        .serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for NamedLimit {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Wire::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}
