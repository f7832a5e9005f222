//! From which number on revocations are read again.

use std::{collections::VecDeque, time::Duration};

use tenant_core::Monotonic;

/// So long a transaction that revokes may take, from where it is given its number until others see it.
pub(super) const SETTLED_AFTER: Duration = Duration::from_secs(10);

/// At start there is no telling which numbers are old: so many are taken for new.
const UNSETTLED_AT_START: u64 = 10_000;

/// Numbers are given in order, but transactions end in any: 6 may be seen before 5 is. Whoever went on behind the highest number
/// would never see 5. So reading starts again behind what was the highest a while ago, when whatever was given a lower
/// number had begun, and has ended by now.
#[derive(Debug, Default)]
pub(super) struct Horizon {
    /// Behind this everything was seen.
    settled: u64,
    /// The highest numbers, and when they were first known to be the highest.
    highest: VecDeque<(Monotonic, u64)>,
    is_started: bool,
}

impl Horizon {
    /// Behind which number to read.
    pub(super) const fn start(&self) -> u64 {
        self.settled
    }

    /// A reading saw no higher number.
    pub(super) fn saw(&mut self, highest: u64, began: Monotonic, ended: Monotonic) {
        if !self.is_started {
            self.is_started = true;
            self.settled = highest.saturating_sub(UNSETTLED_AT_START);
        }
        if self.highest.back().is_none_or(|(_, last)| *last < highest) {
            self.highest.push_back((ended, highest));
        }
        while let Some((_, number)) = self.highest.pop_front_if(|(at, _)| began.since(*at) > SETTLED_AFTER) {
            self.settled = self.settled.max(number);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn second(second: u64) -> Monotonic {
        Monotonic::default().after(Duration::from_secs(second))
    }

    #[test]
    fn a_lower_number_that_is_seen_later_is_still_read() {
        let mut horizon = Horizon::default();
        horizon.saw(4, second(0), second(0));
        horizon.saw(6, second(12), second(12));
        assert_eq!(horizon.start(), 4, "5 was given before 6 was seen, and may be seen after it");
        horizon.saw(6, second(22), second(22));
        assert_eq!(horizon.start(), 4);
        horizon.saw(6, second(23), second(23));
        assert_eq!(horizon.start(), 6);
    }

    #[test]
    fn at_start_the_last_numbers_are_read_again_for_a_while() {
        let mut horizon = Horizon::default();
        assert_eq!(horizon.start(), 0);
        horizon.saw(25_000, second(0), second(0));
        assert_eq!(horizon.start(), 15_000);
        horizon.saw(25_000, second(11), second(11));
        assert_eq!(horizon.start(), 25_000);
    }
}
