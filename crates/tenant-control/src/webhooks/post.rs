//! One try: an HTTP POST to where a tenant says.

use std::{
    net::IpAddr,
    sync::{Arc, OnceLock},
    time::Duration,
};

use http::{Request, StatusCode, header};
use http_body_util::Full;
use hyper::body::Bytes;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use super::{
    AttemptOutcome, Resolve, WebhookReach,
    endpoint::{Endpoint, Place},
    line::{self, Lost},
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

/// How much of an answer is read, so that who sends it is not cut off.
const MOST_BODY: usize = 16 * 1024;

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
        let carried = line::carry(&endpoint, &addresses, self.tls.as_ref(), request, |answer| async move {
            let _ = heard.set(answer.status());
            line::read(answer.into_body(), MOST_BODY).await;
            Some(())
        });
        match carried.await {
            Ok(()) => AttemptOutcome::TooSlow,
            Err(Lost::Unreachable) => AttemptOutcome::Unreachable,
            Err(Lost::Untrusted) => AttemptOutcome::Untrusted,
            Err(Lost::Broken) => AttemptOutcome::Broken,
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
