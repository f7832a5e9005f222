use rustls::ServerConnection;

use crate::HostName;

/// The server name that the caller sent in the handshake of the connection (RFC 6066, section 3): what the server puts on
/// each of the connection's requests. `None` where there was none, or one that is no host name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ServerName(pub Option<HostName>);

impl ServerName {
    /// The server name of a connection whose handshake is done.
    #[must_use]
    pub fn of(connection: &ServerConnection) -> Self {
        Self(connection.server_name().and_then(|name| HostName::parse(name).ok()))
    }
}
