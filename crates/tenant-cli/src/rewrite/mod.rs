//! `tenant rewrite`: statements in, scoped statements or refusals out, one answer per line.

mod answer;
mod error;
mod line;
mod session;

use std::{
    io::{self, BufRead, Write},
    path::PathBuf,
};

use clap::{Args, ValueEnum};
use tenant_sql::{CatalogDeclaration, Dialect};

pub(crate) use error::Error;
use session::Session;

/// Reads one statement per line from standard input.
#[derive(Args)]
pub(crate) struct Arguments {
    /// The database whose SQL is spoken.
    #[arg(long, value_enum)]
    dialect: DialectName,
    /// The catalog, a TOML file. Without one no relation is known.
    #[arg(long, value_name = "FILE")]
    catalog: Option<PathBuf>,
    /// The tenant that statements are scoped to.
    #[arg(long, value_name = "ID")]
    tenant: Option<String>,
    /// Reads and prints one JSON object per line.
    #[arg(long)]
    jsonl: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum DialectName {
    Sqlite,
    Postgres,
    #[value(alias = "mariadb")]
    Mysql,
}

impl From<DialectName> for Dialect {
    fn from(name: DialectName) -> Self {
        match name {
            DialectName::Sqlite => Self::Sqlite,
            DialectName::Postgres => Self::Postgres,
            DialectName::Mysql => Self::MySql,
        }
    }
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), Error> {
    let mut session = Session::new(arguments.dialect.into(), catalog(arguments)?, arguments.tenant.clone())?;
    let mut output = io::stdout().lock();
    for line in io::stdin().lock().lines() {
        let line = line.map_err(Error::input)?;
        if line.trim().is_empty() {
            continue;
        }
        let text = if arguments.jsonl { session.answer_json(&line) } else { session.answer_text(&line)? };
        // Flushed at once, so that other programs can hold the command open.
        writeln!(output, "{text}").and_then(|()| output.flush()).map_err(Error::output)?;
    }
    Ok(())
}

fn catalog(arguments: &Arguments) -> Result<CatalogDeclaration, Error> {
    let Some(path) = &arguments.catalog else { return Ok(CatalogDeclaration::default()) };
    let text = std::fs::read_to_string(path).map_err(|error| Error::catalog(path, &error))?;
    toml::from_str(&text).map_err(|error| Error::catalog(path, &error))
}
