//! TLS for many hosts: certificates by host that change at run time, and client certificates that name a tenant.
//!
//! The server accepts connections itself, by a [`server_config`], and puts what it learned from the handshake on each
//! request of the connection: [`ServerName`], and [`ClientCertificate`] where one was shown. [`SniLayer`] compares the first
//! with `Host`; [`CertificateResolver`] takes the tenant from the second.
//!
//! ```no_run
//! use std::time::Duration;
//!
//! use tenant_tower::tls::{ClientCa, HostCertificates, server_config};
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let certificates = HostCertificates::watch_dir("tls", Duration::from_secs(2), |problem| eprintln!("{problem}")).await?;
//! let clients = ClientCa::from_pem(&std::fs::read("clients.pem")?)?;
//! let config = server_config(&certificates, Some(&clients))?;
//! # let _ = config;
//! # Ok(())
//! # }
//! ```
//!
//! # What it does not protect against
//! A server name is what the caller says, sent in the clear (RFC 6066, section 3): it chooses a certificate and proves
//! nothing. Certificates of clients are not looked up in revocation lists: take the authority away, or let them expire soon.

mod certificates;
mod client;
mod config;
mod error;
mod folder;
mod layer;
mod name;
mod pair;
mod resolver;
mod watch;

pub use self::{
    certificates::HostCertificates,
    client::{ClientCertificate, InvalidClientCertificate},
    config::{ClientCa, server_config},
    error::{TlsError, TlsErrorKind},
    layer::SniLayer,
    name::ServerName,
    pair::CertificatePair,
    resolver::CertificateResolver,
};
