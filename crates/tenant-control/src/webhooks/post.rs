//! One try: an HTTP POST to where a tenant says.

use std::{
    error::Error,
    fmt,
    net::{IpAddr, SocketAddr},
    sync::{Arc, OnceLock},
    time::Duration,
};

use http::{Request, StatusCode, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Bytes, Incoming};
use rustls::{
    RootCertStore,
    pki_types::{CertificateDer, ServerName},
};
use tenant_auth::wire;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    time::timeout,
};
use tokio_rustls::{TlsConnector, client::TlsStream};

use super::{
    AttemptOutcome, Resolve, WebhookReach,
    endpoint::{Endpoint, Place},
};

/// Who posts.
pub(super) struct Post {
    pub(super) names: Arc<dyn Resolve>,
    pub(super) reach: WebhookReach,
    /// For all of it: to find the host, to connect, to send, to hear the answer.
    pub(super) timeout: Duration,
    pub(super) tls: Option<TlsConnector>,
}

/// What is posted, with the headers that are its own.
pub(super) struct Letter {
    pub(super) headers: [(&'static str, String); 3],
    pub(super) body: String,
}

/// What should be trusted is no certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidAuthority;

/// So many of a host's addresses are tried.
const ADDRESSES: usize = 3;
/// How long it takes at most until an address does not answer.
const CONNECTING: Duration = Duration::from_secs(4);
/// How much of an answer is read, so that who sends it is not cut off, and for how long.
const MOST_BODY: usize = 16 * 1024;
const READING: Duration = Duration::from_secs(1);

impl Post {
    pub(super) async fn send(&self, url: &str, letter: Letter) -> AttemptOutcome {
        let heard = OnceLock::new();
        let sent = timeout(self.timeout, self.exchange(url, letter, &heard)).await;
        // What was heard counts, however slowly the rest comes.
        match (heard.get(), sent) {
            (Some(status), _) => AttemptOutcome::Answered(status.as_u16()),
            (None, Ok(outcome)) => outcome,
            (None, Err(_)) => AttemptOutcome::TooSlow,
        }
    }

    async fn exchange(&self, url: &str, letter: Letter, heard: &OnceLock<StatusCode>) -> AttemptOutcome {
        // Again, as it was when the webhook was made: what is allowed may have changed.
        let Ok(endpoint) = Endpoint::parse(url, self.reach) else { return AttemptOutcome::Refused };
        let Some(request) = request(&endpoint, letter) else { return AttemptOutcome::Refused };
        let addresses = match self.addresses(&endpoint.host).await {
            Ok(addresses) => addresses,
            Err(outcome) => return outcome,
        };
        let Some(stream) = connect(&addresses, endpoint.port).await else {
            return AttemptOutcome::Unreachable;
        };
        if !endpoint.is_encrypted {
            return say(stream, request, heard).await;
        }
        match self.encrypt(&endpoint.host, stream).await {
            Some(stream) => say(stream, request, heard).await,
            None => AttemptOutcome::Untrusted,
        }
    }

    /// All of them, each of which may be connected to: of a name that leads to one that may not, none is.
    async fn addresses(&self, host: &Place) -> Result<Vec<IpAddr>, AttemptOutcome> {
        let addresses = match host {
            Place::Address(address) => vec![*address],
            Place::Name(name) => self.names.addresses(name).await,
        };
        if addresses.is_empty() {
            return Err(AttemptOutcome::Unknown);
        }
        match addresses.iter().all(|address| self.reach.admits(*address)) {
            true => Ok(addresses),
            false => Err(AttemptOutcome::Refused),
        }
    }

    async fn encrypt(&self, host: &Place, stream: TcpStream) -> Option<TlsStream<TcpStream>> {
        let name = match host {
            Place::Name(name) => ServerName::try_from(name.clone()).ok()?,
            Place::Address(address) => ServerName::from(*address),
        };
        self.tls.as_ref()?.connect(name, stream).await.ok()
    }
}

/// To an address that was checked, and never by a name again.
async fn connect(addresses: &[IpAddr], port: u16) -> Option<TcpStream> {
    for address in addresses.iter().take(ADDRESSES) {
        let connecting = TcpStream::connect(SocketAddr::new(*address, port));
        if let Ok(Ok(stream)) = timeout(CONNECTING, connecting).await {
            return Some(stream);
        }
    }
    None
}

async fn say<S>(stream: S, request: Request<Full<Bytes>>, heard: &OnceLock<StatusCode>) -> AttemptOutcome
where
    S: AsyncRead + AsyncWrite + Unpin + Send,
{
    // A redirection is an answer like others: it would lead past whatever was checked.
    let answered = wire::exchange(stream, request, |answer| async move {
        let _ = heard.set(answer.status());
        discard(answer.into_body()).await;
        Some(())
    });
    answered.await.map_or(AttemptOutcome::Broken, |()| AttemptOutcome::TooSlow)
}

async fn discard(body: Incoming) {
    let _ = timeout(READING, Limited::new(body, MOST_BODY).collect()).await;
}

fn request(endpoint: &Endpoint, letter: Letter) -> Option<Request<Full<Bytes>>> {
    let mut request = Request::post(endpoint.path.clone())
        .header(header::HOST, &endpoint.authority)
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::USER_AGENT, "tenant")
        .header(header::CONNECTION, "close");
    for (name, value) in letter.headers {
        request = request.header(name, value);
    }
    request.body(Full::from(letter.body)).ok()
}

/// Trusts this authority (a certificate in DER) and no other.
pub(super) fn trusting(authority: &[u8]) -> Result<TlsConnector, InvalidAuthority> {
    let authority = CertificateDer::from(authority.to_vec());
    RootCertStore::empty().add(authority.clone()).map_err(|_| InvalidAuthority)?;
    wire::only(vec![authority]).ok_or(InvalidAuthority)
}

impl fmt::Display for InvalidAuthority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the authority is no certificate")
    }
}

impl Error for InvalidAuthority {}
