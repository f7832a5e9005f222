//! What hooks hear.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use tenant_core::{
    Hooks, ManualClock, TenantHooks,
    hooks::{PolicyEvent, QuotaEvent, RequestEvent, ResolveEvent},
};
use tenant_tower::{HeaderResolver, TenantLayer};
use tower::Layer;

use crate::support::{EchoService, Slow, clock, configs, get, quotas, send};

#[derive(Default)]
struct Log(Mutex<Vec<String>>);

impl Log {
    fn add(&self, line: String) {
        self.0.lock().unwrap().push(line);
    }
}

impl TenantHooks for Log {
    fn on_resolve(&self, event: &ResolveEvent<'_>) {
        self.add(format!("resolve {}", event.outcome));
    }

    fn on_policy(&self, event: &PolicyEvent<'_>) {
        self.add(format!("policy {} {}", event.request.path, event.decision.is_allowed()));
    }

    fn on_quota(&self, event: &QuotaEvent<'_>) {
        self.add(format!("quota {}", event.decision.is_admitted()));
    }

    fn on_request(&self, event: &RequestEvent<'_>) {
        let tenant = event.tenant.map_or("nobody".to_owned(), |tenant| tenant.id().to_string());
        self.add(format!(
            "request {tenant} {} {} {} {:?} {}",
            event.method,
            event.path,
            event.status,
            event.rejection,
            event.duration.as_millis()
        ));
    }
}

async fn hear(headers: &[(&str, &str)], is_slow: bool) -> Vec<String> {
    let (log, clock) = (Arc::new(Log::default()), clock());
    let builder = TenantLayer::builder().resolver(HeaderResolver::default());
    let builder = match is_slow {
        true => builder.configs(Slow(configs())),
        false => builder.configs(configs()),
    };
    let layer = builder
        .quotas(quotas(&clock))
        .hooks(Hooks::new([Arc::clone(&log) as _]))
        .clock(Arc::clone(&clock) as _)
        .build();
    let service = layer.layer(Late(clock));
    send(&service, get("/users?secret=1", headers)).await;
    std::mem::take(&mut log.0.lock().unwrap())
}

/// Takes 7 ms.
#[derive(Clone)]
struct Late(Arc<ManualClock>);

impl<B> tower::Service<http::Request<B>> for Late {
    type Response = <EchoService as tower::Service<http::Request<B>>>::Response;
    type Error = std::convert::Infallible;
    type Future = <EchoService as tower::Service<http::Request<B>>>::Future;

    fn poll_ready(&mut self, _: &mut std::task::Context<'_>) -> std::task::Poll<Result<(), Self::Error>> {
        std::task::Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<B>) -> Self::Future {
        self.0.advance(Duration::from_millis(7));
        EchoService.call(request)
    }
}

#[tokio::test]
async fn every_step_is_told_in_order() {
    for is_slow in [false, true] {
        assert_eq!(
            hear(&[("x-tenant-id", "acme")], is_slow).await,
            ["resolve ok", "policy /users true", "quota true", "request acme GET /users 200 None 7"]
        );
        assert_eq!(
            hear(&[("x-tenant-id", "picky"), ("x-model", "large")], is_slow).await,
            ["resolve ok", "policy /users false", "request picky GET /users 403 Some(\"policy_denied\") 0"]
        );
        assert_eq!(
            hear(&[("x-tenant-id", "limited"), ("x-token-count", "101")], is_slow).await,
            [
                "resolve ok",
                "policy /users true",
                "quota false",
                "request limited GET /users 429 Some(\"quota_exceeded\") 0"
            ]
        );
        assert_eq!(
            hear(&[("x-tenant-id", "initech")], is_slow).await,
            ["resolve tenant_not_found", "request nobody GET /users 404 Some(\"tenant_not_found\") 0"]
        );
        assert_eq!(
            hear(&[], is_slow).await,
            ["resolve tenant_required", "request nobody GET /users 401 Some(\"tenant_required\") 0"]
        );
    }
}
