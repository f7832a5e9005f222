//! Slots: no tenant has all of them, each is given back whatever becomes of its request, and who waits takes turns.

use std::{
    collections::HashMap,
    convert::Infallible,
    future::Future,
    pin::Pin,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full, StreamBody};
use tenant_core::{TenantContext, current};
use tenant_tower::FairLayer;
use tokio::{sync::Semaphore, time};
use tower::{BoxError, Layer, Service, ServiceExt, service_fn, util::BoxCloneSyncService};

use crate::support::{Answer, EchoService, get, layer, send};

type Req = Request<Full<Bytes>>;

/// How many requests run now, in all and by tenant, and the most that ever did.
#[derive(Clone, Default)]
struct Census(Arc<Mutex<Counts>>);

#[derive(Default)]
struct Counts {
    now: HashMap<String, usize>,
    most: HashMap<String, usize>,
}

struct Counted(Census, String);

impl Census {
    fn enter(&self) -> Counted {
        let tenant = current().unwrap().id().to_string();
        let Counts { now, most } = &mut *self.0.lock().unwrap();
        for name in [&tenant, "all"] {
            let running = now.entry(name.to_owned()).or_default();
            *running += 1;
            let most = most.entry(name.to_owned()).or_default();
            *most = (*most).max(*running);
        }
        Counted(self.clone(), tenant)
    }

    fn running(&self, name: &str) -> usize {
        self.0.lock().unwrap().now.get(name).copied().unwrap_or_default()
    }

    fn most(&self, name: &str) -> usize {
        self.0.lock().unwrap().most.get(name).copied().unwrap_or_default()
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        for name in [&self.1, "all"] {
            *self.0.0.lock().unwrap().now.get_mut(name).unwrap() -= 1;
        }
    }
}

type Fair = BoxCloneSyncService<Req, Response<BoxBody>, BoxError>;
type BoxBody = http_body_util::combinators::UnsyncBoxBody<Bytes, BoxError>;

/// Behind the tenant's layer and `fair`: counts, waits until `gate` opens, and answers.
fn service(fair: &FairLayer, census: &Census, gate: &Arc<Semaphore>) -> Fair {
    let (census, gate) = (census.clone(), Arc::clone(gate));
    let handler = service_fn(move |request: Req| {
        let (census, gate) = (census.clone(), Arc::clone(&gate));
        async move {
            let _counted = census.enter();
            gate.acquire().await.unwrap().forget();
            assert!(request.uri().path() != "/panic", "as asked for");
            Ok::<_, Infallible>(Response::new(Full::new(Bytes::from_static(b"done"))))
        }
    });
    boxed(layer().layer(fair.layer(handler)))
}

fn boxed<S, B>(service: S) -> Fair
where
    S: Service<Req, Response = Response<B>> + Clone + Send + Sync + 'static,
    S::Future: Send,
    S::Error: Into<BoxError>,
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    let boxed = |response: Response<B>| response.map(|body| body.map_err(Into::into).boxed_unsync());
    BoxCloneSyncService::new(service.map_response(boxed).map_err(Into::into))
}

fn of(tenant: &str) -> Req {
    get("/", &[("x-tenant-id", tenant)])
}

/// Sends without waiting for the answer.
fn start(service: &Fair, request: Req) -> tokio::task::JoinHandle<Answer> {
    let service = service.clone();
    tokio::spawn(async move { send(&service, request).await })
}

/// Until what can run has run.
async fn settle() {
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
}

fn closed() -> Arc<Semaphore> {
    Arc::new(Semaphore::new(0))
}

#[tokio::test(start_paused = true)]
async fn one_tenant_never_has_all_slots() {
    let (census, gate) = (Census::default(), closed());
    let service = service(&FairLayer::new(4), &census, &gate);
    let noisy: Vec<_> = (0..10).map(|_| start(&service, of("acme"))).collect();
    settle().await;
    assert_eq!((census.running("acme"), census.running("all")), (3, 3));
    let quiet = start(&service, of("globex"));
    settle().await;
    assert_eq!((census.running("globex"), census.running("all")), (1, 4));
    gate.add_permits(100);
    assert_eq!(quiet.await.unwrap().status, 200);
    for answer in noisy {
        assert_eq!(answer.await.unwrap().status, 200);
    }
    assert_eq!((census.most("acme"), census.most("all"), census.running("all")), (3, 4, 0));
}

#[tokio::test(start_paused = true)]
async fn a_slot_is_held_until_the_body_has_ended_or_is_dropped() {
    let frames = || {
        let frame = |text| Ok::<_, Infallible>(http_body::Frame::data(Bytes::from_static(text)));
        StreamBody::new(futures_util::stream::iter([frame(b"a"), frame(b"b")]))
    };
    let handler = service_fn(move |_: Req| async move { Ok::<_, Infallible>(Response::new(frames())) });
    let fair = FairLayer::new(1).waiting(0);
    let service = boxed(layer().layer(fair.layer(handler)));
    let mut first = service.clone().oneshot(of("acme")).await.unwrap().into_body();
    assert_eq!(send(&service, of("globex")).await.status, 503);
    first.frame().await.unwrap().unwrap();
    assert_eq!(send(&service, of("globex")).await.status, 503, "the body goes on");
    first.frame().await.unwrap().unwrap();
    assert!(first.frame().await.is_none());
    let second = service.clone().oneshot(of("globex")).await.unwrap();
    assert_eq!(second.status(), 200, "the body has ended, though it is there still");
    assert_eq!(send(&service, of("acme")).await.status, 503);
    drop(second);
    assert_eq!(send(&service, of("acme")).await.status, 200);
}

#[tokio::test(start_paused = true)]
async fn a_body_that_fails_gives_its_slot_back() {
    let frames = || futures_util::stream::iter([Err::<http_body::Frame<Bytes>, BoxError>("broken".into())]);
    let handler =
        service_fn(
            move |_: Req| async move { Ok::<_, Infallible>(Response::new(StreamBody::new(frames()))) },
        );
    let service = boxed(layer().layer(FairLayer::new(1).waiting(0).layer(handler)));
    let mut failed = service.clone().oneshot(of("acme")).await.unwrap().into_body();
    failed.frame().await.unwrap().unwrap_err();
    assert_eq!(service.clone().oneshot(of("globex")).await.unwrap().status(), 200, "it is there still");
    drop(failed);
}

#[tokio::test(start_paused = true)]
async fn handlers_that_panic_and_callers_who_leave_give_their_slots_back() {
    let (census, gate) = (Census::default(), closed());
    let service = service(&FairLayer::new(1), &census, &gate);
    let panics = start(&service, get("/panic", &[("x-tenant-id", "acme")]));
    let (leaves, waits) = (start(&service, of("acme")), start(&service, of("globex")));
    settle().await;
    leaves.abort();
    gate.add_permits(1);
    assert!(panics.await.unwrap_err().is_panic());
    settle().await;
    assert_eq!(census.running("globex"), 1);
    waits.abort();
    settle().await;
    gate.add_permits(1);
    assert_eq!(start(&service, of("acme")).await.unwrap().status, 200);
}

#[tokio::test(start_paused = true)]
async fn who_waits_too_long_is_told_to_come_back() {
    let (census, gate) = (Census::default(), closed());
    let service = service(&FairLayer::new(1).patience(Duration::from_millis(300)), &census, &gate);
    let _runs = start(&service, of("acme"));
    settle().await;
    let asked = time::Instant::now();
    let answer = send(&service, of("globex")).await;
    assert_eq!(asked.elapsed().as_millis(), 300);
    assert_eq!((answer.status, answer.code().as_str()), (503, "overloaded"));
    assert_eq!((answer.header("retry-after"), &answer.json()["retry_after"]), (Some("1"), &1.into()));
    let grpc = get("/", &[("x-tenant-id", "globex"), ("content-type", "application/grpc")]);
    let answer = send(&service, grpc).await;
    assert_eq!((answer.status, answer.header("grpc-status")), (200, Some("14")));
    assert_eq!(census.running("globex"), 0);
}

#[tokio::test(start_paused = true)]
async fn where_no_more_may_wait_the_heaviest_tenant_loses() {
    let (census, gate) = (Census::default(), closed());
    let service = service(&FairLayer::new(1).waiting(2), &census, &gate);
    let mut noisy: Vec<_> = Vec::new();
    for _ in 0..3 {
        noisy.push(start(&service, of("acme")));
        settle().await;
    }
    let quiet = start(&service, of("globex"));
    let lost = noisy.pop().unwrap().await.unwrap();
    assert_eq!((lost.status, lost.code().as_str()), (503, "overloaded"));
    assert_eq!(send(&service, of("acme")).await.status, 503, "and nobody else");
    gate.add_permits(10);
    assert_eq!(quiet.await.unwrap().status, 200);
    for answer in noisy {
        assert_eq!(answer.await.unwrap().status, 200);
    }
}

#[tokio::test(start_paused = true)]
async fn who_leaves_while_waiting_makes_room_for_another() {
    let (census, gate) = (Census::default(), closed());
    let service = service(&FairLayer::new(1).waiting(1), &census, &gate);
    let _runs = start(&service, of("acme"));
    settle().await;
    for _ in 0..5 {
        let leaves = start(&service, of("globex"));
        settle().await;
        leaves.abort();
        settle().await;
    }
    let stays = start(&service, of("globex"));
    settle().await;
    gate.add_permits(2);
    assert_eq!(stays.await.unwrap().status, 200);
}

#[tokio::test]
async fn without_a_tenants_layer_every_request_is_rejected() {
    let service = boxed(FairLayer::new(1).layer(EchoService));
    let answer = send(&service, of("acme")).await;
    assert_eq!((answer.status, answer.code().as_str()), (500, "internal_error"));
}

#[tokio::test]
async fn the_tenant_counts_and_not_what_a_request_says() {
    let tenant = TenantContext::of(&crate::support::configs(), &crate::support::id("acme")).await.unwrap();
    let service = boxed(FairLayer::new(2).per_tenant(1).waiting(0).layer(service_fn(|_: Req| async {
        Ok::<_, Infallible>(Response::new(Full::new(Bytes::from_static(b"x"))))
    })));
    let request = |header| {
        let mut request = of(header);
        request.extensions_mut().insert(tenant.clone());
        request
    };
    let _held = service.clone().oneshot(request("acme")).await.unwrap();
    assert_eq!(send(&service, request("globex")).await.status, 503);
}

/// Aborted while they wait, while they run, in the middle of their bodies; and some panic.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn ten_thousand_aborted_requests_leave_no_slot_taken() {
    const SLOTS: usize = 8;
    let (census, most) = (Census::default(), Arc::new(AtomicUsize::new(0)));
    let handler = {
        let (census, most) = (census.clone(), Arc::clone(&most));
        service_fn(move |request: Req| {
            let (census, most) = (census.clone(), Arc::clone(&most));
            async move {
                let counted = census.enter();
                most.fetch_max(census.running("all"), Ordering::Relaxed);
                tokio::task::yield_now().await;
                assert!(request.uri().path() != "/panic", "as asked for");
                let frames =
                    (0..3).map(|_| Ok::<_, Infallible>(http_body::Frame::data(Bytes::from_static(b"x"))));
                // Lives as long as the body.
                let frames = frames.inspect(move |_| drop(counted.0.0.lock()));
                Ok::<_, Infallible>(Response::new(StreamBody::new(futures_util::stream::iter(frames))))
            }
        })
    };
    let fair = FairLayer::new(SLOTS).waiting(64).patience(Duration::from_secs(30));
    let service = boxed(layer().layer(fair.layer(handler)));
    let workers = (0..50).map(|worker| {
        let service = service.clone();
        tokio::spawn(async move {
            for _ in 0..200 {
                abort_somewhere(&service, ["acme", "globex", "picky"][worker % 3]).await;
            }
        })
    });
    for worker in workers.collect::<Vec<_>>() {
        worker.await.unwrap();
    }
    assert_eq!(census.running("all"), 0);
    assert!((1..=SLOTS).contains(&most.load(Ordering::Relaxed)));
    let mut bodies = Vec::new();
    for n in 0..SLOTS {
        let tenant = ["acme", "globex"][n % 2];
        let response = time::timeout(Duration::from_secs(5), service.clone().oneshot(of(tenant)));
        bodies.push(response.await.expect("a slot is missing").unwrap());
    }
    assert!(bodies.iter().all(|response| response.status() == 200));
}

async fn abort_somewhere(service: &Fair, tenant: &str) {
    let random = RANDOM.fetch_add(1, Ordering::Relaxed).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 33;
    let (polls, frames, panics) = (random % 6, random / 7 % 5, random.is_multiple_of(97));
    let path = if panics { "/panic" } else { "/" };
    let service = service.clone();
    let request = get(path, &[("x-tenant-id", tenant)]);
    let task = async move {
        let call = std::panic::AssertUnwindSafe(service.oneshot(request));
        let Ok(Some(Ok(response))) = futures_util::FutureExt::catch_unwind(few_polls(call, polls)).await
        else {
            return;
        };
        let mut body = response.into_body();
        for _ in 0..frames {
            let _ = body.frame().await;
        }
    };
    task.await;
}

static RANDOM: AtomicU64 = AtomicU64::new(1);

/// The answer, if it comes within so many polls; 5 stands for as many as it takes.
async fn few_polls<F: Future>(future: F, polls: u64) -> Option<F::Output> {
    let mut future: Pin<Box<F>> = Box::pin(future);
    let mut left = polls;
    std::future::poll_fn(move |cx| match future.as_mut().poll(cx) {
        std::task::Poll::Ready(output) => std::task::Poll::Ready(Some(output)),
        std::task::Poll::Pending if polls == 5 => std::task::Poll::Pending,
        std::task::Poll::Pending if left == 0 => std::task::Poll::Ready(None),
        std::task::Poll::Pending => {
            left -= 1;
            std::task::Poll::Pending
        }
    })
    .await
}
