//! One load for everybody who waits for the same tenant.

use std::sync::Arc;

use futures_util::{
    FutureExt,
    future::{BoxFuture, Shared},
};

use crate::{StoreError, TenantConfig};

pub(super) type Answer = Result<Option<TenantConfig>, StoreError>;

/// A load under way. Any of those who wait drives it, so that it outlives the one who started it; when all are
/// gone, so is the load.
#[derive(Clone)]
pub(super) struct Flight {
    number: u64,
    load: Shared<BoxFuture<'static, Arc<Answer>>>,
}

impl Flight {
    pub(super) fn start(number: u64, load: impl Future<Output = Answer> + Send + 'static) -> Self {
        Self { number, load: load.map(Arc::new).boxed().shared() }
    }

    pub(super) const fn number(&self) -> u64 {
        self.number
    }

    /// Whether nobody but the one who asks holds it.
    pub(super) fn is_abandoned(&self) -> bool {
        self.load.strong_count().is_none_or(|holders| holders <= 1)
    }

    pub(super) async fn arrive(self) -> Answer {
        Answer::clone(&*self.load.await)
    }
}
