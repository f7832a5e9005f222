//! The bytes that all tenants share.

use std::sync::atomic::{AtomicUsize, Ordering};

pub(super) struct Budget {
    limit: usize,
    taken: AtomicUsize,
}

impl Budget {
    pub(super) const fn new(limit: usize) -> Self {
        Self { limit, taken: AtomicUsize::new(0) }
    }

    pub(super) const fn limit(&self) -> usize {
        self.limit
    }

    pub(super) fn taken(&self) -> usize {
        self.taken.load(Ordering::Acquire)
    }

    /// An empty share, booked on `account` too.
    pub(super) const fn open<'a>(&'a self, account: &'a AtomicUsize) -> Share<'a> {
        Share { budget: self, account, bytes: 0 }
    }

    fn try_take(&self, bytes: usize) -> bool {
        let add = |taken: usize| taken.checked_add(bytes).filter(|sum| *sum <= self.limit);
        self.taken.fetch_update(Ordering::AcqRel, Ordering::Acquire, add).is_ok()
    }
}

/// Bytes taken out of the budget for one tenant; dropped, they are given back.
///
/// The tenant's account is raised before the budget and lowered after it, so that the accounts together never show
/// less than is taken: whoever looks for the tenant that is over its share finds it.
pub(super) struct Share<'a> {
    budget: &'a Budget,
    account: &'a AtomicUsize,
    bytes: usize,
}

impl Share<'_> {
    pub(super) const fn bytes(&self) -> usize {
        self.bytes
    }

    /// Raises the share to `bytes`; whether that was possible.
    pub(super) fn raise_to(&mut self, bytes: usize) -> bool {
        let missing = bytes.saturating_sub(self.bytes);
        if missing == 0 {
            return true;
        }
        self.account.fetch_add(missing, Ordering::AcqRel);
        if self.budget.try_take(missing) {
            self.bytes += missing;
            return true;
        }
        self.account.fetch_sub(missing, Ordering::AcqRel);
        false
    }

    /// Takes over bytes that were taken before.
    pub(super) const fn adopt(&mut self, bytes: usize) {
        self.bytes += bytes;
    }

    /// Leaves `bytes` taken: from now on they are answered for elsewhere.
    pub(super) const fn leave(&mut self, bytes: usize) {
        self.bytes = self.bytes.saturating_sub(bytes);
    }
}

impl Drop for Share<'_> {
    fn drop(&mut self) {
        if self.bytes > 0 {
            self.budget.taken.fetch_sub(self.bytes, Ordering::AcqRel);
            self.account.fetch_sub(self.bytes, Ordering::AcqRel);
        }
    }
}
