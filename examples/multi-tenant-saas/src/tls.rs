//! TLS on the server's port: certificates by host, read from a folder.

use std::{error::Error, fmt, fs, io, net::SocketAddr, path::Path, sync::Arc, time::Duration};

use tenant::tower::tls::{ClientCa, ClientCertificate, HostCertificates, ServerName, server_config};
use tokio::{net::TcpStream, time::timeout};
use tokio_rustls::{TlsAcceptor, server::TlsStream};

use crate::{
    connection::Known,
    settings::{InvalidSettings, TlsSettings},
};

/// Speaks TLS with whoever connects.
#[derive(Clone)]
pub(crate) struct Tls(TlsAcceptor);

const READ_AGAIN_EVERY: Duration = Duration::from_secs(2);
// Who takes longer for a handshake holds a connection, and no more than that, for so long.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);

impl Tls {
    /// Reads the certificates, before anything is written.
    pub(crate) async fn open(settings: &TlsSettings) -> Result<Self, Box<dyn Error + Send + Sync>> {
        let report =
            |error: &_| tracing::warn!(%error, "a certificate can't be used; the one before is kept");
        let certificates = HostCertificates::watch_dir(&settings.dir, READ_AGAIN_EVERY, report)
            .await
            .map_err(|error| InvalidSettings::new("TLS_DIR", format!("can't be used: {error}")))?;
        let clients = settings.client_ca.as_deref().map(authorities).transpose()?;
        let mut config = server_config(&certificates, clients.as_ref())?;
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(Self(TlsAcceptor::from(Arc::new(config))))
    }

    /// The stream of a connection, and what its handshake told.
    pub(crate) async fn shake_hands(
        &self,
        stream: TcpStream,
        peer: SocketAddr,
    ) -> io::Result<(TlsStream<TcpStream>, Known)> {
        let stream = timeout(HANDSHAKE_TIMEOUT, self.0.accept(stream)).await??;
        let (_, session) = stream.get_ref();
        let client = ClientCertificate::of(session).map_err(io::Error::other)?;
        let client = client.map(|certificate| certificate.principal(["member"]));
        let server_name = Some(ServerName::of(session));
        Ok((stream, Known { peer, server_name, client }))
    }
}

fn authorities(file: &Path) -> Result<ClientCa, InvalidSettings> {
    let wrong =
        |error: &dyn fmt::Display| InvalidSettings::new("TLS_CLIENT_CA", format!("can't be used: {error}"));
    let pem = fs::read(file).map_err(|error| wrong(&error))?;
    ClientCa::from_pem(&pem).map_err(|error| wrong(&error))
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tls")
    }
}
