//! The ways in which one tenant's request could become another's.

use std::{convert::Infallible, sync::Arc, time::Duration};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use tenant_core::TenantContext;
use tenant_tower::{HeaderResolver, TenantLayer};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use tower::{Layer, ServiceExt, service_fn};

use crate::support::{Answer, EchoService, Slow, configs, get, layer, seen, send, serve};

fn public() -> TenantLayer {
    TenantLayer::builder().resolver(HeaderResolver::default()).configs(configs()).allow_missing().build()
}

/// Sends a request on an open connection and reads the body of the answer.
async fn next(stream: &mut TcpStream, headers: &str) -> String {
    let request = format!("GET / HTTP/1.1\r\nHost: x\r\n{headers}\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut buffer = Vec::new();
    loop {
        let mut chunk = [0; 2048];
        let count = stream.read(&mut chunk).await.unwrap();
        assert!(count > 0, "the connection ended");
        buffer.extend_from_slice(&chunk[..count]);
        let text = String::from_utf8(buffer.clone()).unwrap();
        let Some((head, body)) = text.split_once("\r\n\r\n") else {
            continue;
        };
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
        if body.len() == length.parse::<usize>().unwrap() {
            return body.to_owned();
        }
    }
}

#[tokio::test]
async fn a_context_does_not_outlive_its_request_on_a_connection() {
    let mut stream = TcpStream::connect(serve(public().layer(EchoService)).await).await.unwrap();
    assert_eq!(next(&mut stream, "X-Tenant-ID: acme\r\n").await, "acme acme /");
    assert_eq!(next(&mut stream, "").await, "none none /");
    assert_eq!(next(&mut stream, "X-Tenant-ID: globex\r\n").await, "globex globex /");
    assert!(next(&mut stream, "X-Tenant-ID: initech\r\n").await.contains("tenant_not_found"));
    assert_eq!(next(&mut stream, "").await, "none none /");
}

#[tokio::test]
async fn a_public_route_rejects_malformed_and_unknown_tenants_all_the_same() {
    let service = public().layer(EchoService);
    for (tenant, status) in [("a b", 400), ("initech", 404), ("paused", 403)] {
        assert_eq!(send(&service, get("/", &[("x-tenant-id", tenant)])).await.status, status);
    }
}

#[tokio::test]
async fn the_task_is_outside_again_after_the_call_and_after_each_poll() {
    let inner = service_fn(|request: Request<Full<Bytes>>| async move {
        let before = tenant_core::current().map(|tenant| *tenant.id());
        std::future::poll_fn(|_| {
            let now = tenant_core::current().map(|tenant| *tenant.id());
            assert_eq!(now, before);
            std::task::Poll::Ready(())
        })
        .await;
        tokio::task::yield_now().await;
        assert_eq!(tenant_core::current().map(|tenant| *tenant.id()), before);
        Ok::<_, Infallible>(Response::new(Full::new(Bytes::from(seen(&request)))))
    });
    let service = layer().layer(inner);
    let mut call = Box::pin(service.clone().oneshot(get("/", &[("x-tenant-id", "acme")])));
    let mut response = None;
    while response.is_none() {
        response = std::future::poll_fn(|cx| {
            let polled = call.as_mut().poll(cx);
            assert!(tenant_core::current().is_none(), "outside between polls");
            std::task::Poll::Ready(match polled {
                std::task::Poll::Ready(result) => Some(result),
                std::task::Poll::Pending => None,
            })
        })
        .await;
        tokio::task::yield_now().await;
    }
    assert_eq!(Answer::of(response.unwrap().unwrap()).await.body, "acme acme /");
}

#[tokio::test]
async fn the_task_is_outside_again_after_a_call_that_panics_or_is_dropped() {
    let inner = service_fn(|_: Request<Full<Bytes>>| async {
        assert!(tenant_core::current().is_none(), "always");
        Ok::<_, Infallible>(Response::new(Full::<Bytes>::default()))
    });
    let service = layer().layer(inner);
    let call = service.oneshot(get("/", &[("x-tenant-id", "acme")]));
    assert!(tokio::spawn(call).await.unwrap_err().is_panic());
    assert!(tenant_core::current().is_none());

    let never = service_fn(|_: Request<Full<Bytes>>| {
        std::future::pending::<Result<Response<Full<Bytes>>, Infallible>>()
    });
    let call = layer().layer(never).oneshot(get("/", &[("x-tenant-id", "acme")]));
    assert!(tokio::time::timeout(Duration::from_millis(1), call).await.is_err());
    assert!(tenant_core::current().is_none());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn interleaved_tenants_never_see_each_other() {
    let inner = service_fn(|request: Request<hyper::body::Incoming>| async move {
        let mut seen_now = seen(&request);
        for _ in 0..3 {
            tokio::task::yield_now().await;
            let again = seen(&request);
            if again != seen_now {
                seen_now = format!("{seen_now} became {again}");
            }
        }
        Ok::<_, Infallible>(Response::new(Full::new(Bytes::from(seen_now))))
    });
    let fast = TenantLayer::builder().resolver(HeaderResolver::default()).configs(configs());
    let slow = TenantLayer::builder().resolver(HeaderResolver::default()).configs(Slow(configs()));
    for layer in [fast.build(), slow.build()] {
        let addr = serve(layer.layer(inner)).await;
        let clients = (0..8).map(|client| {
            tokio::spawn(async move {
                let mut stream = TcpStream::connect(addr).await.unwrap();
                for turn in 0..200 {
                    let tenant = if (client + turn) % 2 == 0 { "acme" } else { "globex" };
                    let body = next(&mut stream, &format!("X-Tenant-ID: {tenant}\r\n")).await;
                    assert_eq!(body, format!("{tenant} {tenant} /"));
                }
            })
        });
        for client in clients.collect::<Vec<_>>() {
            client.await.unwrap();
        }
    }
}

#[tokio::test]
async fn a_tenant_suspended_between_two_requests_is_rejected_at_the_second() {
    use tenant_core::{ConfigStoreExt, TenantStatus};
    let configs = Arc::new(configs());
    let layer =
        TenantLayer::builder().resolver(HeaderResolver::default()).configs(Arc::clone(&configs)).build();
    let service = layer.layer(EchoService);
    let request = || get("/", &[("x-tenant-id", "acme")]);
    assert_eq!(send(&service, request()).await.status, 200);
    let suspend = |config: &mut tenant_core::TenantConfig| config.status = TenantStatus::Suspended;
    configs.modify(&crate::support::id("acme"), suspend).await.unwrap();
    assert_eq!(send(&service, request()).await.code(), "tenant_inactive");
}

#[tokio::test]
async fn a_caller_cannot_bring_a_context_along() {
    // Extensions never come from the wire; a header of their name means nothing.
    let name = std::any::type_name::<TenantContext>().replace("::", "-");
    let answer = send(&public().layer(EchoService), get("/", &[(name.as_str(), "acme")])).await;
    assert_eq!(answer.body, "none none /");
}
