//! What an admitted request allocates.

use std::{
    convert::Infallible,
    future::{Ready, ready},
    task::{Context, Poll},
};

use http::{Request, Response};
use tenant_core::{InMemoryConfigManager, TenantConfig};
use tenant_tower::{HeaderResolver, TenantLayer};
use tower::{Layer, Service};

use crate::support::id;

#[derive(Clone)]
struct Immediate;

impl Service<Request<()>> for Immediate {
    type Response = Response<()>;
    type Error = Infallible;
    type Future = Ready<Result<Response<()>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<()>) -> Self::Future {
        drop(request);
        ready(Ok(Response::new(())))
    }
}

/// How often the second request allocates; the first one warms up what is kept per tenant.
fn allocations(fields: bool) -> u64 {
    let config = TenantConfig::builder(id("acme")).requests_per_minute(1_000).tokens_per_minute(1_000);
    let layer = TenantLayer::builder()
        .resolver(HeaderResolver::default())
        .configs(InMemoryConfigManager::with([config.build().unwrap()]).unwrap())
        .rate_limit_fields(fields)
        .build();
    let mut service = layer.layer(Immediate);
    let mut call = || {
        let request = Request::builder().header("x-tenant-id", "acme").body(()).unwrap();
        let mut allocated = 0;
        allocated += allocation_counter::measure(|| {
            let mut cx = Context::from_waker(std::task::Waker::noop());
            assert!(service.poll_ready(&mut cx).is_ready());
            let mut future = std::pin::pin!(service.call(request));
            let Poll::Ready(Ok(response)) = future.as_mut().poll(&mut cx) else {
                panic!("nothing to wait for")
            };
            assert_eq!(response.status(), 200);
            assert_eq!(response.headers().contains_key("ratelimit"), fields);
        })
        .count_total;
        allocated
    };
    call();
    call()
}

#[test]
fn an_admitted_request_allocates_what_the_extensions_take_and_no_more() {
    assert!(allocations(false) <= 3, "{}", allocations(false));
}

#[test]
fn telling_the_limits_takes_four_more_at_most() {
    assert!(allocations(true) <= 7, "{}", allocations(true));
}
