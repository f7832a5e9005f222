use std::task::{Context, Poll};

use http::{HeaderName, Request, Response, header::FORWARDED};
use tower_service::Service;

use super::{
    ClientAddr, PeerAddr, TrustedProxies,
    host::{self, FORWARDED_HOST},
    walk::{self, FORWARDED_FOR},
};
use crate::{
    Rejection, TenantBody,
    guard::{GuardFuture, guard},
};

/// What nobody but a trusted proxy may say.
const HEARSAY: [HeaderName; 4] =
    [FORWARDED_FOR, FORWARDED_HOST, HeaderName::from_static("x-forwarded-proto"), FORWARDED];

/// The service that a [`ForwardedLayer`](crate::ForwardedLayer) makes.
#[derive(Clone, Debug)]
pub struct ForwardedService<S> {
    inner: S,
    trusted: TrustedProxies,
}

impl<S> ForwardedService<S> {
    pub(super) const fn new(inner: S, trusted: TrustedProxies) -> Self {
        Self { inner, trusted }
    }
}

impl<S, Q, R> Service<Request<Q>> for ForwardedService<S>
where
    S: Service<Request<Q>, Response = Response<R>>,
{
    type Response = Response<TenantBody<R>>;
    type Error = S::Error;
    type Future = GuardFuture<S::Future, R>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<Q>) -> Self::Future {
        guard(&mut self.inner, request, |request| look(request, &self.trusted))
    }
}

fn look<B>(request: &mut Request<B>, trusted: &TrustedProxies) -> Result<(), Rejection> {
    let peer = request.extensions().get::<PeerAddr>().ok_or_else(no_peer)?.ip();
    let client = walk::client(peer, trusted, request.headers());
    request.extensions_mut().insert(ClientAddr(client));
    if trusted.contains(peer) {
        return host::replace(request);
    }
    for name in &HEARSAY {
        request.headers_mut().remove(name);
    }
    Ok(())
}

#[cold]
fn no_peer() -> Rejection {
    Rejection::internal().with_detail("the server did not say who the peer is")
}
