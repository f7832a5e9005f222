//! How a transaction stands, with all its savepoints: they have one connection.

use std::{
    future::Future,
    ops::{Deref, DerefMut},
};

use crate::{driver::TenantDatabase, error::RolledBack};

/// What a transaction and its savepoints have in common.
#[derive(Debug, Default)]
pub(crate) struct State {
    /// While a savepoint is made, and for good where it wasn't. And once the server has rolled all of it back.
    pub(crate) is_rolled_back: bool,
    /// From when a statement is sent until it is answered, where that makes a difference.
    is_out_of_step: bool,
    /// It may see the moment of its first read for ever.
    pub(crate) has_read: bool,
}

impl State {
    pub(crate) const fn is_out_of_step(&self) -> bool {
        self.is_out_of_step
    }

    pub(crate) fn check(&self) -> Result<(), RolledBack> {
        match self.is_rolled_back || self.is_out_of_step {
            true => Err(RolledBack),
            false => Ok(()),
        }
    }

    /// A statement is sent.
    pub(crate) fn asks<DB: TenantDatabase>(&mut self) {
        self.is_out_of_step = !DB::KEEPS_STEP;
    }

    /// From the first row on sqlx knows where it is; nothing that it says of itself tells where the server is.
    pub(crate) fn hears<DB: TenantDatabase, T>(&mut self, answer: &Result<T, sqlx::Error>) {
        self.is_out_of_step = !DB::KEEPS_STEP && !matches!(answer, Ok(_) | Err(sqlx::Error::Database(_)));
        // The server has ended all of it, and would keep what follows at once.
        self.is_rolled_back |= !DB::KEEPS_STEP && answer.as_ref().is_err_and(DB::is_collision);
    }

    /// Sends a statement and waits for its answer; dropped in between, it is known.
    pub(crate) async fn waits<DB: TenantDatabase, T>(
        &mut self,
        answer: impl Future<Output = Result<T, sqlx::Error>>,
    ) -> Result<T, sqlx::Error> {
        self.asks::<DB>();
        let answer = answer.await;
        self.hears::<DB, T>(&answer);
        answer
    }
}

/// A transaction's own state, or that of the transaction around a savepoint.
pub(crate) enum Standing<'c> {
    Own(State),
    Around(&'c mut State),
}

impl Deref for Standing<'_> {
    type Target = State;

    fn deref(&self) -> &State {
        match self {
            Self::Own(state) => state,
            Self::Around(state) => state,
        }
    }
}

impl DerefMut for Standing<'_> {
    fn deref_mut(&mut self) -> &mut State {
        match self {
            Self::Own(state) => state,
            Self::Around(state) => state,
        }
    }
}
