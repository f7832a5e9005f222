use std::{fmt, net::IpAddr};

use async_trait::async_trait;
use http::{
    Uri,
    uri::{Authority, Scheme},
};
use rustls::pki_types::{CertificateDer, ServerName};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
};
use tokio_rustls::TlsConnector;

use super::{KeySource, TokenKeysError};
use crate::{
    fetch::{self, Get},
    trust,
};

/// A key set that an issuer publishes, such as at its `jwks_uri` (OpenID Connect Discovery 1.0, section 3), over HTTPS with a
/// certificate that the system trusts.
///
/// It is read from exactly this URL: no redirection is followed, no proxy is taken from the environment, and at most 300 KiB are
/// read. The URL belongs into the configuration; one that a token names is never asked.
///
/// # Example
/// ```no_run
/// use tenant_auth::{TokenKeys, TokenVerifier};
///
/// # async fn start() -> Result<(), tenant_auth::TokenKeysError> {
/// let keys = TokenKeys::jwks_url("https://id.example/.well-known/jwks.json").await?;
/// let tokens = TokenVerifier::builder(keys).issuer("https://id.example").audience("api").build();
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct KeyUrl {
    /// With the port, where one is named.
    authority: Authority,
    path: String,
    /// Nothing over HTTP, on this machine.
    tls: Option<TlsConnector>,
}

const MOST: usize = 300 * 1024;
const MALFORMED: &str = "it is no URL with https, or with http on this machine";

impl KeyUrl {
    /// The set at a URL: `https://…`, or `http://…` on this machine alone. It reads the authorities that the system trusts.
    ///
    /// # Errors
    /// It is no such URL, or names a user.
    pub fn new(url: &str) -> Result<Self, TokenKeysError> {
        let malformed = || TokenKeysError::unreadable(MALFORMED);
        let uri: Uri = url.parse().map_err(|_| malformed())?;
        let authority = uri.authority().filter(|authority| !authority.as_str().contains('@')).cloned();
        let authority = authority.ok_or_else(malformed)?;
        let tls = match uri.scheme() {
            Some(scheme) if *scheme == Scheme::HTTPS => Some(trust::system().ok_or_else(malformed)?),
            Some(scheme) if *scheme == Scheme::HTTP && is_here(host(&authority)) => None,
            Some(_) | None => return Err(malformed()),
        };
        let path = uri.path_and_query().map_or("/", |path| path.as_str()).to_owned();
        Ok(Self { authority, path, tls })
    }

    /// Trusts this authority (a certificate in DER) and no other: for issuers within a company.
    ///
    /// # Errors
    /// It is no certificate.
    pub fn trusting(mut self, authority: &[u8]) -> Result<Self, TokenKeysError> {
        let authority = CertificateDer::from(authority.to_vec());
        let wrong = || TokenKeysError::unreadable("the authority is no certificate");
        if rustls::RootCertStore::empty().add(authority.clone()).is_err() {
            return Err(wrong());
        }
        if self.tls.is_some() {
            self.tls = Some(trust::only(vec![authority]).ok_or_else(wrong)?);
        }
        Ok(self)
    }

    async fn read<S: AsyncRead + AsyncWrite + Unpin + Send>(&self, stream: S) -> Option<String> {
        let get = Get {
            host: self.authority.as_str(),
            path: &self.path,
            accept: "application/jwk-set+json, application/json",
            most: MOST,
        };
        String::from_utf8(fetch::get(stream, get).await?.into()).ok()
    }
}

/// Without the brackets of IPv6.
fn host(authority: &Authority) -> &str {
    authority.host().trim_start_matches('[').trim_end_matches(']')
}

/// Nobody stands between this machine and itself.
fn is_here(host: &str) -> bool {
    host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[async_trait]
impl KeySource for KeyUrl {
    async fn fetch(&self) -> Result<String, TokenKeysError> {
        let port = self.authority.port_u16().unwrap_or(if self.tls.is_some() { 443 } else { 80 });
        let host = host(&self.authority);
        let stream = TcpStream::connect((host, port)).await;
        let stream = stream.map_err(|error| TokenKeysError::unreadable(error.kind()))?;
        let read = match &self.tls {
            Some(tls) => {
                let name = ServerName::try_from(host.to_owned()).map_err(TokenKeysError::unreadable)?;
                let stream = tls.connect(name, stream).await;
                self.read(stream.map_err(TokenKeysError::unreadable)?).await
            }
            None => self.read(stream).await,
        };
        read.ok_or_else(|| TokenKeysError::unreadable("the answer is not 200 with a short text"))
    }
}

impl fmt::Debug for KeyUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyUrl").field("authority", &self.authority).finish_non_exhaustive()
    }
}
