use std::{
    fmt,
    ops::{Deref, DerefMut},
};

use axum_core::extract::FromRequestParts;
use http::request::Parts;
use tenant_sqlx::{ScopedTransaction, TenantDatabase};
use tenant_tower::{Rejection, Tenant};

use super::slot::Slot;
use crate::ApiError;

/// The transaction of the request, as an extractor; a [`TransactionLayer`](crate::TransactionLayer) ends it.
///
/// `&mut *tx` is an [`sqlx::Executor`], and `tx.begin()` a savepoint. Dropped, it goes back to its request, and whoever
/// asks next goes on with the same one: what an extractor has read under lock the handler still holds. Two at once are
/// rejected with 500, as is a route without the layer.
///
/// # Example
/// ```
/// use tenant::{RequestTransaction, prelude::*};
///
/// # #[cfg(feature = "sqlite")]
/// async fn rename(mut tx: RequestTransaction<Sqlite>, name: String) -> Result<(), ApiError> {
///     sqlx::query("UPDATE users SET name = ? WHERE id = 7").bind(name).execute(&mut *tx).await?;
///     Ok(())
/// }
/// ```
pub struct RequestTransaction<DB: TenantDatabase> {
    /// Empty only while it is dropped.
    inner: Option<ScopedTransaction<'static, DB>>,
    slot: Slot<DB>,
}

impl<S: Send + Sync, DB: TenantDatabase> FromRequestParts<S> for RequestTransaction<DB> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let tenant = Tenant::from_request_parts(parts, state).await?;
        let Some(slot) = parts.extensions.get::<Slot<DB>>().cloned() else {
            return Err(Rejection::internal().with_detail("no TransactionLayer of this database").into());
        };
        let inner = Some(slot.lend(&tenant).await?);
        Ok(Self { inner, slot })
    }
}

#[expect(clippy::expect_used, reason = "it is taken out only by the drop")]
impl<DB: TenantDatabase> Deref for RequestTransaction<DB> {
    type Target = ScopedTransaction<'static, DB>;

    fn deref(&self) -> &Self::Target {
        self.inner.as_ref().expect("it is there until it is dropped")
    }
}

#[expect(clippy::expect_used, reason = "it is taken out only by the drop")]
impl<DB: TenantDatabase> DerefMut for RequestTransaction<DB> {
    fn deref_mut(&mut self) -> &mut Self::Target {
        self.inner.as_mut().expect("it is there until it is dropped")
    }
}

impl<DB: TenantDatabase> Drop for RequestTransaction<DB> {
    fn drop(&mut self) {
        if let Some(transaction) = self.inner.take() {
            self.slot.give_back(transaction);
        }
    }
}

impl<DB: TenantDatabase> fmt::Debug for RequestTransaction<DB> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("RequestTransaction").field(&self.inner).finish()
    }
}
