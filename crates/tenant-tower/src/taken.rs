//! What a future moves out of itself on its way.

/// What a state still holds.
#[expect(
    clippy::expect_used,
    reason = "polling a future after it is done is a bug of the caller, as with every future"
)]
pub(crate) fn take<T>(slot: &mut Option<T>) -> T {
    slot.take().expect("a future was polled after it was done")
}
