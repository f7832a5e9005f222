//! Whose addresses an organisation takes.

use serde_json::Value;
use tenant_core::{
    TenantContext,
    organisations::{OrganisationError, OrganisationErrorKind},
    settings::{InvalidSetting, Setting},
};

/// Domains of e-mail addresses, in lower case and each for itself, without those below it; an empty list is all of them.
///
/// # Example
/// ```
/// use serde_json::json;
/// use tenant_control::ALLOWED_DOMAINS;
/// use tenant_core::{TenantConfig, TenantId};
///
/// let acme = TenantConfig::builder(TenantId::parse("acme")?);
/// let acme = acme.setting("allowed_domains", json!(["Acme.example"])).build()?;
/// assert_eq!(ALLOWED_DOMAINS.of(&acme)?, ["acme.example"]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub const ALLOWED_DOMAINS: Setting<Vec<String>> = Setting::new("allowed_domains", Vec::new, read);

const MOST: usize = 100;

fn read(value: &Value) -> Result<Vec<String>, InvalidSetting> {
    let list = value.as_array().filter(|list| list.len() <= MOST);
    let list = list.ok_or(InvalidSetting::new("must be a list of at most 100 domains"))?;
    let domain = |(place, value): (usize, &Value)| {
        let domain = value.as_str().filter(|text| is_domain(text)).map(str::to_ascii_lowercase);
        domain.ok_or_else(|| InvalidSetting::new("must be a domain, such as example.com").in_entry(place))
    };
    list.iter().enumerate().map(domain).collect()
}

fn is_domain(text: &str) -> bool {
    let is_letter = |letter: char| letter.is_alphanumeric() || letter == '-';
    text.len() <= 253 && text.split('.').all(|label| !label.is_empty() && label.chars().all(is_letter))
}

/// An address that the organisation takes. Where its setting can't be read it takes none.
pub(super) fn admit(tenant: &TenantContext, email: &str) -> Result<(), OrganisationError> {
    let denied =
        || OrganisationError::new(OrganisationErrorKind::PolicyDenied, "the e-mail's domain is not allowed");
    let allowed = ALLOWED_DOMAINS.of(tenant.config()).map_err(|_| denied())?;
    let domain = email.rsplit_once('@').map_or("", |(_, domain)| domain);
    if allowed.is_empty() || allowed.iter().any(|allowed| allowed == domain) { Ok(()) } else { Err(denied()) }
}
