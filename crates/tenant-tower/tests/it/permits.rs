//! Permits and reservations: held as long as the work, given back whatever becomes of it.

use std::{
    convert::Infallible,
    future::Future,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    task::Poll,
    time::Duration,
};

use bytes::Bytes;
use http::{Request, Response};
use http_body::Frame;
use http_body_util::{BodyExt, Full, StreamBody};
use tenant_core::{
    Dimension, InMemoryConfigManager, InMemoryQuotaManager, NamedLimit, QuotaManager, TenantConfig,
    TenantContext, quota::Cost,
};
use tenant_tower::{HeaderResolver, Meter, QuotaLayer, Rejection, RequestHead, TenantLayer};
use tower::{Layer, Service, ServiceExt, service_fn};

use crate::support::{EchoService, clock, get, id, quotas, send};

fn dimension(name: &str) -> Dimension {
    name.parse().unwrap()
}

fn executions(amount: u64) -> Cost {
    Cost::of(dimension("executions"), amount)
}

/// `acme` may have 40 executions at once, `globex` 1; both have 1000 tokens a minute.
fn configs() -> InMemoryConfigManager {
    let of = |tenant, limit| {
        let limit = NamedLimit::concurrency(dimension("executions"), limit);
        TenantConfig::builder(id(tenant)).tokens_per_minute(1_000).limit("running", limit).build().unwrap()
    };
    InMemoryConfigManager::with([of("acme", 40), of("globex", 1)]).unwrap()
}

fn layer(quotas: &Arc<InMemoryQuotaManager>) -> TenantLayer {
    TenantLayer::builder()
        .resolver(HeaderResolver::default())
        .configs(configs())
        .quotas(Arc::clone(quotas))
        .costs(|head: &RequestHead<'_>| match head.headers().get("x-broken") {
            None => Ok(vec![executions(1)]),
            Some(_) => Err(Rejection::invalid_request("must not be broken").with_field("x-broken")),
        })
        .build()
}

fn of(tenant: &str) -> Request<Full<Bytes>> {
    get("/", &[("x-tenant-id", tenant)])
}

async fn used(quotas: &InMemoryQuotaManager, tenant: &str) -> Vec<(String, u64)> {
    let tenant = TenantContext::of(&configs(), &id(tenant)).await.unwrap();
    let usage = quotas.usage(tenant.record()).await.unwrap();
    usage.limits.iter().map(|limit| (limit.limit.name.to_string(), limit.used)).collect()
}

fn in_use(running: u64, tokens: u64) -> Vec<(String, u64)> {
    vec![("tpm".to_owned(), tokens), ("running".to_owned(), running)]
}

#[tokio::test]
async fn a_permit_is_held_until_the_body_has_ended_or_is_dropped() {
    let quotas = Arc::new(quotas(&clock()));
    let service = layer(&quotas).layer(EchoService);
    let call = || service.clone().oneshot(of("globex"));
    let mut first = call().await.unwrap();
    let denied = send(&service, of("globex")).await;
    assert_eq!((denied.status, denied.code().as_str()), (429, "quota_exceeded"));
    assert!(denied.header("retry-after").unwrap().parse::<u64>().unwrap() >= 1);
    assert_eq!(send(&service, of("acme")).await.status, 200, "another tenant's permits are its own");

    first.body_mut().frame().await.unwrap().unwrap();
    assert!(first.body_mut().frame().await.is_none());
    let second = call().await.unwrap();
    assert_eq!(second.status(), 200, "the body has ended, though it is there still");
    assert_eq!(call().await.unwrap().status(), 429);
    drop(second);
    assert_eq!(call().await.unwrap().status(), 200);
    assert_eq!(used(&quotas, "globex").await, in_use(0, 0));
}

#[tokio::test]
async fn a_body_that_fails_gives_its_permit_back() {
    let quotas = Arc::new(quotas(&clock()));
    let broken = |_: Request<Full<Bytes>>| async {
        let frames = futures_util::stream::iter([Err::<Frame<Bytes>, std::io::Error>(
            std::io::Error::other("broken"),
        )]);
        Ok::<_, Infallible>(Response::new(StreamBody::new(frames)))
    };
    let service = layer(&quotas).layer(service_fn(broken));
    let mut failed = service.clone().oneshot(of("globex")).await.unwrap();
    failed.body_mut().frame().await.unwrap().unwrap_err();
    assert_eq!(used(&quotas, "globex").await, in_use(0, 0), "it is there still");
    drop(failed);
}

#[tokio::test]
async fn denials_further_in_give_the_permit_back() {
    for rejection in [Rejection::policy_denied("no"), Rejection::quota_exceeded(None)] {
        let quotas = Arc::new(quotas(&clock()));
        let handler = service_fn(|_: Request<Full<Bytes>>| async {
            Ok::<_, Infallible>(rejection.to_response().map(Full::new))
        });
        let service = layer(&quotas).layer(handler);
        let request = get("/", &[("x-tenant-id", "globex"), ("x-token-count", "10")]);
        let held = service.clone().oneshot(request).await.unwrap();
        assert_eq!(held.status(), rejection.status());
        assert_eq!(used(&quotas, "globex").await, in_use(0, 0), "though the response is there still");
    }
}

#[tokio::test]
async fn what_a_handler_reserved_is_told_and_of_other_limits_nothing() {
    let quotas = Arc::new(quotas(&clock()));
    let outer = layer(&quotas);
    let meter = outer.meter().clone();
    let elsewhere = TenantContext::of(&configs(), &id("globex")).await.unwrap();
    let elsewhere = quotas.decide(&elsewhere, &[Cost::tokens(7)]).await.unwrap();
    let handler = service_fn(move |request: Request<Full<Bytes>>| {
        let (meter, elsewhere) = (meter.clone(), elsewhere.clone());
        async move {
            let tenant = request.extensions().get::<TenantContext>().unwrap().clone();
            let reservation = meter.reserve(&tenant, &[Cost::tokens(90)]).await.unwrap();
            let told = if request.uri().path() == "/own" { reservation.decision() } else { &elsewhere };
            let mut response = Response::new(Full::new(Bytes::new()));
            response.extensions_mut().insert(told.clone());
            Ok::<_, Infallible>(response)
        }
    });
    let service = outer.layer(handler);
    let ask = async |path| {
        let answer = send(&service, get(path, &[("x-tenant-id", "acme"), ("x-token-count", "10")])).await;
        answer.header("ratelimit").unwrap().to_owned()
    };
    assert_eq!(ask("/own").await, r#""tpm";r=900;t=40"#);
    assert_eq!(ask("/elsewhere").await, r#""tpm";r=980;t=40"#);
}

#[tokio::test]
async fn costs_that_cannot_be_told_reject() {
    let quotas = Arc::new(quotas(&clock()));
    let service = layer(&quotas).layer(EchoService);
    let answer = send(&service, get("/", &[("x-tenant-id", "acme"), ("x-broken", "1")])).await;
    assert_eq!((answer.status, answer.json()["field"].as_str()), (400, Some("x-broken")));
    assert_eq!(used(&quotas, "acme").await, in_use(0, 0));
}

#[tokio::test]
async fn a_layer_further_in_counts_what_the_outer_one_did_not() {
    let quotas = Arc::new(quotas(&clock()));
    let configs = TenantConfig::builder(id("acme"))
        .requests_per_minute(10)
        .limit("daily", NamedLimit::rate(dimension("exports"), tenant_core::Window::Day, 3));
    let configs = InMemoryConfigManager::with([configs.build().unwrap()]).unwrap();
    let outer = TenantLayer::builder().resolver(HeaderResolver::default()).configs(configs);
    let inner = QuotaLayer::new(Arc::clone(&quotas))
        .request_cost(0)
        .rate_limit_fields(false)
        .costs(|_| Ok(vec![Cost::of(dimension("exports"), 2)]));
    let service = outer.quotas(Arc::clone(&quotas)).build().layer(inner.layer(EchoService));
    let admitted = send(&service, of("acme")).await;
    assert_eq!((admitted.status, admitted.header("ratelimit")), (200, Some(r#""rpm";r=9;t=40"#)));
    // What the inner one denies costs no request.
    for _ in 0..2 {
        let denied = send(&service, of("acme")).await;
        assert_eq!((denied.status, denied.header("ratelimit")), (429, Some(r#""rpm";r=9;t=40"#)));
    }
}

#[tokio::test]
async fn a_meter_tells_why_it_denies_and_refunds_what_is_dropped() {
    let quotas = Arc::new(quotas(&clock()));
    let meter: Meter = layer(&quotas).meter().clone();
    let acme = TenantContext::of(&configs(), &id("acme")).await.unwrap();
    let reservation = meter.reserve(&acme, &[Cost::tokens(900)]).await.unwrap();
    let denied = meter.reserve(&acme, &[Cost::tokens(101)]).await.unwrap_err();
    assert_eq!((denied.code(), denied.retry_after()), ("quota_exceeded", Some(40)));
    let never = meter.reserve(&acme, &[Cost::tokens(1_001)]).await.unwrap_err();
    assert_eq!(never.retry_after(), None);
    drop(reservation);
    assert_eq!(used(&quotas, "acme").await, in_use(0, 0));
    meter.reserve(&acme, &[Cost::tokens(900)]).await.unwrap().settle(&[Cost::tokens(7)]);
    assert_eq!(used(&quotas, "acme").await, in_use(0, 7));
}

/// Callers who leave before, during and after the handler, panics, and bodies dropped half-way.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn ten_thousand_aborted_requests_leak_neither_permit_nor_reservation() {
    let quotas = Arc::new(quotas(&clock()));
    let outer = layer(&quotas);
    let meter = outer.meter().clone();
    let handler = service_fn(move |request: Request<Full<Bytes>>| {
        let meter = meter.clone();
        async move {
            let tenant = request.extensions().get::<TenantContext>().unwrap().clone();
            let reservation = meter.reserve(&tenant, &[Cost::tokens(1)]).await;
            tokio::task::yield_now().await;
            assert!(request.uri().path() != "/panic", "as asked for");
            let frames = (0..3).map(move |_| {
                let _held = &reservation;
                Ok::<_, Infallible>(Frame::data(Bytes::from_static(b"x")))
            });
            Ok::<_, Infallible>(Response::new(StreamBody::new(futures_util::stream::iter(frames))))
        }
    });
    let service = outer.layer(handler);
    let admitted = Arc::new(AtomicU64::new(0));
    let workers = (0..50_u64).map(|worker| {
        let (service, admitted) = (service.clone(), Arc::clone(&admitted));
        tokio::spawn(async move {
            for at in 0..200 {
                let random = (worker * 200 + at + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 33;
                abort_somewhere(&service, random, &admitted).await;
            }
        })
    });
    for worker in workers.collect::<Vec<_>>() {
        worker.await.unwrap();
    }
    assert!(admitted.load(Ordering::Relaxed) > 1_000, "most were only denied");
    for tenant in ["acme", "globex"] {
        assert_eq!(used(&quotas, tenant).await, in_use(0, 0));
    }
}

async fn abort_somewhere<S, B>(service: &S, random: u64, admitted: &AtomicU64)
where
    S: Service<Request<Full<Bytes>>, Response = Response<B>, Error = Infallible> + Clone,
    B: http_body::Body + Unpin,
{
    let path = if random.is_multiple_of(97) { "/panic" } else { "/" };
    let tenant = if random.is_multiple_of(3) { "acme" } else { "globex" };
    let call = service.clone().oneshot(get(path, &[("x-tenant-id", tenant)]));
    let call = few_polls(call, random % 5);
    let call = futures_util::FutureExt::catch_unwind(std::panic::AssertUnwindSafe(call));
    let Ok(Some(Ok(response))) = call.await else { return };
    admitted.fetch_add(u64::from(response.status() == 200), Ordering::Relaxed);
    let mut body = response.into_body();
    for _ in 0..random / 5 % 5 {
        let _ = body.frame().await;
        tokio::task::yield_now().await;
    }
}

/// The answer, if it comes within so many polls; with 4 for as long as it takes.
async fn few_polls<F: Future>(future: F, polls: u64) -> Option<F::Output> {
    let mut future = Box::pin(future);
    let mut left = polls;
    let polled = std::future::poll_fn(move |cx| match future.as_mut().poll(cx) {
        Poll::Ready(output) => Poll::Ready(Some(output)),
        Poll::Pending if left == 0 => Poll::Ready(None),
        Poll::Pending => {
            left -= u64::from(polls < 4);
            Poll::Pending
        }
    });
    tokio::time::timeout(Duration::from_secs(20), polled).await.unwrap()
}
