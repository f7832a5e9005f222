//! Tenancy on a plain hyper service, without axum.
//!
//! ```sh
//! cargo run -p example-hyper-only
//! curl -i http://127.0.0.1:3000/ -H 'x-tenant-id: acme'
//! ```

use std::convert::Infallible;

use bytes::Bytes;
use http_body_util::Full;
use hyper::{Request, Response, body::Incoming, server::conn::http1};
use hyper_util::{rt::TokioIo, service::TowerToHyperService};
use tenant::{
    HeaderResolver, InMemoryConfigManager, TenantConfig, TenantContext, TenantId, TenantLayer,
    prelude::BoxError,
};
use tokio::net::TcpListener;
use tower::{Layer, service_fn};

#[tokio::main]
async fn main() -> Result<(), BoxError> {
    serve(TcpListener::bind("127.0.0.1:3000").await?).await
}

async fn serve(listener: TcpListener) -> Result<(), BoxError> {
    let acme =
        TenantConfig::builder(TenantId::parse("acme")?).name("Acme").requests_per_minute(10).build()?;
    let tenancy = TenantLayer::builder()
        .resolver(HeaderResolver::default())
        .configs(InMemoryConfigManager::with([acme])?)
        .build();
    let service = tenancy.layer(service_fn(greet));
    loop {
        let (stream, _) = listener.accept().await?;
        let service = TowerToHyperService::new(service.clone());
        tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
    }
}

async fn greet(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    // The layer lets nobody through without one; a service that is used without the layer greets nobody.
    let name = request.extensions().get::<TenantContext>().map_or("nobody", |tenant| &tenant.config().name);
    Ok(Response::new(Full::from(format!("hello, {name}\n"))))
}

#[cfg(test)]
mod tests {
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpStream,
    };

    use super::*;

    async fn ask(address: std::net::SocketAddr, header: &str) -> String {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let request = format!("GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{header}\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer
    }

    #[tokio::test]
    async fn greets_a_tenant_and_nobody_else() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(serve(listener));
        assert!(ask(address, "x-tenant-id: acme\r\n").await.ends_with("hello, Acme\n"));
        assert!(ask(address, "").await.starts_with("HTTP/1.1 401"));
        assert!(ask(address, "x-tenant-id: globex\r\n").await.starts_with("HTTP/1.1 404"));
    }
}
