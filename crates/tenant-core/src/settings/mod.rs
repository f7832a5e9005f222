//! Settings of a tenant: what its config holds by name, and what is made of it.
//!
//! A setting is a name and a JSON value in [`TenantConfig::settings`](crate::TenantConfig::settings). It is read by name and type
//! ([`TenantContext::setting`](crate::TenantContext::setting)), or through a [`Setting`], which also says what it must be and
//! what holds where it is missing. Those that the framework acts upon are checked with each config, and made ready for
//! use once per config ([`EdgeSettings`]):
//!
//! | name | value | what it does |
//! |---|---|---|
//! | `allowed_networks` | a list of networks in CIDR notation | callers from elsewhere are denied |
//! | `allowed_origins` | a list of web origins | pages from there may call, and read the answers |
//! | `require_mfa` | true or false | people who have shown no second factor are not served |
//! | `session_timeout` | minutes | sessions and tokens that were proved longer ago are not taken |
//!
//! Any other name is the application's own. A [`SettingsSchema`] has its values checked when they are written, too, and says
//! whether there may be names that nobody knows.

mod edge;
mod networks;
mod origins;
mod schema;
mod setting;
mod timeout;

use serde_json::{Map, Value};

pub use self::{
    edge::EdgeSettings,
    networks::{AllowedNetworks, InvalidNetwork, Network},
    origins::AllowedOrigins,
    schema::SettingsSchema,
    setting::{InvalidSetting, Setting},
    timeout::SessionTimeout,
};
pub(crate) use setting::typed;

/// `allowed_networks`: the networks that the tenant's callers may call from; everywhere unless given.
pub const ALLOWED_NETWORKS: Setting<Option<AllowedNetworks>> =
    Setting::new("allowed_networks", || None, |value| AllowedNetworks::read(value).map(Some));

/// `allowed_origins`: the web origins whose pages may call the tenant; none unless given.
pub const ALLOWED_ORIGINS: Setting<AllowedOrigins> =
    Setting::new("allowed_origins", AllowedOrigins::default, AllowedOrigins::read);

/// `require_mfa`: whether people are served only who have shown a second factor; they need none unless given.
pub const REQUIRE_MFA: Setting<bool> = Setting::new(
    "require_mfa",
    || false,
    |value| value.as_bool().ok_or(InvalidSetting::new("must be true or false")),
);

/// `session_timeout`: how many minutes after it was proved a session or a token is still taken; no bound of the tenant's own unless
/// given.
pub const SESSION_TIMEOUT: Setting<Option<SessionTimeout>> =
    Setting::new("session_timeout", || None, |value| SessionTimeout::read(value).map(Some));

/// Whether the framework acts upon a setting of this name.
fn is_known(name: &str) -> bool {
    [ALLOWED_NETWORKS.name(), ALLOWED_ORIGINS.name(), REQUIRE_MFA.name(), SESSION_TIMEOUT.name()]
        .contains(&name)
}

/// The rules that hold whatever the application's are.
pub(crate) fn check(settings: &Map<String, Value>) -> Result<(), InvalidSetting> {
    schema::check_bounds(settings)?;
    ALLOWED_NETWORKS.check(settings)?;
    ALLOWED_ORIGINS.check(settings)?;
    REQUIRE_MFA.check(settings)?;
    SESSION_TIMEOUT.check(settings)
}

#[cfg(test)]
mod tests;
