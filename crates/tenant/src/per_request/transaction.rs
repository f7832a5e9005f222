use std::fmt;

use axum_core::extract::FromRequestParts;
use http::request::Parts;
use tenant_core::TenantContext;
use tenant_sqlx::TenantDatabase;
use tenant_tower::{Rejection, Tenant};

use super::{
    OpenTransaction,
    slot::{Body, Slot},
};
use crate::ApiError;

/// The right to the request's one transaction, as an extractor; a [`TransactionLayer`](crate::TransactionLayer) ends it.
///
/// It costs nothing until [`begin`](Self::begin). Each extractor and middleware of a request may have one: they all
/// stand for the same transaction, one after the other. A route without the layer is rejected with 500.
///
/// # Example
/// ```
/// use tenant::{RequestTransaction, prelude::*};
///
/// # #[cfg(feature = "sqlite")]
/// async fn rename(mut tx: RequestTransaction<Sqlite>, name: String) -> Result<(), ApiError> {
///     let mut tx = tx.begin().await?;
///     sqlx::query("UPDATE users SET name = ? WHERE id = 7").bind(name).execute(&mut *tx).await?;
///     Ok(())
/// }
/// ```
///
/// Having it twice at once does not compile:
/// ```compile_fail,E0499
/// # use tenant::{RequestTransaction, prelude::*};
/// async fn twice(mut tx: RequestTransaction<Sqlite>) -> Result<(), ApiError> {
///     let one = tx.begin().await?;
///     let other = tx.begin().await?;
///     drop(one);
///     Ok(())
/// }
/// ```
pub struct RequestTransaction<DB: TenantDatabase> {
    tenant: TenantContext,
    slot: Slot<DB>,
}

impl<DB: TenantDatabase> RequestTransaction<DB> {
    /// The tenant whose transaction it is.
    #[must_use]
    pub const fn tenant(&self) -> &TenantContext {
        &self.tenant
    }

    /// Begins the request's transaction, or goes on with it where it was begun before.
    ///
    /// What is given goes back to the request when it is dropped, and whoever begins next has the same transaction: what
    /// an extractor has read under lock the handler still holds.
    ///
    /// # Errors
    /// The request's body is not read yet, so that the caller would decide how long the transaction lasts: what takes
    /// the body comes first. Or another [`RequestTransaction`] of this request has it just now, it is another tenant's,
    /// or the request is answered. These are mistakes of the program, and a 500. Or the tenant is no longer active, or
    /// the database failed.
    pub async fn begin(&mut self) -> Result<OpenTransaction<'_, DB>, ApiError> {
        let transaction = self.slot.lend(&self.tenant, Body::Read).await?;
        Ok(OpenTransaction::new(transaction, &self.slot))
    }

    /// Begins it even though the request's body may not be read yet, as a middleware or an upload may have to.
    ///
    /// **Whoever sends the body slowly holds a connection for so long, and on SQLite every writer of every tenant waits.**
    /// Put a limit of time around what reads the body.
    ///
    /// # Errors
    /// As [`begin`](Self::begin), but for the body.
    pub async fn begin_before_body(&mut self) -> Result<OpenTransaction<'_, DB>, ApiError> {
        let transaction = self.slot.lend(&self.tenant, Body::MayCome).await?;
        Ok(OpenTransaction::new(transaction, &self.slot))
    }
}

impl<S: Send + Sync, DB: TenantDatabase> FromRequestParts<S> for RequestTransaction<DB> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let Tenant(tenant) = Tenant::from_request_parts(parts, state).await?;
        let Some(slot) = parts.extensions.get::<Slot<DB>>().cloned() else {
            return Err(Rejection::internal().with_detail("no TransactionLayer of this database").into());
        };
        Ok(Self { tenant, slot })
    }
}

impl<DB: TenantDatabase> fmt::Debug for RequestTransaction<DB> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequestTransaction").field("tenant", self.tenant.id()).finish_non_exhaustive()
    }
}
