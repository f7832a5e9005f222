//! What is known of a connection, put on each of its requests.

use std::{
    net::SocketAddr,
    sync::Arc,
    task::{Context, Poll},
};

use axum::http::Request;
use tenant::{
    auth::Principal,
    tower::{PeerAddr, tls::ServerName},
};
use tokio::sync::Notify;
use tower_service::Service;

/// Who is at the other end, and what the handshake told.
#[derive(Clone, Debug)]
pub(crate) struct Known {
    pub(crate) peer: SocketAddr,
    /// Where the port speaks TLS.
    pub(crate) server_name: Option<ServerName>,
    /// Whoever showed a certificate.
    pub(crate) client: Option<Principal>,
}

impl Known {
    /// Of a connection in the clear.
    pub(crate) const fn plain(peer: SocketAddr) -> Self {
        Self { peer, server_name: None, client: None }
    }
}

/// The routes, for one connection.
#[derive(Clone, Debug)]
pub(crate) struct Connected<S> {
    inner: S,
    known: Known,
    asked: Arc<Notify>,
}

impl<S> Connected<S> {
    pub(crate) fn new(inner: S, known: Known) -> Self {
        Self { inner, known, asked: Arc::default() }
    }

    /// Hears of requests.
    pub(crate) const fn asked(&self) -> &Arc<Notify> {
        &self.asked
    }
}

impl<S: Service<Request<B>>, B> Service<Request<B>> for Connected<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        self.asked.notify_one();
        let extensions = request.extensions_mut();
        extensions.insert(PeerAddr(self.known.peer));
        if let Some(name) = self.known.server_name {
            extensions.insert(name);
        }
        if let Some(client) = &self.known.client {
            extensions.insert(client.clone());
        }
        self.inner.call(request)
    }
}
