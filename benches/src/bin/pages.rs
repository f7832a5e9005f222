//! Reads the pages of a seeded database again and again, and holds each against 50 ms at the median:
//! `pages --database-url sqlite://seeded.db`. With `--server 127.0.0.1:8080 --admin-token …` also those of a bundled server that
//! runs on the same database. Ends with status 1 where a bar is missed.

use std::{net::SocketAddr, process::ExitCode};

use clap::Parser;
use sqlx::{Postgres, Sqlite};
use tenant_benches::{
    BoxError,
    pages::{Address, Figure, Scene, measure, pages_of_server, pages_of_stores},
    seed::Bulk,
};

/// Reads the pages of a seeded database again and again.
#[derive(Debug, Parser)]
struct Arguments {
    /// What was seeded: `sqlite://FILE` or `postgres://…`
    #[arg(long, env = "DATABASE_URL")]
    database_url: String,
    /// How often each page is read
    #[arg(long, default_value_t = 100)]
    rounds: usize,
    /// A bundled server on the same database
    #[arg(long, requires = "admin_token")]
    server: Option<SocketAddr>,
    /// Its `ADMIN_TOKEN`
    #[arg(long, env = "ADMIN_TOKEN")]
    admin_token: Option<String>,
}

fn main() -> Result<ExitCode, BoxError> {
    let arguments = Arguments::parse();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let figures = runtime.block_on(async {
        match arguments.database_url.split_once(':').map(|(scheme, _)| scheme) {
            Some("sqlite") => read::<Sqlite>(&arguments).await,
            Some("postgres" | "postgresql") => read::<Postgres>(&arguments).await,
            _ => Err("the database must be sqlite: or postgres:".into()),
        }
    })?;
    let missed: Vec<_> = figures.iter().map(Figure::bar).filter(|bar| !bar.holds()).collect();
    for bar in &missed {
        println!("{bar}");
    }
    Ok(if missed.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn read<DB: Bulk>(arguments: &Arguments) -> Result<Vec<Figure>, BoxError> {
    let scene = Scene::<DB>::find(&arguments.database_url).await?;
    println!("{:<52} {:>7} {:>8} {:>8}", "through the stores", "rows", "median", "p99, ms");
    let mut figures = measure(&pages_of_stores(&scene), arguments.rounds).await?;
    figures.iter().for_each(|figure| println!("{figure}"));
    if let (Some(server), Some(token)) = (arguments.server, arguments.admin_token.clone()) {
        println!("{:<52} {:>7} {:>8} {:>8}", "over the wire", "bytes", "median", "p99, ms");
        let pages = pages_of_server(&scene, &Address { server, token }).await?;
        let over_the_wire = measure(&pages, arguments.rounds).await?;
        over_the_wire.iter().for_each(|figure| println!("{figure}"));
        figures.extend(over_the_wire);
    }
    Ok(figures)
}
