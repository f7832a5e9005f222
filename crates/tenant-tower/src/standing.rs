//! What a tenant's settings say of whoever calls, before anything is spent on the request.

use http::Extensions;
use tenant_core::{
    TenantContext, UnixTime,
    auth::{CredentialKind, Principal, Proof},
    settings::AllowedNetworks,
};

use crate::{ClientAddr, Rejection, RejectionKind};

/// Why a caller from elsewhere is denied.
pub(crate) const ELSEWHERE: &str = "the caller's network is not allowed for this tenant";
pub(crate) const TOO_OLD: &str = "it was proved longer ago than the tenant takes";
pub(crate) const ONE_FACTOR: &str = "the tenant requires a second factor";

/// Denies a caller who is not in the tenant's networks (403 `policy_denied`): for routes outside of the layer that resolves the
/// tenant, which does so by itself.
///
/// # Errors
/// The tenant's `allowed_networks` don't have the address in them, or nobody has found out what it is.
///
/// # Example
/// ```
/// # use tenant_core::{InMemoryConfigManager, TenantConfig, TenantContext, TenantId};
/// use tenant_tower::{ClientAddr, check_network};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let id = TenantId::parse("acme")?;
/// # let config = TenantConfig::builder(id).setting("allowed_networks", vec!["192.0.2.0/24"]).build()?;
/// # let tenant = TenantContext::of(&InMemoryConfigManager::with([config])?, &id).await?;
/// assert!(check_network(&tenant, Some(ClientAddr("192.0.2.7".parse()?))).is_ok());
/// assert!(check_network(&tenant, Some(ClientAddr("203.0.113.9".parse()?))).is_err());
/// assert!(check_network(&tenant, None).is_err());
/// # Ok(())
/// # }
/// ```
pub fn check_network(tenant: &TenantContext, client: Option<ClientAddr>) -> Result<(), Rejection> {
    match tenant.edge_settings().networks() {
        Some(networks) if !contains(networks, client) => Err(Rejection::policy_denied(ELSEWHERE)),
        Some(_) | None => Ok(()),
    }
}

/// Denies somebody who has shown no second factor where the tenant requires one (403 `mfa_required`): for routes outside of the
/// layer that resolves the tenant, which does so by itself. Programs, and who shows no credential, have none to show.
///
/// # Errors
/// The tenant's `require_mfa` is set, and they are a person who has shown none.
///
/// # Example
/// ```
/// use tenant_core::auth::{Principal, Proof};
/// # use tenant_core::{InMemoryConfigManager, TenantConfig, TenantContext, TenantId};
/// use tenant_tower::check_second_factor;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let id = TenantId::parse("acme")?;
/// # let config = TenantConfig::builder(id).setting("require_mfa", true).build()?;
/// # let tenant = TenantContext::of(&InMemoryConfigManager::with([config])?, &id).await?;
/// let ada = || Principal::builder("ada", Proof::Session);
/// assert!(check_second_factor(&tenant, Some(&ada().build())).is_err());
/// assert!(check_second_factor(&tenant, Some(&ada().second_factor().build())).is_ok());
/// # Ok(())
/// # }
/// ```
pub fn check_second_factor(tenant: &TenantContext, caller: Option<&Principal>) -> Result<(), Rejection> {
    match caller {
        Some(caller) if !tenant.edge_settings().admits_factors_of(caller) => {
            Err(Rejection::new(RejectionKind::MfaRequired))
        }
        Some(_) | None => Ok(()),
    }
}

/// The other end of the connection is no substitute for the client: it may be a proxy, which is within.
#[cold]
pub(crate) fn is_within(networks: &AllowedNetworks, extensions: &Extensions) -> bool {
    contains(networks, extensions.get().copied())
}

fn contains(networks: &AllowedNetworks, client: Option<ClientAddr>) -> bool {
    client.is_some_and(|client| networks.contains(client.0))
}

/// Who is calling by a session or a token that the tenant takes no longer.
#[inline]
pub(crate) fn outdated<'e>(
    tenant: &TenantContext,
    extensions: &'e Extensions,
    now: impl FnOnce() -> UnixTime,
) -> Option<&'e Principal> {
    let timeout = tenant.edge_settings().session_timeout()?;
    extensions.get::<Principal>().filter(|principal| !timeout.admits(principal, now()))
}

/// Who is calling without a second factor, where the tenant requires one.
#[inline]
pub(crate) fn half_proved<'e>(tenant: &TenantContext, extensions: &'e Extensions) -> Option<&'e Principal> {
    let settings = tenant.edge_settings();
    if !settings.requires_mfa() {
        return None;
    }
    extensions.get::<Principal>().filter(|principal| !settings.admits_factors_of(principal))
}

/// Where such a credential was shown.
pub(crate) fn shown_in(principal: &Principal) -> CredentialKind {
    match principal.proof() {
        Proof::Session => CredentialKind::Session,
        Proof::Password => CredentialKind::Basic,
        _ => CredentialKind::Bearer,
    }
}
