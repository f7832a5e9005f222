use super::ClientCertificate;
use crate::{Claim, RequestHead, Resolution, Source, TenantResolver};

/// Takes the tenant from the client's certificate; who has shown none names nobody.
///
/// It goes before weaker sources, which then have to agree: `CertificateResolver.or(HeaderResolver::default())`.
#[derive(Clone, Copy, Debug, Default)]
pub struct CertificateResolver;

impl TenantResolver for CertificateResolver {
    fn resolve(&self, head: &RequestHead<'_>) -> Resolution {
        let certificate = head.extensions().get::<ClientCertificate>();
        Ok(certificate.map(|shown| Claim::new(*shown.tenant(), Source::Custom("certificate"))))
    }
}
