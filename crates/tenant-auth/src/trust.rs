//! Whose certificates are taken.

use std::sync::Arc;

use rustls::{ClientConfig, RootCertStore, crypto::aws_lc_rs::default_provider, pki_types::CertificateDer};
use tokio_rustls::TlsConnector;

/// Those that the system trusts. It reads files.
pub fn system() -> Option<TlsConnector> {
    only(rustls_native_certs::load_native_certs().certs)
}

/// Those of these authorities.
pub fn only(authorities: Vec<CertificateDer<'static>>) -> Option<TlsConnector> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(authorities);
    let config = ClientConfig::builder_with_provider(Arc::new(default_provider()));
    let config = config.with_safe_default_protocol_versions().ok()?;
    let mut config = config.with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Some(TlsConnector::from(Arc::new(config)))
}
