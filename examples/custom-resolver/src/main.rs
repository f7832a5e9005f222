//! A resolver of your own: the tenant of a verified session decides, and a header may only agree with it.
//!
//! ```sh
//! cargo run -p example-custom-resolver
//! curl -i http://127.0.0.1:3000/ -H 'authorization: Bearer ada'
//! curl -i http://127.0.0.1:3000/ -H 'authorization: Bearer ada' -H 'x-tenant-id: globex'
//! ```

use std::collections::HashMap;

use axum::{
    Router,
    http::{HeaderMap, HeaderValue, header::AUTHORIZATION},
    routing::get,
};
use tenant::{Claim, RequestHead, Resolution, Source, prelude::*};

const SESSION: Source = Source::Custom("session");

/// Looks sessions up by their token.
struct SessionResolver {
    tenants: HashMap<&'static str, TenantId>,
}

impl TenantResolver for SessionResolver {
    fn resolve(&self, head: &RequestHead<'_>) -> Resolution {
        let Some(token) = token(head.headers())? else { return Ok(None) };
        // A wrong credential ends here. It must not fall through to the header, which anybody can send.
        let tenant = self.tenants.get(token).ok_or_else(unauthenticated)?;
        Ok(Some(Claim::new(*tenant, SESSION)))
    }
}

fn token(headers: &HeaderMap) -> Result<Option<&str>, Rejection> {
    let Some(value) = headers.get(AUTHORIZATION) else { return Ok(None) };
    let token = value.to_str().ok().and_then(|value| value.strip_prefix("Bearer "));
    token.map(Some).ok_or_else(unauthenticated)
}

fn unauthenticated() -> Rejection {
    Rejection::unauthenticated(HeaderValue::from_static("Bearer"))
}

fn app() -> Result<Router, BoxError> {
    let (acme, globex) = (TenantId::parse("acme")?, TenantId::parse("globex")?);
    let configs = [acme, globex].map(|id| TenantConfig::builder(id).build());
    let configs = InMemoryConfigManager::with(configs.into_iter().collect::<Result<Vec<_>, _>>()?)?;
    let sessions = SessionResolver { tenants: HashMap::from([("ada", acme), ("grace", globex)]) };
    let tenancy =
        TenantLayer::builder().resolver(sessions.or(HeaderResolver::default())).configs(configs).build();
    Ok(Router::new().route("/", get(|tenant: Tenant| async move { tenant.id().to_string() })).layer(tenancy))
}

#[tokio::main]
async fn main() -> Result<(), BoxError> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
    axum::serve(listener, app()?).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use axum::{body::Body, http::Request};
    use tower::ServiceExt;

    use super::*;

    async fn status(headers: &[(&str, &str)]) -> u16 {
        let mut request = Request::builder().uri("/");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        app().unwrap().oneshot(request.body(Body::empty()).unwrap()).await.unwrap().status().as_u16()
    }

    #[tokio::test]
    async fn the_session_decides_and_the_header_may_only_agree() {
        assert_eq!(status(&[("authorization", "Bearer ada")]).await, 200);
        assert_eq!(status(&[("authorization", "Bearer ada"), ("x-tenant-id", "acme")]).await, 200);
        assert_eq!(status(&[("authorization", "Bearer ada"), ("x-tenant-id", "globex")]).await, 403);
        assert_eq!(status(&[("authorization", "Bearer nobody"), ("x-tenant-id", "acme")]).await, 401);
    }
}
