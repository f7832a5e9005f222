//! The generic cell rate algorithm (ITU-T I.371, annex A): a whole bucket in one number.

use std::{num::NonZeroU32, time::Duration};

use tenant_core::Monotonic;

const MINUTE: u64 = 60_000_000_000;

/// So many requests a minute, which may come all at once.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rate {
    /// Nanoseconds from one request to the next, rounded up: a minute must never admit more.
    interval: u64,
    /// How far ahead of time the requests admitted so far may reach.
    burst: u64,
}

/// When somebody who has asked without a pause has asked for what it may: the theoretical arrival time.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Bucket(u64);

impl Rate {
    pub(crate) const fn per_minute(requests: NonZeroU32) -> Self {
        let requests = requests.get() as u64;
        let interval = MINUTE.div_ceil(requests);
        Self { interval, burst: interval * requests }
    }
}

impl Bucket {
    /// Takes one request out of it.
    ///
    /// # Errors
    /// It is empty; so long from now it is not.
    pub(crate) fn take(&mut self, now: Monotonic, rate: Rate) -> Result<(), Duration> {
        let now = now.as_nanos();
        let next = self.0.max(now).saturating_add(rate.interval);
        let ahead = next - now;
        if ahead > rate.burst {
            return Err(Duration::from_nanos(ahead - rate.burst));
        }
        self.0 = next;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn rate(requests: u32) -> Rate {
        Rate::per_minute(NonZeroU32::new(requests).unwrap())
    }

    #[test]
    fn a_full_bucket_comes_back_one_by_one() {
        let (rate, mut bucket) = (rate(60), Bucket::default());
        let at = |millis: u64| Monotonic::from_nanos(millis * 1_000_000);
        assert!((0..60).all(|_| bucket.take(at(0), rate).is_ok()));
        assert_eq!(bucket.take(at(0), rate), Err(Duration::from_secs(1)));
        assert_eq!(bucket.take(at(999), rate), Err(Duration::from_millis(1)));
        assert_eq!(bucket.take(at(1_000), rate), Ok(()));
        assert_eq!(bucket.take(at(1_000), rate), Err(Duration::from_secs(1)));
        assert!((0..60).all(|_| bucket.take(at(600_000), rate).is_ok()));
        assert!(bucket.take(at(600_000), rate).is_err(), "a long pause saves up no more");
    }

    proptest! {
        #[test]
        fn who_waits_as_told_is_admitted_and_who_comes_sooner_is_not(
            requests in 1..10_000_u32,
            steps in proptest::collection::vec(0..90_000_000_000_u64, 1..60),
        ) {
            let (rate, mut bucket, mut now) = (rate(requests), Bucket::default(), 0);
            for step in steps {
                now += step;
                let mut waited = 0;
                while let Ok(()) = bucket.take(Monotonic::from_nanos(now), rate) {
                    waited += 1;
                    prop_assert!(waited <= requests);
                }
                let wait = bucket.take(Monotonic::from_nanos(now), rate).unwrap_err();
                let wait = u64::try_from(wait.as_nanos()).unwrap();
                prop_assert!(bucket.take(Monotonic::from_nanos(now + wait - 1), rate).is_err());
                prop_assert!(bucket.take(Monotonic::from_nanos(now + wait), rate).is_ok());
                now += wait;
            }
        }
    }
}
