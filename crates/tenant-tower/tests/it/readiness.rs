//! The rules of readiness: the service that was polled ready is the one that is called.

use http::{Request, Response};
use tenant_tower::{HeaderResolver, TenantLayer, TenantService};
use tower::{Layer, Service, ServiceExt};
use tower_test::mock;

use crate::support::{Slow, configs};

type Mock = mock::Mock<Request<()>, Response<()>>;
type Handle = mock::Handle<Request<()>, Response<()>>;

fn pair(is_slow: bool) -> (TenantService<Mock>, Handle) {
    let (service, mut handle) = mock::pair();
    handle.allow(0);
    let builder = TenantLayer::builder().resolver(HeaderResolver::default());
    let layer = match is_slow {
        true => builder.configs(Slow(configs())).build(),
        false => builder.configs(configs()).build(),
    };
    (layer.layer(service), handle)
}

fn request(tenant: &str) -> Request<()> {
    Request::builder().header("x-tenant-id", tenant).body(()).unwrap()
}

async fn is_ready(service: &mut TenantService<Mock>) -> bool {
    let ready = std::future::poll_fn(|cx| std::task::Poll::Ready(service.poll_ready(cx).is_ready()));
    ready.await
}

#[tokio::test]
async fn readiness_is_the_inner_services() {
    let (mut service, mut handle) = pair(false);
    assert!(!is_ready(&mut service).await);
    handle.allow(1);
    assert!(is_ready(&mut service).await);
}

// The mock panics where it is called without having been polled ready: a clone would be.
#[tokio::test]
async fn a_request_that_waits_takes_the_ready_service_along() {
    let (mut service, mut handle) = pair(true);
    handle.allow(1);
    let call = service.ready().await.unwrap().call(request("acme"));
    let (response, ()) = tokio::join!(call, async {
        let (request, respond) = handle.next_request().await.unwrap();
        assert_eq!(request.headers()["x-tenant-id"], "acme");
        respond.send_response(Response::new(()));
    });
    assert_eq!(response.unwrap().status(), 200);
}

#[tokio::test]
async fn two_requests_that_wait_do_not_share_a_readiness() {
    let (mut service, mut handle) = pair(true);
    handle.allow(2);
    let first = service.ready().await.unwrap().call(request("acme"));
    let second = service.ready().await.unwrap().call(request("globex"));
    let (second, first, ()) = tokio::join!(second, first, async {
        for _ in 0..2 {
            let (request, respond) = handle.next_request().await.unwrap();
            let tenant = request.headers()["x-tenant-id"].clone();
            let mut response = Response::new(());
            response.headers_mut().insert("x-served", tenant);
            respond.send_response(response);
        }
    });
    assert_eq!(first.unwrap().headers()["x-served"], "acme");
    assert_eq!(second.unwrap().headers()["x-served"], "globex");
}

#[tokio::test]
async fn a_rejected_request_leaves_the_service_ready() {
    let (mut service, mut handle) = pair(false);
    handle.allow(1);
    let rejected = service.ready().await.unwrap().call(request("initech")).await;
    assert_eq!(rejected.unwrap().status(), 404);
    let call = service.call(request("acme"));
    let (response, ()) = tokio::join!(call, async {
        handle.next_request().await.unwrap().1.send_response(Response::new(()));
    });
    assert_eq!(response.unwrap().status(), 200);
}

#[tokio::test]
async fn errors_of_the_inner_service_come_through() {
    let (mut service, mut handle) = pair(false);
    handle.allow(1);
    let call = service.ready().await.unwrap().call(request("acme"));
    let (response, ()) = tokio::join!(call, async {
        handle.next_request().await.unwrap().1.send_error("broken");
    });
    assert_eq!(response.unwrap_err().to_string(), "broken");
}
