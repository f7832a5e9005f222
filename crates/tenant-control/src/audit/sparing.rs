//! So many in a second of each log, and how many there were beyond: whoever calls in a flood fills neither a log nor the
//! queue before them all.

use std::{num::NonZeroUsize, time::Duration};

use lru::LruCache;
use tenant_core::{Monotonic, TenantId};

/// What each log has been told lately; `None` is the deployment's own.
#[derive(Debug)]
pub(super) struct SparingLogs(LruCache<Option<TenantId>, Sparing>);

/// Of so many logs it is known how much they were told. Whoever calls in a flood stays among them.
const LOGS: NonZeroUsize = NonZeroUsize::new(4_096).unwrap();

impl SparingLogs {
    pub(super) fn new() -> Self {
        Self(LruCache::new(LOGS))
    }

    /// Whether a log is to be told of one more, and how many there were beyond in logs that are known no more.
    pub(super) fn admit(&mut self, log: Option<TenantId>, now: Monotonic) -> (Sparingly, u64) {
        if let Some(sparing) = self.0.get_mut(&log) {
            return (sparing.admit(now), 0);
        }
        let mut sparing = Sparing::default();
        let admitted = sparing.admit(now);
        let pushed_out = self.0.push(log, sparing);
        (admitted, pushed_out.map_or(0, |(_, sparing)| sparing.beyond))
    }
}

#[derive(Debug, Default)]
struct Sparing {
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
    fn admit(&mut self, now: Monotonic) -> Sparingly {
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
    fn what_was_left_out_is_not_forgotten_with_its_log() {
        let now = ManualClock::starting_at(UnixTime::from_secs(1)).monotonic();
        let mut logs = SparingLogs::new();
        let noted = (0..25).filter(|_| logs.admit(None, now).0 != Sparingly::Left).count();
        assert_eq!(noted, 10);
        let forgotten = (0..LOGS.get()).map(|number| {
            let log = TenantId::parse(&format!("t{number}")).unwrap();
            let (admitted, forgotten) = logs.admit(Some(log), now);
            assert_eq!(admitted, Sparingly::Noted { beyond: 0 });
            forgotten
        });
        assert_eq!(forgotten.sum::<u64>(), 15);
        assert_eq!(logs.0.len(), LOGS.get());
    }

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
