use super::{
    ALLOWED_NETWORKS, ALLOWED_ORIGINS, AllowedNetworks, AllowedOrigins, SESSION_TIMEOUT, SessionTimeout,
};
use crate::TenantConfig;

/// What a tenant's settings tell the edge, ready for use: it is made once per config, and kept on the tenant's
/// [record](crate::TenantRecord).
///
/// Settings that can't be read (somebody wrote them past the framework) close the door that they stand for: then nobody's
/// network, no session, no token and no origin is allowed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EdgeSettings {
    networks: Option<AllowedNetworks>,
    origins: AllowedOrigins,
    timeout: Option<SessionTimeout>,
}

impl EdgeSettings {
    /// What a config tells.
    #[must_use]
    pub fn of(config: &TenantConfig) -> Self {
        Self {
            networks: ALLOWED_NETWORKS.of(config).unwrap_or_else(|_| Some(AllowedNetworks::nobody())),
            origins: ALLOWED_ORIGINS.of(config).unwrap_or_default(),
            timeout: SESSION_TIMEOUT.of(config).unwrap_or(Some(SessionTimeout::none())),
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
}
