//! One request over a connection that is there already.

use std::pin::pin;

use futures_util::future::{Either, select};
use http::{Request, StatusCode, header};
use http_body_util::{BodyExt, Collected, Empty, Limited};
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
    let mut builder = http1::Builder::new();
    let handshake = builder.max_buf_size(MOST_HEAD).handshake(TokioIo::new(stream));
    let (sender, connection) = handshake.await.ok()?;
    let exchange = exchange(sender, request(get)?, get.most);
    // The connection may end before the last of the body is read.
    match select(pin!(exchange), pin!(connection)).await {
        Either::Left((body, _)) => body,
        Either::Right((_, exchange)) => exchange.await,
    }
}

fn request(get: Get<'_>) -> Option<Request<Empty<Bytes>>> {
    let request = Request::get(get.path)
        .header(header::HOST, get.host)
        .header(header::ACCEPT, get.accept)
        .header(header::USER_AGENT, "tenant")
        .header(header::CONNECTION, "close");
    request.body(Empty::new()).ok()
}

async fn exchange(
    mut sender: http1::SendRequest<Empty<Bytes>>,
    request: Request<Empty<Bytes>>,
    most: usize,
) -> Option<Bytes> {
    let answer = sender.send_request(request).await.ok()?;
    if answer.status() != StatusCode::OK {
        return None;
    }
    read(answer.into_body(), most).await
}

async fn read(body: Incoming, most: usize) -> Option<Bytes> {
    Limited::new(body, most).collect().await.ok().map(Collected::to_bytes)
}
