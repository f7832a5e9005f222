use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, de};

use super::{Amount, Dimension, LimitKind, NamedLimit, Window, amount::AmountVisitor};

/// A named limit as a config has it: in full, or as an amount alone where its name tells the rest.
///
/// An amount alone is for the well-known names, and for those that the tenant's plan has:
///
/// | name | what it limits |
/// |---|---|
/// | `workflows` | a stock of `workflows` |
/// | `executions_per_day` | the rate of `executions` per UTC day |
/// | `concurrent_executions` | the `executions` at once |
///
/// # Example
/// ```
/// use std::collections::BTreeMap;
/// use tenant_core::{Amount, LimitSetting};
///
/// let limits: BTreeMap<String, LimitSetting> =
///     serde_json::from_str(r#"{"workflows": 20, "executions_per_day": "unlimited"}"#)?;
/// assert_eq!(limits["workflows"], LimitSetting::Amount(Amount::Limited(20)));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum LimitSetting {
    /// The amount alone.
    Amount(Amount),
    /// The limit in full.
    Full(NamedLimit),
}

impl LimitSetting {
    /// How much it admits.
    #[must_use]
    pub const fn amount(&self) -> Amount {
        match self {
            Self::Amount(amount) => *amount,
            Self::Full(limit) => limit.limit,
        }
    }
}

impl NamedLimit {
    /// What a well-known name stands for.
    pub(crate) fn well_known(name: &str) -> Option<Self> {
        let executions = || Dimension::of("executions");
        match name {
            "workflows" => Some(Self::stock(Dimension::of(name), 0)),
            "executions_per_day" => Some(Self::rate(executions(), Window::Day, 0)),
            "concurrent_executions" => Some(Self::concurrency(executions(), 0)),
            _ => None,
        }
    }

    /// This limit in full: what it does not say, `base` says, or its name does.
    pub(crate) fn completed(mut self, name: &str, base: Option<&Self>) -> Self {
        let like = base.filter(|base| base.kind.as_str() == self.kind.as_str());
        let inherited = self.dimension.take().or_else(|| like.and_then(|base| base.dimension.clone()));
        self.dimension = Some(inherited.unwrap_or_else(|| match self.kind {
            LimitKind::Rate { .. } | LimitKind::Concurrency => Dimension::Requests,
            LimitKind::Stock => Dimension::of(name),
        }));
        self
    }
}

impl From<NamedLimit> for LimitSetting {
    fn from(limit: NamedLimit) -> Self {
        Self::Full(limit)
    }
}

impl From<Amount> for LimitSetting {
    fn from(amount: Amount) -> Self {
        Self::Amount(amount)
    }
}

impl From<u64> for LimitSetting {
    fn from(limit: u64) -> Self {
        Self::Amount(Amount::Limited(limit))
    }
}

impl<'de> Deserialize<'de> for LimitSetting {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(SettingVisitor)
    }
}

struct SettingVisitor;

impl<'de> de::Visitor<'de> for SettingVisitor {
    type Value = LimitSetting;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, or an object with kind and limit", AmountVisitor::EXPECTED)
    }

    fn visit_u64<E: de::Error>(self, limit: u64) -> Result<LimitSetting, E> {
        AmountVisitor.visit_u64(limit).map(LimitSetting::Amount)
    }

    fn visit_i64<E: de::Error>(self, limit: i64) -> Result<LimitSetting, E> {
        AmountVisitor.visit_i64(limit).map(LimitSetting::Amount)
    }

    fn visit_str<E: de::Error>(self, word: &str) -> Result<LimitSetting, E> {
        AmountVisitor.visit_str(word).map(LimitSetting::Amount)
    }

    fn visit_map<A: de::MapAccess<'de>>(self, map: A) -> Result<LimitSetting, A::Error> {
        NamedLimit::deserialize(de::value::MapAccessDeserializer::new(map)).map(LimitSetting::Full)
    }
}
