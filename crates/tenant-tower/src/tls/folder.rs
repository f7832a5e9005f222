//! What a folder says about certificates, compared with what it said before.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    io::{self, Read},
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use super::{CertificatePair, HostCertificates, TlsError, TlsErrorKind};
use crate::HostPattern;

const DEFAULT: &str = "default";
/// More is no certificate; it would only fill the memory.
const LARGEST: u64 = 1 << 20;
/// A file that was written so shortly before it was read may be written again without looking any different.
const SETTLED: Duration = Duration::from_secs(2);

/// The folder, with what was seen in it.
pub(super) struct Folder {
    dir: PathBuf,
    seen: BTreeMap<String, Seen>,
    was_readable: bool,
}

/// A pair of files, as it was when it was read.
struct Seen {
    stamps: [Option<Stamp>; 2],
    read_at: SystemTime,
}

#[derive(Clone, Copy, PartialEq, Eq)]
struct Stamp {
    modified: SystemTime,
    len: u64,
}

impl Folder {
    pub(super) const fn new(dir: PathBuf) -> Self {
        Self { dir, seen: BTreeMap::new(), was_readable: true }
    }

    /// Reads the default pair, without which nothing starts.
    pub(super) fn default_pair(&self) -> Result<CertificatePair, TlsError> {
        self.pair(DEFAULT)
    }

    /// Takes over what has changed since the last time, and answers with what can't be taken over.
    pub(super) fn update(&mut self, certificates: &HostCertificates) -> Vec<TlsError> {
        let names = match names(&self.dir) {
            Ok(names) => names,
            Err(error) => return self.unreadable(error),
        };
        self.was_readable = true;
        let gone: Vec<_> = self.seen.keys().filter(|name| !names.contains(*name)).cloned().collect();
        let gone = gone.iter().filter_map(|name| self.forget(name, certificates).err()).collect::<Vec<_>>();
        let changed = names.iter().filter_map(|name| self.take(name, certificates).err());
        gone.into_iter().chain(changed).collect()
    }

    fn unreadable(&mut self, error: io::Error) -> Vec<TlsError> {
        let is_news = std::mem::replace(&mut self.was_readable, false);
        let error = TlsError::because(TlsErrorKind::Unreadable, error).at(&self.dir);
        is_news.then_some(error).into_iter().collect()
    }

    fn forget(&mut self, name: &str, certificates: &HostCertificates) -> Result<(), TlsError> {
        self.seen.remove(name);
        if name == DEFAULT {
            return Err(TlsError::new(TlsErrorKind::Unreadable).at(self.path(name, "crt")));
        }
        if let Ok(host) = HostPattern::parse(name) {
            certificates.remove(&host);
        }
        Ok(())
    }

    fn take(&mut self, name: &str, certificates: &HostCertificates) -> Result<(), TlsError> {
        let stamps = ["crt", "key"].map(|ending| stamp(&self.path(name, ending)));
        if self.seen.get(name).is_some_and(|seen| seen.holds(&stamps)) {
            return Ok(());
        }
        let is_same = self.seen.get(name).is_some_and(|seen| seen.stamps == stamps);
        self.seen.insert(name.to_owned(), Seen { stamps, read_at: SystemTime::now() });
        match self.pair(name) {
            Ok(pair) if name == DEFAULT => certificates.set_default(pair),
            Ok(pair) => certificates.set(&self.host(name)?, pair),
            // It was told already: the files look as they did then.
            Err(_) if is_same => {}
            Err(error) => return Err(error),
        }
        Ok(())
    }

    fn host(&self, name: &str) -> Result<HostPattern, TlsError> {
        HostPattern::parse(name)
            .map_err(|error| TlsError::because(TlsErrorKind::Name, error).at(self.path(name, "crt")))
    }

    fn pair(&self, name: &str) -> Result<CertificatePair, TlsError> {
        let [crt, key] = ["crt", "key"].map(|ending| self.path(name, ending));
        if name != DEFAULT {
            self.host(name)?;
        }
        CertificatePair::from_pem(&read(&crt)?, &read(&key)?).map_err(|error| match error.kind() {
            TlsErrorKind::Key => error.at(&key),
            _ => error.at(&crt),
        })
    }

    fn path(&self, name: &str, ending: &str) -> PathBuf {
        self.dir.join(format!("{name}.{ending}"))
    }
}

impl Seen {
    fn holds(&self, stamps: &[Option<Stamp>; 2]) -> bool {
        let is_settled =
            |stamp: &Stamp| self.read_at.duration_since(stamp.modified).is_ok_and(|before| before > SETTLED);
        self.stamps == *stamps && stamps.iter().flatten().all(is_settled)
    }
}

/// What stands before `.crt` or `.key`.
fn names(dir: &Path) -> io::Result<BTreeSet<String>> {
    let mut names = BTreeSet::new();
    for entry in fs::read_dir(dir)? {
        let file = entry?.file_name();
        // Other files, those without a name in UTF-8 among them, are none of ours.
        let name = file.to_str().and_then(|name| name.strip_suffix(".crt").or(name.strip_suffix(".key")));
        names.extend(name.map(str::to_owned));
    }
    Ok(names)
}

/// Follows links: those of a mounted secret change all at once.
fn stamp(path: &Path) -> Option<Stamp> {
    let metadata = fs::metadata(path).ok()?;
    Some(Stamp { modified: metadata.modified().ok()?, len: metadata.len() })
}

fn read(path: &Path) -> Result<Vec<u8>, TlsError> {
    let mut bytes = Vec::new();
    let read = fs::File::open(path).and_then(|file| file.take(LARGEST).read_to_end(&mut bytes));
    read.map_err(|error| TlsError::because(TlsErrorKind::Unreadable, error).at(path))?;
    Ok(bytes)
}
