use tenant_core::TenantId;

use super::{Resolution, TenantResolver};
use crate::{Claim, Rejection, RequestHead, Source};

/// Takes the tenant from a query parameter.
///
/// **This is risky**: a link chooses the tenant. Links are shared, logged, kept in histories and sent along as
/// `Referer`; a page of an attacker can make a browser follow one with the victim's cookies. Use it only beside a source
/// that the caller can't choose, which then must agree, or for what is public anyway.
///
/// A parameter that comes twice, is empty or is no tenant id is rejected. Nothing is decoded: a tenant's id needs no
/// percent-encoding.
#[derive(Clone, Debug)]
pub struct QueryResolver {
    parameter: Box<str>,
}

impl QueryResolver {
    /// Takes the tenant from the parameter `name`, which is compared byte for byte.
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self { parameter: name.into() }
    }
}

impl TenantResolver for QueryResolver {
    fn resolve(&self, head: &RequestHead<'_>) -> Resolution {
        let pairs = head.uri().query().unwrap_or_default().split('&');
        let mut values = pairs.filter_map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (name == &*self.parameter).then_some(value)
        });
        let Some(value) = values.next() else {
            return Ok(None);
        };
        if values.next().is_some() {
            return Err(Rejection::invalid_tenant_id(
                Source::Query,
                "the tenant's parameter comes more than once",
            ));
        }
        match TenantId::parse(value) {
            Ok(tenant) => Ok(Some(Claim::new(tenant, Source::Query))),
            Err(error) => Err(Rejection::invalid_tenant_id(Source::Query, error.to_string())),
        }
    }
}
