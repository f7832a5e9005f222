//! Whatever bodies go in and come out.

use std::convert::Infallible;

use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use http_body_util::{BodyExt, Empty, Full, StreamBody};
use tower::{Layer, ServiceExt, service_fn};

use crate::support::{EchoService, layer, raw, serve};

#[tokio::test]
async fn a_body_passes_as_it_is() {
    let inner = service_fn(|request: Request<Full<Bytes>>| async move {
        Ok::<_, Infallible>(Response::new(request.into_body()))
    });
    let request = Request::post("/").header("x-tenant-id", "acme").body(Full::from("payload")).unwrap();
    let response = layer().layer(inner).oneshot(request).await.unwrap();
    assert_eq!(response.body().size_hint().exact(), Some(7));
    assert_eq!(response.into_body().collect().await.unwrap().to_bytes(), "payload");
}

#[tokio::test]
async fn a_stream_passes_frame_by_frame() {
    let inner = service_fn(|_: Request<Empty<Bytes>>| async {
        let frames =
            ["one ", "two"].map(|part| Ok::<_, Infallible>(http_body::Frame::data(Bytes::from(part))));
        Ok::<_, Infallible>(Response::new(StreamBody::new(futures_util::stream::iter(frames))))
    });
    let request = Request::get("/").header("x-tenant-id", "acme").body(Empty::new()).unwrap();
    let mut body = layer().layer(inner).oneshot(request).await.unwrap().into_body();
    assert!(body.size_hint().exact().is_none() && !body.is_end_stream());
    assert_eq!(body.frame().await.unwrap().unwrap().into_data().unwrap(), "one ");
    assert_eq!(body.frame().await.unwrap().unwrap().into_data().unwrap(), "two");
    assert!(body.frame().await.is_none());
}

#[tokio::test]
async fn a_problem_is_one_frame_of_known_length() {
    let request = Request::get("/").body(Empty::<Bytes>::new()).unwrap();
    let mut body = layer().layer(EchoService).oneshot(request).await.unwrap().into_body();
    let length = body.size_hint().exact().unwrap();
    assert!(!body.is_end_stream());
    let frame = body.frame().await.unwrap().unwrap().into_data().unwrap();
    assert_eq!(u64::try_from(frame.len()).unwrap(), length);
    assert!(body.is_end_stream() && body.frame().await.is_none());
}

#[tokio::test]
async fn hypers_incoming_body_goes_through() {
    let inner = service_fn(|request: Request<hyper::body::Incoming>| async move {
        Ok::<_, hyper::Error>(Response::new(Full::new(request.into_body().collect().await?.to_bytes())))
    });
    let addr = serve(layer().layer(inner)).await;
    let request = b"POST / HTTP/1.1\r\nHost: x\r\nX-Tenant-ID: acme\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello";
    assert_eq!(raw(addr, request).await.body, "hello");
}
