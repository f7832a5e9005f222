//! The accept loop: HTTP/1 and HTTP/2, in the clear or over TLS, with time limits, and a graceful end.

use std::{future::pending, net::SocketAddr, pin::pin, sync::Arc, time::Duration};

use axum::Router;
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::{
        conn::auto,
        graceful::{GracefulShutdown, Watcher},
    },
    service::TowerToHyperService,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    sync::Notify,
    time::timeout,
};

use crate::{
    connection::{Connected, Known},
    tls::Tls,
};

// A peer that sends nothing, or its head byte by byte, holds a connection, and no more than that, for so long.
const HEAD_TIMEOUT: Duration = Duration::from_secs(15);
// A request in flight has so long to finish after the server was told to stop.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(30);
// After an error of accept (too many open files, say) trying again at once would only burn time.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

pub(crate) async fn serve(
    listener: TcpListener,
    router: Router,
    tls: Option<Tls>,
    shutdown: impl Future<Output = ()> + Send,
) {
    let graceful = GracefulShutdown::new();
    let mut shutdown = pin!(shutdown);
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, peer)) => {
                    tokio::spawn(connect(stream, peer, tls.clone(), router.clone(), graceful.watcher()));
                }
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            },
            () = &mut shutdown => break,
        }
    }
    drop(listener);
    if timeout(DRAIN_TIMEOUT, graceful.shutdown()).await.is_err() {
        tracing::warn!("some requests did not finish in time");
    }
}

async fn connect(stream: TcpStream, peer: SocketAddr, tls: Option<Tls>, router: Router, watcher: Watcher) {
    // Answers are small: waiting to fill a packet only delays them.
    let _ = stream.set_nodelay(true);
    let Some(tls) = tls else {
        return speak(stream, Connected::new(router, Known::plain(peer)), watcher).await;
    };
    match tls.shake_hands(stream, peer).await {
        Ok((stream, known)) => speak(stream, Connected::new(router, known), watcher).await,
        Err(error) => tracing::debug!(%error, "a handshake failed"),
    }
}

async fn speak(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    service: Connected<Router>,
    watcher: Watcher,
) {
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(HEAD_TIMEOUT);
    builder.http2().timer(TokioTimer::new()).keep_alive_interval(HEAD_TIMEOUT);
    let asked = Arc::clone(service.asked());
    let service = TowerToHyperService::new(service);
    let connection = builder.serve_connection_with_upgrades(TokioIo::new(stream), service).into_owned();
    tokio::select! {
        ended = watcher.watch(connection) => {
            if let Err(error) = ended {
                tracing::debug!(%error, "a connection ended early");
            }
        }
        () = says_nothing(&asked) => tracing::debug!("a connection on which nothing was asked is closed"),
    }
}

/// Comes to its end only if there is no first request in time: before it knows the protocol, hyper sets no limit.
async fn says_nothing(asked: &Notify) {
    if timeout(HEAD_TIMEOUT, asked.notified()).await.is_ok() {
        pending::<()>().await;
    }
}
