//! The `tenant` command.

mod audit;
mod check;
mod database;
mod ddl;
mod doctor;
mod error;
mod format;
mod language;
mod migrate;
mod rewrite;
mod sarif;
mod tenants;

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
    /// Prints the migration that puts a wall of the database's own around each tenant.
    Ddl(ddl::Arguments),
    /// Looks for what is wrong with a live database and the account of the application, and says how it is mended.
    Doctor(doctor::Arguments),
    /// Migrates all places where tenants live.
    Migrate(Box<migrate::Arguments>),
    /// Looks whether an entry of the audit log was removed or changed.
    Audit(audit::Arguments),
    /// Creates, lists, shows, suspends, activates, deletes, exports, imports and purges tenants.
    Tenants(Box<tenants::Arguments>),
    /// Says what a tenant uses: through the API how its limits stand, in the database what it is metered.
    Usage(Box<tenants::One>),
}

fn main() -> ExitCode {
    let done = match Arguments::parse().command {
        Command::Rewrite(arguments) => rewrite::run(&arguments).map(|()| ExitCode::SUCCESS),
        Command::Check(arguments) => check::run(&arguments),
        Command::Ddl(arguments) => ddl::run(&arguments),
        Command::Doctor(arguments) => doctor::run(&arguments),
        Command::Migrate(arguments) => migrate::run(&arguments),
        Command::Audit(arguments) => audit::run(&arguments),
        Command::Tenants(arguments) => tenants::run(&arguments),
        Command::Usage(one) => tenants::usage(&one),
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
