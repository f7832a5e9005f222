//! Doors that open too easily: each says what it risks.

/// Lets [`WellKnownProof`](crate::WellKnownProof) connect to this machine (127.0.0.0/8 and `::1`), on ports of its own.
///
/// It is for tests, whose hosts are here. With it a tenant can claim a host whose address is this machine's, and so have
/// this process ask whatever listens there on these ports; and the authorities that the system trusts are not trusted.
#[derive(Clone, Debug)]
pub struct Loopback {
    http: u16,
    https: u16,
    authority: Option<Vec<u8>>,
}

impl Loopback {
    /// In place of 80 and 443.
    #[must_use]
    pub const fn on_ports(http: u16, https: u16) -> Self {
        Self { http, https, authority: None }
    }

    /// Trusts this certificate (DER) for HTTPS.
    #[must_use]
    pub fn trusting(mut self, certificate: impl Into<Vec<u8>>) -> Self {
        self.authority = Some(certificate.into());
        self
    }

    pub(crate) const fn ports(&self) -> (u16, u16) {
        (self.http, self.https)
    }

    pub(crate) fn authority(&self) -> Option<Vec<u8>> {
        self.authority.clone()
    }
}
