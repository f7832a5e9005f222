use std::{fmt, io, path::Path};

/// What ends the command.
#[derive(Debug)]
pub(crate) struct Error {
    text: String,
    is_broken_pipe: bool,
}

impl Error {
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), is_broken_pipe: false }
    }

    pub(crate) fn catalog(path: &Path, error: &dyn fmt::Display) -> Self {
        Self::new(format!("the catalog {} can't be read: {error}", path.display()))
    }

    pub(crate) fn file(path: &Path, error: &dyn fmt::Display) -> Self {
        Self::new(format!("{}: {error}", path.display()))
    }

    #[allow(clippy::needless_pass_by_value, reason = "it is the end of a map_err")]
    pub(crate) fn input(error: io::Error) -> Self {
        Self::new(format!("standard input can't be read: {error}"))
    }

    #[allow(clippy::needless_pass_by_value, reason = "it is the end of a map_err")]
    pub(crate) fn output(error: io::Error) -> Self {
        let is_broken_pipe = error.kind() == io::ErrorKind::BrokenPipe;
        Self { text: format!("standard output can't be written: {error}"), is_broken_pipe }
    }

    pub(crate) const fn is_broken_pipe(&self) -> bool {
        self.is_broken_pipe
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
