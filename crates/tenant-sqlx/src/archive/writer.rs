use std::{io, path::Path};

use sha2::{Digest, Sha256};
use tokio::{
    fs::{File, OpenOptions},
    io::{AsyncSeekExt, AsyncWriteExt, BufWriter, SeekFrom},
};

use super::{
    Manifest, ManifestTable,
    tar::{BLOCK, Header, padding},
};
use crate::fleet::hex;

/// Writes an archive, row by row. The manifest comes last: an archive that was cut off has none.
pub(crate) struct ArchiveWriter {
    file: BufWriter<File>,
    tables: Vec<ManifestTable>,
    open: Option<Open>,
}

/// The file that is being written.
struct Open {
    name: String,
    begins: u64,
    size: u64,
    rows: u64,
    hash: Sha256,
}

const BUFFER: usize = 256 << 10;

impl ArchiveWriter {
    /// Begins a file that nobody but its owner may read; one that is there is written over.
    pub(crate) async fn create(path: &Path) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        options.create(true).truncate(true).write(true);
        #[cfg(unix)]
        options.mode(0o600);
        let file = BufWriter::with_capacity(BUFFER, options.open(path).await?);
        Ok(Self { file, tables: Vec::new(), open: None })
    }

    /// Begins the file of a table. How long it will be is not known, so that its header is written when it ends.
    pub(crate) async fn begin(&mut self, table: &str) -> io::Result<()> {
        let begins = self.file.stream_position().await?;
        self.file.write_all(&[0; BLOCK]).await?;
        let name = table.to_owned();
        self.open = Some(Open { name, begins, size: 0, rows: 0, hash: Sha256::new() });
        Ok(())
    }

    pub(crate) async fn line(&mut self, mut line: Vec<u8>) -> io::Result<()> {
        line.push(b'\n');
        if let Some(open) = &mut self.open {
            open.hash.update(&line);
            open.size += line.len() as u64;
            open.rows += 1;
        }
        self.file.write_all(&line).await
    }

    /// Ends the file of a table.
    pub(crate) async fn end(&mut self) -> io::Result<()> {
        let Some(Open { name, begins, size, rows, hash }) = self.open.take() else { return Ok(()) };
        self.pad(size).await?;
        let header = Header { name: format!("{name}.jsonl"), size };
        self.file.seek(SeekFrom::Start(begins)).await?;
        self.file.write_all(&header.write()).await?;
        self.file.seek(SeekFrom::End(0)).await?;
        self.tables.push(ManifestTable { name, rows, sha256: hex(&hash.finalize()) });
        Ok(())
    }

    /// Writes the manifest, and waits until all of it is on the disk. Says what is in it.
    pub(crate) async fn finish(mut self, mut manifest: Manifest) -> io::Result<Manifest> {
        manifest.tables = std::mem::take(&mut self.tables);
        let text = serde_json::to_vec_pretty(&manifest).map_err(io::Error::other)?;
        let size = text.len() as u64;
        let header = Header { name: Manifest::FILE.to_owned(), size };
        self.file.write_all(&header.write()).await?;
        self.file.write_all(&text).await?;
        self.pad(size).await?;
        self.file.write_all(&[0; 2 * BLOCK]).await?;
        self.file.flush().await?;
        self.file.get_ref().sync_all().await?;
        Ok(manifest)
    }

    async fn pad(&mut self, size: u64) -> io::Result<()> {
        let padding = usize::try_from(padding(size)).unwrap_or(0);
        self.file.write_all([0; BLOCK].get(..padding).unwrap_or_default()).await
    }
}
