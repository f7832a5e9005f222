use axum::{extract::FromRequestParts, http::request::Parts};
use serde::de::DeserializeOwned;
use tenant::Rejection;

/// The query string, without unknown or repeated parameters.
pub(crate) struct StrictQuery<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Sync> FromRequestParts<S> for StrictQuery<T> {
    type Rejection = Rejection;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        let query = axum::extract::Query::<T>::try_from_uri(&parts.uri);
        query.map(|query| Self(query.0)).map_err(|error| Rejection::invalid_request(error.body_text()))
    }
}
