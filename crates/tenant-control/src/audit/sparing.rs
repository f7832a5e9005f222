//! So many in a second, and how many there were beyond: whoever calls in a flood does not fill the log.

use std::time::Duration;

use tenant_core::Monotonic;

#[derive(Debug, Default)]
pub(super) struct Sparing {
    since: Option<Monotonic>,
    admitted: u32,
    beyond: u64,
}

const IN_A_SECOND: u32 = 10;

/// What is to be noted of one.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Sparingly {
    /// It, after so many that were not noted.
    Noted { beyond: u64 },
    /// Nothing.
    Left,
}

impl Sparing {
    pub(super) fn admit(&mut self, now: Monotonic) -> Sparingly {
        let is_over = self.since.is_none_or(|since| now.since(since) >= Duration::from_secs(1));
        if is_over {
            (self.since, self.admitted) = (Some(now), 0);
        }
        if self.admitted >= IN_A_SECOND {
            self.beyond += 1;
            return Sparingly::Left;
        }
        self.admitted += 1;
        Sparingly::Noted { beyond: std::mem::take(&mut self.beyond) }
    }
}

#[cfg(test)]
mod tests {
    use tenant_core::{Clock, ManualClock, UnixTime};

    use super::*;

    #[test]
    fn a_flood_is_noted_ten_times_a_second_and_counted() {
        let clock = ManualClock::starting_at(UnixTime::from_secs(1));
        let mut sparing = Sparing::default();
        let noted = |sparing: &mut Sparing| {
            (0..1_000).filter(|_| sparing.admit(clock.monotonic()) != Sparingly::Left).count()
        };
        assert_eq!(noted(&mut sparing), 10);
        clock.advance(Duration::from_secs(1));
        assert_eq!(sparing.admit(clock.monotonic()), Sparingly::Noted { beyond: 990 });
        assert_eq!(noted(&mut sparing), 9);
    }
}
