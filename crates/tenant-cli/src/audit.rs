//! `tenant audit`: whether an entry of the audit log was removed or changed.

use std::{fs, io::Write, path::PathBuf, process::ExitCode, sync::Arc};

use clap::{Args, Subcommand};
use serde_json::{Value, json};
use tenant_control::{AuditDamage, AuditLog, AuditReport};
use tenant_sql::{Catalog, Dialect};
use tenant_sqlx::{DbAudit, TenantDatabase, TenantDb};

use crate::{Error, database};

/// Looks after the audit log.
#[derive(Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Exits with 0 where the log is whole, with 1 where an entry was removed or changed, with 2 where it could not be read.
    Verify(Verify),
}

#[derive(Args)]
struct Verify {
    /// The database with the table `tenant_audit`: `postgres://`, `mysql://` or `sqlite://`.
    #[arg(long, env = "DATABASE_URL", hide_env_values = true, value_name = "URL")]
    database_url: String,
    /// A file with the key that the log was sealed with, byte for byte, where it was given one.
    #[arg(long, value_name = "FILE")]
    key_file: Option<PathBuf>,
    /// One object instead of text.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode, Error> {
    let Task::Verify(verify) = &arguments.task;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(Error::output)?;
    let report = runtime.block_on(verify.report())?;
    let text = if verify.json { format!("{}\n", as_json(&report)) } else { as_text(&report) };
    std::io::stdout().lock().write_all(text.as_bytes()).map_err(Error::output)?;
    Ok(if report.is_whole() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

impl Verify {
    async fn report(&self) -> Result<AuditReport, Error> {
        match database::dialect(&self.database_url)? {
            Dialect::Postgres => self.look::<sqlx::Postgres>().await,
            Dialect::MySql => self.look::<sqlx::MySql>().await,
            Dialect::Sqlite => self.look::<sqlx::Sqlite>().await,
        }
    }

    async fn look<DB: TenantDatabase>(&self) -> Result<AuditReport, Error> {
        // No statement of a tenant runs here.
        let catalog = Catalog::builder(DB::DIALECT).build().map_err(|error| Error::new(error.to_string()))?;
        let builder = TenantDb::<DB>::open_with(&self.database_url, 2).await;
        let db = match builder {
            Ok(builder) => builder.catalog(catalog).build().await,
            Err(error) => Err(error),
        };
        let db = db.map_err(|error| Error::new(error.to_string()))?;
        let mut log = AuditLog::builder(Arc::new(DbAudit::new(&db)));
        if let Some(file) = &self.key_file {
            let key = fs::read(file).map_err(|error| Error::file(file, &error))?;
            log = log.key(&key).map_err(|error| Error::file(file, &error))?;
        }
        let report = log.start().verify().await;
        db.close().await;
        report.map_err(|error| Error::new(format!("the audit log can't be read: {error}")))
    }
}

fn hex(digest: &[u8]) -> String {
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn as_text(report: &AuditReport) -> String {
    let damage: String = report.damage.iter().map(|damage| format!("{damage}\n")).collect();
    let forgotten = match report.forgotten.number {
        0 => String::new(),
        last => format!(", those up to {last} were forgotten when their time had come"),
    };
    let verdict = if report.is_whole() { "whole" } else { "damaged" };
    let (entries, last) = (report.entries, report.last);
    format!(
        "{damage}the audit log is {verdict}: {entries} entries{forgotten}\nlast: {} {}\n",
        last.number,
        hex(&last.digest)
    )
}

fn as_json(report: &AuditReport) -> Value {
    let damage = |damage: &AuditDamage| match damage {
        AuditDamage::Missing { first, last } => json!({ "kind": "missing", "first": first, "last": last }),
        AuditDamage::Changed { number } => json!({ "kind": "changed", "first": number, "last": number }),
    };
    json!({
        "is_whole": report.is_whole(),
        "entries": report.entries,
        "forgotten": report.forgotten.number,
        "last": { "number": report.last.number, "digest": hex(&report.last.digest) },
        "damage": report.damage.iter().map(damage).collect::<Vec<_>>(),
    })
}
