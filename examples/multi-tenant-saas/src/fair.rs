//! Slots for requests, shared out fairly between tenants.

use std::{
    convert::Infallible,
    pin::Pin,
    task::{Context, Poll},
};

use axum::{
    body::Body,
    extract::{Request, State},
    middleware::Next,
    response::Response,
};
use tenant::{FairLayer, FairService};
use tower_layer::Layer;
use tower_service::Service;

/// One set of slots for all routes. A router calls a layer once for each of its routes, and so would make as many sets.
pub(crate) type Slots = FairService<Onward>;

pub(crate) fn slots(most: usize) -> Slots {
    FairLayer::new(most).layer(Onward)
}

/// Lets a request go on once it has a slot.
pub(crate) async fn take_turns(State(mut slots): State<Slots>, request: Request, next: Next) -> Response {
    match slots.call(request.map(|body| (body, next))).await {
        Ok(response) => response.map(Body::new),
        Err(never) => match never {},
    }
}

/// Goes on with what stands behind the slots: it travels with the request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Onward;

impl Service<axum::http::Request<(Body, Next)>> for Onward {
    type Response = Response;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: axum::http::Request<(Body, Next)>) -> Self::Future {
        let (head, (body, next)) = request.into_parts();
        Box::pin(async move { Ok(next.run(Request::from_parts(head, body)).await) })
    }
}
