use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use super::account::Account;
use super::error::ServerError;

/// A server's temporary folder, open to nobody else.
#[derive(Debug)]
pub(super) struct Folder {
    path: PathBuf,
    account: Option<Account>,
}

impl Folder {
    /// Short names: a socket's path may have 107 bytes.
    pub(super) fn new(prefix: &str, account: Option<Account>) -> Result<Self, ServerError> {
        // PostgreSQL's socket in it asks for no password.
        let closed = fs::Permissions::from_mode(0o700);
        let made = tempfile::Builder::new().prefix(prefix).permissions(closed).tempdir();
        let path = made.map_err(ServerError::io("no temporary folder"))?.keep();
        let folder = Self { path, account };
        folder.own(&folder.path)?;
        Ok(folder)
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn account(&self) -> Option<Account> {
        self.account
    }

    /// Writes a file for the server's eyes.
    pub(super) fn write(&self, name: &str, text: &str) -> Result<PathBuf, ServerError> {
        let path = self.path.join(name);
        let mut file = private(&path).map_err(ServerError::at(&path))?;
        file.write_all(text.as_bytes()).map_err(ServerError::at(&path))?;
        self.own(&path)?;
        Ok(path)
    }

    /// Copies a folder with all that is in it.
    pub(super) fn copy(&self, from: &Path, name: &str) -> Result<PathBuf, ServerError> {
        let to = self.path.join(name);
        copy_all(from, &to, self.account)?;
        Ok(to)
    }

    fn own(&self, path: &Path) -> Result<(), ServerError> {
        self.account.map_or(Ok(()), |account| account.own(path))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // The server's last child may still write; the shell beside the server removes the folder, too.
        for _ in 0..100 {
            match fs::remove_dir_all(&self.path) {
                Err(_) if self.path.exists() => std::thread::sleep(std::time::Duration::from_millis(20)),
                _ => return,
            }
        }
    }
}

fn private(path: &Path) -> std::io::Result<fs::File> {
    use std::os::unix::fs::OpenOptionsExt;
    fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)
}

/// Copies folders and files; a server's data has nothing else.
pub(super) fn copy_all(from: &Path, to: &Path, account: Option<Account>) -> Result<(), ServerError> {
    fs::create_dir(to).map_err(ServerError::at(to))?;
    let permissions = fs::metadata(from).map_err(ServerError::at(from))?.permissions();
    fs::set_permissions(to, permissions).map_err(ServerError::at(to))?;
    for entry in fs::read_dir(from).map_err(ServerError::at(from))? {
        let entry = entry.map_err(ServerError::at(from))?;
        let (source, target) = (entry.path(), to.join(entry.file_name()));
        if entry.file_type().map_err(ServerError::at(&source))?.is_dir() {
            copy_all(&source, &target, account)?;
        } else {
            fs::copy(&source, &target).map_err(ServerError::at(&source))?;
            account.map_or(Ok(()), |account| account.own(&target))?;
        }
    }
    account.map_or(Ok(()), |account| account.own(to))
}
