use std::{fmt, sync::Arc};

use rustls::{
    Error, InconsistentKeys,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    sign::CertifiedKey,
};

use super::{TlsError, TlsErrorKind};

/// A certificate with those that lead to its authority, and the private key that belongs to it.
#[derive(Clone)]
pub struct CertificatePair(Arc<CertifiedKey>);

impl CertificatePair {
    /// Reads both from PEM (RFC 7468): the certificate first, then those above it.
    ///
    /// # Errors
    /// One is missing or broken, or they don't belong together.
    pub fn from_pem(certificates: &[u8], key: &[u8]) -> Result<Self, TlsError> {
        let chain = CertificateDer::pem_slice_iter(certificates).collect::<Result<Vec<_>, _>>();
        let chain = chain.map_err(|error| TlsError::because(TlsErrorKind::Certificate, error))?;
        if chain.is_empty() {
            return Err(TlsError::new(TlsErrorKind::Certificate));
        }
        let key = PrivateKeyDer::from_pem_slice(key);
        // What was wrong with it is not kept: it might tell of the key.
        let key = key.map_err(|_| TlsError::new(TlsErrorKind::Key))?;
        let pair = CertifiedKey::from_der(chain, key, &aws_lc_rs::default_provider()).map_err(refused)?;
        Ok(Self(Arc::new(pair)))
    }

    pub(super) fn certified(&self) -> Arc<CertifiedKey> {
        Arc::clone(&self.0)
    }
}

fn refused(error: Error) -> TlsError {
    match error {
        Error::InconsistentKeys(InconsistentKeys::KeyMismatch) => TlsError::new(TlsErrorKind::Mismatch),
        Error::InvalidCertificate(_) => TlsError::because(TlsErrorKind::Certificate, error),
        _ => TlsError::new(TlsErrorKind::Key),
    }
}

impl fmt::Debug for CertificatePair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CertificatePair({})", self.0.cert.len())
    }
}
