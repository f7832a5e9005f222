//! `tenant tenants` and `tenant usage`: tenants, in the database or through the admin API of a running server.
//!
//! Through the API a change holds at once. In the database it is heard by a running server when it reads the tenant again.

mod api;
mod asked;
mod bar;
mod clone;
mod create;
mod export;
mod import;
mod place;
mod purge;
mod store;
mod target;
mod text;

use std::process::ExitCode;

use clap::{Args, Subcommand};
use tenant_core::TenantId;

use self::{asked::Asked, create::Create, target::Target};
use crate::Error;

/// Looks after tenants.
#[derive(Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Creates a tenant.
    Create(Create),
    /// Lists tenants, oldest first.
    List(List),
    /// Shows a tenant.
    Show(One),
    /// Stops serving a tenant.
    Suspend(One),
    /// Serves a tenant again.
    Activate(One),
    /// Deletes a tenant: its data can't be reached any more, and its id stays taken.
    Delete(Delete),
    /// Writes all that is a tenant's into an archive, without secrets.
    Export(export::Arguments),
    /// Makes a tenant of an archive: all of it, or nothing.
    Import(import::Arguments),
    /// Makes another tenant with the same rows, without secrets.
    Clone(clone::Arguments),
    /// Removes all that is left of a deleted tenant, and looks whether anything is left.
    Purge(purge::Arguments),
}

/// How many of them, and from where on.
#[derive(Args)]
struct List {
    #[command(flatten)]
    target: Target,
    /// At most so many.
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=100))]
    limit: u32,
    /// After leaving out so many.
    #[arg(long, default_value_t = 0, value_parser = clap::value_parser!(u64).range(..=i64::MAX as u64))]
    offset: u64,
}

/// One tenant.
#[derive(Args)]
pub(crate) struct One {
    /// The tenant's id.
    #[arg(value_name = "ID", value_parser = tenant_id)]
    id: TenantId,
    #[command(flatten)]
    target: Target,
}

#[derive(Args)]
struct Delete {
    #[command(flatten)]
    one: One,
    /// Deletes it; without this nothing is done.
    #[arg(long)]
    yes: bool,
}

fn tenant_id(text: &str) -> Result<TenantId, String> {
    TenantId::parse(text).map_err(|error| error.to_string())
}

/// Exits with 0 where it was done, with 1 where it was refused (there is no such tenant, or there is one already), with 2 where
/// it could not be tried.
pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode, Error> {
    match &arguments.task {
        Task::Create(create) => create.target().run(&create.asked()?),
        Task::List(List { target, limit, offset }) => {
            target.run(&Asked::List { limit: *limit, offset: *offset })
        }
        Task::Show(one) => one.target.run(&Asked::Show(one.id)),
        Task::Suspend(one) => one.target.run(&Asked::Suspend(one.id)),
        Task::Activate(one) => one.target.run(&Asked::Activate(one.id)),
        Task::Delete(Delete { one, yes: true }) => one.target.run(&Asked::Delete(one.id)),
        Task::Delete(Delete { one, yes: false }) => {
            Err(Error::new(format!("{} is not deleted: say --yes to delete it", one.id)))
        }
        Task::Export(arguments) => place::run(&arguments.place, arguments),
        Task::Import(arguments) => place::run(&arguments.place, arguments),
        Task::Clone(arguments) => place::run(&arguments.place, arguments),
        Task::Purge(arguments) => place::run(&arguments.place, arguments),
    }
}

/// `tenant usage`: through the API how the tenant's limits stand, in the database what it used in this billing cycle.
pub(crate) fn usage(one: &One) -> Result<ExitCode, Error> {
    one.target.run(&Asked::Usage(one.id))
}
