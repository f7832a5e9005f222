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
/// No body is longer; a token has 43 bytes.
const MOST_BODY: usize = 1024;

/// The body of a plain 200. A redirection is not followed, whatever its target: it would lead past the check of the address,
/// and to a host that nobody claims.
pub(super) async fn get<S>(stream: S, host: &str, path: &str) -> Option<Bytes>
where
    S: AsyncRead + AsyncWrite + Unpin + Send,
{
    let mut builder = http1::Builder::new();
    let handshake = builder.max_buf_size(MOST_HEAD).handshake(TokioIo::new(stream));
    let (sender, connection) = handshake.await.ok()?;
    let exchange = exchange(sender, request(host, path)?);
    // The connection may end before the last of the body is read.
    match select(pin!(exchange), pin!(connection)).await {
        Either::Left((body, _)) => body,
        Either::Right((_, exchange)) => exchange.await,
    }
}

/// Nothing of the token is in it: a host that repeats what it was asked would prove anything.
fn request(host: &str, path: &str) -> Option<Request<Empty<Bytes>>> {
    let request = Request::get(path)
        .header(header::HOST, host)
        .header(header::ACCEPT, "text/plain")
        .header(header::USER_AGENT, "tenant-verification")
        .header(header::CONNECTION, "close");
    request.body(Empty::new()).ok()
}

async fn exchange(
    mut sender: http1::SendRequest<Empty<Bytes>>,
    request: Request<Empty<Bytes>>,
) -> Option<Bytes> {
    let answer = sender.send_request(request).await.ok()?;
    if answer.status() != StatusCode::OK {
        return None;
    }
    read(answer.into_body()).await
}

async fn read(body: Incoming) -> Option<Bytes> {
    Limited::new(body, MOST_BODY).collect().await.ok().map(Collected::to_bytes)
}
