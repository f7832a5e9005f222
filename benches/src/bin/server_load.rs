//! Drives servers with and without tenancy over the loopback interface, in alternation: time per answer, and the
//! servers' processor time per answer. Takes about a minute; `server_load 5` takes 5 rounds instead of 12.

use std::{env, time::Duration};

use tenant_benches::{
    Bar, BoxError, Contestant, Race, database,
    load::{Client, Server, ServerKind, process_time},
};

const CONNECTIONS: u64 = 16;
const ROUND: Duration = Duration::from_millis(400);

const HELLO: [ServerKind; 4] =
    [ServerKind::Bare, ServerKind::EmptyLayer, ServerKind::Governor, ServerKind::Tenant];
const DATABASE: [ServerKind; 2] = [ServerKind::BareDatabase, ServerKind::TenantDatabase];

fn main() -> Result<(), BoxError> {
    let rounds = env::args().nth(1).map_or(Ok(12), |argument| argument.parse())?;
    let directory = tempfile::tempdir()?;
    database::sqlite::prepare(directory.path())?;
    let servers = |kinds: &[ServerKind]| -> Result<Vec<Server>, BoxError> {
        kinds.iter().map(|&kind| Server::start(kind, directory.path())).collect()
    };
    let mut bars = compare("hello", 0.95, &servers(&HELLO)?, rounds)?;
    bars.extend(compare("a database read", 0.99, &servers(&DATABASE)?, 2 * rounds)?);
    for bar in bars {
        println!("{bar}");
    }
    Ok(())
}

/// The first server is the one without tenancy.
fn compare(what: &str, bound: f64, servers: &[Server], rounds: usize) -> Result<Vec<Bar>, BoxError> {
    let [bare, .., tenant] = servers else {
        return Err("two servers are needed".into());
    };
    let mut bars = Vec::new();
    for (clock, drive) in [("time", elapsed as Drive), ("servers' processor time", used)] {
        let mut contestants = Vec::new();
        for server in servers {
            contestants.push(contestant(*server, drive)?);
        }
        let race = Race::run(&mut contestants, rounds, ROUND);
        println!("{what}, {clock} per answer in ns: median (quartiles); the bare server's as a share of it");
        for name in race.names() {
            println!("  {name:<16} {}   {}", race.nanos(name), race.ratio(bare.name, name));
        }
        bars.push(Bar::at_least(format!("{what}, by {clock}"), bound, race.ratio(bare.name, tenant.name)));
    }
    Ok(bars)
}

type Drive = fn(&Client, Server, u64) -> std::io::Result<Duration>;

fn contestant(server: Server, drive: Drive) -> Result<Contestant, BoxError> {
    let client = Client::new(CONNECTIONS)?;
    // A connection that breaks makes the round's figure none at all.
    let run = move |answers| drive(&client, server, answers).unwrap_or(Duration::MAX);
    Ok(Contestant::timed(server.name, run))
}

fn elapsed(client: &Client, server: Server, answers: u64) -> std::io::Result<Duration> {
    client.drive(server, answers)
}

fn used(client: &Client, server: Server, answers: u64) -> std::io::Result<Duration> {
    let before = process_time()?;
    client.drive(server, answers)?;
    Ok(process_time()?.saturating_sub(before))
}
