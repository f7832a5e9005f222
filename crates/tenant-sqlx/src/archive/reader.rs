use std::{collections::BTreeMap, io, path::Path};

use sha2::{Digest, Sha256};
use tokio::{
    fs::File,
    io::{AsyncBufReadExt, AsyncReadExt, AsyncSeekExt, BufReader, SeekFrom},
};

use super::{
    FORMAT, LONGEST_LINE, Manifest, ManifestTable, is_plain,
    tar::{BLOCK, Block, Header, padding},
};
use crate::{
    fleet::hex,
    lifecycle::{LifecycleError, LifecycleErrorKind},
};

/// An archive of which each byte was looked at: it is whole, and holds what its manifest says.
#[derive(Debug)]
pub(crate) struct Archive {
    file: BufReader<File>,
    entries: BTreeMap<String, Entry>,
    pub(crate) manifest: Manifest,
}

#[derive(Clone, Debug)]
struct Entry {
    begins: u64,
    size: u64,
    rows: u64,
    sha256: String,
}

const BUFFER: usize = 256 << 10;
/// So many files at most are in an archive.
const MOST_ENTRIES: usize = 10_000;

impl Archive {
    /// Opens an archive and looks at all of it. Nothing is believed that it says of itself.
    pub(crate) async fn open(path: &Path) -> Result<Self, LifecycleError> {
        let file = File::open(path).await?;
        let length = file.metadata().await?.len();
        let mut scan = Scan { file: BufReader::with_capacity(BUFFER, file), at: 0, length };
        let (mut entries, mut manifest) = (BTreeMap::new(), None);
        while let Some(header) = scan.header().await? {
            if manifest.is_some() {
                return Err(odd("something comes behind the manifest"));
            }
            if header.name == Manifest::FILE {
                manifest = Some(scan.manifest(header.size).await?);
                continue;
            }
            let name = header.name.strip_suffix(".jsonl").filter(|name| is_plain(name));
            let name = name.ok_or_else(|| odd("an entry is no table's"))?.to_owned();
            if entries.len() >= MOST_ENTRIES {
                return Err(odd("there are too many entries"));
            }
            let entry = scan.entry(header.size).await?;
            if entries.insert(name, entry).is_some() {
                return Err(odd("an entry comes twice"));
            }
        }
        let manifest = manifest.ok_or_else(|| odd("the manifest is missing"))?;
        check(&manifest, &entries)?;
        Ok(Self { file: scan.file, entries, manifest })
    }

    /// Goes to the rows of a table.
    pub(crate) async fn lines(&mut self, table: &str) -> Result<Lines<'_>, LifecycleError> {
        let entry = self.entries.get(table).ok_or_else(|| odd("an entry is missing"))?;
        self.file.seek(SeekFrom::Start(entry.begins)).await?;
        Ok(Lines { file: &mut self.file, left: entry.size })
    }

    pub(crate) fn has(&self, table: &str) -> bool {
        self.entries.contains_key(table)
    }
}

/// The rows of a table.
pub(crate) struct Lines<'a> {
    file: &'a mut BufReader<File>,
    left: u64,
}

impl Lines<'_> {
    pub(crate) async fn next(&mut self) -> Result<Option<Vec<u8>>, LifecycleError> {
        if self.left == 0 {
            return Ok(None);
        }
        let mut line = Vec::new();
        let most = self.left.min(LONGEST_LINE as u64 + 1);
        let read = (&mut *self.file).take(most).read_until(b'\n', &mut line).await?;
        if line.pop() != Some(b'\n') {
            return Err(odd("the file was changed while it was read"));
        }
        self.left -= read as u64;
        Ok(Some(line))
    }
}

/// A look at all of a file, from its beginning to its end.
struct Scan {
    file: BufReader<File>,
    at: u64,
    length: u64,
}

impl Scan {
    /// The next entry; none at the end, behind which there is nothing but zeros.
    async fn header(&mut self) -> Result<Option<Header>, LifecycleError> {
        let block = self.block().await?;
        if block != [0; BLOCK] {
            let header = Header::read(&block).map_err(odd)?;
            let end = self.at.checked_add(header.size);
            // A size is what the file holds: nothing is made longer than it.
            match end.and_then(|end| end.checked_add(padding(header.size))) {
                Some(end) if end <= self.length => return Ok(Some(header)),
                Some(_) | None => {
                    return Err(odd("the file is cut off, or an entry says to be longer than it is"));
                }
            }
        }
        if self.block().await? != [0; BLOCK] {
            return Err(odd("something comes behind the end"));
        }
        while self.at < self.length {
            if self.block().await? != [0; BLOCK] {
                return Err(odd("something comes behind the end"));
            }
        }
        Ok(None)
    }

    async fn block(&mut self) -> Result<Block, LifecycleError> {
        let mut block = [0; BLOCK];
        match self.file.read_exact(&mut block).await {
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                return Err(odd("the file is cut off"));
            }
            Err(error) => return Err(error.into()),
        }
        self.at += BLOCK as u64;
        Ok(block)
    }

    async fn manifest(&mut self, size: u64) -> Result<Manifest, LifecycleError> {
        if size > Manifest::LONGEST {
            return Err(odd("the manifest is too long"));
        }
        let mut text = vec![0; usize::try_from(size).unwrap_or(0)];
        self.file.read_exact(&mut text).await?;
        self.at += size;
        self.skip_padding(size).await?;
        serde_json::from_slice(&text).map_err(|_| odd("the manifest is unreadable"))
    }

    /// Counts its lines and hashes it; no line is longer than one may be.
    async fn entry(&mut self, size: u64) -> Result<Entry, LifecycleError> {
        let (begins, mut left) = (self.at, size);
        let (mut hash, mut rows, mut length, mut is_open) = (Sha256::new(), 0, 0, false);
        while left > 0 {
            let buffer = self.file.fill_buf().await?;
            let most = usize::try_from(left).unwrap_or(usize::MAX).min(buffer.len());
            let Some(chunk) = buffer.get(..most).filter(|chunk| !chunk.is_empty()) else {
                return Err(odd("the file is cut off"));
            };
            hash.update(chunk);
            for part in chunk.split_inclusive(|byte| *byte == b'\n') {
                length += part.len();
                if length > LONGEST_LINE {
                    return Err(odd("a line is too long"));
                }
                is_open = !part.ends_with(b"\n");
                if !is_open {
                    (rows, length) = (rows + 1, 0);
                }
            }
            self.file.consume(most);
            left -= most as u64;
        }
        if is_open {
            return Err(odd("a line has no end"));
        }
        self.at += size;
        self.skip_padding(size).await?;
        Ok(Entry { begins, size, rows, sha256: hex(&hash.finalize()) })
    }

    async fn skip_padding(&mut self, size: u64) -> Result<(), LifecycleError> {
        let mut rest = vec![0; usize::try_from(padding(size)).unwrap_or(0)];
        self.file.read_exact(&mut rest).await?;
        self.at += rest.len() as u64;
        match rest.iter().all(|byte| *byte == 0) {
            true => Ok(()),
            false => Err(odd("something lies between two entries")),
        }
    }
}

/// Each table is there once, and is what it is said to be.
fn check(manifest: &Manifest, entries: &BTreeMap<String, Entry>) -> Result<(), LifecycleError> {
    if manifest.format != FORMAT {
        return Err(odd("the archive is of another version"));
    }
    if manifest.tables.len() != entries.len() {
        return Err(odd("the manifest does not list what is there"));
    }
    for ManifestTable { name, rows, sha256 } in &manifest.tables {
        let entry = entries.get(name).ok_or_else(|| odd("the manifest does not list what is there"))?;
        if entry.rows != *rows || entry.sha256 != *sha256 {
            return Err(odd("an entry is not what the manifest says"));
        }
    }
    // As many as there are, and each of them there: none is listed twice.
    let names: std::collections::BTreeSet<_> = manifest.tables.iter().map(|table| &table.name).collect();
    match names.len() == entries.len() {
        true => Ok(()),
        false => Err(odd("the manifest lists a table twice")),
    }
}

fn odd(problem: &'static str) -> LifecycleError {
    LifecycleErrorKind::Archive { problem }.into()
}
