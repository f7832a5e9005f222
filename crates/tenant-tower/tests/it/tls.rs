//! Real handshakes: whose certificate is shown, whose request it is, and who gets in.

use std::{
    net::SocketAddr,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use http::Request;
use hyper::{body::Incoming, server::conn::http1};
use hyper_util::rt::TokioIo;
use parking_lot::Mutex;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
};
use tenant_core::auth::{Proof, Role};
use tenant_tower::{
    HeaderResolver, HostPattern, HostRegistry, HostResolver, SubdomainResolver, TenantLayer, TenantResolver,
    tls::{
        CertificatePair, CertificateResolver, ClientCa, ClientCertificate, HostCertificates, ServerName,
        SniLayer, TlsErrorKind, server_config,
    },
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};
use tokio_rustls::{
    TlsAcceptor, TlsConnector,
    rustls::{
        ClientConfig, RootCertStore,
        client::Resumption,
        crypto::aws_lc_rs,
        pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    },
};
use tower::{Layer, ServiceExt};

use crate::support::{EchoService, configs, get, id, send};

/// An authority, and what it has signed.
struct Authority(CertifiedIssuer<'static, KeyPair>);

#[derive(Clone)]
struct Leaf {
    certificate: String,
    key: String,
    der: CertificateDer<'static>,
}

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new(Vec::<String>::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    fn sign(&self, params: &CertificateParams) -> Leaf {
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.0).unwrap();
        Leaf { certificate: certificate.pem(), key: key.serialize_pem(), der: certificate.der().clone() }
    }

    fn host(&self, host: &str) -> Leaf {
        self.sign(&CertificateParams::new([host.to_owned()]).unwrap())
    }

    fn client(&self, organisations: &[&str]) -> Leaf {
        let mut params = CertificateParams::new(Vec::<String>::new()).unwrap();
        params.distinguished_name = rcgen::DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, "robot");
        if let [organisation, ..] = organisations {
            params.distinguished_name.push(DnType::OrganizationName, *organisation);
        }
        // The same attribute once more, which rcgen keeps under a name of its own.
        if let [_, second] = organisations {
            params.distinguished_name.push(DnType::CustomDnType(vec![2, 5, 4, 10]), *second);
        }
        params.extended_key_usages.push(ExtendedKeyUsagePurpose::ClientAuth);
        self.sign(&params)
    }

    fn pem(&self) -> String {
        self.0.pem()
    }
}

impl Leaf {
    fn pair(&self) -> CertificatePair {
        CertificatePair::from_pem(self.certificate.as_bytes(), self.key.as_bytes()).unwrap()
    }

    fn write(&self, dir: &Path, name: &str) {
        std::fs::write(dir.join(format!("{name}.crt")), &self.certificate).unwrap();
        std::fs::write(dir.join(format!("{name}.key")), &self.key).unwrap();
    }
}

fn pattern(text: &str) -> HostPattern {
    HostPattern::parse(text).unwrap()
}

fn registry() -> Arc<HostRegistry> {
    let registry = HostRegistry::new();
    registry.add(&id("acme"), ["acme.example", "*.acme.example"]).unwrap();
    registry.add(&id("globex"), ["globex.example"]).unwrap();
    Arc::new(registry)
}

/// A server as they are written: what the handshake told stands with each request.
async fn serve(certificates: &HostCertificates, clients: Option<&ClientCa>) -> SocketAddr {
    let config = server_config(certificates, clients).unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let tenancy = TenantLayer::builder()
        .resolver(CertificateResolver.or(HostResolver::new(registry())).or(HeaderResolver::default()))
        .configs(configs())
        .build();
    let stack = SniLayer::new(HostResolver::new(registry())).layer(tenancy.layer(EchoService));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (acceptor, stack) = (acceptor.clone(), stack.clone());
            tokio::spawn(async move {
                let stream = acceptor.accept(stream).await?;
                let connection = stream.get_ref().1;
                let name = ServerName::of(connection);
                let Ok(client) = ClientCertificate::of(connection) else {
                    return Ok(());
                };
                let service = hyper::service::service_fn(move |mut request: Request<Incoming>| {
                    request.extensions_mut().insert(name);
                    request.extensions_mut().extend(extensions(client.clone()));
                    stack.clone().oneshot(request)
                });
                let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
                Ok::<_, std::io::Error>(())
            });
        }
    });
    addr
}

fn extensions(client: Option<ClientCertificate>) -> http::Extensions {
    let mut extensions = http::Extensions::new();
    if let Some(client) = client {
        extensions.insert(client);
    }
    extensions
}

fn connector(authority: &Authority, client: Option<&Leaf>) -> TlsConnector {
    let mut roots = RootCertStore::empty();
    roots.add(authority.0.der().clone()).unwrap();
    let provider = Arc::new(aws_lc_rs::default_provider());
    let builder =
        ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let builder = builder.with_root_certificates(roots);
    let mut config = match client {
        Some(leaf) => {
            let key = PrivateKeyDer::from_pem_slice(leaf.key.as_bytes()).unwrap();
            builder.with_client_auth_cert(vec![leaf.der.clone()], key).unwrap()
        }
        None => builder.with_no_client_auth(),
    };
    // A session that is resumed shows no certificate.
    config.resumption = Resumption::disabled();
    TlsConnector::from(Arc::new(config))
}

/// What came of a request: the certificate that was shown, and the answer.
struct Told {
    certificate: CertificateDer<'static>,
    answer: String,
}

/// Speaks to the server as `sni`, for `host`; the certificate has to be good for `sni`.
async fn ask(connector: &TlsConnector, server: SocketAddr, sni: &str, head: &str) -> std::io::Result<Told> {
    let stream = TcpStream::connect(server).await?;
    let name = sni.to_owned().try_into().unwrap();
    let mut stream = connector.connect(name, stream).await?;
    let certificate = stream.get_ref().1.peer_certificates().unwrap()[0].clone();
    let request = format!("GET / HTTP/1.1\r\n{head}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    match stream.read_to_string(&mut answer).await {
        Ok(_) if !answer.is_empty() => Ok(Told { certificate, answer: outcome(&answer) }),
        Ok(_) => Err(std::io::ErrorKind::ConnectionAborted.into()),
        // The server may close without saying goodbye.
        Err(error) if answer.is_empty() => Err(error),
        Err(_) => Ok(Told { certificate, answer: outcome(&answer) }),
    }
}

fn outcome(answer: &str) -> String {
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    match &head[9..12] {
        "200" => body.split(' ').next().unwrap().to_owned(),
        status => {
            let problem: serde_json::Value = serde_json::from_str(body).unwrap();
            format!("{status} {}", problem["code"].as_str().unwrap())
        }
    }
}

struct House {
    authority: Authority,
    acme: Leaf,
    wild: Leaf,
    globex: Leaf,
    default: Leaf,
}

impl House {
    fn new() -> Self {
        let authority = Authority::new();
        let all = ["unknown.example", "acme.example", "globex.example", "127.0.0.1", "deep.app.acme.example"];
        let default = authority.sign(&CertificateParams::new(all.map(str::to_owned)).unwrap());
        Self {
            acme: authority.host("acme.example"),
            wild: authority.host("*.acme.example"),
            globex: authority.host("globex.example"),
            default,
            authority,
        }
    }

    fn certificates(&self) -> HostCertificates {
        let certificates = HostCertificates::new(self.default.pair());
        certificates.set(&pattern("acme.example"), self.acme.pair());
        certificates.set(&pattern("*.acme.example"), self.wild.pair());
        certificates.set(&pattern("globex.example"), self.globex.pair());
        certificates
    }
}

#[tokio::test]
async fn each_host_shows_its_own_certificate_and_everybody_else_the_default_one() {
    let house = House::new();
    let certificates = house.certificates();
    let server = serve(&certificates, None).await;
    let connector = connector(&house.authority, None);
    for (sni, shown, tenant) in [
        ("acme.example", &house.acme, "acme"),
        ("ACME.example", &house.acme, "acme"),
        ("app.acme.example", &house.wild, "acme"),
        ("globex.example", &house.globex, "globex"),
        ("unknown.example", &house.default, "401 tenant_required"),
        ("deep.app.acme.example", &house.default, "401 tenant_required"),
        ("127.0.0.1", &house.default, "401 tenant_required"),
    ] {
        let told = ask(&connector, server, sni, &format!("Host: {sni}")).await.unwrap();
        assert!(told.certificate == shown.der, "{sni}");
        assert_eq!(told.answer, tenant, "{sni}");
    }
    assert!(certificates.remove(&pattern("acme.example")) && !certificates.remove(&pattern("acme.example")));
    let told = ask(&connector, server, "acme.example", "Host: acme.example").await.unwrap();
    assert!(told.certificate == house.default.der, "not that of a wildcard, which does not cover it");
    assert!(certificates.remove(&pattern("*.acme.example")));
    assert!(
        ask(&connector, server, "app.acme.example", "Host: app.acme.example").await.is_err(),
        "the default one is not good for it"
    );
}

#[tokio::test]
async fn a_host_of_another_tenant_than_the_server_name_is_misdirected() {
    let house = House::new();
    let server = serve(&house.certificates(), None).await;
    let connector = connector(&house.authority, None);
    for (sni, head, expected) in [
        ("acme.example", "Host: acme.example:8443", "acme"),
        ("acme.example", "Host: app.acme.example", "acme"),
        ("app.acme.example", "Host: acme.example.", "acme"),
        ("acme.example", "Host: globex.example", "421 misdirected_request"),
        ("app.acme.example", "Host: GLOBEX.example:443", "421 misdirected_request"),
        ("globex.example", "Host: any.acme.example", "421 misdirected_request"),
        ("acme.example", "Host: globex.example\r\nX-Tenant-ID: acme", "421 misdirected_request"),
        ("acme.example", "Host: globex.example\r\nX-Tenant-ID: globex", "421 misdirected_request"),
        ("acme.example", "Host: globex.example\r\nX-Forwarded-Host: acme.example", "421 misdirected_request"),
        ("acme.example", "Host: acme.example\r\nHost: globex.example", "400 invalid_tenant_id"),
        ("acme.example", "Host: globex.example,acme.example", "400 invalid_tenant_id"),
        ("acme.example", "Host: unknown.example", "401 tenant_required"),
        ("unknown.example", "Host: acme.example", "acme"),
        ("127.0.0.1", "Host: acme.example", "acme"),
    ] {
        let told = ask(&connector, server, sni, head).await.unwrap();
        assert_eq!(told.answer, expected, "{sni} {head:?}");
    }
}

#[tokio::test]
async fn without_the_server_name_nobody_is_served_and_subdomains_are_compared_too() {
    let hosts = SubdomainResolver::new(["example.com"]).unwrap();
    let service = SniLayer::new(hosts).layer(EchoService);
    let ask = async |name: Option<ServerName>, uri: &str, host: Option<&str>| {
        let headers: Vec<_> = host.map(|host| ("host", host)).into_iter().collect();
        let mut request = get(uri, &headers);
        if let Some(name) = name {
            request.extensions_mut().insert(name);
        }
        send(&service, request).await.status
    };
    let acme = Some(ServerName(Some(tenant_tower::HostName::parse("acme.example.com").unwrap())));
    assert_eq!(ask(None, "/", Some("acme.example.com")).await, 500);
    assert_eq!(ask(Some(ServerName(None)), "/", Some("acme.example.com")).await, 200);
    assert_eq!(ask(acme, "/", Some("acme.example.com")).await, 200);
    assert_eq!(ask(acme, "/", Some("globex.example.com")).await, 421);
    assert_eq!(ask(acme, "https://globex.example.com/", None).await, 421, "the host of HTTP/2");
    assert_eq!(ask(acme, "https://acme.example.com/", Some("globex.example.com")).await, 400);
    assert_eq!(ask(acme, "/", Some("www.example.com")).await, 200, "nobody's");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn certificates_change_under_load_and_no_request_fails() {
    let house = House::new();
    let certificates = house.certificates();
    let server = serve(&certificates, None).await;
    let renewed = house.authority.host("acme.example");
    let (done, seen) = (Arc::new(AtomicBool::new(false)), Arc::new([const { AtomicUsize::new(0) }; 3]));
    let callers: Vec<_> = (0..6)
        .map(|caller| {
            let connector = connector(&house.authority, None);
            let (done, seen) = (Arc::clone(&done), Arc::clone(&seen));
            let (old, new, globex) = (house.acme.der.clone(), renewed.der.clone(), house.globex.der.clone());
            tokio::spawn(async move {
                while !done.load(Ordering::SeqCst) {
                    let (sni, tenant) =
                        if caller % 3 == 0 { ("globex.example", "globex") } else { ("acme.example", "acme") };
                    let told = ask(&connector, server, sni, &format!("Host: {sni}")).await.unwrap();
                    assert_eq!(told.answer, tenant);
                    let own = if tenant == "acme" { [&old, &new] } else { [&globex, &globex] };
                    let which = own.iter().position(|own| **own == told.certificate);
                    let which = which.expect("never another tenant's certificate");
                    seen[if tenant == "acme" { which } else { 2 }].fetch_add(1, Ordering::SeqCst);
                }
            })
        })
        .collect();
    for turn in 0..60 {
        let leaf = if turn % 2 == 0 { &renewed } else { &house.acme };
        certificates.set(&pattern("acme.example"), leaf.pair());
        tokio::time::sleep(Duration::from_millis(15)).await;
    }
    done.store(true, Ordering::SeqCst);
    for caller in callers {
        caller.await.unwrap();
    }
    assert!(seen.iter().all(|seen| seen.load(Ordering::SeqCst) > 0), "{seen:?}");
}

/// Waits for something that another task does soon.
async fn soon(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    for _ in 0..400 {
        if is_so().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    panic!("{what}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_folder_is_followed_and_what_is_broken_keeps_the_old_one() {
    let house = House::new();
    let dir = tempfile::tempdir().unwrap();
    house.default.write(dir.path(), "default");
    house.acme.write(dir.path(), "acme.example");
    house.globex.write(dir.path(), "globex.example");
    house.globex.write(dir.path(), "not a host");
    std::fs::write(dir.path().join("readme.txt"), "none of ours").unwrap();
    let problems = Arc::new(Mutex::new(Vec::new()));
    let heard = Arc::clone(&problems);
    let report = move |problem: &tenant_tower::tls::TlsError| {
        assert!(!format!("{problem} {problem:?}").contains("PRIVATE"));
        let name = problem.path().unwrap().file_name().unwrap().to_str().unwrap().to_owned();
        heard.lock().push((problem.kind(), name));
    };
    let certificates =
        HostCertificates::watch_dir(dir.path(), Duration::from_millis(20), report).await.unwrap();
    let drain = || std::mem::take(&mut *problems.lock());
    assert_eq!(drain(), [(TlsErrorKind::Name, "not a host.crt".to_owned())]);
    let server = serve(&certificates, None).await;
    let connector = connector(&house.authority, None);
    let shown = async |sni: &str| {
        let told = ask(&connector, server, sni, &format!("Host: {sni}")).await;
        told.map(|told| told.certificate).ok()
    };
    assert!(shown("acme.example").await.as_ref() == Some(&house.acme.der));

    // A key of somebody else's, half a certificate, no key at all: each is told once, and the old pair answers.
    let file = |name: &str| dir.path().join(name);
    std::fs::write(file("acme.example.key"), &house.globex.key).unwrap();
    soon("a mismatch is told", async || {
        problems.lock().contains(&(TlsErrorKind::Mismatch, "acme.example.crt".into()))
    })
    .await;
    assert!(shown("acme.example").await.as_ref() == Some(&house.acme.der));
    std::fs::write(file("acme.example.crt"), &house.acme.certificate[..200]).unwrap();
    soon("a broken one is told", async || {
        problems.lock().iter().any(|(kind, _)| *kind == TlsErrorKind::Certificate)
    })
    .await;
    std::fs::remove_file(file("acme.example.key")).unwrap();
    soon("a missing key is told", async || {
        problems.lock().iter().any(|(kind, _)| *kind == TlsErrorKind::Unreadable)
    })
    .await;
    assert!(shown("acme.example").await.as_ref() == Some(&house.acme.der));
    std::fs::remove_file(file("default.key")).unwrap();
    soon("the default one is told", async || problems.lock().iter().any(|(_, name)| name == "default.key"))
        .await;
    assert!(shown("unknown.example").await.as_ref() == Some(&house.default.der));
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert!(drain().len() <= 5, "each is told once");
    assert!(
        shown("globex.example").await.as_ref() == Some(&house.globex.der),
        "the neighbour is not touched"
    );

    let renewed = house.authority.host("acme.example");
    renewed.write(dir.path(), "acme.example");
    house.wild.write(dir.path(), "*.acme.example");
    soon("a renewed one", async || shown("acme.example").await.as_ref() == Some(&renewed.der)).await;
    soon("a new one", async || shown("app.acme.example").await.as_ref() == Some(&house.wild.der)).await;
    std::fs::remove_file(file("acme.example.crt")).unwrap();
    std::fs::remove_file(file("acme.example.key")).unwrap();
    soon("a removed one", async || shown("acme.example").await.as_ref() == Some(&house.default.der)).await;
    drop(dir);
    soon("the folder itself", async || {
        problems.lock().iter().any(|(kind, _)| *kind == TlsErrorKind::Unreadable)
    })
    .await;
    assert!(
        shown("globex.example").await.as_ref() == Some(&house.globex.der),
        "a folder that is away takes nothing along"
    );
}

#[tokio::test]
async fn nothing_starts_without_a_default_pair_that_can_be_used() {
    let house = House::new();
    let dir = tempfile::tempdir().unwrap();
    let start = async || {
        let watched = HostCertificates::watch_dir(dir.path(), Duration::from_secs(1), |_| {}).await;
        watched.map(drop).map_err(|error| error.kind())
    };
    assert_eq!(start().await, Err(TlsErrorKind::Unreadable));
    house.default.write(dir.path(), "default");
    assert_eq!(start().await, Ok(()));
    for (ending, text, kind) in [
        ("key", house.globex.key.as_str(), TlsErrorKind::Mismatch),
        ("key", "", TlsErrorKind::Key),
        ("key", house.default.certificate.as_str(), TlsErrorKind::Key),
        ("crt", "", TlsErrorKind::Certificate),
        ("crt", house.default.key.as_str(), TlsErrorKind::Certificate),
        ("crt", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", TlsErrorKind::Certificate),
    ] {
        house.default.write(dir.path(), "default");
        std::fs::write(dir.path().join(format!("default.{ending}")), text).unwrap();
        assert_eq!(start().await, Err(kind), "{ending} {text:.30}");
    }
    std::fs::remove_dir_all(dir.path()).unwrap();
    assert_eq!(start().await, Err(TlsErrorKind::Unreadable));
}

#[tokio::test]
async fn a_clients_certificate_names_its_tenant_and_no_other() {
    let house = House::new();
    let (clients, strangers) = (Authority::new(), Authority::new());
    let ca = ClientCa::from_pem(clients.pem().as_bytes()).unwrap();
    let server = serve(&house.certificates(), Some(&ca)).await;
    let ask = async |client: Option<&Leaf>, sni: &str, head: &str| {
        let told = ask(&connector(&house.authority, client), server, sni, head).await;
        told.map_or("refused".to_owned(), |told| told.answer)
    };
    let acme = clients.client(&["acme"]);
    assert_eq!(ask(Some(&acme), "unknown.example", "Host: unknown.example").await, "acme");
    assert_eq!(ask(Some(&acme), "acme.example", "Host: acme.example").await, "acme");
    assert_eq!(ask(Some(&acme), "globex.example", "Host: globex.example").await, "403 tenant_mismatch");
    let header = "Host: unknown.example\r\nX-Tenant-ID: globex";
    assert_eq!(ask(Some(&acme), "unknown.example", header).await, "403 tenant_mismatch");
    assert_eq!(
        ask(Some(&clients.client(&["paused"])), "unknown.example", "Host: x").await,
        "403 tenant_inactive"
    );
    assert_eq!(
        ask(Some(&clients.client(&["initech"])), "unknown.example", "Host: x").await,
        "404 tenant_not_found"
    );
    assert_eq!(ask(None, "acme.example", "Host: acme.example").await, "acme", "certificates are optional");
    assert_eq!(ask(None, "unknown.example", "Host: x").await, "401 tenant_required");

    for wrong in [
        strangers.client(&["acme"]),
        clients.client(&[]),
        clients.client(&[""]),
        clients.client(&["Acme Inc"]),
        clients.client(&["acme "]),
        clients.client(&["acme\0"]),
        clients.client(&["acme", "globex"]),
        clients.client(&["acme", "acme"]),
        house.authority.client(&["acme"]),
        // Good for servers only, and so for no client.
        clients.sign(&{
            let mut params = CertificateParams::new(["acme.example".to_owned()]).unwrap();
            params.distinguished_name.push(DnType::OrganizationName, "acme");
            params.extended_key_usages.push(ExtendedKeyUsagePurpose::ServerAuth);
            params
        }),
    ] {
        assert_eq!(ask(Some(&wrong), "acme.example", "Host: acme.example").await, "refused");
    }
    for bad in ["", "nonsense", &acme.key, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"] {
        assert_eq!(ClientCa::from_pem(bad.as_bytes()).unwrap_err().kind(), TlsErrorKind::Authority);
    }
}

#[tokio::test]
async fn a_verified_client_is_a_principal_of_its_tenant_alone() {
    let house = House::new();
    let clients = Authority::new();
    let ca = ClientCa::from_pem(clients.pem().as_bytes()).unwrap();
    let config = server_config(&house.certificates(), Some(&ca)).unwrap();
    let (near, far) = tokio::io::duplex(1 << 16);
    let client = connector(&house.authority, Some(&clients.client(&["acme"])));
    let name = "acme.example".to_owned().try_into().unwrap();
    let (server, client) =
        tokio::join!(TlsAcceptor::from(Arc::new(config)).accept(near), client.connect(name, far));
    let (server, _client) = (server.unwrap(), client.unwrap());
    let connection = server.get_ref().1;
    assert_eq!(ServerName::of(connection).0.unwrap().as_str(), "acme.example");
    let certificate = ClientCertificate::of(connection).unwrap().unwrap();
    let principal = certificate.principal(["member"]);
    assert_eq!(principal.proof(), Proof::Certificate);
    assert_eq!(principal.only_tenant(), Some(&id("acme")));
    assert_eq!(
        (principal.role_in(&id("acme")), principal.role_in(&id("globex"))),
        (Some(Role::Member), None)
    );
    assert!(principal.subject().contains("acme") && principal.subject().contains("robot"));
    assert_eq!(principal.credential(), Some(certificate.serial()));
    assert!(!certificate.serial().is_empty() && principal.expires_at().is_some());
    assert_eq!(certificate.principal([] as [&str; 0]).role_in(&id("acme")), None);
}
