//! Fills a database with organisations, people, usage and an audit log, to be measured or tried out:
//! `seed --database-url sqlite://seeded.db --tenants 10000 --users 1000000 --records 10000000 --events 1000000`.
//!
//! The same arguments make the same rows.

use std::time::{SystemTime, UNIX_EPOCH};

use clap::Parser;
use sqlx::{Postgres, Sqlite};
use tenant::Timestamp;
use tenant_benches::{
    BoxError,
    seed::{PASSWORD, Plan, Size, seed},
};

/// Fills a database with organisations, people, usage and an audit log.
#[derive(Debug, Parser)]
struct Arguments {
    /// `sqlite://FILE` or `postgres://…`; its tables are made where they are missing
    #[arg(long, env = "DATABASE_URL")]
    database_url: String,
    /// How many organisations
    #[arg(long, default_value_t = 100)]
    tenants: u32,
    /// How many people; a few organisations have most of them
    #[arg(long, default_value_t = 5_000)]
    users: u64,
    /// How many records of usage, with what they come to each day
    #[arg(long, default_value_t = 50_000)]
    records: u64,
    /// How many events of the audit log
    #[arg(long, default_value_t = 5_000)]
    events: u64,
    /// What all is drawn by
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Over how many days usage and events are spread
    #[arg(long, default_value_t = 90, value_parser = clap::value_parser!(u32).range(1..=3_650))]
    days: u32,
    /// When that ends, as `2026-01-31T12:00:00Z`; now unless given
    #[arg(long, value_parser = moment)]
    until: Option<Timestamp>,
    /// Adds to a database that is not empty; takes another --seed than what is there
    #[arg(long)]
    add: bool,
    /// Gives everybody the password `seeded-password`
    #[arg(long)]
    passwords: bool,
}

fn moment(text: &str) -> Result<Timestamp, String> {
    Timestamp::parse(text).map_err(|error| error.to_string())
}

fn main() -> Result<(), BoxError> {
    let arguments = Arguments::parse();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(fill(&arguments))
}

async fn fill(arguments: &Arguments) -> Result<(), BoxError> {
    let Arguments { database_url, tenants, users, records, events, seed: drawn_by, .. } = arguments;
    let size = Size { tenants: *tenants, users: *users, records: *records, events: *events };
    let until = arguments.until.map_or_else(now, Ok)?;
    let plan = Plan { size, seed: *drawn_by, until, days: arguments.days };
    let (add, passwords) = (arguments.add, arguments.passwords);
    match database_url.split_once(':').map(|(scheme, _)| scheme) {
        Some("sqlite") => seed::<Sqlite>(database_url, &plan, add, passwords).await?,
        Some("postgres" | "postgresql") => seed::<Postgres>(database_url, &plan, add, passwords).await?,
        _ => return Err("the database must be sqlite: or postgres:".into()),
    }
    eprintln!("the same again: --seed {drawn_by} --until {until}");
    if passwords {
        eprintln!("everybody's password: {PASSWORD}");
    }
    Ok(())
}

fn now() -> Result<Timestamp, BoxError> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?;
    Ok(Timestamp::from_unix_micros(i64::try_from(now.as_secs())? * 1_000_000))
}
