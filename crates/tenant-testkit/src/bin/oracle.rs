//! Judges generated statements on a private server: `oracle --dialect postgres --statements 100000 --seed 1`.
//!
//! Goes on until that many statements were judged the same or refused (those the database itself rejects don't count),
//! prints what became of them, and ends with status 1 if any differs, with the smallest of them.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use tenant_sql::Dialect;
use tenant_testkit::campaign::{Campaign, Tally};
use tenant_testkit::generate::Generator;
use tenant_testkit::oracle::{OracleError, shop};
use tenant_testkit::servers::{MariaDb, Postgres};

#[path = "shared/options.rs"]
mod options;

use options::Options;

const USAGE: &str = "oracle --dialect sqlite|postgres|mysql [--statements 100000] [--seed 1] [--show SEED] [--print NUMBER] [--verbose] [--whole]";

/// How often a server may end before the campaign does.
const MOST_LOST: u64 = 20;

/// A server lives as long as the campaign.
enum Server {
    None,
    Postgres(Postgres),
    MariaDb(MariaDb),
}

impl Server {
    fn start(dialect: Dialect) -> Result<Self, Box<dyn std::error::Error>> {
        Ok(match dialect {
            Dialect::Sqlite => Self::None,
            Dialect::Postgres => Self::Postgres(Postgres::start()?),
            Dialect::MySql => Self::MariaDb(MariaDb::start()?),
        })
    }

    fn url(&self) -> String {
        match self {
            Self::None => String::new(),
            Self::Postgres(server) => server.url(),
            Self::MariaDb(server) => server.socket_url(),
        }
    }
}

fn main() -> ExitCode {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let done = runtime.map_err(Into::into).and_then(|runtime| runtime.block_on(run()));
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("{error}\n{USAGE}");
            ExitCode::from(2)
        }
    }
}

/// Says whether no statement differs.
async fn run() -> Result<bool, Box<dyn std::error::Error>> {
    let options = Options::of(std::env::args().skip(1))?;
    let dialect = match options.text("dialect")? {
        "sqlite" => Dialect::Sqlite,
        "postgres" => Dialect::Postgres,
        "mysql" | "mariadb" => Dialect::MySql,
        other => return Err(format!("no such dialect: {other}").into()),
    };
    let mut server = Server::start(dialect)?;
    let oracle = shop(dialect, server.url()).open().await?;
    let generator = Generator::new(dialect, oracle.schema(), &["secrets"]);
    if options.has("print") {
        let number = options.number("print", 1)?;
        (0..number).for_each(|seed| println!("{}", generator.statement(seed).sql));
        return Ok(true);
    }
    if options.has("show") {
        let seed = options.number("show", 0)?;
        println!("{:#?}", generator.statement(seed));
    }
    let mut campaign = Campaign::new(oracle, generator);
    let (wanted, first) = (options.number("statements", 100_000)?, options.number("seed", 1)?);
    if options.has("show") {
        campaign.judge(options.number("show", 0)?).await?;
    } else {
        work(&mut campaign, dialect, &mut server, wanted, first).await?;
    }
    report(&mut campaign, options.has("verbose"), options.has("whole")).await
}

fn counted(tally: &Tally) -> u64 {
    tally.same + tally.refusals() + tally.differences
}

async fn work(
    campaign: &mut Campaign,
    dialect: Dialect,
    server: &mut Server,
    wanted: u64,
    first: u64,
) -> Result<(), Box<dyn std::error::Error>> {
    // Seeds of another start share no statement, or nearly none.
    let mut seed = first.wrapping_mul(1_000_000_007);
    let begin = Instant::now();
    let mut told = begin;
    while counted(campaign.tally()) < wanted {
        let before = campaign.tally().differences;
        match campaign.judge(seed).await {
            // Servers have bugs of their own; which statements find one is worth knowing.
            Err(OracleError::Lost(why)) if campaign.tally().lost < MOST_LOST => {
                eprintln!("seed {seed} ended the server: {why}");
                *server = Server::start(dialect)?;
                campaign.reopen(shop(dialect, server.url()).open().await?);
            }
            judged => judged?,
        }
        if campaign.tally().differences > before {
            eprintln!("seed {seed} differs");
        }
        seed = seed.wrapping_add(1);
        if told.elapsed() > Duration::from_secs(10) {
            told = Instant::now();
            eprintln!("{:>5} s  {}", begin.elapsed().as_secs(), campaign.tally());
        }
    }
    Ok(())
}

async fn report(
    campaign: &mut Campaign,
    verbose: bool,
    whole: bool,
) -> Result<bool, Box<dyn std::error::Error>> {
    let tally = campaign.tally().clone();
    println!("{tally}");
    for (what, all) in [("refused", &tally.constructs), ("fails", &tally.failures)] {
        let mut all: Vec<_> = all.iter().filter(|_| verbose || what == "refused").collect();
        all.sort_by_key(|(_, (count, _))| std::cmp::Reverse(*count));
        for (why, (count, shortest)) in all {
            println!("{what} {count:>6}  {why}");
            if verbose {
                println!("                {shortest}");
            }
        }
    }
    let findings = if whole { campaign.findings() } else { campaign.smallest_findings().await? };
    for finding in findings {
        println!("\nseed {}\n{}\nmade as:   {}", finding.seed, finding.difference, finding.statement);
    }
    Ok(tally.differences == 0)
}
