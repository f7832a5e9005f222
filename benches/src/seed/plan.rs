use std::ops::Range;

use tenant::{TenantId, Timestamp};

use super::chance::{Chance, Purpose};
use crate::BoxError;

/// How much is to be there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// Organisations.
    pub tenants: u32,
    /// People. Each belongs to one organisation, one in fifty to a second one.
    pub users: u64,
    /// Records of usage.
    pub records: u64,
    /// Events of the audit log.
    pub events: u64,
}

/// What is to be there: the same for the same size, seed, end and days.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// How much.
    pub size: Size,
    /// What is drawn by.
    pub seed: u64,
    /// When it ends: nothing happened later.
    pub until: Timestamp,
    /// Over how many days usage and events are spread.
    pub days: u32,
}

/// A tenant, and what it has of everything.
#[derive(Clone, Debug)]
pub(super) struct Share {
    pub(super) tenant: TenantId,
    /// Which of all tenants it is.
    pub(super) number: u64,
    /// Its people, among all.
    pub(super) users: Range<u64>,
    pub(super) records: u64,
}

pub(super) const DAY: i64 = 86_400_000_000;

impl Plan {
    /// What each tenant has, in the order of their ids. A few have much: the one of rank `r` has a share of `1 / (r + 2)`. The heavy ones
    /// lie anywhere among the others.
    pub(super) fn shares(&self) -> Result<Vec<Share>, BoxError> {
        let Size { tenants, users, records, .. } = self.size;
        let spare = users.checked_sub(u64::from(tenants)).ok_or("there must be a user for each tenant")?;
        let ranks = ranks(tenants, self.seed);
        let (users, records) = (split(spare, &ranks), split(records, &ranks));
        let mut first = 0;
        let shares = (0_u64..).zip(users.into_iter().zip(records)).map(|(number, (users, records))| {
            let own = first..first + users + 1;
            first = own.end;
            Ok(Share { tenant: self.tenant(number)?, number, users: own, records })
        });
        shares.collect()
    }

    pub(super) fn tenant(&self, number: u64) -> Result<TenantId, BoxError> {
        Ok(TenantId::parse(&format!("org-{}-{number:05}", self.seed))?)
    }

    pub(super) const fn chance(&self, purpose: Purpose, number: u64) -> Chance {
        Chance::of(self.seed, purpose, number)
    }

    /// When usage and events begin, in microseconds since 1970.
    pub(super) fn begins(&self) -> i64 {
        self.until.as_unix_micros() - i64::from(self.days) * DAY
    }

    /// So many moments in their order, spread over the days; the one of this number.
    pub(super) fn moment(&self, number: u64, of: u64, chance: &mut Chance) -> i64 {
        let whole = u128::from(self.days) * DAY.unsigned_abs() as u128;
        let step = whole / u128::from(of.max(1));
        let jitter = u128::from(chance.below(u64::try_from(step).unwrap_or(0)));
        let after = whole * u128::from(number) / u128::from(of.max(1)) + jitter;
        self.begins() + i64::try_from(after.min(whole.saturating_sub(1))).unwrap_or(0)
    }
}

/// Each tenant's rank, of which each occurs once.
fn ranks(tenants: u32, seed: u64) -> Vec<u32> {
    let (mut ranks, mut chance): (Vec<u32>, _) =
        ((0..tenants).collect(), Chance::of(seed, Purpose::Ranks, 0));
    for place in (1..ranks.len()).rev() {
        let other = usize::try_from(chance.below(place as u64 + 1)).unwrap_or(0);
        ranks.swap(place, other);
    }
    ranks
}

/// Splits a number by ranks: what is rounded off here comes back there.
fn split(all: u64, ranks: &[u32]) -> Vec<u64> {
    let weight = |rank: u32| 1.0 / (f64::from(rank) + 2.0);
    let whole: f64 = ranks.iter().map(|rank| weight(*rank)).sum();
    let (mut sum, mut given) = (0.0, 0);
    let mut parts: Vec<u64> = Vec::with_capacity(ranks.len());
    for rank in ranks {
        sum += weight(*rank);
        let until = ((all as f64) * (sum / whole)).round() as u64;
        let until = until.clamp(given, all);
        parts.push(until - given);
        given = until;
    }
    // A sum of fractions may fall short of the whole.
    if let Some(last) = parts.last_mut() {
        *last += all - given;
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_is_given_to_somebody_and_a_few_have_much() {
        let size = Size { tenants: 10_000, users: 1_000_000, records: 10_000_000, events: 0 };
        let plan = Plan { size, seed: 1, until: Timestamp::from_unix_micros(0), days: 90 };
        let shares = plan.shares().unwrap();
        let mut users: Vec<u64> = shares.iter().map(|share| share.users.end - share.users.start).collect();
        users.sort_unstable();
        assert_eq!(users.iter().sum::<u64>(), 1_000_000);
        assert_eq!(shares.iter().map(|share| share.records).sum::<u64>(), 10_000_000);
        assert!(users[0] >= 1 && (10..40).contains(&users[5_000]), "{}", users[5_000]);
        assert!(users[9_999] > 50_000, "{}", users[9_999]);
        assert!(shares.windows(2).all(|two| two[0].users.end == two[1].users.start));
    }

    #[test]
    fn moments_follow_each_other_and_end_in_time() {
        let size = Size { tenants: 1, users: 1, records: 7, events: 0 };
        let plan = Plan { size, seed: 1, until: Timestamp::from_unix_micros(100 * DAY), days: 90 };
        for of in [1, 7, 1_000] {
            let mut chance = plan.chance(Purpose::Usage, 0);
            let moments: Vec<i64> = (0..of).map(|number| plan.moment(number, of, &mut chance)).collect();
            assert!(moments.is_sorted());
            assert!(moments.iter().all(|moment| (10 * DAY..100 * DAY).contains(moment)));
        }
    }
}
