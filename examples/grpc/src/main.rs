//! Tenancy in front of a gRPC service: what the layer rejects arrives as the equal `grpc-status`.
//!
//! The service is written by hand so that the example stays small; one made with tonic is wrapped the same way.
//!
//! ```sh
//! cargo run -p example-grpc
//! curl -si --http2-prior-knowledge http://127.0.0.1:3000/Greeter/Greet -H 'content-type: application/grpc' -d ''
//! ```

use std::convert::Infallible;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request, Response, header::CONTENT_TYPE};
use http_body_util::{Full, combinators::WithTrailers};
use hyper::{body::Incoming, server::conn::http2};
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    service::TowerToHyperService,
};
use tenant::prelude::BoxError;
use tenant::{HeaderResolver, InMemoryConfigManager, TenantConfig, TenantContext, TenantId, TenantLayer};
use tokio::net::TcpListener;
use tower::{Layer, service_fn};

#[tokio::main]
async fn main() -> Result<(), BoxError> {
    serve(TcpListener::bind("127.0.0.1:3000").await?).await
}

async fn serve(listener: TcpListener) -> Result<(), BoxError> {
    let acme = TenantConfig::builder(TenantId::parse("acme")?).name("Acme").requests_per_minute(1).build()?;
    let tenancy = TenantLayer::builder()
        .resolver(HeaderResolver::default())
        .configs(InMemoryConfigManager::with([acme])?)
        .build();
    let service = tenancy.layer(service_fn(greet));
    loop {
        let (stream, _) = listener.accept().await?;
        let service = TowerToHyperService::new(service.clone());
        tokio::spawn(
            http2::Builder::new(TokioExecutor::new()).serve_connection(TokioIo::new(stream), service),
        );
    }
}

type GrpcBody = WithTrailers<Full<Bytes>, std::future::Ready<Option<Result<HeaderMap, Infallible>>>>;

/// Answers with one message, a length-prefixed protobuf string, and status 0 in the trailers.
async fn greet(request: Request<Incoming>) -> Result<Response<GrpcBody>, Infallible> {
    let name = request.extensions().get::<TenantContext>().map_or("nobody", |tenant| &tenant.config().name);
    let text = format!("hello, {name}");
    let length = u8::try_from(text.len()).unwrap_or(u8::MAX);
    let message = [&[0, 0, 0, 0, length.saturating_add(2), 0x0a, length], text.as_bytes()].concat();
    let mut status = HeaderMap::new();
    status.insert("grpc-status", HeaderValue::from_static("0"));
    let trailers = std::future::ready(Some(Ok(status)));
    let mut response = Response::new(http_body_util::BodyExt::with_trailers(Full::from(message), trailers));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
    Ok(response)
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt;
    use hyper::client::conn::http2 as client;
    use tokio::net::TcpStream;

    use super::*;

    async fn call(address: std::net::SocketAddr, tenant: &str) -> (String, Bytes) {
        let stream = TokioIo::new(TcpStream::connect(address).await.unwrap());
        let (mut sender, connection) = client::handshake(TokioExecutor::new(), stream).await.unwrap();
        tokio::spawn(connection);
        let request = Request::post(format!("http://{address}/Greeter/Greet"))
            .header("content-type", "application/grpc")
            .header("x-tenant-id", tenant)
            .body(Full::<Bytes>::default())
            .unwrap();
        let response = sender.send_request(request).await.unwrap();
        assert_eq!(response.status(), 200, "gRPC tells its status apart from HTTP's");
        let early = response.headers().get("grpc-status").cloned();
        let body = response.into_body().collect().await.unwrap();
        let late = body.trailers().and_then(|trailers| trailers.get("grpc-status").cloned());
        let status = early.or(late).unwrap();
        (status.to_str().unwrap().to_owned(), body.to_bytes())
    }

    #[tokio::test]
    async fn rejections_arrive_as_grpc_statuses() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(serve(listener));
        let (status, message) = call(address, "acme").await;
        assert_eq!(status, "0");
        assert!(message.ends_with(b"hello, Acme"));
        assert_eq!(call(address, "globex").await.0, "5", "NOT_FOUND");
        assert_eq!(call(address, "a b").await.0, "3", "INVALID_ARGUMENT");
        assert_eq!(call(address, "acme").await.0, "8", "RESOURCE_EXHAUSTED");
    }
}
