use std::{fmt, sync::Arc};

use rustls::{
    RootCertStore, ServerConfig,
    crypto::{CryptoProvider, aws_lc_rs},
    pki_types::{CertificateDer, pem::PemObject},
    server::{NoServerSessionStorage, WebPkiClientVerifier, danger::ClientCertVerifier},
};

use super::{HostCertificates, TlsError, TlsErrorKind};

/// The authorities whose word about clients is taken. They name the tenant by the organisation they write into a
/// certificate: each must be the operator's own, and none a public one.
#[derive(Clone)]
pub struct ClientCa(Arc<dyn ClientCertVerifier>);

impl ClientCa {
    /// Certificates of authorities in PEM (RFC 7468).
    ///
    /// # Errors
    /// There is none, or one can't be an authority.
    pub fn from_pem(certificates: &[u8]) -> Result<Self, TlsError> {
        let mut roots = RootCertStore::empty();
        for certificate in CertificateDer::pem_slice_iter(certificates) {
            let certificate = certificate.map_err(refused)?;
            roots.add(certificate).map_err(refused)?;
        }
        let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider());
        verifier.allow_unauthenticated().build().map(Self).map_err(refused)
    }
}

fn refused(error: impl std::error::Error + Send + Sync + 'static) -> TlsError {
    TlsError::because(TlsErrorKind::Authority, error)
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(aws_lc_rs::default_provider())
}

/// A server's side of TLS 1.2 and 1.3 with these certificates.
///
/// With `clients` a caller may show a certificate, and one that no authority vouches for ends the handshake. Who shows none
/// gets in without one: what they may do is for other credentials to say. No session is resumed then: a certificate is
/// looked at on each connection, and none that has ended goes on in a session from before.
///
/// Protocols (`alpn_protocols`) are for the server to add.
///
/// # Errors
/// The cryptographic library does not support the protocol.
pub fn server_config(
    certificates: &HostCertificates,
    clients: Option<&ClientCa>,
) -> Result<ServerConfig, rustls::Error> {
    let builder = ServerConfig::builder_with_provider(provider()).with_safe_default_protocol_versions()?;
    let certificates = Arc::new(certificates.clone());
    let Some(ClientCa(verifier)) = clients else {
        return Ok(builder.with_no_client_auth().with_cert_resolver(certificates));
    };
    let mut config = builder.with_client_cert_verifier(Arc::clone(verifier)).with_cert_resolver(certificates);
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.send_tls13_tickets = 0;
    Ok(config)
}

impl fmt::Debug for ClientCa {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ClientCa")
    }
}
