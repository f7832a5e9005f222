use std::fmt;

use tenant_sqlx::{TenantDatabase, TenantDb};
use tower_layer::Layer;

use super::TransactionService;

/// Gives each request one transaction of its tenant, which its handler and its extractors share.
///
/// It stands inside of the layer that resolves the tenant. The transaction begins when a handler, an extractor or a
/// middleware first asks for a [`RequestTransaction`](crate::RequestTransaction); a request that never does costs no connection. Once the handler has
/// answered:
///
/// | the answer | the transaction |
/// |---|---|
/// | informational, success or redirection (below 400) | committed, before the answer goes out |
/// | an error (400 and above), a gRPC status other than 0 in the head | rolled back |
/// | none: the service failed, the handler panicked, the caller left | rolled back |
/// | well, but something still holds the [`RequestTransaction`](crate::RequestTransaction) (a task, a body that is streamed) | rolled back, and the answer is a 500 |
///
/// Where the commit fails the answer is that of an [`ApiError`](crate::ApiError), and not the handler's: nobody is told of
/// what was not kept. A gRPC status that comes only in the trailers is sent after the commit.
///
/// It begins before the body is read where the handler takes it as an extractor: whoever sends a body slowly holds a
/// connection for so long, and on SQLite the turn to write. Let a limit of time stand around, or read the body in a
/// middleware further out.
///
/// A handler that has a transaction and also runs statements on the pool needs two connections at once: under load all
/// requests may wait for their second one. Run a request's statements in its transaction.
///
/// # Example
/// ```
/// use axum::{Router, routing::post};
/// use tenant::{RequestTransaction, TransactionLayer, prelude::*};
///
/// # #[cfg(feature = "sqlite")]
/// async fn create(mut tx: RequestTransaction<Sqlite>, name: String) -> Result<(), ApiError> {
///     sqlx::query("INSERT INTO projects (name) VALUES (?)").bind(name).execute(&mut *tx).await?;
///     sqlx::query("INSERT INTO events (kind) VALUES ('created')").execute(&mut *tx).await?;
///     Ok(()) // both are kept, or neither is
/// }
///
/// # #[cfg(feature = "sqlite")]
/// fn app(db: TenantDb<Sqlite>, tenancy: TenantLayer) -> Router {
///     Router::new().route("/projects", post(create)).layer(TransactionLayer::new(db)).layer(tenancy)
/// }
/// ```
pub struct TransactionLayer<DB: TenantDatabase> {
    db: TenantDb<DB>,
}

impl<DB: TenantDatabase> TransactionLayer<DB> {
    /// With transactions of this database. Requests may have one of each database whose layer they pass; of two layers of
    /// one database type the inner one counts.
    #[must_use]
    pub const fn new(db: TenantDb<DB>) -> Self {
        Self { db }
    }
}

impl<S, DB: TenantDatabase> Layer<S> for TransactionLayer<DB> {
    type Service = TransactionService<S, DB>;

    fn layer(&self, inner: S) -> Self::Service {
        TransactionService::new(inner, self.db.clone())
    }
}

impl<DB: TenantDatabase> Clone for TransactionLayer<DB> {
    fn clone(&self) -> Self {
        Self { db: self.db.clone() }
    }
}

impl<DB: TenantDatabase> fmt::Debug for TransactionLayer<DB> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TransactionLayer").finish_non_exhaustive()
    }
}
