//! The plans that tenants may be on.

use tenant::{
    Rejection, TenantContext,
    control::{InvalidOffers, Offers},
};

use crate::settings::InvalidSettings;

/// Those of a file, or the standard ones.
pub(crate) fn read(file: Option<&str>) -> Result<Offers, InvalidSettings> {
    let Some(file) = file else { return Ok(Offers::standard()) };
    let wrong = |problem: String| InvalidSettings::new("PLANS_FILE", problem);
    let text = std::fs::read_to_string(file).map_err(|error| wrong(format!("can't be read: {error}")))?;
    Offers::parse(&text).map_err(|error: InvalidOffers| wrong(format!("can't be used: {error}")))
}

/// The answer where a limit is reached: which, of which plan, and which plan has more.
pub(crate) fn exceeded(offers: &Offers, tenant: &TenantContext, limit: &str, most: u64) -> Rejection {
    let plan = tenant.config().plan.as_deref();
    let next = plan.and_then(|plan| offers.next(plan, limit, most));
    let rejection = Rejection::quota_exceeded(None).with_detail(format!("the limit {limit} is reached"));
    rejection.with_member("limit", limit).with_member("plan", plan).with_member("next_plan", next)
}
