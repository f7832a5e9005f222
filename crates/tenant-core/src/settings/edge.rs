use super::{
    ALLOWED_NETWORKS, ALLOWED_ORIGINS, AllowedNetworks, AllowedOrigins, REQUIRE_MFA, SESSION_TIMEOUT,
    SessionTimeout,
};
use crate::{
    TenantConfig,
    auth::{Principal, Proof},
};

/// What a tenant's settings tell the edge, ready for use: it is made once per config, and kept on the tenant's
/// [record](crate::TenantRecord).
///
/// Settings that can't be read (somebody wrote them past the framework) close the door that they stand for: then nobody's
/// network, no session, no token and no origin is allowed, and a second factor is required.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EdgeSettings {
    networks: Option<AllowedNetworks>,
    origins: AllowedOrigins,
    timeout: Option<SessionTimeout>,
    requires_mfa: bool,
}

impl EdgeSettings {
    /// What a config tells.
    #[must_use]
    pub fn of(config: &TenantConfig) -> Self {
        Self {
            networks: ALLOWED_NETWORKS.of(config).unwrap_or_else(|_| Some(AllowedNetworks::nobody())),
            origins: ALLOWED_ORIGINS.of(config).unwrap_or_default(),
            timeout: SESSION_TIMEOUT.of(config).unwrap_or(Some(SessionTimeout::none())),
            requires_mfa: REQUIRE_MFA.of(config).unwrap_or(true),
        }
    }

    /// The networks that callers may call from; `None` where they may from everywhere.
    #[inline]
    #[must_use]
    pub const fn networks(&self) -> Option<&AllowedNetworks> {
        self.networks.as_ref()
    }

    /// The web origins whose pages may call.
    #[inline]
    #[must_use]
    pub const fn origins(&self) -> &AllowedOrigins {
        &self.origins
    }

    /// How long ago a session or a token may have been proved.
    #[inline]
    #[must_use]
    pub const fn session_timeout(&self) -> Option<SessionTimeout> {
        self.timeout
    }

    /// Whether people have to show a second factor.
    #[inline]
    #[must_use]
    pub const fn requires_mfa(&self) -> bool {
        self.requires_mfa
    }

    /// Whether the tenant serves somebody as far as second factors go: where it requires one, people who have shown one when they
    /// signed in, and programs (an API key, a client certificate), which have none.
    #[inline]
    #[must_use]
    pub fn admits_factors_of(&self, principal: &Principal) -> bool {
        !self.requires_mfa || principal.has_second_factor() || is_program(principal.proof())
    }
}

const fn is_program(proof: Proof) -> bool {
    match proof {
        Proof::ApiKey | Proof::Certificate => true,
        Proof::Session | Proof::Token | Proof::Password => false,
    }
}
