use std::fmt;

use tenant_sqlx::{TenantDatabase, TenantDb};
use tower_layer::Layer;

use super::TransactionService;

/// Gives each request one transaction of its tenant, which its handler, its extractors and its middlewares share.
///
/// It stands inside of the layer that resolves the tenant. The transaction begins when the handler says
/// [`begin`](crate::RequestTransaction::begin), and never before the caller has sent the request's body; a request that
/// does not say so costs no connection. Once the handler has answered:
///
/// | the answer | the transaction |
/// |---|---|
/// | informational, success or redirection (below 400) | committed, before the answer goes out |
/// | an error (400 and above), a gRPC status other than 0 in the head | rolled back |
/// | none: the service failed, the handler panicked, the caller left | rolled back |
/// | well, but something still has the [`OpenTransaction`](crate::OpenTransaction) or waits for it (a task, a body that is streamed) | rolled back, and the answer is a 500 |
///
/// Where the commit fails the answer is that of an [`ApiError`](crate::ApiError), and not the handler's: nobody is told of
/// what was not kept. A gRPC status that comes only in the trailers is sent after the commit.
///
/// # Slow callers
/// Whoever sends slowly holds no transaction, for none begins while more of the body may come. Whoever reads slowly holds
/// none either: it is over before the answer goes out, and can't begin again in a body that is streamed. What takes the
/// time of others is what the handler awaits between `begin` and its answer: call other services before. For middlewares
/// and uploads that can't wait for the body there is
/// [`begin_before_body`](crate::RequestTransaction::begin_before_body).
///
/// # Two connections
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
///     let mut tx = tx.begin().await?;
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
