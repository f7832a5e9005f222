//! `tenant check`: the SQL of a code base, and what the rewriter says to each statement.

mod baseline;
mod finding;
mod report;
mod rust;
mod source;
mod sql;
mod sqlx_data;
mod walk;

use std::{path::PathBuf, process::ExitCode};

use clap::Args;

use self::{baseline::Baseline, finding::Finding};
use crate::{
    Error,
    format::{self, Format},
    language::Language,
};

/// Exits with 0 where every statement is scoped or in the baseline, with 1 where one is refused, with 2 where the check
/// itself failed.
#[derive(Args)]
pub(crate) struct Arguments {
    /// Files and directories. Of a directory the `.rs` and `.sql` files and the data in `.sqlx` are read, except what
    /// `.gitignore` names and directories called `migrations`.
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    #[command(flatten)]
    language: Language,
    /// How findings are told. SARIF tells of what is refused and of what could not be checked.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// A file of refusals that are known and accepted.
    #[arg(long, value_name = "FILE")]
    baseline: Option<PathBuf>,
    /// Writes the refusals of this run into the baseline.
    #[arg(long, requires = "baseline")]
    write_baseline: bool,
    /// Reads directories called `migrations` too.
    #[arg(long)]
    migrations: bool,
}

pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode, Error> {
    let rewriter = arguments.language.rewriter()?;
    let found = walk::find(&arguments.paths, arguments.language.dialect(), arguments.migrations)?;
    let mut findings: Vec<Finding> = found.into_iter().map(|found| Finding::of(found, &rewriter)).collect();
    if let Some(path) = &arguments.baseline {
        if arguments.write_baseline {
            Baseline::of(&findings).write(path)?;
        }
        Baseline::read(path)?.mark(&mut findings);
    }
    print(arguments.format, &findings)?;
    let clean = !findings.iter().any(Finding::is_new_refusal);
    Ok(if clean { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn print(format: Format, findings: &[Finding]) -> Result<(), Error> {
    format::print(&match format {
        Format::Text => report::text(findings),
        Format::Json => report::json(findings),
        Format::Sarif => report::sarif(findings),
    })
}
