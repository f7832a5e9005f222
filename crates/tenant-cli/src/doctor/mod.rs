//! `tenant doctor`: what is wrong with a live database, and how it is mended.

mod report;

use std::process::ExitCode;

use clap::Args;
use sqlx::Pool;
use tenant_sql::Catalog;
use tenant_sqlx::{
    Inspect,
    doctor::{Diagnosis, Doctor},
};

use crate::{
    Error,
    database::{Database, Task},
    format::{self, Format},
};

/// Exits with 0 where nothing is wrong, with 1 where something is, with 2 where the database could not be examined.
/// Nothing is changed.
#[derive(Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    database: Database,
    /// The account of the application, where another one examines: a role (PostgreSQL) or `'user'@'host'` (MySQL).
    #[arg(long)]
    role: Option<String>,
    /// The setting that holds the tenant of a transaction (PostgreSQL).
    #[arg(long, default_value = "app.current_tenant_id", value_name = "NAME")]
    setting: String,
    /// Expects no row-level security: the rewriter is the only wall.
    #[arg(long)]
    without_policies: bool,
    /// Says nothing of a finding that somebody vouched for, as `TD038` or `TD038=orders: audit`.
    #[arg(long, value_name = "CODE[=OBJECT]")]
    accept: Vec<String>,
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

struct Examination(Doctor);

impl Task for Examination {
    type Outcome = Vec<Diagnosis>;

    async fn run<DB: Inspect>(
        &self,
        pool: &Pool<DB>,
        catalog: &Catalog,
    ) -> Result<Vec<Diagnosis>, sqlx::Error> {
        self.0.examine(pool, catalog).await
    }
}

pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode, Error> {
    let url = arguments.database.url();
    let url = url.ok_or_else(|| Error::new("--database-url or the variable DATABASE_URL is required"))?;
    let found = arguments.database.run(&url, &Examination(arguments.doctor()))?;
    format::print(&match arguments.format {
        Format::Text => report::text(&found),
        Format::Json => report::json(&found),
        Format::Sarif => report::sarif(&found),
    })?;
    Ok(if found.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

impl Arguments {
    fn doctor(&self) -> Doctor {
        let mut doctor = Doctor::new().setting(&self.setting);
        if let Some(role) = &self.role {
            doctor = doctor.role(role);
        }
        if self.without_policies {
            doctor = doctor.without_policies();
        }
        self.accept.iter().fold(doctor, |doctor, accepted| match accepted.split_once('=') {
            Some((code, object)) => doctor.accept(code, Some(object)),
            None => doctor.accept(accepted, None),
        })
    }
}
