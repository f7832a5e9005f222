use std::{collections::BTreeMap, error::Error, fmt};

use tenant_core::usage::UsageKind;

/// What a kind costs beyond what a plan includes, in millionths of the currency.
///
/// # Example
/// ```
/// use tenant_control::Price;
///
/// // 10 cents for each of 10^9 bytes.
/// let storage = Price::new(100_000, 1_000_000_000, "GB")?;
/// # Ok::<(), tenant_control::InvalidRates>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Price {
    pub(super) micros: u64,
    pub(super) per: u64,
    pub(super) unit: Box<str>,
}

/// What a plan costs, includes and takes off.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct Terms {
    pub(super) monthly: Option<u64>,
    /// What is paid of a price, in tenths of percent.
    pub(super) permille: u32,
    pub(super) included: BTreeMap<UsageKind, u64>,
}

/// Prices and plans.
///
/// # Example
/// ```
/// use tenant_control::Rates;
/// use tenant_core::usage::UsageKind;
///
/// let rates = Rates::standard();
/// // A thousand calls more than are included, at 50 cents less a tenth.
/// assert_eq!(rates.cost("starter", &UsageKind::API_CALL, 101_000), Some(450_000));
/// assert_eq!(rates.cost("free", &UsageKind::API_CALL, 101_000), Some(0));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct Rates {
    pub(super) prices: BTreeMap<UsageKind, Price>,
    pub(super) plans: BTreeMap<String, Terms>,
    aliases: BTreeMap<String, String>,
}

/// A price or plan that makes no sense: what is wrong with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidRates(&'static str);

/// What a price is taken times a plan's factor by.
const WHOLE: u32 = 1_000;
const GB: u64 = 1_000_000_000;

impl Price {
    /// So many millionths for so much of a kind, which is called `unit`.
    ///
    /// # Errors
    /// It is for nothing.
    pub fn new(micros: u64, per: u64, unit: &str) -> Result<Self, InvalidRates> {
        match per {
            0 => Err(InvalidRates("a price must be for more than nothing")),
            per => Ok(Self { micros, per, unit: unit.into() }),
        }
    }
}

impl Terms {
    /// A plan at so many millionths a month, or at a price that is agreed on, of which `permille` of each price is paid: 1000 is all of it.
    ///
    /// # Errors
    /// It is more than all.
    pub const fn new(monthly: Option<u64>, permille: u32) -> Result<Self, InvalidRates> {
        match permille <= WHOLE {
            true => Ok(Self { monthly, permille, included: BTreeMap::new() }),
            false => Err(InvalidRates("a plan must not take more than the price")),
        }
    }

    /// Includes so much of a kind each month.
    pub fn including(mut self, kind: UsageKind, quantity: u64) -> Self {
        self.included.insert(kind, quantity);
        self
    }
}

impl Rates {
    /// No prices and no plans.
    pub fn new() -> Self {
        Self::default()
    }

    /// The plans `free`, `starter`, `pro` (also `professional`) and `enterprise`, in millionths of a dollar: calls 50 cents for 1000,
    /// compute 10 a minute, storage 10 a GB, bandwidth 8 a GB. What an enterprise includes is agreed on: nothing by itself.
    pub fn standard() -> Self {
        let price = |micros, per, unit: &str| Price { micros, per, unit: unit.into() };
        let plan = |monthly, permille, calls, minutes, gigabytes: u64| {
            let terms = Terms { monthly, permille, included: BTreeMap::new() };
            terms
                .including(UsageKind::API_CALL, calls)
                .including(UsageKind::COMPUTE, minutes)
                .including(UsageKind::STORAGE, gigabytes * GB)
        };
        Self::new()
            .price(UsageKind::API_CALL, price(500, 1, "call"))
            .price(UsageKind::COMPUTE, price(100_000, 1, "minute"))
            .price(UsageKind::STORAGE, price(100_000, GB, "GB"))
            .price(UsageKind::BANDWIDTH, price(80_000, GB, "GB"))
            .price(UsageKind::TOKENS, price(0, 1, "token"))
            .plan("free", plan(Some(0), 0, 10_000, 100, 1))
            .plan("starter", plan(Some(29_000_000), 900, 100_000, 1_000, 10))
            .plan("pro", plan(Some(99_000_000), 800, 1_000_000, 10_000, 100))
            .plan("enterprise", Terms { monthly: None, permille: 600, included: BTreeMap::new() })
            .alias("professional", "pro")
    }

    /// Adds a price, or changes it.
    pub fn price(mut self, kind: UsageKind, price: Price) -> Self {
        self.prices.insert(kind, price);
        self
    }

    /// Adds a plan, or changes it.
    pub fn plan(mut self, name: &str, terms: Terms) -> Self {
        self.plans.insert(name.to_owned(), terms);
        self
    }

    /// Understands a name as another plan's.
    pub fn alias(mut self, name: &str, plan: &str) -> Self {
        self.aliases.insert(name.to_owned(), plan.to_owned());
        self
    }

    /// The terms of a plan.
    #[must_use]
    pub fn terms(&self, plan: &str) -> Option<&Terms> {
        let name = self.aliases.get(plan).map_or(plan, String::as_str);
        self.plans.get(name)
    }

    /// What so much of a kind costs in a month on a plan, in millionths, rounded once to the nearest; `None` for an unknown plan,
    /// or where it is beyond what can be reckoned with.
    #[must_use]
    pub fn cost(&self, plan: &str, kind: &UsageKind, quantity: u128) -> Option<u64> {
        let terms = self.terms(plan)?;
        let Some(price) = self.prices.get(kind) else { return Some(0) };
        cost(terms, price, kind, quantity)
    }
}

fn cost(terms: &Terms, price: &Price, kind: &UsageKind, quantity: u128) -> Option<u64> {
    let included = terms.included.get(kind).copied().unwrap_or(0);
    let beyond = quantity.saturating_sub(u128::from(included));
    let (whole, rate) = (u128::from(price.per) * u128::from(WHOLE), terms.rate(price));
    let product = beyond.checked_mul(rate)?;
    u64::try_from(product.checked_add(whole / 2)? / whole).ok()
}

impl Terms {
    /// Whether what the plan includes is all there is: nothing is paid for what is beyond.
    pub(super) const fn is_capped(&self) -> bool {
        self.permille == 0
    }

    /// A price on these terms, times [`WHOLE`].
    pub(super) fn rate(&self, price: &Price) -> u128 {
        u128::from(price.micros) * u128::from(self.permille)
    }

    pub(super) const fn whole() -> u128 {
        WHOLE as u128
    }
}

impl fmt::Display for InvalidRates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl Error for InvalidRates {}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_cost_is_what_a_clerk_would_reckon(
            quantity in 0_u64..1 << 40, included in 0_u64..1 << 40, micros in 0_u64..1 << 20,
            per in 1_u64..1 << 34, permille in 0_u32..=1_000,
        ) {
            let price = Price::new(micros, per, "thing").unwrap();
            let terms = Terms::new(None, permille).unwrap().including(UsageKind::COMPUTE, included);
            let cost = cost(&terms, &price, &UsageKind::COMPUTE, u128::from(quantity)).unwrap();
            // As many millionths as fit, and one more where half of one or more is left.
            let (mut owed, mut clerk) = (u128::from(quantity.saturating_sub(included)), 0_u128);
            owed *= u128::from(micros) * u128::from(permille);
            let one = u128::from(per) * 1_000;
            for bit in (0..64).rev() {
                if owed >= one << bit {
                    owed -= one << bit;
                    clerk += 1 << bit;
                }
            }
            clerk += u128::from(owed * 2 >= one);
            prop_assert_eq!(u128::from(cost), clerk);
        }
    }

    #[test]
    fn what_is_beyond_reckoning_is_said_and_not_wrapped() {
        let rates = Rates::standard();
        assert_eq!(rates.cost("pro", &UsageKind::COMPUTE, u128::MAX), None);
        assert_eq!(rates.cost("pro", &UsageKind::COMPUTE, u128::from(u64::MAX)), None);
        assert_eq!(rates.cost("free", &UsageKind::COMPUTE, u128::MAX), Some(0));
        assert_eq!(rates.cost("unknown", &UsageKind::COMPUTE, 1), None);
        assert!(Price::new(1, 0, "nothing").is_err() && Terms::new(None, 1_001).is_err());
    }

    #[test]
    fn the_table_of_plans_is_what_was_written_down() {
        let rates = Rates::standard();
        let beyond = |plan, kind: UsageKind, more: u128| {
            let included = rates.terms(plan).unwrap().included.get(&kind).copied().unwrap_or(0);
            rates.cost(plan, &kind, u128::from(included) + more).unwrap()
        };
        for (plan, tenths) in
            [("free", 0), ("starter", 9), ("pro", 8), ("professional", 8), ("enterprise", 6)]
        {
            assert_eq!(beyond(plan, UsageKind::API_CALL, 1_000), 500_000 * tenths / 10);
            assert_eq!(beyond(plan, UsageKind::COMPUTE, 1), 100_000 * tenths / 10);
            assert_eq!(beyond(plan, UsageKind::STORAGE, 1_000_000_000), 100_000 * tenths / 10);
            assert_eq!(beyond(plan, UsageKind::BANDWIDTH, 1_000_000_000), 80_000 * tenths / 10);
            assert_eq!(beyond(plan, UsageKind::TOKENS, 1_000_000_000), 0);
        }
    }
}
