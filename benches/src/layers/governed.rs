//! tower_governor, keyed by tenant.

use std::sync::Arc;

use governor::{
    clock::QuantaInstant,
    middleware::{NoOpMiddleware, StateInformationMiddleware},
};
use http::Request;
use tower_governor::{
    GovernorError,
    governor::{GovernorConfig, GovernorConfigBuilder},
    key_extractor::KeyExtractor,
};

use super::directory::Customer;
use crate::BoxError;

/// Keyed by the header, in the way of its documentation's example for a header.
#[derive(Clone, Copy, Debug)]
pub(super) struct FromHeader;

impl KeyExtractor for FromHeader {
    type Key = String;

    fn extract<T>(&self, request: &Request<T>) -> Result<String, GovernorError> {
        let value = request.headers().get("x-tenant-id").and_then(|value| value.to_str().ok());
        value.map(str::to_owned).ok_or(GovernorError::UnableToExtractKey)
    }
}

/// Keyed by the tenant that an outer layer has found.
#[derive(Clone, Copy, Debug)]
pub(super) struct FromExtensions;

impl KeyExtractor for FromExtensions {
    type Key = Arc<str>;

    fn extract<T>(&self, request: &Request<T>) -> Result<Arc<str>, GovernorError> {
        let customer = request.extensions().get::<Arc<Customer>>();
        customer.map(|customer| Arc::clone(&customer.id)).ok_or(GovernorError::UnableToExtractKey)
    }
}

type Config<K, M> = Arc<GovernorConfig<K, M>>;

/// Without `x-ratelimit-*`.
pub(super) fn quiet<K: KeyExtractor>(keys: K) -> Result<Config<K, NoOpMiddleware<QuantaInstant>>, BoxError> {
    let mut builder = GovernorConfigBuilder::default();
    let config = builder.per_nanosecond(1).burst_size(u32::MAX).key_extractor(keys).finish();
    Ok(Arc::new(config.ok_or("neither period nor burst may be zero")?))
}

/// With `x-ratelimit-*`.
pub(super) fn fields<K: KeyExtractor>(keys: K) -> Result<Config<K, StateInformationMiddleware>, BoxError> {
    let mut builder = GovernorConfigBuilder::default();
    let config = builder.per_nanosecond(1).burst_size(u32::MAX).key_extractor(keys).use_headers().finish();
    Ok(Arc::new(config.ok_or("neither period nor burst may be zero")?))
}
