//! One request over a connection that is there already.

use std::pin::pin;

use futures_util::future::{Either, select};
use http::{Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Collected, Full, Limited};
use hyper::{
    body::{Bytes, Incoming},
    client::conn::http1,
};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};

/// No head is longer.
const MOST_HEAD: usize = 16 * 1024;
/// What is asked for.
#[derive(Clone, Copy)]
pub(crate) struct Get<'a> {
    /// The host, with its port where that is not the scheme's own.
    pub(crate) host: &'a str,
    pub(crate) path: &'a str,
    pub(crate) accept: &'static str,
    /// A longer body is none.
    pub(crate) most: usize,
}

/// The body of a plain 200. A redirection is not followed, whatever its target: it would lead past whatever was checked of the
/// address and of the host.
pub(crate) async fn get<S>(stream: S, get: Get<'_>) -> Option<Bytes>
where
    S: AsyncRead + AsyncWrite + Unpin + Send,
{
    exchange(stream, request(get)?, |answer| async move {
        match answer.status() {
            StatusCode::OK => read(answer.into_body(), get.most).await,
            _ => None,
        }
    })
    .await
}

/// Sends one request, and has what reads the answer read it. A head of more than 16 KiB is no answer.
pub async fn exchange<S, T, F>(
    stream: S,
    request: Request<Full<Bytes>>,
    read: impl FnOnce(Response<Incoming>) -> F,
) -> Option<T>
where
    S: AsyncRead + AsyncWrite + Unpin + Send,
    F: Future<Output = Option<T>>,
{
    let mut builder = http1::Builder::new();
    let handshake = builder.max_buf_size(MOST_HEAD).handshake(TokioIo::new(stream));
    let (mut sender, connection) = handshake.await.ok()?;
    let exchange = async move { read(sender.send_request(request).await.ok()?).await };
    // The connection may end before the last of the body is read.
    match select(pin!(exchange), pin!(connection)).await {
        Either::Left((body, _)) => body,
        Either::Right((_, exchange)) => exchange.await,
    }
}

fn request(get: Get<'_>) -> Option<Request<Full<Bytes>>> {
    let request = Request::get(get.path)
        .header(header::HOST, get.host)
        .header(header::ACCEPT, get.accept)
        .header(header::USER_AGENT, "tenant")
        .header(header::CONNECTION, "close");
    request.body(Full::default()).ok()
}

async fn read(body: Incoming, most: usize) -> Option<Bytes> {
    Limited::new(body, most).collect().await.ok().map(Collected::to_bytes)
}
