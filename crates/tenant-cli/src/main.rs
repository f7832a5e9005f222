//! The `tenant` command.

mod check;
mod error;
mod language;
mod migrate;
mod rewrite;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

pub(crate) use error::Error;

/// Multi-tenancy from the command line.
#[derive(Parser)]
#[command(name = "tenant", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Shows how statements are scoped to one tenant, or why they are refused.
    Rewrite(rewrite::Arguments),
    /// Finds the SQL of a code base and says of each statement whether it is scoped or refused.
    Check(check::Arguments),
    /// Migrates all places where tenants live.
    Migrate(Box<migrate::Arguments>),
}

fn main() -> ExitCode {
    let done = match Arguments::parse().command {
        Command::Rewrite(arguments) => rewrite::run(&arguments).map(|()| ExitCode::SUCCESS),
        Command::Check(arguments) => check::run(&arguments),
        Command::Migrate(arguments) => migrate::run(&arguments),
    };
    match done {
        Ok(code) => code,
        // Whoever reads our answers has seen enough.
        Err(error) if error.is_broken_pipe() => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("tenant: {error}");
            ExitCode::from(2)
        }
    }
}
