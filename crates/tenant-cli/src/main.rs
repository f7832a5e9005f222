//! The `tenant` command.

mod rewrite;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

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
}

fn main() -> ExitCode {
    let Command::Rewrite(arguments) = Arguments::parse().command;
    match rewrite::run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        // Whoever reads our answers has seen enough.
        Err(error) if error.is_broken_pipe() => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("tenant: {error}");
            ExitCode::from(2)
        }
    }
}
