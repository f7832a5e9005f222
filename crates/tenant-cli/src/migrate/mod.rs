//! `tenant migrate`: the migrations of all places where tenants live.

mod bar;
mod place;
mod report;

use std::{
    io::{self, Write},
    num::NonZeroUsize,
    path::PathBuf,
    process::ExitCode,
};

use clap::{Args, ValueEnum};
use sqlx::migrate::Migrator;
use tenant_core::PlaceName;
use tenant_sql::{Catalog, Dialect};
use tenant_sqlx::{DbConfigManager, Fleet, FleetReport, TenantDatabase, TenantDb, TenantDbBuilder};

use crate::{Error, database};

/// Exits with 0 where all places are up to date, or known to be, with 1 where one is not, with 2 where none was looked at.
#[derive(Args)]
pub(crate) struct Arguments {
    /// The database with the table `tenants`: `postgres://`, `mysql://` or `sqlite://`.
    #[arg(long, env = "DATABASE_URL", hide_env_values = true, value_name = "URL")]
    database_url: String,
    /// A directory of migrations, as sqlx names them.
    #[arg(long, value_name = "DIR", default_value = "migrations")]
    migrations: PathBuf,
    /// A shard and where it is; once for each.
    #[arg(long, value_name = "NAME=URL", value_parser = shard)]
    shard: Vec<(PlaceName, String)>,
    /// The place that comes first and alone: a name, or `shared`. By default the first that is not up to date.
    #[arg(long, value_name = "NAME")]
    canary: Option<String>,
    /// How many places are migrated at a time.
    #[arg(long, value_name = "N", default_value = "4")]
    concurrency: NonZeroUsize,
    /// How many places make a wave after the canary.
    #[arg(long, value_name = "N", default_value = "50")]
    wave: NonZeroUsize,
    /// Goes on with the others where a place fails.
    #[arg(long)]
    keep_going: bool,
    /// Applies migrations that are older than the last one of a place.
    #[arg(long)]
    fill_gaps: bool,
    /// Looks into the books of all places, not only of those that are not known to be up to date.
    #[arg(long)]
    look_everywhere: bool,
    /// Tells how each place stands, and changes nothing.
    #[arg(long)]
    dry_run: bool,
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// One line for each place that was not up to date, a summary, and a progress bar on a terminal.
    Text,
    /// One object with all places.
    Json,
}

pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode, Error> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(Error::output)?;
    let report = runtime.block_on(arguments.fleet())?;
    let text = match arguments.format {
        Format::Text => report::text(&report),
        Format::Json => report::json(&report),
    };
    io::stdout().lock().write_all(text.as_bytes()).map_err(Error::output)?;
    Ok(if report.is_current() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

impl Arguments {
    async fn fleet(&self) -> Result<FleetReport, Error> {
        match database::dialect(&self.database_url)? {
            Dialect::Postgres => self.run(self.open::<sqlx::Postgres>().await?.schemas()).await,
            Dialect::MySql => self.run(self.open::<sqlx::MySql>().await?).await,
            Dialect::Sqlite => self.run(self.open::<sqlx::Sqlite>().await?).await,
        }
    }

    /// No statement of a tenant runs here: an empty catalog spares reading that of the database.
    async fn open<DB: TenantDatabase>(&self) -> Result<TenantDbBuilder<DB>, Error> {
        let catalog = Catalog::builder(DB::DIALECT).build().map_err(|error| Error::new(error.to_string()))?;
        let connections = u32::try_from(self.concurrency.get()).unwrap_or(u32::MAX).saturating_add(2);
        let builder = TenantDb::open_with(&self.database_url, connections).await.map_err(failed)?;
        Ok(builder.catalog(catalog).databases(connections))
    }

    async fn run<DB: TenantDatabase>(&self, mut builder: TenantDbBuilder<DB>) -> Result<FleetReport, Error> {
        for (name, url) in &self.shard {
            builder = builder.shard_at(name.clone(), url).await.map_err(failed)?;
        }
        let db = builder.build().await.map_err(failed)?;
        let report = self.run_on(&db).await;
        db.close().await;
        report
    }

    async fn run_on<DB: TenantDatabase>(&self, db: &TenantDb<DB>) -> Result<FleetReport, Error> {
        let migrator = Migrator::new(self.migrations.as_path()).await;
        let migrator = migrator.map_err(|error| Error::file(&self.migrations, &error))?;
        let bar = bar::Bar::new(self.format == Format::Text);
        let configs = DbConfigManager::new(db);
        let mut fleet = Fleet::new(&configs, &migrator)
            .concurrency(self.concurrency.get())
            .wave(self.wave.get())
            .on_progress(|progress| bar.show(progress));
        if let Some(name) = &self.canary {
            let places = Fleet::new(&configs, &migrator).places().await.map_err(failed)?;
            fleet = fleet.canary(place::named(name, &places)?);
        }
        if self.keep_going {
            fleet = fleet.keep_going();
        }
        if self.fill_gaps {
            fleet = fleet.fill_gaps();
        }
        if self.look_everywhere {
            fleet = fleet.look_everywhere();
        }
        let report = if self.dry_run { fleet.inspect().await } else { fleet.migrate().await };
        bar.end();
        report.map_err(failed)
    }
}

#[allow(clippy::needless_pass_by_value, reason = "it is the end of a map_err")]
fn failed(error: sqlx::Error) -> Error {
    Error::new(error.to_string())
}

pub(crate) fn shard(text: &str) -> Result<(PlaceName, String), String> {
    let (name, url) = text.split_once('=').ok_or("a shard is given as NAME=URL")?;
    let name = PlaceName::parse(name).map_err(|error| error.to_string())?;
    Ok((name, url.to_owned()))
}
