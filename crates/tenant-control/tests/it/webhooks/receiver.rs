//! A web server on this machine that answers as it is told to, and keeps what it was told.

use std::{collections::HashMap, sync::Arc, time::Duration};

use data_encoding::BASE64;
use parking_lot::Mutex;
use sha2::{Digest, Sha256};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinSet,
    time::sleep,
};
use tokio_rustls::TlsAcceptor;

/// How it answers.
#[derive(Clone, Debug)]
pub(crate) enum Reply {
    Status(u16),
    /// A status, after a while.
    Late(Duration, u16),
    /// This text.
    Raw(String),
    /// This text, a byte at a time.
    Drip(String),
    /// Elsewhere.
    Redirect(String),
    /// 200, and a body without an end.
    Endless,
    /// 200, and the rest of the body never.
    Stalled,
    /// A head without an end.
    EndlessHead,
    /// What is no HTTP.
    Nonsense,
    /// The connection is closed without a word.
    Close,
    /// Never.
    Nothing,
}

/// What it was told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Received {
    pub(crate) line: String,
    pub(crate) headers: HashMap<String, String>,
    pub(crate) body: String,
}

pub(crate) struct Receiver {
    pub(crate) port: u16,
    received: Arc<Mutex<Vec<Received>>>,
    _tasks: JoinSet<()>,
}

type Answers = Arc<dyn Fn(usize, &Received) -> Reply + Send + Sync>;

impl Receiver {
    /// Answers always so.
    pub(crate) async fn always(reply: Reply) -> Self {
        Self::answering(move |_, _| reply.clone()).await
    }

    /// Answers by how many it was told before, and by what it is told.
    pub(crate) async fn answering(
        answers: impl Fn(usize, &Received) -> Reply + Send + Sync + 'static,
    ) -> Self {
        Self::listen(Arc::new(answers), None).await
    }

    pub(crate) async fn encrypted(reply: Reply, tls: TlsAcceptor) -> Self {
        Self::listen(Arc::new(move |_: usize, _: &Received| reply.clone()), Some(tls)).await
    }

    async fn listen(answers: Answers, tls: Option<TlsAcceptor>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (port, received) = (listener.local_addr().unwrap().port(), Arc::new(Mutex::new(Vec::new())));
        let (seen, mut tasks) = (Arc::clone(&received), JoinSet::new());
        tasks.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let (answers, seen, tls) = (Arc::clone(&answers), Arc::clone(&seen), tls.clone());
                connections.spawn(serve(stream, tls, answers, seen));
                while connections.try_join_next().is_some() {}
            }
        });
        Self { port, received, _tasks: tasks }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}/hook?a=b", self.port)
    }

    pub(crate) fn received(&self) -> Vec<Received> {
        self.received.lock().clone()
    }

    pub(crate) fn ids(&self) -> Vec<String> {
        self.received.lock().iter().map(|received| received.id().to_owned()).collect()
    }

    /// Waits until it was told so much.
    pub(crate) async fn wait_for(&self, count: usize) {
        let waited = async {
            while self.received.lock().len() < count {
                sleep(Duration::from_millis(2)).await;
            }
        };
        let waited = tokio::time::timeout(Duration::from_secs(30), waited).await;
        assert!(waited.is_ok(), "{} of {count} came", self.received.lock().len());
    }
}

async fn serve(
    stream: TcpStream,
    tls: Option<TlsAcceptor>,
    answers: Answers,
    seen: Arc<Mutex<Vec<Received>>>,
) {
    match tls {
        None => converse(stream, answers, seen).await,
        Some(tls) => match tls.accept(stream).await {
            Ok(stream) => converse(stream, answers, seen).await,
            Err(_) => None,
        },
    };
}

async fn converse(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    answers: Answers,
    seen: Arc<Mutex<Vec<Received>>>,
) -> Option<()> {
    let received = read(&mut stream).await?;
    let reply = {
        let mut seen = seen.lock();
        let reply = answers(seen.len(), &received);
        seen.push(received);
        reply
    };
    say(&mut stream, reply).await
}

async fn read(stream: &mut (impl AsyncRead + Unpin)) -> Option<Received> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.ok()?);
    }
    let head = String::from_utf8(head).unwrap();
    let mut lines = head.trim_end().lines();
    let line = lines.next().unwrap().to_owned();
    let mut headers = HashMap::new();
    for header in lines {
        let (name, value) = header.split_once(": ").unwrap();
        assert!(headers.insert(name.to_lowercase(), value.to_owned()).is_none(), "{name} comes twice");
    }
    let mut body = vec![0; headers.get("content-length").unwrap().parse().unwrap()];
    stream.read_exact(&mut body).await.ok()?;
    Some(Received { line, headers, body: String::from_utf8(body).unwrap() })
}

async fn say(stream: &mut (impl AsyncWrite + Unpin), reply: Reply) -> Option<()> {
    let text = match reply {
        Reply::Status(status) => head(status),
        Reply::Late(wait, status) => {
            sleep(wait).await;
            head(status)
        }
        Reply::Raw(text) => text,
        Reply::Drip(text) => {
            for byte in text.bytes() {
                stream.write_all(&[byte]).await.ok()?;
                sleep(Duration::from_millis(40)).await;
            }
            String::new()
        }
        Reply::Redirect(to) => format!("HTTP/1.1 307 X\r\nlocation: {to}\r\ncontent-length: 0\r\n\r\n"),
        Reply::Endless => {
            stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.ok()?;
            loop {
                stream.write_all(&[b'x'; 4_096]).await.ok()?;
            }
        }
        Reply::Stalled => {
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nx").await.ok()?;
            return std::future::pending().await;
        }
        Reply::EndlessHead => {
            stream.write_all(b"HTTP/1.1 200 OK\r\n").await.ok()?;
            loop {
                stream
                    .write_all(b"x: yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy\r\n")
                    .await
                    .ok()?;
            }
        }
        Reply::Nonsense => "SSH-2.0-x\r\n".into(),
        Reply::Close => String::new(),
        Reply::Nothing => return std::future::pending().await,
    };
    stream.write_all(text.as_bytes()).await.ok()?;
    stream.shutdown().await.ok()
}

fn head(status: u16) -> String {
    format!("HTTP/1.1 {status} X\r\ncontent-length: 2\r\n\r\nok")
}

impl Received {
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).unwrap()
    }

    pub(crate) fn id(&self) -> &str {
        self.header("webhook-id")
    }

    /// Whether it was signed with this secret, as the specification has it and this file reckons.
    pub(crate) fn is_signed_with(&self, secret: &str) -> bool {
        let key = BASE64.decode(secret.strip_prefix("whsec_").unwrap().as_bytes()).unwrap();
        let signed = format!("{}.{}.{}", self.id(), self.header("webhook-timestamp"), self.body);
        let signature = format!("v1,{}", BASE64.encode(&hmac(&key, signed.as_bytes())));
        self.header("webhook-signature") == signature
    }
}

/// RFC 2104, with a key that is not longer than a block.
fn hmac(key: &[u8], text: &[u8]) -> [u8; 32] {
    assert!(key.len() <= 64);
    let padded = |pad: u8| -> [u8; 64] { std::array::from_fn(|at| key.get(at).copied().unwrap_or(0) ^ pad) };
    let inner = Sha256::new().chain_update(padded(0x36)).chain_update(text).finalize();
    Sha256::new().chain_update(padded(0x5c)).chain_update(inner).finalize().into()
}
