//! `tenant rewrite`: statements in, scoped statements or refusals out, one answer per line.

mod answer;
mod line;
mod session;

use std::io::{self, BufRead, Write};

use clap::Args;

use crate::{Error, language::Language};
use session::Session;

/// Reads one statement per line from standard input.
#[derive(Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    language: Language,
    /// The tenant that statements are scoped to.
    #[arg(long, value_name = "ID")]
    tenant: Option<String>,
    /// Reads and prints one JSON object per line.
    #[arg(long)]
    jsonl: bool,
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), Error> {
    let mut session =
        Session::new(arguments.language.dialect(), arguments.language.catalog()?, arguments.tenant.clone())?;
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
