use std::path::{Path, PathBuf};

use super::error::{ServerError, ServerErrorKind};

/// Where the programs of one server are looked for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Programs {
    /// The variable that names their folder.
    pub(super) variable: &'static str,
    /// Debian's package.
    pub(super) package: &'static str,
    /// A folder with one folder per version, each with a `bin`.
    pub(super) versions: Option<&'static str>,
}

/// Servers stand outside an ordinary user's PATH.
const FOLDERS: [&str; 5] =
    ["/usr/local/bin", "/usr/bin", "/usr/sbin", "/usr/local/sbin", "/opt/homebrew/bin"];

impl Programs {
    /// Finds a program. Links are not followed: `redis-server` is one to a program that asks how it was called.
    pub(super) fn find(&self, name: &str) -> Result<PathBuf, ServerError> {
        let paths = self.folders().into_iter().map(|folder| folder.join(name));
        paths.into_iter().find(|path| path.is_file()).ok_or_else(|| self.missing(name))
    }

    /// Finds a program of the same version as another one, or wherever programs are.
    pub(super) fn find_beside(&self, other: &Path, name: &str) -> Result<PathBuf, ServerError> {
        let other = other.canonicalize().map_err(ServerError::at(other))?;
        match other.parent().map(|folder| folder.join(name)) {
            Some(path) if path.is_file() => Ok(path),
            _ => self.find(name),
        }
    }

    fn folders(&self) -> Vec<PathBuf> {
        if let Some(folder) = std::env::var_os(self.variable) {
            return vec![PathBuf::from(folder)];
        }
        let path = std::env::var_os("PATH").unwrap_or_default();
        let mut folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
        folders.extend(self.versions.map(newest_first).unwrap_or_default());
        folders.extend(FOLDERS.map(PathBuf::from));
        folders
    }

    fn missing(&self, name: &str) -> ServerError {
        let Self { variable, package, versions: _ } = self;
        let place = match std::env::var(variable) {
            Ok(folder) => format!("in {folder}, which {variable} names"),
            Err(_) => "in PATH or where Debian puts it".to_owned(),
        };
        let message = format!(
            "`{name}` was not found {place}: install Debian's package `{package}` (`scripts/services` does), \
             or name the folder it is in with {variable}"
        );
        ServerError::new(ServerErrorKind::Missing, message)
    }
}

fn newest_first(folder: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut versions: Vec<(u32, PathBuf)> = entries
        .filter_map(|entry| Some((entry.file_name().to_str()?.parse().ok()?, entry.path().join("bin"))))
        .collect();
    versions.sort();
    versions.into_iter().rev().map(|(_, path)| path).collect()
}
