/// How many thresholds were told of, and in which window. Of the window's start only the lower half is kept: it is asked
/// for equality alone.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Warned {
    window: u32,
    count: u8,
}

impl Warned {
    /// Of ascending thresholds in percent, the highest that is reached and was not told of in the window that started
    /// then, in seconds.
    pub(super) fn next(&mut self, start: u64, used: u64, capacity: u64, thresholds: &[u8]) -> Option<u8> {
        let reached = |percent: &&u8| capacity > 0 && reaches(used, capacity, **percent);
        let count = thresholds.iter().take_while(reached).count();
        let window = u32::try_from(start & u64::from(u32::MAX)).unwrap_or(0);
        if self.window != window {
            *self = Self { window, count: 0 };
        }
        if count <= usize::from(self.count) {
            return None;
        }
        self.count = u8::try_from(count).unwrap_or(u8::MAX);
        thresholds.get(count.checked_sub(1)?).copied()
    }
}

/// Whether `used` is at least so many percent of `capacity`.
#[inline]
pub(super) fn reaches(used: u64, capacity: u64, percent: u8) -> bool {
    u128::from(used) * 100 >= u128::from(capacity) * u128::from(percent)
}
