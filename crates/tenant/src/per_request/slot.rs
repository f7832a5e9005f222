//! Where a request's transaction is while nobody uses it.

use std::{
    mem,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use parking_lot::Mutex;
use tenant_core::TenantContext;
use tenant_sqlx::{ScopedTransaction, TenantDatabase, TenantDb};
use tenant_tower::Rejection;

use crate::ApiError;

/// Of one request. Its clones are the same slot.
pub(super) struct Slot<DB: TenantDatabase>(Arc<Inner<DB>>);

struct Inner<DB: TenantDatabase> {
    db: TenantDb<DB>,
    /// More of the request's body may come.
    is_coming: AtomicBool,
    state: Mutex<State<DB>>,
}

enum State<DB: TenantDatabase> {
    /// Nobody has begun it yet.
    Unasked,
    /// Somebody has it, waits for it, or has lost it.
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

/// Whether the caller has to be done sending before the transaction begins.
#[derive(Clone, Copy)]
pub(super) enum Body {
    Read,
    MayCome,
}

impl<DB: TenantDatabase> Slot<DB> {
    pub(super) fn of(db: TenantDb<DB>) -> Self {
        let (is_coming, state) = (AtomicBool::new(false), Mutex::new(State::Unasked));
        Self(Arc::new(Inner { db, is_coming, state }))
    }

    pub(super) fn body_comes(&self) {
        self.0.is_coming.store(true, Ordering::Relaxed);
    }

    /// All of it was read, or nobody reads on.
    pub(super) fn body_ends(&self) {
        self.0.is_coming.store(false, Ordering::Relaxed);
    }

    /// The request's transaction: one that was given back goes on.
    pub(super) async fn lend(
        &self,
        tenant: &TenantContext,
        body: Body,
    ) -> Result<ScopedTransaction<'static, DB>, ApiError> {
        match self.take(tenant, body)? {
            Some(kept) => Ok(kept),
            None => self.begin(tenant).await,
        }
    }

    /// What was given back, or the right to begin.
    fn take(
        &self,
        tenant: &TenantContext,
        body: Body,
    ) -> Result<Option<ScopedTransaction<'static, DB>>, ApiError> {
        let mut state = self.0.state.lock();
        let is_early = matches!(body, Body::Read) && self.0.is_coming.load(Ordering::Relaxed);
        if is_early && matches!(*state, State::Unasked) {
            return Err(wrong(UNREAD));
        }
        let taken = mem::replace(&mut *state, State::Lent);
        if matches!(taken, State::Over) {
            *state = State::Over;
        }
        drop(state);
        match taken {
            State::Unasked => Ok(None),
            State::Kept(kept) if kept.tenant().id() == tenant.id() => Ok(Some(kept)),
            // Two layers resolved two tenants; nothing of the first is shown to the second, nor kept.
            State::Kept(_) => Err(wrong("the request's transaction is another tenant's")),
            State::Lent => Err(wrong("the request's transaction is in use: nobody else can have it at once")),
            State::Over => Err(wrong(OVER)),
        }
    }

    async fn begin(&self, tenant: &TenantContext) -> Result<ScopedTransaction<'static, DB>, ApiError> {
        let waiting = Waiting(self);
        let begun = self.0.db.begin(tenant).await?;
        if matches!(*self.0.state.lock(), State::Over) {
            return Err(wrong(OVER));
        }
        mem::forget(waiting);
        Ok(begun)
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

/// Whoever fails to begin, or gives up waiting, leaves it to the next.
struct Waiting<'a, DB: TenantDatabase>(&'a Slot<DB>);

impl<DB: TenantDatabase> Drop for Waiting<'_, DB> {
    fn drop(&mut self) {
        self.0.put(State::Unasked);
    }
}

const UNREAD: &str = "the request's body is not read yet, and the transaction would wait for whoever sends it: begin \
                      after it, or `begin_before_body`";
const OVER: &str = "the request is answered, and its transaction is over";

fn wrong(detail: &'static str) -> ApiError {
    Rejection::internal().with_detail(detail).into()
}

impl<DB: TenantDatabase> Clone for Slot<DB> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

/// The layer's hold on a slot: once it is gone, nobody is left who would commit.
pub(super) struct Owned<DB: TenantDatabase>(Slot<DB>);

impl<DB: TenantDatabase> Owned<DB> {
    pub(super) const fn new(slot: Slot<DB>) -> Self {
        Self(slot)
    }

    pub(super) fn end(&self) -> Left<DB> {
        self.0.end()
    }
}

impl<DB: TenantDatabase> Drop for Owned<DB> {
    fn drop(&mut self) {
        drop(self.0.end());
    }
}
