//! A span per request, with the tenant.
//!
//! Alone in its process: a callsite that another test reaches first, on a thread that listens to nothing, is switched
//! off for the whole process.

#![expect(clippy::unwrap_used, reason = "helpers of tests are tests")]

use std::{
    convert::Infallible,
    sync::{Arc, Mutex},
};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use tenant_core::{InMemoryConfigManager, TenantConfig, TenantId};
use tenant_tower::{HeaderResolver, TenantLayer};
use tower::{Layer as _, ServiceExt as _, service_fn};
use tracing_subscriber::{Layer, layer::SubscriberExt};

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<String>>>);

impl tracing::field::Visit for Log {
    fn record_str(&mut self, field: &tracing::field::Field, value: &str) {
        self.0.lock().unwrap().push(format!("{field}={value}"));
    }

    fn record_debug(&mut self, _: &tracing::field::Field, _: &dyn std::fmt::Debug) {}
}

impl<S: tracing::Subscriber> Layer<S> for Log {
    fn on_new_span(
        &self,
        attributes: &tracing::span::Attributes<'_>,
        _: &tracing::span::Id,
        _: tracing_subscriber::layer::Context<'_, S>,
    ) {
        attributes.record(&mut self.clone());
    }

    fn on_event(&self, event: &tracing::Event<'_>, cx: tracing_subscriber::layer::Context<'_, S>) {
        let inside = cx.current_span().metadata().map_or("nothing", tracing::Metadata::name);
        self.0.lock().unwrap().push(format!("{} in {inside}", event.metadata().name()));
    }
}

fn layer() -> TenantLayer {
    let acme = TenantConfig::builder(TenantId::parse("acme").unwrap()).build().unwrap();
    TenantLayer::builder()
        .resolver(HeaderResolver::default())
        .configs(InMemoryConfigManager::with([acme]).unwrap())
        .build()
}

#[tokio::test]
async fn what_is_logged_inside_stands_in_the_tenants_span() {
    let log = Log::default();
    let _guard = tracing::subscriber::set_default(tracing_subscriber::registry().with(log.clone()));
    let inner = service_fn(|_: Request<Full<Bytes>>| {
        tracing::event!(name: "called", tracing::Level::INFO, "called");
        async {
            tokio::task::yield_now().await;
            tracing::event!(name: "polled", tracing::Level::INFO, "polled");
            Ok::<_, Infallible>(Response::new(Full::<Bytes>::default()))
        }
    });
    let request = Request::get("/").header("x-tenant-id", "acme").body(Full::default()).unwrap();
    layer().layer(inner).oneshot(request).await.unwrap();
    tracing::event!(name: "after", tracing::Level::INFO, "after");
    let expected = ["tenant.id=acme", "called in tenant", "polled in tenant", "after in nothing"];
    assert_eq!(*log.0.lock().unwrap(), expected);
}
