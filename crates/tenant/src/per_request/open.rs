use std::{
    fmt,
    ops::{Deref, DerefMut},
};

use tenant_sqlx::{ScopedTransaction, TenantDatabase};

use super::slot::Slot;

/// The request's transaction, begun; given by [`RequestTransaction::begin`](crate::RequestTransaction::begin).
///
/// `&mut *tx` is an [`sqlx::Executor`], and `tx.begin()` a savepoint. Dropped, it goes back to its request; the layer
/// commits it or rolls it back once there is an answer.
pub struct OpenTransaction<'a, DB: TenantDatabase> {
    /// Empty only while it is dropped.
    inner: Option<ScopedTransaction<'static, DB>>,
    slot: &'a Slot<DB>,
}

impl<'a, DB: TenantDatabase> OpenTransaction<'a, DB> {
    pub(super) const fn new(inner: ScopedTransaction<'static, DB>, slot: &'a Slot<DB>) -> Self {
        Self { inner: Some(inner), slot }
    }
}

#[expect(clippy::expect_used, reason = "it is taken out only by the drop")]
impl<DB: TenantDatabase> Deref for OpenTransaction<'_, DB> {
    type Target = ScopedTransaction<'static, DB>;

    fn deref(&self) -> &Self::Target {
        self.inner.as_ref().expect("it is there until it is dropped")
    }
}

#[expect(clippy::expect_used, reason = "it is taken out only by the drop")]
impl<DB: TenantDatabase> DerefMut for OpenTransaction<'_, DB> {
    fn deref_mut(&mut self) -> &mut Self::Target {
        self.inner.as_mut().expect("it is there until it is dropped")
    }
}

impl<DB: TenantDatabase> Drop for OpenTransaction<'_, DB> {
    fn drop(&mut self) {
        if let Some(transaction) = self.inner.take() {
            self.slot.give_back(transaction);
        }
    }
}

impl<DB: TenantDatabase> fmt::Debug for OpenTransaction<'_, DB> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("OpenTransaction").field(&self.inner).finish()
    }
}
