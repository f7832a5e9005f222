use std::{
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
};

use axum_core::response::{IntoResponse, Response};
use http::HeaderName;
use pin_project_lite::pin_project;
use tenant_sqlx::{ScopedTransaction, TenantDatabase};
use tenant_tower::Rejection;

use super::slot::{Left, Owned, Slot};
use crate::ApiError;

const GRPC_STATUS: HeaderName = HeaderName::from_static("grpc-status");

pin_project! {
    /// The future of a [`TransactionService`](crate::TransactionService).
    pub struct TransactionFuture<F, DB: TenantDatabase> {
        #[pin]
        state: State<F, DB>,
    }
}

pin_project! {
    #[project = StateProj]
    enum State<F, DB: TenantDatabase> {
        Serving { #[pin] inner: F, slot: Owned<DB> },
        /// Only where there was a transaction.
        Ending { answer: Pin<Box<dyn Future<Output = Response> + Send>> },
    }
}

impl<F, DB: TenantDatabase> TransactionFuture<F, DB> {
    pub(super) const fn new(inner: F, slot: Slot<DB>) -> Self {
        Self { state: State::Serving { inner, slot: Owned::new(slot) } }
    }
}

impl<F, E, DB> Future for TransactionFuture<F, DB>
where
    F: Future<Output = Result<Response, E>>,
    DB: TenantDatabase,
{
    type Output = Result<Response, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut state = self.project().state;
        loop {
            let next = match state.as_mut().project() {
                StateProj::Serving { inner, slot } => {
                    let result = ready!(inner.poll(cx));
                    let left = slot.end();
                    let response = match result {
                        Ok(response) => response,
                        Err(error) => return Poll::Ready(Err(error)),
                    };
                    match left {
                        Left::Nothing => return Poll::Ready(Ok(response)),
                        Left::Lent if is_well(&response) => return Poll::Ready(Ok(still_in_use())),
                        Left::Lent => return Poll::Ready(Ok(response)),
                        Left::Transaction(transaction) => {
                            State::Ending { answer: Box::pin(end(transaction, response)) }
                        }
                    }
                }
                StateProj::Ending { answer } => return answer.as_mut().poll(cx).map(Ok),
            };
            state.set(next);
        }
    }
}

async fn end<DB: TenantDatabase>(
    transaction: ScopedTransaction<'static, DB>,
    response: Response,
) -> Response {
    if !is_well(&response) {
        // The answer is an error already; where this fails the connection is closed, and with it the transaction.
        drop(transaction.rollback().await);
        return response;
    }
    match transaction.commit().await {
        Ok(()) => response,
        Err(error) => ApiError::from(error).into_response(),
    }
}

/// Whether the answer says that the work was done.
fn is_well(response: &Response) -> bool {
    let status = response.status();
    let is_error = status.is_client_error() || status.is_server_error();
    !is_error && response.headers().get(GRPC_STATUS).is_none_or(|code| code.as_bytes() == b"0")
}

fn still_in_use() -> Response {
    let detail = "the request's transaction is still in use, and was not committed";
    ApiError::from(Rejection::internal().with_detail(detail)).into_response()
}

impl<F, DB: TenantDatabase> fmt::Debug for TransactionFuture<F, DB> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TransactionFuture")
    }
}
