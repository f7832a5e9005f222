use std::time::Duration;

/// When what was not taken is tried again: after a while, which doubles from try to try up to the longest, until the last
/// try. There is no jitter: how many are tried at once is bounded for each tenant and in all.
///
/// # Example
/// ```
/// use std::time::Duration;
/// use tenant_control::BackOff;
///
/// let back_off = BackOff::STANDARD;
/// assert_eq!(back_off.after(1), Some(Duration::from_secs(1)));
/// assert_eq!(back_off.after(3), Some(Duration::from_secs(4)));
/// assert_eq!(back_off.after(26), None);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BackOff {
    first: Duration,
    longest: Duration,
    tries: u32,
}

impl BackOff {
    /// 1, 2, 4, … seconds, six hours at the longest, and 26 tries: the last is about three days after the first.
    pub const STANDARD: Self = Self::new(Duration::from_secs(1), Duration::from_secs(6 * 60 * 60), 26);

    /// From the first while to the longest, with so many tries, one at least.
    #[must_use]
    pub const fn new(first: Duration, longest: Duration, tries: u32) -> Self {
        Self { first, longest, tries }
    }

    /// How long to wait after so many tries; `None` after the last.
    #[must_use]
    pub fn after(&self, tries: u32) -> Option<Duration> {
        if tries >= self.tries {
            return None;
        }
        let doubled = 2_u32.saturating_pow(tries.saturating_sub(1));
        Some(self.first.saturating_mul(doubled).min(self.longest))
    }
}

impl Default for BackOff {
    fn default() -> Self {
        Self::STANDARD
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_doubles_up_to_the_longest_and_ends() {
        let waits: Vec<u64> =
            (1..).map_while(|tries| BackOff::STANDARD.after(tries)).map(|wait| wait.as_secs()).collect();
        assert_eq!(waits[..5], [1, 2, 4, 8, 16]);
        assert_eq!(
            waits[14..],
            [16_384, 21_600, 21_600, 21_600, 21_600, 21_600, 21_600, 21_600, 21_600, 21_600, 21_600]
        );
        let days = waits.iter().sum::<u64>() as f64 / 86_400.0;
        assert!((2.8..3.2).contains(&days), "{days}");
        let forever = BackOff::new(Duration::from_secs(1), Duration::from_secs(5), u32::MAX);
        assert_eq!(forever.after(u32::MAX - 1), Some(Duration::from_secs(5)));
        assert_eq!(BackOff::new(Duration::MAX, Duration::MAX, 9).after(8), Some(Duration::MAX));
        assert_eq!(BackOff::new(Duration::ZERO, Duration::ZERO, 0).after(1), None);
    }
}
