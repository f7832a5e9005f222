//! `tenant tenants`: what is done with a whole tenant.

mod bar;
mod export;
mod import;
mod place;
mod purge;

use std::process::ExitCode;

use clap::{Args, Subcommand};

use crate::Error;

/// Exits with 0 where it was done, with 1 where it was refused and nothing has changed, with 2 where it could not be tried.
#[derive(Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Writes all that is a tenant's into an archive, without secrets.
    Export(export::Arguments),
    /// Makes a tenant of an archive: all of it, or nothing.
    Import(import::Arguments),
    /// Removes all that is left of a deleted tenant, and looks whether anything is left.
    Purge(purge::Arguments),
}

pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode, Error> {
    match &arguments.task {
        Task::Export(arguments) => place::run(&arguments.place, arguments),
        Task::Import(arguments) => place::run(&arguments.place, arguments),
        Task::Purge(arguments) => place::run(&arguments.place, arguments),
    }
}
