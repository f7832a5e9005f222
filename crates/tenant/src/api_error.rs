//! Where the database's edge meets HTTP's: what a handler could not do, as an answer.

use std::fmt;

use axum_core::response::{IntoResponse, Response};
use tenant_core::{StoreError, StoreErrorKind, settings::InvalidSetting};
use tenant_sql::Refusal;
use tenant_sqlx::{NoLongerActive, StockDenied};
use tenant_tower::{Rejection, RejectionKind};

/// What a handler could not do, on its way to becoming a problem (RFC 9457).
///
/// | what happened | answer |
/// |---|---|
/// | a [`Rejection`] | itself |
/// | a stock limit is reached ([`StockDenied`]) | 429 `quota_exceeded`, without `Retry-After` |
/// | the tenant was suspended meanwhile | 403 `tenant_inactive` |
/// | no row was found where one was asked for | 404 `not_found` |
/// | a unique key was violated | 409 `conflict` |
/// | it came together with others (a deadlock, a lock held too long), or the tenant was moved meanwhile | 503 with `Retry-After` |
/// | the pool had no connection in time, or the config store failed | 503 |
/// | a statement was refused, the database failed, or a setting of the tenant is not what it must be | 500, and a log line; the caller learns nothing |
///
/// # Example
/// ```
/// use axum::{Json, extract::State};
/// use tenant::prelude::*;
///
/// # #[cfg(feature = "sqlite")]
/// async fn count(tenant: Tenant, State(db): State<TenantDb<Sqlite>>) -> Result<Json<i64>, ApiError> {
///     let count = sqlx::query_scalar("SELECT COUNT(*) FROM users").fetch_one(&db.scoped(&tenant)).await?;
///     Ok(Json(count))
/// }
/// ```
#[derive(Debug)]
pub struct ApiError(Cause);

#[derive(Debug)]
enum Cause {
    Rejected(Rejection),
    Database(sqlx::Error),
    Store(StoreError),
    Setting(InvalidSetting),
}

impl From<Rejection> for ApiError {
    fn from(rejection: Rejection) -> Self {
        Self(Cause::Rejected(rejection))
    }
}

impl From<sqlx::Error> for ApiError {
    fn from(error: sqlx::Error) -> Self {
        Self(Cause::Database(error))
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        Self(Cause::Store(error))
    }
}

impl From<InvalidSetting> for ApiError {
    fn from(error: InvalidSetting) -> Self {
        Self(Cause::Setting(error))
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Cause::Rejected(rejection) => rejection.fmt(f),
            Cause::Database(error) => error.fmt(f),
            Cause::Store(error) => error.fmt(f),
            Cause::Setting(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for ApiError {}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let rejection = match self.0 {
            Cause::Rejected(rejection) => rejection,
            Cause::Database(error) => database(&error),
            Cause::Store(error) => store(&error),
            // What stands in the tenant's config is not the caller's mistake.
            Cause::Setting(error) => {
                trace(&error);
                Rejection::internal()
            }
        };
        rejection.into_response()
    }
}

fn database(error: &sqlx::Error) -> Rejection {
    if NoLongerActive::of(error).is_some() {
        return Rejection::tenant_inactive();
    }
    if let Some(denied) = StockDenied::of(error) {
        return Rejection::quota_exceeded(None).with_detail(format!("the limit {} is reached", denied.limit));
    }
    if tenant_sqlx::is_transient(error) {
        return Rejection::overloaded().with_detail("the request came in the way of others: try it again");
    }
    // A refused statement is the program's mistake, never the caller's.
    if let Some(refusal) = Refusal::of(error) {
        trace(refusal);
        return Rejection::internal();
    }
    match error {
        sqlx::Error::RowNotFound => Rejection::not_found(),
        sqlx::Error::Database(error) if error.is_unique_violation() => Rejection::conflict(),
        sqlx::Error::PoolTimedOut => {
            trace(error);
            Rejection::new(RejectionKind::StoreUnavailable)
        }
        _ => {
            trace(error);
            Rejection::internal()
        }
    }
}

fn store(error: &StoreError) -> Rejection {
    match error.kind() {
        StoreErrorKind::AlreadyExists | StoreErrorKind::HostTaken | StoreErrorKind::StaleRevision => {
            Rejection::conflict().with_detail(error.detail().to_owned())
        }
        StoreErrorKind::NotFound => Rejection::tenant_not_found(),
        StoreErrorKind::Invalid => Rejection::invalid_request(error.detail().to_owned()),
        _ => {
            trace(error);
            Rejection::store_unavailable(error.clone())
        }
    }
}

#[cfg(feature = "tracing")]
fn trace(error: &(dyn std::error::Error + 'static)) {
    tracing::error!(error, "a handler failed");
}

#[cfg(not(feature = "tracing"))]
fn trace(_: &(dyn std::error::Error + 'static)) {}
