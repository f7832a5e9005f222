//! The JSON form of a limit, field by field.

use std::{fmt, marker::PhantomData, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::{Algorithm, Amount, Dimension, FailurePolicy, InvalidLimit, LimitKind, NamedLimit, Window};

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wire {
    kind: KindWord,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    dimension: Option<Dimension>,
    limit: Amount,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    window: Option<Window>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    algorithm: Option<AlgorithmWord>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sub_windows: Option<SubWindows>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    burst: Option<u64>,
    #[serde(default)]
    shadow: bool,
    #[serde(default, skip_serializing_if = "is_local")]
    failure_policy: FailurePolicy,
}

#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum KindWord {
    Rate,
    Concurrency,
    Stock,
}

#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum AlgorithmWord {
    Fixed,
    Sliding,
    TokenBucket,
}

#[derive(Clone, Copy, Serialize)]
struct SubWindows(u8);

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks like that")]
fn is_local(policy: &FailurePolicy) -> bool {
    *policy == FailurePolicy::Local
}

const MAX_SUB_WINDOWS: u64 = 100;

impl Wire {
    fn parse<E: de::Error>(self) -> Result<NamedLimit, E> {
        let kind = match self.kind {
            KindWord::Rate => self.rate()?,
            KindWord::Concurrency => self.without_rate(LimitKind::Concurrency)?,
            KindWord::Stock => self.without_rate(LimitKind::Stock)?,
        };
        if matches!(kind, LimitKind::Rate { .. }) && self.dimension.is_none() {
            return Err(E::missing_field("dimension"));
        }
        Ok(NamedLimit {
            kind,
            dimension: self.dimension,
            limit: self.limit,
            shadow: self.shadow,
            failure_policy: self.failure_policy,
        })
    }

    fn rate<E: de::Error>(&self) -> Result<LimitKind, E> {
        let window = self.window.ok_or_else(|| E::missing_field("window"))?;
        let word = self.algorithm.unwrap_or(AlgorithmWord::Fixed);
        if word != AlgorithmWord::Sliding && self.sub_windows.is_some() {
            return Err(E::custom("field `sub_windows` is of sliding rates only"));
        }
        if word != AlgorithmWord::TokenBucket && self.burst.is_some() {
            return Err(E::custom("field `burst` is of token buckets only"));
        }
        let sub_windows = self.sub_windows.map_or(Algorithm::SUB_WINDOWS, |count| count.0);
        let algorithm = match word {
            AlgorithmWord::Fixed => Algorithm::Fixed,
            AlgorithmWord::Sliding => Algorithm::Sliding { sub_windows },
            AlgorithmWord::TokenBucket => Algorithm::TokenBucket { burst: self.burst },
        };
        Ok(LimitKind::Rate { window, algorithm })
    }

    fn without_rate<E: de::Error>(&self, kind: LimitKind) -> Result<LimitKind, E> {
        let given = [
            ("window", self.window.is_some()),
            ("algorithm", self.algorithm.is_some()),
            ("sub_windows", self.sub_windows.is_some()),
            ("burst", self.burst.is_some()),
        ];
        match given.iter().find(|(_, is_given)| *is_given) {
            Some((field, _)) => Err(E::custom(format_args!("field `{field}` is of rates only"))),
            None => Ok(kind),
        }
    }
}

impl From<&NamedLimit> for Wire {
    fn from(limit: &NamedLimit) -> Self {
        let mut wire = Self {
            kind: KindWord::Stock,
            dimension: limit.dimension.clone(),
            limit: limit.limit,
            window: limit.kind.window(),
            algorithm: None,
            sub_windows: None,
            burst: None,
            shadow: limit.shadow,
            failure_policy: limit.failure_policy,
        };
        match limit.kind {
            LimitKind::Rate { algorithm, .. } => {
                wire.kind = KindWord::Rate;
                wire.count_by(algorithm);
            }
            LimitKind::Concurrency => wire.kind = KindWord::Concurrency,
            LimitKind::Stock => {}
        }
        wire
    }
}

impl Wire {
    fn count_by(&mut self, algorithm: Algorithm) {
        self.algorithm = Some(match algorithm {
            Algorithm::Fixed => AlgorithmWord::Fixed,
            Algorithm::Sliding { sub_windows } => {
                self.sub_windows = Some(SubWindows(sub_windows));
                AlgorithmWord::Sliding
            }
            Algorithm::TokenBucket { burst } => {
                self.burst = burst;
                AlgorithmWord::TokenBucket
            }
        });
    }
}

impl Serialize for NamedLimit {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Wire::from(self).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for NamedLimit {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Wire::deserialize(deserializer)?.parse()
    }
}

impl Serialize for Dimension {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl Serialize for Window {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Dimension {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(Word(PhantomData))
    }
}

impl<'de> Deserialize<'de> for Window {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(Word(PhantomData))
    }
}

impl<'de> Deserialize<'de> for SubWindows {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let count = u64::deserialize(deserializer)?;
        let fits = (1..=MAX_SUB_WINDOWS).contains(&count);
        let count = u8::try_from(count).ok().filter(|_| fits);
        count.map(Self).ok_or_else(|| de::Error::custom("sub_windows must be 1 to 100"))
    }
}

/// Reads what is written as one word.
struct Word<T>(PhantomData<T>);

impl<T: FromStr<Err = InvalidLimit>> de::Visitor<'_> for Word<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<T, E> {
        text.parse().map_err(E::custom)
    }
}
