use rustls::{ServerConnection, pki_types::CertificateDer};
use tenant_core::{
    TenantId, UnixTime,
    auth::{Principal, Proof},
};
use x509_parser::{
    certificate::X509Certificate,
    prelude::FromDer,
    x509::{AttributeTypeAndValue, X509Name},
};

/// The certificate that a client has shown and that an authority vouches for: what the server puts on each request of the
/// connection. Its organisation names the tenant.
///
/// It is made of a connection alone, whose handshake has verified it, and only where its subject (RFC 5280, section
/// 4.1.2.6) has exactly one organisation, which is a tenant's id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientCertificate {
    tenant: TenantId,
    subject: Box<str>,
    serial: Box<str>,
    expires_at: UnixTime,
}

/// A verified certificate names no tenant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the client's certificate names no tenant")]
pub struct InvalidClientCertificate(());

impl ClientCertificate {
    /// The client's certificate of a connection whose handshake is done; `None` where it has shown none.
    ///
    /// # Errors
    /// It names no tenant, or several. The server should end the connection: whoever shows a certificate means to be
    /// known by it.
    pub fn of(connection: &ServerConnection) -> Result<Option<Self>, InvalidClientCertificate> {
        let certificate = connection.peer_certificates().and_then(<[_]>::first);
        certificate.map(Self::read).transpose()
    }

    fn read(certificate: &CertificateDer<'_>) -> Result<Self, InvalidClientCertificate> {
        let (_, certificate) =
            X509Certificate::from_der(certificate).map_err(|_| InvalidClientCertificate(()))?;
        let subject = certificate.subject();
        let tenant = organisation(subject).and_then(|name| TenantId::parse(name).ok());
        let expires_at = u64::try_from(certificate.validity().not_after.timestamp());
        Ok(Self {
            tenant: tenant.ok_or(InvalidClientCertificate(()))?,
            subject: subject.to_string().into(),
            serial: certificate.raw_serial_as_string().into(),
            expires_at: UnixTime::from_secs(expires_at.unwrap_or_default()),
        })
    }

    /// The tenant that the organisation names.
    #[must_use]
    pub const fn tenant(&self) -> &TenantId {
        &self.tenant
    }

    /// The whole subject.
    #[must_use]
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// The serial number, in hexadecimal: its authority has given it once.
    #[must_use]
    pub fn serial(&self) -> &str {
        &self.serial
    }

    /// When it ends. The handshake has looked; a connection may outlive it.
    #[must_use]
    pub const fn expires_at(&self) -> UnixTime {
        self.expires_at
    }

    /// The client, with these roles in its tenant and in no other one; without any it may nothing.
    pub fn principal(&self, roles: impl IntoIterator<Item = impl Into<Box<str>>>) -> Principal {
        Principal::builder(self.subject.clone(), Proof::Certificate)
            .membership(self.tenant, roles)
            .credential(self.serial.clone())
            .expires_at(self.expires_at)
            .build()
    }
}

/// The one organisation: of two the reader and whoever else looks might each take another.
fn organisation<'a>(subject: &'a X509Name<'_>) -> Option<&'a str> {
    let mut all = subject.iter_organization();
    let only = all.next().filter(|_| all.next().is_none());
    only.map(AttributeTypeAndValue::as_str)?.ok()
}
