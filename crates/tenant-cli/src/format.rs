//! How findings are told.

use std::io::{self, Write};

use clap::ValueEnum;

use crate::Error;

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Format {
    /// Line by line, and a summary.
    Text,
    /// One object with all findings.
    Json,
    /// SARIF 2.1.0, for code scanning.
    Sarif,
}

pub(crate) fn print(text: &str) -> Result<(), Error> {
    io::stdout().lock().write_all(text.as_bytes()).map_err(Error::output)
}
