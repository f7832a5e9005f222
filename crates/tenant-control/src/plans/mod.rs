//! The plans that a service offers, and what becomes of them by themselves.

mod change;
mod changes;
mod over;

pub use self::{
    change::{AfterTrial, PlanChange, PlanChangeKind},
    changes::{PlanChanges, PlanListener},
    over::{Fit, OverLimit, StockUsage},
};

use std::{error::Error, fmt, sync::Arc, time::Duration};

use serde::Deserialize;
use tenant_core::{Amount, LimitSetting, Plan, Plans};

/// One plan that is offered.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Offer {
    /// What it is called.
    pub name: String,
    /// What it is called, too.
    #[serde(default)]
    pub aliases: Vec<String>,
    /// For how many days it may be tried; for none unless given.
    #[serde(default)]
    pub trial_days: u32,
    #[serde(default)]
    quota: tenant_core::QuotaConfig,
    #[serde(default)]
    limits: std::collections::BTreeMap<String, LimitSetting>,
}

/// The plans that a service offers, from the least to the most; cheap to clone.
///
/// # Example
/// ```
/// use tenant_control::Offers;
///
/// let offers = Offers::standard();
/// assert_eq!(offers.get("professional").map(|plan| &*plan.name), Some("pro"));
/// // The next that has more than 3 users.
/// assert_eq!(offers.next("free", "users", 3), Some("starter"));
/// assert_eq!(offers.next("enterprise", "users", 3), None);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offers {
    offers: Arc<[Offer]>,
    plans: Plans,
}

/// What stands in a file of plans can't be offered: what is wrong with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidOffers(String);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    plans: Vec<Offer>,
}

const STANDARD: &str = include_str!("standard.json");
const A_DAY: u64 = 24 * 3_600;

impl Offers {
    /// `free`, `starter`, `pro` (also `professional`) and `enterprise`.
    ///
    /// | | users | projects | workflows | executions a day | at once | requests a minute | trial |
    /// |---|---|---|---|---|---|---|---|
    /// | free | 3 | 1 | 5 | 100 | 2 | 60 | |
    /// | starter | 10 | 5 | 20 | 1 000 | 5 | 120 | 14 days |
    /// | pro | 50 | 20 | 50 | 5 000 | 10 | 300 | 14 days |
    /// | enterprise | unlimited | unlimited | unlimited | unlimited | 100 | 1 000 | |
    #[must_use]
    pub fn standard() -> Self {
        // A test holds what is built in against what is read.
        Self::parse(STANDARD).unwrap_or_else(|_| Self { offers: Arc::new([]), plans: Plans::default() })
    }

    /// Those of a JSON text: `{"plans": [{"name", "aliases", "trial_days", "quota", "limits"}]}`, from the least to the most.
    ///
    /// # Errors
    /// It is of another form, a limit makes no sense, or a name stands for two.
    pub fn parse(json: &str) -> Result<Self, InvalidOffers> {
        let File { plans: offers } =
            serde_json::from_str(json).map_err(|error| InvalidOffers(error.to_string()))?;
        let named = || offers.iter().flat_map(|offer| offer.names().map(move |name| (name, offer.plan())));
        let mut names: Vec<&str> = named().map(|(name, _)| name).collect();
        names.sort_unstable();
        if let Some([name, _]) = names.array_windows().find(|[one, next]| one == next) {
            return Err(InvalidOffers(format!("the name {name} stands for two plans")));
        }
        let plans = Plans::new(named()).map_err(|error| InvalidOffers(error.to_string()))?;
        Ok(Self { offers: offers.into(), plans })
    }

    /// What their tenants may use, for a config manager.
    #[must_use]
    pub fn plans(&self) -> Plans {
        self.plans.clone()
    }

    /// The plan of a name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Offer> {
        self.offers.iter().find(|offer| offer.names().any(|known| known == name))
    }

    /// The next after a plan that admits more of a limit than so much.
    #[must_use]
    pub fn next(&self, plan: &str, limit: &str, most: u64) -> Option<&str> {
        let mut above =
            self.offers.iter().skip_while(|offer| offer.names().all(|known| known != plan)).skip(1);
        above.find(|offer| offer.admits_more(limit, most)).map(|offer| &*offer.name)
    }
}

impl Offer {
    /// For how long it may be tried; `None` for not at all.
    #[must_use]
    pub fn trial(&self) -> Option<Duration> {
        (self.trial_days > 0).then(|| Duration::from_secs(u64::from(self.trial_days) * A_DAY))
    }

    fn names(&self) -> impl Iterator<Item = &str> {
        std::iter::once(&*self.name).chain(self.aliases.iter().map(String::as_str))
    }

    fn plan(&self) -> Plan {
        let plan = Plan::new().quota(self.quota);
        self.limits.iter().fold(plan, |plan, (name, limit)| plan.limit(name, limit.clone()))
    }

    /// A limit that it does not name is none.
    fn admits_more(&self, limit: &str, most: u64) -> bool {
        let amount = match self.limits.get(limit) {
            Some(LimitSetting::Amount(amount)) => *amount,
            Some(LimitSetting::Full(limit)) => limit.limit,
            None => Amount::Unlimited,
        };
        amount.limit().is_none_or(|limit| limit > most)
    }
}

impl fmt::Display for InvalidOffers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the plans can't be offered: {}", self.0)
    }
}

impl Error for InvalidOffers {}

#[cfg(test)]
mod tests;
