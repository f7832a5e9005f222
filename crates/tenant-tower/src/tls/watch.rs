//! Reads a folder again and again.

use std::{
    path::PathBuf,
    sync::{Arc, Weak},
    time::Duration,
};

use parking_lot::RwLock;
use tokio::{
    task::{JoinHandle, spawn_blocking},
    time::sleep,
};

use super::{HostCertificates, TlsError, TlsErrorKind, certificates::Table, folder::Folder};

/// A folder that is read again until this is dropped.
pub(super) struct Watch(JoinHandle<()>);

impl Drop for Watch {
    fn drop(&mut self) {
        self.0.abort();
    }
}

pub(super) async fn start(
    dir: PathBuf,
    interval: Duration,
    report: impl Fn(&TlsError) + Send + Sync + 'static,
) -> Result<HostCertificates, TlsError> {
    let mut folder = Folder::new(dir);
    let first = spawn_blocking(move || {
        let certificates = HostCertificates::new(folder.default_pair()?);
        let problems = folder.update(&certificates);
        Ok((folder, certificates, problems))
    });
    let (folder, certificates, problems) =
        first.await.unwrap_or_else(|_| Err(TlsError::new(TlsErrorKind::Unreadable)))?;
    problems.iter().for_each(&report);
    let table = Arc::clone(certificates.table());
    let watch = tokio::spawn(watch(folder, Arc::downgrade(&table), interval, report));
    Ok(HostCertificates::watched_by(table, Watch(watch)))
}

/// Where nobody has the certificates any more, nobody needs news of them.
async fn watch(
    mut folder: Folder,
    table: Weak<RwLock<Table>>,
    interval: Duration,
    report: impl Fn(&TlsError) + Send + Sync + 'static,
) {
    loop {
        sleep(interval).await;
        let Some(table) = table.upgrade() else {
            return;
        };
        let look = spawn_blocking(move || {
            let problems = folder.update(&HostCertificates::over(table));
            (folder, problems)
        });
        let Ok((back, problems)) = look.await else {
            return;
        };
        folder = back;
        problems.iter().for_each(&report);
    }
}
