use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use serde_json::Value;

use super::InvalidSetting;
use crate::{
    UnixTime,
    auth::{Principal, Proof},
};

/// How long ago a session or a token may have been proved: 1 minute to 366 days.
///
/// # Example
/// ```
/// use tenant_core::{UnixTime, auth::{Principal, Proof}, settings::SessionTimeout};
///
/// let timeout: SessionTimeout = serde_json::from_str("30")?;
/// let ada = Principal::builder("ada", Proof::Session).issued_at(UnixTime::from_secs(1_000)).build();
/// assert!(timeout.admits(&ada, UnixTime::from_secs(2_799)));
/// assert!(!timeout.admits(&ada, UnixTime::from_secs(2_800)));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionTimeout(Duration);

const MAX_MINUTES: u64 = 366 * 24 * 60;

impl SessionTimeout {
    pub(super) fn read(value: &Value) -> Result<Self, InvalidSetting> {
        let minutes = value.as_u64().filter(|minutes| (1..=MAX_MINUTES).contains(minutes));
        let minutes = minutes.ok_or(InvalidSetting::new("must be a whole number of minutes, 1 to 527040"))?;
        Ok(Self(Duration::from_secs(minutes * 60)))
    }

    /// For settings that can't be read: nothing was ever proved so recently.
    pub(super) const fn none() -> Self {
        Self(Duration::ZERO)
    }

    /// As a duration.
    #[must_use]
    pub const fn duration(self) -> Duration {
        self.0
    }

    /// Whether somebody may go on: a session that began, or a token that was issued, less than that long ago. One of which that is not
    /// known may not. What is proved anew with each request (keys, certificates, passwords) is not bounded.
    #[must_use]
    pub fn admits(self, principal: &Principal, now: UnixTime) -> bool {
        match principal.proof() {
            Proof::Session | Proof::Token => principal.issued_at().is_some_and(|proved| {
                let age = now.as_nanos().saturating_sub(proved.as_nanos());
                u128::from(age) < self.0.as_nanos()
            }),
            Proof::ApiKey | Proof::Password | Proof::Certificate => true,
        }
    }
}

impl<'de> Deserialize<'de> for SessionTimeout {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::read(&Value::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

impl Serialize for SessionTimeout {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(self.0.as_secs() / 60)
    }
}
