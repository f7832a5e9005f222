//! Real sockets, recording hooks and stores that make callers wait.

use std::{convert::Infallible, net::SocketAddr, sync::Arc};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::{body::Incoming, server::conn::http1};
use hyper_util::{rt::TokioIo, service::TowerToHyperService};
use tenant_core::{
    ConfigManager, InMemoryConfigManager, InMemoryQuotaManager, Lookup, ManualClock, PolicyEvaluator,
    QuotaManager, StoreError, TenantConfig, TenantContext, TenantId, TenantRecord, TenantStatus, UnixTime,
    async_trait,
    policy::{PolicyDecision, PolicyRequest},
    quota::{Cost, Decision, Usage},
};
use tenant_tower::{HeaderResolver, TenantLayer};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};
use tower::{BoxError, Service, ServiceExt};

pub(crate) fn id(text: &str) -> TenantId {
    TenantId::parse(text).unwrap()
}

/// 20 seconds into a UTC minute.
pub(crate) const NOW: u64 = 1_700_000_000;

pub(crate) fn clock() -> Arc<ManualClock> {
    Arc::new(ManualClock::starting_at(UnixTime::from_secs(NOW)))
}

pub(crate) fn quotas(clock: &Arc<ManualClock>) -> InMemoryQuotaManager {
    InMemoryQuotaManager::with_clock(Arc::clone(clock) as _)
}

/// `acme` and `globex` are active and unlimited, `limited` has 2 requests and 100 tokens a minute, `picky` may use one
/// model, tool and method, `paused` is suspended.
pub(crate) fn configs() -> InMemoryConfigManager {
    let plain = |name: &str| TenantConfig::builder(id(name));
    InMemoryConfigManager::with([
        plain("acme").build().unwrap(),
        plain("globex").build().unwrap(),
        plain("limited").requests_per_minute(2).tokens_per_minute(100).build().unwrap(),
        plain("picky")
            .allowed_models(["small"])
            .allowed_tools(["search"])
            .requests_per_minute(10)
            .build()
            .unwrap(),
        plain("paused").status(TenantStatus::Suspended).build().unwrap(),
    ])
    .unwrap()
}

/// The usual layer: by header, with the usual tenants.
pub(crate) fn layer() -> TenantLayer {
    TenantLayer::builder().resolver(HeaderResolver::default()).configs(configs()).clock(clock()).build()
}

/// Which tenant a request's extensions, and the task, belong to, and the path that arrived.
pub(crate) fn seen<B>(request: &Request<B>) -> String {
    let name = |tenant: Option<&TenantContext>| tenant.map_or("none".to_owned(), |t| t.id().to_string());
    let extension = name(request.extensions().get::<TenantContext>());
    let task = name(tenant_core::current().as_ref());
    format!("{extension} {task} {}", request.uri())
}

/// A response that was read to its end.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: http::HeaderMap,
    pub(crate) extensions: http::Extensions,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) async fn of<B>(response: Response<B>) -> Self
    where
        B: http_body::Body,
        B::Error: std::fmt::Debug,
    {
        let (parts, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        Self {
            status: parts.status.as_u16(),
            headers: parts.headers,
            extensions: parts.extensions,
            body: String::from_utf8(body.to_vec()).unwrap(),
        }
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut values = self.headers.get_all(name).iter();
        let value = values.next().map(|value| value.to_str().unwrap());
        assert!(values.next().is_none(), "{name} came twice");
        value
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap()
    }

    pub(crate) fn code(&self) -> String {
        match serde_json::from_str::<serde_json::Value>(&self.body) {
            Ok(problem) => problem["code"].as_str().unwrap_or_default().to_owned(),
            Err(_) => String::new(),
        }
    }
}

/// A request with headers.
pub(crate) fn get(uri: &str, headers: &[(&str, &str)]) -> Request<Full<Bytes>> {
    let mut request = Request::builder().uri(uri);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(Full::default()).unwrap()
}

/// Sends one request to a service.
pub(crate) async fn send<S, B>(service: &S, request: Request<Full<Bytes>>) -> Answer
where
    S: Service<Request<Full<Bytes>>, Response = Response<B>> + Clone,
    S::Error: std::fmt::Debug,
    B: http_body::Body,
    B::Error: std::fmt::Debug,
{
    Answer::of(service.clone().oneshot(request).await.unwrap()).await
}

/// Serves `service` on a port of its own until the test ends.
pub(crate) async fn serve<S, B>(service: S) -> SocketAddr
where
    S: Service<Request<Incoming>, Response = Response<B>> + Clone + Send + 'static,
    S::Future: Send,
    S::Error: Into<BoxError>,
    B: http_body::Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<BoxError>,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let service = TowerToHyperService::new(service.clone());
            tokio::spawn(async move {
                let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
            });
        }
    });
    addr
}

/// Answers with what [`seen`] says.
#[derive(Clone, Copy, Debug)]
pub(crate) struct EchoService;

impl<B> Service<Request<B>> for EchoService {
    type Response = Response<Full<Bytes>>;
    type Error = Infallible;
    type Future = std::future::Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut std::task::Context<'_>) -> std::task::Poll<Result<(), Infallible>> {
        std::task::Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        std::future::ready(Ok(Response::new(Full::new(Bytes::from(seen(&request))))))
    }
}

/// Sends raw bytes and reads the one answer; the request should ask to close.
pub(crate) async fn raw(addr: SocketAddr, request: &[u8]) -> Answer {
    let mut stream = TcpStream::connect(addr).await.unwrap();
    stream.write_all(request).await.unwrap();
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).await.unwrap();
    parse(&bytes)
}

fn parse(bytes: &[u8]) -> Answer {
    let text = String::from_utf8(bytes.to_vec()).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    let mut lines = head.split("\r\n");
    let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
    let mut headers = http::HeaderMap::new();
    for line in lines {
        let (name, value) = line.split_once(':').unwrap();
        headers.append(
            http::HeaderName::try_from(name).unwrap(),
            http::HeaderValue::try_from(value.trim()).unwrap(),
        );
    }
    Answer { status, headers, extensions: http::Extensions::new(), body: body.to_owned() }
}

/// Wraps a store so that nothing is ever in memory and every answer takes a turn of the scheduler.
pub(crate) struct Slow<T>(pub(crate) T);

#[async_trait]
impl<C: ConfigManager> ConfigManager for Slow<C> {
    async fn load(&self, id: &TenantId) -> Result<Option<Arc<TenantRecord>>, StoreError> {
        tokio::task::yield_now().await;
        Ok(match self.0.peek(id) {
            Some(Lookup::Found(record)) => Some(record),
            _ => None,
        })
    }
}

#[async_trait]
impl<P: PolicyEvaluator> PolicyEvaluator for Slow<P> {
    async fn evaluate(
        &self,
        tenant: &TenantContext,
        request: &PolicyRequest<'_>,
    ) -> Result<PolicyDecision, StoreError> {
        tokio::task::yield_now().await;
        self.0.evaluate(tenant, request).await
    }
}

#[async_trait]
impl<Q: QuotaManager> QuotaManager for Slow<Q> {
    async fn decide(&self, tenant: &TenantContext, costs: &[Cost]) -> Result<Decision, StoreError> {
        tokio::task::yield_now().await;
        self.0.decide(tenant, costs).await
    }

    fn settle(&self, tenant: &TenantContext, decision: &Decision, actual: &[Cost]) {
        self.0.settle(tenant, decision, actual);
    }

    async fn usage(&self, tenant: &TenantRecord) -> Result<Usage, StoreError> {
        self.0.usage(tenant).await
    }
}

/// A store that is down.
pub(crate) struct Down;

fn down() -> StoreError {
    StoreError::unavailable("connection refused: password=hunter2")
}

#[async_trait]
impl ConfigManager for Down {
    async fn load(&self, _: &TenantId) -> Result<Option<Arc<TenantRecord>>, StoreError> {
        Err(down())
    }
}

#[async_trait]
impl PolicyEvaluator for Down {
    async fn evaluate(&self, _: &TenantContext, _: &PolicyRequest<'_>) -> Result<PolicyDecision, StoreError> {
        Err(down())
    }
}

#[async_trait]
impl QuotaManager for Down {
    async fn decide(&self, _: &TenantContext, _: &[Cost]) -> Result<Decision, StoreError> {
        Err(down())
    }

    fn settle(&self, _: &TenantContext, _: &Decision, _: &[Cost]) {}

    async fn usage(&self, _: &TenantRecord) -> Result<Usage, StoreError> {
        Err(down())
    }
}
