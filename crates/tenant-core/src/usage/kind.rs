use std::{borrow::Cow, error::Error, fmt};

use serde::{Deserialize, Deserializer, Serialize, de};

use crate::config::is_limit_name;

/// What is used: 1 to 64 of `[A-Za-z0-9_.-]`, case-sensitive.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct UsageKind(Cow<'static, str>);

/// How records of a kind come together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    /// A quantity that stays until the next one is told, as of bytes that are stored.
    Level,
    /// They are added up.
    Sum,
}

/// A record of usage that can't be kept: what is wrong with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidUsage(&'static str);

impl UsageKind {
    /// Calls.
    pub const API_CALL: Self = Self(Cow::Borrowed("api_call"));
    /// Minutes.
    pub const COMPUTE: Self = Self(Cow::Borrowed("compute"));
    /// Bytes that are there; a level.
    pub const STORAGE: Self = Self(Cow::Borrowed("storage"));
    /// Bytes that went over the wire.
    pub const BANDWIDTH: Self = Self(Cow::Borrowed("bandwidth"));
    /// Tokens.
    pub const TOKENS: Self = Self(Cow::Borrowed("tokens"));

    /// The kind of this name.
    ///
    /// # Errors
    /// It is none.
    pub fn parse(name: &str) -> Result<Self, InvalidUsage> {
        match is_limit_name(name) {
            true => Ok(Self(Cow::Owned(name.to_owned()))),
            false => Err(InvalidUsage::new("the kind must be 1 to 64 of [A-Za-z0-9_.-]")),
        }
    }

    /// Its name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// How its records come together, where nobody says otherwise: storage is a level, all else is added up.
    #[must_use]
    pub fn measure(&self) -> Measure {
        match *self == Self::STORAGE {
            true => Measure::Level,
            false => Measure::Sum,
        }
    }
}

impl Measure {
    /// Its name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Level => "level",
            Self::Sum => "sum",
        }
    }

    /// The measure of this name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Level, Self::Sum].into_iter().find(|measure| measure.as_str() == name)
    }
}

impl InvalidUsage {
    pub(super) const fn new(problem: &'static str) -> Self {
        Self(problem)
    }
}

impl<'de> Deserialize<'de> for UsageKind {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = Cow::<'de, str>::deserialize(deserializer)?;
        Self::parse(&name).map_err(de::Error::custom)
    }
}

impl fmt::Display for UsageKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for InvalidUsage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl Error for InvalidUsage {}
