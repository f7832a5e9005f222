//! Drives servers with and without tenancy over the loopback interface, in alternation, and compares answers per second
//! and the servers' processor time per answer. Takes about a minute; `server_load 5` takes 5 alternations instead of 20.

use std::{env, io, time::Duration};

use tenant_benches::{
    Bar, BoxError, Spread, database,
    load::{Client, Server, ServerKind, process_nanos},
};

const CONNECTIONS: usize = 16;
const ROUND: Duration = Duration::from_millis(700);

struct Round {
    per_second: f64,
    nanos: f64,
}

fn main() -> Result<(), BoxError> {
    let alternations = env::args().nth(1).map_or(Ok(20), |argument| argument.parse())?;
    let directory = tempfile::tempdir()?;
    database::prepare(directory.path())?;
    let client = Client::new(CONNECTIONS)?;
    let mut bars = Vec::new();
    for (what, bound, bare, tenant) in [
        ("hello", 0.95, ServerKind::Bare, ServerKind::Tenant),
        ("database read", 0.99, ServerKind::BareDatabase, ServerKind::TenantDatabase),
    ] {
        let (bare, tenant) =
            (Server::start(bare, directory.path())?, Server::start(tenant, directory.path())?);
        let rounds = alternate(&client, &bare, &tenant, alternations)?;
        report(what, &rounds);
        // As the inverse, which is to be at most so much.
        let slowdown = rounds.iter().map(|(bare, tenant)| bare.per_second / tenant.per_second).collect();
        let what = format!("{what}, throughput without tenancy to with it");
        bars.push(Bar::at_most(what, 1.0 / bound, Spread::of(slowdown)));
    }
    for bar in bars {
        println!("{bar}");
    }
    Ok(())
}

/// The first one of a pair changes from pair to pair. The first two rounds fill caches and don't count.
fn alternate(
    client: &Client,
    bare: &Server,
    tenant: &Server,
    alternations: usize,
) -> io::Result<Vec<(Round, Round)>> {
    round(client, bare)?;
    round(client, tenant)?;
    let pair = |number: usize| {
        if number.is_multiple_of(2) {
            let bare = round(client, bare)?;
            return Ok((bare, round(client, tenant)?));
        }
        let tenant = round(client, tenant)?;
        Ok((round(client, bare)?, tenant))
    };
    (0..alternations).map(pair).collect()
}

fn round(client: &Client, server: &Server) -> io::Result<Round> {
    let before = process_nanos()?;
    let per_second = client.drive(server.address, server.path, ROUND)?;
    let used = process_nanos()? - before;
    Ok(Round { per_second, nanos: used as f64 / (per_second * ROUND.as_secs_f64()) })
}

fn report(what: &str, rounds: &[(Round, Round)]) {
    let spread = |figure: fn(&(Round, Round)) -> f64| Spread::of(rounds.iter().map(figure).collect());
    println!("{what}, {} alternations: median (quartiles)", rounds.len());
    println!("  answers per second, bare             {}", spread(|(bare, _)| bare.per_second));
    println!("  answers per second, tenant           {}", spread(|(_, tenant)| tenant.per_second));
    println!("  throughput, tenant to bare           {}", spread(|(b, t)| t.per_second / b.per_second));
    println!("  server's time per answer, bare, ns   {}", spread(|(bare, _)| bare.nanos));
    println!("  server's time per answer, tenant, ns {}", spread(|(_, tenant)| tenant.nanos));
    println!("  server's time, bare to tenant        {}", spread(|(b, t)| b.nanos / t.nanos));
}
