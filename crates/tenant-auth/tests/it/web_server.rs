//! A web server on this machine that says what it is told to, whatever it is asked.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use parking_lot::Mutex;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::TcpListener,
    task::JoinHandle,
};
use tokio_rustls::TlsAcceptor;

pub(crate) struct WebServer {
    pub(crate) port: u16,
    heads: Arc<Mutex<Vec<String>>>,
    connections: Arc<AtomicUsize>,
    task: JoinHandle<()>,
}

/// What it says; `{request}` stands for what it was asked.
#[derive(Clone)]
pub(crate) enum Says {
    Bytes(String),
    Nothing,
}

pub(crate) fn ok(body: &str) -> Says {
    Says::Bytes(format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len()))
}

impl WebServer {
    pub(crate) async fn start(says: Says) -> Self {
        Self::listen(says, None).await
    }

    pub(crate) async fn encrypted(says: Says, tls: TlsAcceptor) -> Self {
        Self::listen(says, Some(tls)).await
    }

    async fn listen(says: Says, tls: Option<TlsAcceptor>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (port, heads) = (listener.local_addr().unwrap().port(), Arc::new(Mutex::new(Vec::new())));
        let (seen, connections) = (Arc::clone(&heads), Arc::new(AtomicUsize::new(0)));
        let count = Arc::clone(&connections);
        let task = tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                count.fetch_add(1, Ordering::SeqCst);
                let (says, seen, tls) = (says.clone(), Arc::clone(&seen), tls.clone());
                tokio::spawn(async move {
                    match tls {
                        None => answer(stream, says, &seen).await,
                        Some(tls) => match tls.accept(stream).await {
                            Ok(stream) => answer(stream, says, &seen).await,
                            Err(_) => seen.lock().push("no agreement on TLS".into()),
                        },
                    }
                });
            }
        });
        Self { port, heads, connections, task }
    }

    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    /// What it was asked, connection by connection.
    pub(crate) fn heads(&self) -> Vec<String> {
        self.heads.lock().clone()
    }
}

async fn answer(mut stream: impl AsyncRead + AsyncWrite + Unpin, says: Says, seen: &Mutex<Vec<String>>) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read_u8().await {
            Ok(byte) => head.push(byte),
            Err(_) => break,
        }
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    seen.lock().push(head.clone());
    match says {
        Says::Bytes(text) => {
            let _ = stream.write_all(text.replace("{request}", &head).as_bytes()).await;
            let _ = stream.shutdown().await;
        }
        Says::Nothing => std::future::pending().await,
    }
}

impl Drop for WebServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// A certificate for a host, and who shows it.
pub(crate) struct Certified {
    pub(crate) certificate: Vec<u8>,
    pub(crate) acceptor: TlsAcceptor,
}

pub(crate) fn certified(host: &str) -> Certified {
    let made = rcgen::generate_simple_self_signed([host.to_owned()]).unwrap();
    let (certificate, key) = (made.cert.der().clone(), made.signing_key.serialize_der());
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config =
        rustls::ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let config =
        config.with_no_client_auth().with_single_cert(vec![certificate.clone()], key.try_into().unwrap());
    let acceptor = TlsAcceptor::from(Arc::new(config.unwrap()));
    Certified { certificate: certificate.to_vec(), acceptor }
}
