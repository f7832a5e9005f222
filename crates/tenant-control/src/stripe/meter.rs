use std::{
    error::Error,
    fmt,
    net::IpAddr,
    sync::{Arc, OnceLock},
    time::Duration,
};

use async_trait::async_trait;
use http::{HeaderValue, Request, header};
use http_body_util::Full;
use hyper::body::Bytes;
use tenant_auth::wire;
use tokio::{net::lookup_host, time::timeout};
use tokio_rustls::TlsConnector;
use url::form_urlencoded::Serializer;

use super::answer::Answer;
use crate::{
    exports::{ExportFailure, ExportFailureKind, MeteredUsage, UsageExporter},
    webhooks::{
        InvalidAuthority, WebhookReach,
        endpoint::{Endpoint, Place},
        line::{self, Lost},
    },
};

/// Tells Stripe's meters what tenants use, by its API's `POST /v1/billing/meter_events`
/// (<https://docs.stripe.com/api/billing/meter-event/create>).
///
/// The meter is the one whose `event_name` is the kind of usage, and should add up (`sum`); a level comes in its quantity times
/// hours. The event's time is the last second of the day. A receiver is a customer's id (`cus_…`). The part's identifier is the
/// event's, and the idempotency key too, to which is added how often Stripe has answered that it failed: it keeps such an answer
/// with the key, and gives it again (<https://docs.stripe.com/api/idempotent_requests>). That an event is there already is as good as
/// its being taken.
///
/// The whole of an exchange has a [deadline](Self::timeout); 16 KiB of an answer's head and 64 KiB of its body are read at most. No
/// redirection is followed, and no proxy is taken from the environment: the key goes to one host, which shows a certificate that is
/// trusted. Neither the key nor a customer is in an error, a log or a `Debug`.
///
/// # What it does not protect against
/// Stripe looks at customers later than it answers: that one is unknown is told by its event `v1.billing.meter.error_report_triggered`
/// alone.
///
/// # Example
/// ```
/// use tenant_control::{InvalidStripe, StripeMeter};
///
/// # fn main() -> Result<(), InvalidStripe> {
/// let meter = StripeMeter::new("sk_test_123")?;
/// assert!(!format!("{meter:?}").contains("sk_test_123"));
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct StripeMeter {
    authorization: HeaderValue,
    base: Arc<Endpoint>,
    tls: Option<TlsConnector>,
    timeout: Duration,
}

/// A key or an address that Stripe is not told with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidStripe(&'static str);

const STRIPE: &str = "https://api.stripe.com";
const PATH: &str = "/v1/billing/meter_events";
const TIMEOUT: Duration = Duration::from_secs(10);
const MOST_BODY: usize = 64 * 1024;
/// Stripe knows an identifier again for 24 hours at least, and takes what is 35 days old.
const REMEMBERS: Duration = Duration::from_secs(24 * 3_600);
const TAKES_BACK: Duration = Duration::from_secs(35 * 86_400);

const KEY: InvalidStripe =
    InvalidStripe("stripe's secret key must be visible ASCII without blanks, and not empty");
const ADDRESS: InvalidStripe = InvalidStripe(
    "stripe's address must be an https URL without a path (http on this machine), as https://api.stripe.com",
);

impl StripeMeter {
    /// With a secret key. It reads the authorities that the system trusts.
    ///
    /// # Errors
    /// The key is none.
    pub fn new(secret_key: &str) -> Result<Self, InvalidStripe> {
        if secret_key.is_empty() || !secret_key.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(KEY);
        }
        let mut authorization = HeaderValue::from_str(&format!("Bearer {secret_key}")).map_err(|_| KEY)?;
        authorization.set_sensitive(true);
        Ok(Self { authorization, base: Arc::new(base(STRIPE)?), tls: wire::system(), timeout: TIMEOUT })
    }

    /// Tells another host: one that stands in for Stripe, or in front of it.
    ///
    /// # Errors
    /// It is no HTTPS URL of a host; on this machine HTTP will do.
    pub fn at(self, url: &str) -> Result<Self, InvalidStripe> {
        Ok(Self { base: Arc::new(base(url)?), ..self })
    }

    /// How long an exchange may take in all; 10 seconds by default.
    #[must_use]
    pub const fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Trusts this authority (a certificate in DER) and no other.
    ///
    /// # Errors
    /// It is no certificate.
    pub fn trusting(self, authority: &[u8]) -> Result<Self, InvalidAuthority> {
        Ok(Self { tls: Some(line::trusting(authority)?), ..self })
    }

    async fn exchange(
        &self,
        usage: &MeteredUsage<'_>,
        heard: &OnceLock<Answer>,
    ) -> Result<(), ExportFailure> {
        let unreachable = || ExportFailure::new(ExportFailureKind::Unreachable);
        let request = self.request(usage).ok_or_else(unreachable)?;
        let addresses = self.addresses().await.ok_or_else(unreachable)?;
        let (base, identifier) = (&*self.base, usage.identifier);
        let carried = line::carry(base, &addresses, self.tls.as_ref(), request, |answer| async move {
            let (parts, body) = answer.into_parts();
            let first = Answer::of(&parts);
            // What was heard counts, however slowly the rest comes.
            let _ = heard.set(first.clone());
            let body = line::read(body, MOST_BODY).await.unwrap_or_default();
            Some(first.with(&body, identifier))
        });
        match carried.await {
            Ok(answer) => answer.verdict(),
            Err(Lost::Unreachable) => Err(unreachable()),
            Err(Lost::Untrusted) => Err(unreachable().code("no certificate that is trusted")),
            Err(Lost::Broken) => Err(ExportFailure::new(ExportFailureKind::Unanswered)),
        }
    }

    fn request(&self, usage: &MeteredUsage<'_>) -> Option<Request<Full<Bytes>>> {
        let key = match usage.failures {
            0 => usage.identifier.to_owned(),
            failures => format!("{}-{failures}", usage.identifier),
        };
        let request = Request::post(PATH)
            .header(header::HOST, &self.base.authority)
            .header(header::AUTHORIZATION, &self.authorization)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(header::USER_AGENT, "tenant")
            .header(header::CONNECTION, "close")
            .header("idempotency-key", key);
        request.body(Full::from(form(usage))).ok()
    }

    async fn addresses(&self) -> Option<Vec<IpAddr>> {
        match &self.base.host {
            Place::Address(address) => Some(vec![*address]),
            Place::Name(name) => {
                let found = lookup_host((name.as_str(), self.base.port)).await.ok()?;
                Some(found.map(|address| address.ip()).collect())
            }
        }
    }
}

#[async_trait]
impl UsageExporter for StripeMeter {
    fn name(&self) -> &str {
        "stripe"
    }

    async fn tell(&self, usage: &MeteredUsage<'_>) -> Result<(), ExportFailure> {
        let heard = OnceLock::new();
        match timeout(self.timeout, self.exchange(usage, &heard)).await {
            Ok(told) => told,
            Err(_) => heard
                .get()
                .map_or_else(|| Err(ExportFailure::new(ExportFailureKind::Unanswered)), Answer::verdict),
        }
    }

    fn remembers(&self) -> Option<Duration> {
        Some(REMEMBERS)
    }

    fn takes_back(&self) -> Option<Duration> {
        Some(TAKES_BACK)
    }

    fn patience(&self) -> Duration {
        self.timeout.saturating_add(Duration::from_secs(1))
    }
}

fn form(usage: &MeteredUsage<'_>) -> String {
    let end = usage.date.end().as_unix_micros().div_euclid(1_000_000);
    let mut form = Serializer::new(String::new());
    form.append_pair("event_name", usage.series.kind.as_str())
        .append_pair("payload[stripe_customer_id]", usage.receiver)
        .append_pair("payload[value]", &usage.amount.to_string())
        .append_pair("identifier", usage.identifier)
        .append_pair("timestamp", &end.saturating_sub(1).to_string());
    form.finish()
}

fn base(text: &str) -> Result<Endpoint, InvalidStripe> {
    let endpoint = Endpoint::parse(text, WebhookReach::PrivateToo).map_err(|_| ADDRESS)?;
    let is_here = match &endpoint.host {
        Place::Address(address) => address.is_loopback(),
        Place::Name(name) => name == "localhost",
    };
    // A key is not sent where it can be read.
    match endpoint.path.as_str() == "/" && (endpoint.is_encrypted || is_here) {
        true => Ok(endpoint),
        false => Err(ADDRESS),
    }
}

impl fmt::Debug for StripeMeter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StripeMeter")
            .field("host", &self.base.authority)
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}

impl fmt::Display for InvalidStripe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl Error for InvalidStripe {}
