//! In axum: extractors, and rejections as responses.

use axum::{
    Router,
    extract::OriginalUri,
    response::IntoResponse,
    routing::{get, post},
};
use tenant_core::policy::PolicyRequest;
use tenant_tower::{HeaderResolver, PathResolver, Policies, Rejection, Tenant, TenantLayer};
use tower::{Layer, ServiceExt};

use crate::support::{Answer, configs, get as request, layer};

async fn name(tenant: Tenant) -> String {
    tenant.id().to_string()
}

async fn maybe(tenant: Option<Tenant>) -> String {
    tenant.map_or("nobody".into(), |tenant| tenant.config().name.clone())
}

async fn missing(_: Tenant) -> Result<(), Rejection> {
    Err(Rejection::not_found())
}

fn app() -> Router {
    Router::new().route("/", get(name)).route("/maybe", get(maybe)).route("/missing", get(missing))
}

async fn ask(app: &Router, uri: &str, headers: &[(&str, &str)]) -> Answer {
    let request = request(uri, headers).map(axum::body::Body::new);
    Answer::of(app.clone().oneshot(request).await.unwrap()).await
}

#[tokio::test]
async fn handlers_take_the_tenant() {
    let app = app().layer(layer());
    let acme = [("x-tenant-id", "acme")];
    assert_eq!(ask(&app, "/", &acme).await.body, "acme");
    assert_eq!(ask(&app, "/maybe", &acme).await.body, "acme");
    assert_eq!(ask(&app, "/", &[]).await.code(), "tenant_required");
    assert_eq!(ask(&app, "/maybe", &[]).await.code(), "tenant_required");
    let answer = ask(&app, "/missing", &acme).await;
    assert_eq!((answer.status, answer.code().as_str()), (404, "not_found"));
    assert_eq!(answer.header("content-type"), Some("application/problem+json"));
}

#[tokio::test]
async fn a_route_nobody_has_carries_the_limits_too() {
    let answer = ask(&app().layer(layer()), "/nowhere", &[("x-tenant-id", "limited")]).await;
    assert_eq!(answer.status, 404);
    assert!(answer.header("ratelimit").is_some());
}

#[tokio::test]
async fn on_public_routes_the_tenant_is_optional() {
    let public =
        TenantLayer::builder().resolver(HeaderResolver::default()).configs(configs()).allow_missing().build();
    let app = app().layer(public);
    assert_eq!(ask(&app, "/maybe", &[]).await.body, "nobody");
    assert_eq!(ask(&app, "/maybe", &[("x-tenant-id", "acme")]).await.body, "acme");
    assert_eq!(ask(&app, "/", &[]).await.code(), "tenant_required");
}

#[tokio::test]
async fn a_layer_that_was_forgotten_is_no_public_route() {
    for uri in ["/", "/maybe"] {
        let answer = ask(&app(), uri, &[("x-tenant-id", "acme")]).await;
        assert_eq!((answer.status, answer.code().as_str()), (500, "internal_error"), "{uri}");
    }
}

#[tokio::test]
async fn a_path_is_stripped_before_the_router_and_its_original_kept() {
    let original = async |OriginalUri(uri): OriginalUri, tenant: Tenant| format!("{uri} {}", tenant.id());
    let app = Router::new().route("/users", get(original));
    let layer =
        TenantLayer::builder().resolver(PathResolver::new("/t/{tenant}").unwrap()).configs(configs()).build();
    let service = layer.layer(app);
    let request = request("/t/acme/users?x=1", &[]).map(axum::body::Body::new);
    let answer = Answer::of(service.oneshot(request).await.unwrap()).await;
    assert_eq!(answer.body, "/t/acme/users?x=1 acme");
}

#[tokio::test]
async fn a_denial_by_an_extractor_of_the_body_refunds() {
    let layer = layer();
    let policies = layer.policies().clone();
    let chat = async |tenant: Tenant,
                      axum::extract::State(policies): axum::extract::State<Policies>,
                      model: String| {
        let asked = PolicyRequest::new("POST", "/chat").with_model(Some(&model));
        match policies.check(&tenant, &asked).await {
            Ok(()) => "hello".into_response(),
            Err(rejection) => rejection.into_response(),
        }
    };
    let app: Router = Router::new().route("/chat", post(chat)).with_state(policies).layer(layer);
    let say = async |model: &'static str| {
        let request = http::Request::post("/chat")
            .header("x-tenant-id", "picky")
            .body(axum::body::Body::from(model))
            .unwrap();
        let answer = Answer::of(app.clone().oneshot(request).await.unwrap()).await;
        (answer.status, answer.header("ratelimit").unwrap().split(';').nth(1).unwrap().to_owned())
    };
    assert_eq!(say("large").await, (403, "r=10".into()));
    assert_eq!(say("small").await, (200, "r=9".into()));
}
