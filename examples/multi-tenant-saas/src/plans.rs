//! The plans that tenants may be on.

use tenant::{
    Rejection, TenantContext,
    control::{AfterTrial, InvalidOffers, Offers},
};

use crate::settings::InvalidSettings;

/// Those of a file, or the standard ones.
pub(crate) fn read(file: Option<&str>) -> Result<Offers, InvalidSettings> {
    let Some(file) = file else { return Ok(Offers::standard()) };
    let wrong = |problem: String| InvalidSettings::new("PLANS_FILE", problem);
    let text = std::fs::read_to_string(file).map_err(|error| wrong(format!("can't be read: {error}")))?;
    Offers::parse(&text).map_err(|error: InvalidOffers| wrong(format!("can't be used: {error}")))
}

const SUSPEND: &str = "suspend";
const FREE: &str = "free";

/// What becomes of a tenant whose trial ends.
pub(crate) fn after_trial(word: Option<&str>, offers: &Offers) -> Result<AfterTrial, InvalidSettings> {
    let named = |word: &str| offers.get(word).map(|offer| AfterTrial::Plan(offer.name.clone()));
    let wrong = || InvalidSettings::new("TRIAL_END", "must be one of the plans there are, or suspend");
    match word {
        Some(SUSPEND) => Ok(AfterTrial::Suspend),
        Some(word) => named(word).ok_or_else(wrong),
        None => Ok(named(FREE).unwrap_or(AfterTrial::Suspend)),
    }
}

/// The answer where a limit is reached: which, of which plan, and which plan has more.
pub(crate) fn exceeded(offers: &Offers, tenant: &TenantContext, limit: &str, most: u64) -> Rejection {
    let plan = tenant.config().plan.as_deref();
    let next = plan.and_then(|plan| offers.next(plan, limit, most));
    let rejection = Rejection::quota_exceeded(None).with_detail(format!("the limit {limit} is reached"));
    rejection.with_member("limit", limit).with_member("plan", plan).with_member("next_plan", next)
}
