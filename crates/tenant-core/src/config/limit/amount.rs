use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// How much a named limit admits. In JSON a number, or the word `"unlimited"`; 0 means none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Amount {
    /// At most so much.
    Limited(u64),
    /// As much as is wanted: nothing is counted.
    Unlimited,
}

impl Amount {
    /// The number; `None` where there is no limit.
    #[must_use]
    pub const fn limit(self) -> Option<u64> {
        match self {
            Self::Limited(limit) => Some(limit),
            Self::Unlimited => None,
        }
    }
}

impl From<u64> for Amount {
    fn from(limit: u64) -> Self {
        Self::Limited(limit)
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Limited(limit) => limit.fmt(f),
            Self::Unlimited => f.write_str("unlimited"),
        }
    }
}

impl Serialize for Amount {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Limited(limit) => serializer.serialize_u64(*limit),
            Self::Unlimited => serializer.serialize_str("unlimited"),
        }
    }
}

impl<'de> Deserialize<'de> for Amount {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AmountVisitor)
    }
}

pub(super) struct AmountVisitor;

impl AmountVisitor {
    pub(super) const EXPECTED: &'static str = "a whole number of 0 or more, or \"unlimited\"";
}

impl de::Visitor<'_> for AmountVisitor {
    type Value = Amount;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(Self::EXPECTED)
    }

    fn visit_u64<E: de::Error>(self, limit: u64) -> Result<Amount, E> {
        Ok(Amount::Limited(limit))
    }

    // Formats that know only signed numbers; a negative one is an error, never "unlimited".
    fn visit_i64<E: de::Error>(self, limit: i64) -> Result<Amount, E> {
        let unexpected = || E::invalid_value(de::Unexpected::Signed(limit), &self);
        u64::try_from(limit).map(Amount::Limited).map_err(|_| unexpected())
    }

    fn visit_str<E: de::Error>(self, word: &str) -> Result<Amount, E> {
        match word {
            "unlimited" => Ok(Amount::Unlimited),
            _ => Err(E::invalid_value(de::Unexpected::Str(word), &self)),
        }
    }
}
