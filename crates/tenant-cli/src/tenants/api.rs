//! Tenants through the admin API of a running server.

use std::{sync::Arc, time::Duration};

use http::{
    Method, Request, StatusCode, Uri,
    header::{ACCEPT, AUTHORIZATION, CONNECTION, CONTENT_TYPE, HOST, HeaderValue},
};
use http_body_util::{BodyExt, Full, Limited};
use hyper::{body::Bytes, client::conn::http1};
use hyper_util::rt::TokioIo;
use rustls::{ClientConfig, RootCertStore, crypto::aws_lc_rs::default_provider, pki_types::ServerName};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    time::timeout,
};
use tokio_rustls::TlsConnector;

use super::asked::{Answer, Asked};
use crate::Error;

const PATIENCE: Duration = Duration::from_secs(30);
const MOST: usize = 64 << 20;

pub(super) struct Api {
    host: String,
    authority: String,
    port: u16,
    is_secure: bool,
    prefix: String,
    token: Option<HeaderValue>,
}

impl Api {
    /// # Errors
    /// The URL is none of a server, or the token would travel unencrypted.
    pub(super) fn open(url: &str, token: Option<String>) -> Result<Self, Error> {
        let wrong = || Error::new("--api takes a URL such as https://api.example.com");
        let url: Uri = url.parse().map_err(|_| wrong())?;
        let authority = url.authority().ok_or_else(wrong)?;
        if authority.as_str().contains('@') || url.query().is_some() {
            return Err(wrong());
        }
        let is_secure = match url.scheme_str() {
            Some("https") => true,
            Some("http") => false,
            _ => return Err(wrong()),
        };
        let host = authority.host().trim_start_matches('[').trim_end_matches(']').to_owned();
        if !is_secure && !is_here(&host) {
            return Err(Error::new(
                "the operator's token would travel unencrypted: --api takes https:// here",
            ));
        }
        let token = token.map(|token| HeaderValue::try_from(format!("Bearer {token}"))).transpose();
        let mut token = token.map_err(|_| Error::new("ADMIN_TOKEN is no token"))?;
        token.iter_mut().for_each(|token| token.set_sensitive(true));
        let port = authority.port_u16().unwrap_or(if is_secure { 443 } else { 80 });
        let (authority, prefix) = (authority.to_string(), url.path().trim_end_matches('/').to_owned());
        Ok(Self { host, authority, port, is_secure, prefix, token })
    }

    pub(super) async fn ask(&self, asked: &Asked) -> Result<Answer, Error> {
        let (method, path, body) = request_of(asked);
        let exchange = timeout(PATIENCE, self.exchange(method, &path, body.as_ref()));
        let (status, body) = exchange.await.map_err(|_| unreachable("it did not answer in time"))??;
        let value =
            || serde_json::from_slice(&body).map_err(|_| Error::new("the server did not answer in JSON"));
        match status {
            StatusCode::NO_CONTENT => Ok(Answer::Done(Value::Null)),
            status if status.is_success() => value().map(Answer::Done),
            status => {
                let problem: Value = value().unwrap_or_default();
                let why =
                    problem.get("detail").and_then(Value::as_str).unwrap_or("the server did not say why");
                let why: String = why.chars().filter(|letter| !letter.is_control()).collect();
                match status {
                    // Not about the tenant: nothing was tried.
                    StatusCode::UNAUTHORIZED => Err(Error::new("the server does not take the ADMIN_TOKEN")),
                    status if status.is_client_error() => Ok(Answer::Refused(why)),
                    status => Err(Error::new(format!("the server answered {status}: {why}"))),
                }
            }
        }
    }

    async fn exchange(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<(StatusCode, Bytes), Error> {
        let request = self.request(method, path, body)?;
        let stream = TcpStream::connect((self.host.as_str(), self.port)).await.map_err(unreachable)?;
        if !self.is_secure {
            return send(stream, request).await;
        }
        let name = ServerName::try_from(self.host.clone()).map_err(unreachable)?;
        send(connector()?.connect(name, stream).await.map_err(unreachable)?, request).await
    }

    fn request(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Request<Full<Bytes>>, Error> {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.prefix))
            .header(HOST, &self.authority)
            .header(ACCEPT, "application/json")
            .header(CONNECTION, "close");
        if let Some(token) = &self.token {
            request = request.header(AUTHORIZATION, token);
        }
        if body.is_some() {
            request = request.header(CONTENT_TYPE, "application/json");
        }
        let body = body.map(|body| Bytes::from(body.to_string())).unwrap_or_default();
        request.body(Full::new(body)).map_err(unreachable)
    }
}

fn request_of(asked: &Asked) -> (Method, String, Option<Value>) {
    let at = |id: &tenant_core::TenantId, rest: &str| format!("/admin/tenants/{id}{rest}");
    match asked {
        Asked::Create(config) => {
            let body = json!({
                "tenant_id": config.tenant_id, "name": config.name, "plan": config.plan,
                "quota": config.quota, "hosts": config.hosts,
            });
            (Method::POST, "/admin/tenants".to_owned(), Some(body))
        }
        Asked::List { limit, offset } => {
            (Method::GET, format!("/admin/tenants?limit={limit}&offset={offset}"), None)
        }
        Asked::Show(id) => (Method::GET, at(id, ""), None),
        Asked::Suspend(id) => (Method::POST, at(id, "/suspend"), None),
        Asked::Activate(id) => (Method::POST, at(id, "/activate"), None),
        Asked::Delete(id) => (Method::DELETE, at(id, ""), None),
        Asked::Usage(id) => (Method::GET, at(id, "/usage"), None),
    }
}

async fn send<S>(stream: S, request: Request<Full<Bytes>>) -> Result<(StatusCode, Bytes), Error>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(unreachable)?;
    let connection = tokio::spawn(connection);
    let answer = sender.send_request(request).await.map_err(unreachable)?;
    let status = answer.status();
    let body = Limited::new(answer.into_body(), MOST).collect().await;
    connection.abort();
    Ok((status, body.map_err(unreachable)?.to_bytes()))
}

fn connector() -> Result<TlsConnector, Error> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    let config = ClientConfig::builder_with_provider(Arc::new(default_provider()));
    let config = config.with_safe_default_protocol_versions().map_err(unreachable)?;
    Ok(TlsConnector::from(Arc::new(config.with_root_certificates(roots).with_no_client_auth())))
}

/// What is said on this machine nobody else hears.
fn is_here(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost")
        || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[allow(clippy::needless_pass_by_value, reason = "it is the end of a map_err")]
fn unreachable(error: impl ToString) -> Error {
    Error::new(format!("the server can't be asked: {}", error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_token_travels_unencrypted_on_this_machine_alone() {
        let is_taken = |url: &str| Api::open(url, Some("t".into())).is_ok();
        for url in ["https://api.example", "http://localhost:8080", "http://127.0.0.1", "http://[::1]:8080/x"]
        {
            assert!(is_taken(url), "{url}");
        }
        for url in [
            "http://api.example",
            "http://localhost.example",
            "http://10.0.0.1",
            "https://user:password@api.example",
            "https://api.example/?a=b",
            "ftp://localhost",
            "localhost:8080",
            "/admin",
            "",
        ] {
            assert!(!is_taken(url), "{url}");
        }
    }
}
