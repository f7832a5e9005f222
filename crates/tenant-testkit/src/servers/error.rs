use std::fmt;
use std::io;
use std::path::Path;

/// What went wrong with a private server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ServerErrorKind {
    /// A program of the server is not installed.
    Missing,
    /// The port was taken by somebody else in between.
    PortTaken,
    /// The server did not start, or one of its tools failed.
    Failed,
    /// The operating system failed.
    Io,
}

/// A private server that can't be had.
#[derive(Debug, Clone)]
pub struct ServerError {
    kind: ServerErrorKind,
    message: String,
}

impl ServerError {
    pub(super) fn new(kind: ServerErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into() }
    }

    pub(super) fn failed(what: &str, output: &str) -> Self {
        let lines: Vec<&str> = output.lines().rev().take(12).collect();
        let tail = lines.into_iter().rev().collect::<Vec<_>>().join("\n");
        Self::new(ServerErrorKind::Failed, format!("{what} failed:\n{tail}"))
    }

    pub(super) fn io(doing: impl fmt::Display) -> impl FnOnce(io::Error) -> Self {
        move |error| Self::new(ServerErrorKind::Io, format!("{doing}: {error}"))
    }

    pub(super) fn at(path: &Path) -> impl FnOnce(io::Error) -> Self + '_ {
        Self::io(path.display())
    }

    /// Returns what went wrong.
    pub fn kind(&self) -> ServerErrorKind {
        self.kind
    }
}

impl fmt::Display for ServerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for ServerError {}
