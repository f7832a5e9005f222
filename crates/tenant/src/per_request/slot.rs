//! Where a request's transaction is while nobody uses it.

use std::{mem, sync::Arc};

use parking_lot::Mutex;
use tenant_core::TenantContext;
use tenant_sqlx::{ScopedTransaction, TenantDatabase, TenantDb};
use tenant_tower::Rejection;

use crate::ApiError;

/// Of one request. Its clones are the same slot.
pub(super) struct Slot<DB: TenantDatabase>(Arc<Inner<DB>>);

struct Inner<DB: TenantDatabase> {
    db: TenantDb<DB>,
    state: Mutex<State<DB>>,
}

enum State<DB: TenantDatabase> {
    /// Nobody has asked for it yet.
    Unasked,
    /// Somebody has it, or it couldn't begin.
    Lent,
    /// It was given back.
    Kept(ScopedTransaction<'static, DB>),
    /// The request is answered: what is given back now is rolled back.
    Over,
}

/// What the layer finds once there is an answer.
pub(super) enum Left<DB: TenantDatabase> {
    Nothing,
    Transaction(ScopedTransaction<'static, DB>),
    /// Somebody still has it.
    Lent,
}

impl<DB: TenantDatabase> Slot<DB> {
    pub(super) fn of(db: TenantDb<DB>) -> Self {
        Self(Arc::new(Inner { db, state: Mutex::new(State::Unasked) }))
    }

    /// The request's transaction: one that was given back goes on.
    pub(super) async fn lend(
        &self,
        tenant: &TenantContext,
    ) -> Result<ScopedTransaction<'static, DB>, ApiError> {
        let state = mem::replace(&mut *self.0.state.lock(), State::Lent);
        match state {
            State::Unasked => self.begin(tenant).await,
            State::Kept(transaction) if transaction.tenant().id() == tenant.id() => Ok(transaction),
            // Two layers resolved two tenants; nothing of the first is shown to the second, nor kept.
            State::Kept(_) => Err(wrong("the request's transaction is another tenant's")),
            State::Lent => {
                Err(wrong("the request's transaction is in use: two extractors can't have it at once"))
            }
            State::Over => {
                *self.0.state.lock() = State::Over;
                Err(wrong("the request is answered, and its transaction is over"))
            }
        }
    }

    async fn begin(&self, tenant: &TenantContext) -> Result<ScopedTransaction<'static, DB>, ApiError> {
        let begun = self.0.db.begin(tenant).await;
        if begun.is_err() {
            self.put(State::Unasked);
        }
        Ok(begun?)
    }

    pub(super) fn give_back(&self, transaction: ScopedTransaction<'static, DB>) {
        self.put(State::Kept(transaction));
    }

    fn put(&self, new: State<DB>) {
        let mut state = self.0.state.lock();
        let dropped = match *state {
            State::Over => new,
            State::Unasked | State::Lent | State::Kept(_) => mem::replace(&mut *state, new),
        };
        drop(state);
        drop(dropped);
    }

    pub(super) fn end(&self) -> Left<DB> {
        match mem::replace(&mut *self.0.state.lock(), State::Over) {
            State::Unasked | State::Over => Left::Nothing,
            State::Kept(transaction) => Left::Transaction(transaction),
            State::Lent => Left::Lent,
        }
    }
}

fn wrong(detail: &'static str) -> ApiError {
    Rejection::internal().with_detail(detail).into()
}

impl<DB: TenantDatabase> Clone for Slot<DB> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}
