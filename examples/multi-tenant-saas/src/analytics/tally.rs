use std::collections::{BTreeMap, VecDeque};

use tenant::Timestamp;

/// How many of the latest requests are kept for each tenant.
pub(crate) const RECENT: usize = 100;

/// What one tenant's requests since the last batch amount to. Its size does not depend on how many they were.
#[derive(Clone, Debug, Default)]
pub(super) struct Tally {
    pub(super) totals: BTreeMap<u16, Total>,
    pub(super) recent: VecDeque<Answered>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Total {
    pub(super) requests: u64,
    pub(super) duration_us: u64,
}

/// One answered request.
#[derive(Clone, Debug)]
pub(super) struct Answered {
    pub(super) method: String,
    pub(super) path: String,
    pub(super) status: u16,
    pub(super) duration_us: u64,
    pub(super) at: Timestamp,
}

impl Tally {
    pub(super) fn add(&mut self, answered: Answered) {
        let total = self.totals.entry(answered.status).or_default();
        total.add(Total { requests: 1, duration_us: answered.duration_us });
        if self.recent.len() == RECENT {
            self.recent.pop_front();
        }
        self.recent.push_back(answered);
    }

    /// Takes back what could not be written; it is older than what is here.
    pub(super) fn restore(&mut self, older: Self) {
        for (status, total) in older.totals {
            self.totals.entry(status).or_default().add(total);
        }
        for answered in older.recent.into_iter().rev() {
            if self.recent.len() < RECENT {
                self.recent.push_front(answered);
            }
        }
    }
}

impl Total {
    const fn add(&mut self, other: Self) {
        self.requests = self.requests.saturating_add(other.requests);
        self.duration_us = self.duration_us.saturating_add(other.duration_us);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(number: i64) -> Answered {
        let at = Timestamp::from_unix_micros(number);
        Answered { method: "GET".into(), path: "/".into(), status: 200, duration_us: 10, at }
    }

    #[test]
    fn counts_all_and_keeps_the_latest() {
        let mut tally = Tally::default();
        for number in 0..250 {
            tally.add(answered(number));
        }
        assert_eq!(tally.totals[&200], Total { requests: 250, duration_us: 2_500 });
        assert_eq!(tally.recent.len(), RECENT);
        assert_eq!(tally.recent[0].at, Timestamp::from_unix_micros(150));
    }

    #[test]
    fn loses_no_count_when_a_batch_comes_back() {
        let (mut older, mut tally) = (Tally::default(), Tally::default());
        for number in 0..60 {
            older.add(answered(number));
            tally.add(answered(1_000 + number));
        }
        tally.restore(older);
        assert_eq!(tally.totals[&200].requests, 120);
        assert_eq!(tally.recent.len(), RECENT);
        assert_eq!(tally.recent[RECENT - 1].at, Timestamp::from_unix_micros(1_059));
        assert_eq!(tally.recent[0].at, Timestamp::from_unix_micros(20));
    }
}
