use std::time::Duration;

/// How many may run, how many may wait, and for how long.
#[derive(Clone, Copy, Debug)]
pub(super) struct Settings {
    pub(super) slots: usize,
    pub(super) per_tenant: usize,
    pub(super) waiting: usize,
    pub(super) patience: Duration,
    pub(super) target: Duration,
    pub(super) interval: Duration,
}

impl Settings {
    pub(super) fn new(slots: usize) -> Self {
        let slots = slots.max(1);
        Self {
            slots,
            per_tenant: slots.saturating_sub(slots.div_ceil(4)).max(1),
            waiting: slots.saturating_mul(8),
            patience: Duration::from_secs(1),
            target: Duration::from_millis(50),
            interval: Duration::from_millis(500),
        }
    }
}
