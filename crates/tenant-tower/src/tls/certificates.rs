use std::{fmt, path::PathBuf, sync::Arc, time::Duration};

use foldhash::HashMap;
use parking_lot::RwLock;
use rustls::{
    server::{ClientHello, ResolvesServerCert},
    sign::CertifiedKey,
};

use super::{CertificatePair, TlsError, watch};
use crate::{HostName, HostPattern, pattern::above};

/// Which certificate answers for which host; changed at run time, without a restart and without touching open connections.
///
/// A host's own certificate comes first, then that of the wildcard above it, then the default one: also for server
/// names that nobody has, and for callers who send none. Each handshake takes one short look; it waits for nobody who
/// reads files. Clones share the certificates.
///
/// # Example
/// ```no_run
/// use tenant_tower::{HostPattern, tls::{CertificatePair, HostCertificates}};
///
/// # fn example(pem: [&[u8]; 4]) -> Result<(), Box<dyn std::error::Error>> {
/// let certificates = HostCertificates::new(CertificatePair::from_pem(pem[0], pem[1])?);
/// certificates.set(&HostPattern::parse("*.acme.example")?, CertificatePair::from_pem(pem[2], pem[3])?);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct HostCertificates {
    table: Arc<RwLock<Table>>,
    /// Ends the watching of a folder with the last clone.
    _watch: Option<Arc<watch::Watch>>,
}

pub(super) struct Table {
    default: CertificatePair,
    hosts: HashMap<Box<str>, CertificatePair>,
}

impl HostCertificates {
    /// One certificate for all hosts.
    #[must_use]
    pub fn new(default: CertificatePair) -> Self {
        let table = Table { default, hosts: HashMap::default() };
        Self { table: Arc::new(RwLock::new(table)), _watch: None }
    }

    /// The certificates of a folder, read again every `interval` for as long as a clone of the answer exists:
    /// `{host}.crt` and `{host}.key` in PEM, `*.base.crt` for wildcards, and `default.crt` with its key.
    ///
    /// A pair that can't be used leaves the one before in place, as does one of which only one file is there (a rename
    /// of both is two steps); a pair whose files are both gone is removed. The default one stays whatever happens. `report`
    /// hears of each problem once, until the files change again. Of what has not changed since the last look nothing but
    /// its time and length is read.
    ///
    /// # Errors
    /// The folder can't be read, or its default pair can't be used. Of other pairs `report` hears; they are served as soon
    /// as they are mended.
    ///
    /// # Panics
    /// There is no tokio runtime around, or it has no timer.
    pub async fn watch_dir(
        dir: impl Into<PathBuf>,
        interval: Duration,
        report: impl Fn(&TlsError) + Send + Sync + 'static,
    ) -> Result<Self, TlsError> {
        watch::start(dir.into(), interval, report).await
    }

    /// Gives a host or a wildcard its certificate, in place of the one before.
    pub fn set(&self, host: &HostPattern, pair: CertificatePair) {
        self.table.write().hosts.insert(host.as_str().into(), pair);
    }

    /// Takes the certificate of a host or a wildcard away; answers whether there was one.
    pub fn remove(&self, host: &HostPattern) -> bool {
        self.table.write().hosts.remove(host.as_str()).is_some()
    }

    /// Answers with this where nothing else fits.
    pub fn set_default(&self, pair: CertificatePair) {
        self.table.write().default = pair;
    }

    /// How many hosts and wildcards have certificates of their own.
    #[must_use]
    pub fn len(&self) -> usize {
        self.table.read().hosts.len()
    }

    /// Whether all hosts have the default one.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub(super) const fn table(&self) -> &Arc<RwLock<Table>> {
        &self.table
    }

    pub(super) fn watched_by(table: Arc<RwLock<Table>>, watch: watch::Watch) -> Self {
        Self { table, _watch: Some(Arc::new(watch)) }
    }

    pub(super) fn over(table: Arc<RwLock<Table>>) -> Self {
        Self { table, _watch: None }
    }

    fn pick(&self, server_name: Option<&str>) -> Arc<CertifiedKey> {
        let host = server_name.and_then(|name| HostName::parse(name).ok());
        let table = self.table.read();
        host.and_then(|host| table.find(host.as_str())).unwrap_or(&table.default).certified()
    }
}

impl Table {
    fn find(&self, host: &str) -> Option<&CertificatePair> {
        let wildcard = || HostPattern::below(above(host)?);
        self.hosts.get(host).or_else(|| self.hosts.get(wildcard()?.as_str()))
    }
}

impl ResolvesServerCert for HostCertificates {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.pick(hello.server_name()))
    }
}

impl fmt::Debug for HostCertificates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HostCertificates({})", self.len())
    }
}
