//! Two tenants, two certificates, on one port.

use std::{
    io::{Read, Write},
    net::TcpStream,
    path::Path,
    sync::Arc,
};

use rcgen::{CertificateParams, CertifiedIssuer, DnType, Issuer, KeyPair};
use rustls::{
    ClientConfig, ClientConnection, RootCertStore, StreamOwned,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};
use serde_json::{Value, json};

use crate::{
    callers::{PASSWORD, SECRET},
    server::{TestServer, eventually},
};

struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    /// A certificate and its key, for a host or for a client of an organisation.
    fn sign(&self, hosts: &[&str], organisation: Option<&str>) -> (String, String) {
        let names: Vec<String> = hosts.iter().map(|host| (*host).to_owned()).collect();
        let mut params = CertificateParams::new(names).unwrap();
        if let Some(organisation) = organisation {
            params.distinguished_name.push(DnType::OrganizationName, organisation);
        }
        let key = KeyPair::generate().unwrap();
        let issuer: &Issuer<'_, KeyPair> = &self.0;
        (params.signed_by(&key, issuer).unwrap().pem(), key.serialize_pem())
    }

    fn write(&self, dir: &Path, name: &str, host: &str) {
        let (certificate, key) = self.sign(&[host], None);
        std::fs::write(dir.join(format!("{name}.key")), key).unwrap();
        std::fs::write(dir.join(format!("{name}.crt")), certificate).unwrap();
    }
}

/// A browser-like client: it checks the host's certificate and sends what it is told.
struct Client<'a> {
    server: &'a TestServer,
    authority: &'a Authority,
    certificate: Option<(String, String)>,
}

struct Reply {
    status: u16,
    head: String,
    body: String,
}

impl Reply {
    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }

    fn cookie(&self) -> String {
        let line =
            self.head.lines().find(|line| line.to_ascii_lowercase().starts_with("set-cookie:")).unwrap();
        line.split_once(": ").unwrap().1.split(';').next().unwrap().to_owned()
    }
}

impl<'a> Client<'a> {
    fn new(server: &'a TestServer, authority: &'a Authority) -> Self {
        Self { server, authority, certificate: None }
    }

    fn config(&self) -> ClientConfig {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from(self.authority.0.der().to_vec())).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config =
            ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
        let config = config.with_root_certificates(roots);
        match &self.certificate {
            None => config.with_no_client_auth(),
            Some((certificate, key)) => {
                let chain = vec![CertificateDer::from_pem_slice(certificate.as_bytes()).unwrap()];
                config
                    .with_client_auth_cert(chain, PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap())
                    .unwrap()
            }
        }
    }

    /// The server name of the connection, and the request's host.
    fn send(
        &self,
        (name, host): (&str, &str),
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&Value>,
    ) -> Option<Reply> {
        let connection =
            ClientConnection::new(Arc::new(self.config()), name.to_owned().try_into().unwrap()).unwrap();
        let mut stream = StreamOwned::new(connection, TcpStream::connect(self.server.address).unwrap());
        let mut text = format!("{method} {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n");
        for (name, value) in headers {
            text.push_str(&format!("{name}: {value}\r\n"));
        }
        let body = body.map(Value::to_string).unwrap_or_default();
        text.push_str(&format!(
            "content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        ));
        stream.write_all(text.as_bytes()).ok()?;
        let mut bytes = Vec::new();
        let _ = stream.read_to_end(&mut bytes);
        let text = String::from_utf8(bytes).unwrap();
        let (head, body) = text.split_once("\r\n\r\n")?;
        let status = head.split(' ').nth(1)?.parse().ok()?;
        Some(Reply { status, head: head.to_owned(), body: body.to_owned() })
    }

    fn get(&self, host: &str, path: &str, headers: &[(&str, &str)]) -> Reply {
        self.send((host, host), "GET", path, headers, None).unwrap()
    }

    fn admin(&self, method: &str, path: &str, body: &Value) -> Reply {
        let admin = [("authorization", "Bearer operator")];
        self.send(("server.example", "server.example"), method, path, &admin, Some(body)).unwrap()
    }
}

fn server(dir: &Path, authority: &Authority, more: &[(&str, &str)]) -> TestServer {
    authority.write(dir, "default", "server.example");
    for tenant in ["acme", "globex"] {
        let host = format!("{tenant}.example");
        authority.write(dir, &host, &host);
    }
    let dir = dir.display().to_string();
    let server = TestServer::with(
        &[more, &[("TLS_DIR", &dir), ("ADMIN_TOKEN", "operator"), ("JWT_SECRET", SECRET)]].concat(),
    );
    let client = Client::new(&server, authority);
    for tenant in ["acme", "globex"] {
        let hosts = json!([format!("{tenant}.example")]);
        let made = client.admin("POST", "/admin/tenants", &json!({ "tenant_id": tenant, "hosts": hosts }));
        assert_eq!(made.status, 201, "{}", made.body);
    }
    server
}

#[test]
fn a_browser_signs_in_at_its_tenants_host_and_nowhere_else() {
    let (dir, authority) = (tempfile::tempdir().unwrap(), Authority::new());
    let server = server(dir.path(), &authority, &[]);
    let client = Client::new(&server, &authority);
    let person = json!({ "email": "ada@example.com", "password": PASSWORD, "role": "member" });
    for tenant in ["acme", "globex"] {
        assert_eq!(client.admin("POST", &format!("/admin/tenants/{tenant}/members"), &person).status, 201);
    }
    let acme = ("acme.example", "acme.example");
    let shown = json!({ "email": "ada@example.com", "password": PASSWORD });
    let signed_in = client.send(acme, "POST", "/login", &[], Some(&shown)).unwrap();
    assert_eq!(signed_in.json()["user"]["tenant_id"], "acme");
    let (cookie, csrf) = (signed_in.cookie(), signed_in.json()["csrf_token"].as_str().unwrap().to_owned());
    let me = client.get("acme.example", "/api/me", &[("cookie", &cookie)]);
    assert_eq!((me.status, &me.json()["tenant_id"]), (200, &json!("acme")));
    assert_eq!(client.get("globex.example", "/api/me", &[("cookie", &cookie)]).status, 403);
    let new = json!({ "email": "new@acme.example", "name": "New" });
    let post = |origin: &str| {
        let headers = [("cookie", &*cookie), ("x-csrf-token", &*csrf), ("origin", origin)];
        client.send(acme, "POST", "/api/users", &headers, Some(&new)).unwrap().status
    };
    assert_eq!((post("https://globex.example"), post("https://acme.example")), (403, 201));
    let out = [("cookie", &*cookie), ("x-csrf-token", &*csrf)];
    assert_eq!(client.send(acme, "POST", "/logout", &out, None).unwrap().status, 204);
    assert_eq!(client.get("acme.example", "/api/me", &[("cookie", &cookie)]).status, 401);
}

#[test]
fn a_connection_to_one_tenants_host_serves_no_other_ones() {
    let (dir, authority) = (tempfile::tempdir().unwrap(), Authority::new());
    let server = server(dir.path(), &authority, &[]);
    let client = Client::new(&server, &authority);
    let ask = |name, host| client.send((name, host), "GET", "/health", &[], None).unwrap().status;
    assert_eq!(ask("acme.example", "acme.example"), 200);
    assert_eq!(ask("acme.example", "globex.example"), 421);
    assert_eq!(ask("server.example", "server.example"), 200);
}

#[test]
fn a_certificate_that_is_exchanged_is_served_without_a_restart() {
    let (dir, authority) = (tempfile::tempdir().unwrap(), Authority::new());
    let server = server(dir.path(), &authority, &[]);
    let later = Authority::new();
    assert!(
        Client::new(&server, &later)
            .send(("acme.example", "acme.example"), "GET", "/health", &[], None)
            .is_none()
    );
    later.write(dir.path(), "acme.example", "acme.example");
    let renewed = Client::new(&server, &later);
    let ask = || renewed.send(("acme.example", "acme.example"), "GET", "/health", &[], None);
    assert_eq!(eventually(ask, Option::is_some).unwrap().status, 200);
    assert_eq!(Client::new(&server, &authority).get("globex.example", "/health", &[]).status, 200);
}

#[test]
fn a_clients_certificate_names_its_tenant() {
    let (dir, authority) = (tempfile::tempdir().unwrap(), Authority::new());
    let clients = Authority::new();
    let ca = dir.path().join("clients.pem");
    std::fs::write(&ca, clients.0.pem()).unwrap();
    let server = server(dir.path(), &authority, &[("TLS_CLIENT_CA", &ca.display().to_string())]);
    let shown = |certificate| Client { certificate: Some(certificate), ..Client::new(&server, &authority) };
    let device = shown(clients.sign(&[], Some("acme")));
    assert_eq!(device.get("acme.example", "/api/me", &[]).json()["tenant_id"], "acme");
    assert_eq!(device.get("server.example", "/api/users", &[]).json(), json!([]));
    assert_eq!(device.get("globex.example", "/api/users", &[]).status, 403);
    assert_eq!(device.get("server.example", "/api/users", &[("x-tenant-id", "globex")]).status, 403);
    for stranger in
        [authority.sign(&[], Some("acme")), clients.sign(&[], None), clients.sign(&[], Some("no tenant"))]
    {
        let client = shown(stranger);
        let answer = client.send(("acme.example", "acme.example"), "GET", "/api/me", &[], None);
        assert!(answer.is_none(), "{}", answer.unwrap().status);
    }
    assert_eq!(Client::new(&server, &authority).get("acme.example", "/api/me", &[]).status, 401);
}
