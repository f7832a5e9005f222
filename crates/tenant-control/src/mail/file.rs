use std::{
    fs::{DirBuilder, File, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
    sync::Arc,
};

use async_trait::async_trait;
use tenant_core::{Clock, SystemClock, UnixTime};
use time::{OffsetDateTime, format_description::well_known::Rfc2822};
use uuid::Uuid;

use super::{MailError, Mailer, Message};

/// Writes each message to a file of its own, `….eml`, as mail programs open it: to try things out by hand, or for a program that
/// takes them from there.
///
/// Messages hold secrets: on Unix nobody but the owner of the process reads them. A file is there as a whole or not at all. Its
/// name is made of the moment and a random number, and of nothing that anybody chose.
#[derive(Clone)]
pub struct FileMailer {
    folder: PathBuf,
    from: String,
    clock: Arc<dyn Clock>,
}

impl FileMailer {
    /// Writes to a folder, which is made where it is not there.
    ///
    /// # Errors
    /// The folder can't be made, or the sender is no address.
    pub fn new(folder: impl Into<PathBuf>, from: &str) -> io::Result<Self> {
        if !Message::admits(from) {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "the sender is no address"));
        }
        let folder = folder.into();
        private_folder().create(&folder)?;
        Ok(Self { folder, from: from.to_owned(), clock: Arc::new(SystemClock::new()) })
    }

    /// Takes the time from another clock than the system's.
    #[must_use]
    pub fn with_clock(self, clock: Arc<dyn Clock>) -> Self {
        Self { clock, ..self }
    }
}

#[async_trait]
impl Mailer for FileMailer {
    async fn send(&self, message: &Message) -> Result<(), MailError> {
        let (now, id) = (self.clock.unix(), Uuid::new_v4());
        let text = message.to_rfc5322(&self.from, &date(now)?, &id.to_string());
        let (folder, name) = (self.folder.clone(), format!("{}-{id}", now.as_secs()));
        let written = tokio::task::spawn_blocking(move || write(&folder, &name, &text)).await;
        written.map_err(MailError::new)?.map_err(MailError::new)
    }
}

/// As RFC 5322, section 3.3 has it.
fn date(now: UnixTime) -> Result<String, MailError> {
    let seconds = i64::try_from(now.as_secs()).map_err(MailError::new)?;
    let moment = OffsetDateTime::from_unix_timestamp(seconds).map_err(MailError::new)?;
    moment.format(&Rfc2822).map_err(MailError::new)
}

fn write(folder: &Path, name: &str, text: &str) -> io::Result<()> {
    let (draft, whole) = (folder.join(format!(".{name}.part")), folder.join(format!("{name}.eml")));
    let mut file = private_file(&draft)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    std::fs::rename(draft, whole)
}

fn private_folder() -> DirBuilder {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder
}

fn private_file(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

impl std::fmt::Debug for FileMailer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FileMailer").field("folder", &self.folder).finish_non_exhaustive()
    }
}
