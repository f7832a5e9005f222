//! Lets the contestants of all comparisons take turns, prints what each takes, and holds the outcome against the bars.
//! Takes some minutes. `bars layers` runs one comparison; `bars '' 100` takes 100 rounds instead of 40.

use std::{env, process::ExitCode, time::Duration};

use tenant_benches::{Bar, BoxError, COMPARISONS, Race, Spread, database, rewrite, usage};

const ROUND: Duration = Duration::from_millis(20);

fn main() -> Result<ExitCode, BoxError> {
    let wanted = env::args().nth(1).unwrap_or_default();
    let rounds = env::args().nth(2).map_or(Ok(40), |argument| argument.parse())?;
    let mut bars = Vec::new();
    for (comparison, contestants) in COMPARISONS.iter().filter(|(name, _)| name.contains(&wanted)) {
        let race = Race::run(&mut contestants()?, rounds, ROUND);
        print(comparison, &race);
        bars.extend(bars_of(comparison, &race));
    }
    for bar in &bars {
        println!("{bar}");
    }
    Ok(if bars.iter().all(Bar::holds) { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn print(comparison: &str, race: &Race) {
    println!("{comparison}: ns per turn, median (quartiles)");
    for name in race.names() {
        let added = match race.names().contains(&"bare") {
            true => format!("   added: {}", race.added(name, "bare")),
            false => String::new(),
        };
        println!("  {name:<32} {}{added}", race.nanos(name));
    }
}

fn bars_of(comparison: &str, race: &Race) -> Vec<Bar> {
    let added = |ours, peer| race.added_ratio(ours, peer, "bare");
    match comparison {
        "layers" | "layers_in_axum" => vec![
            Bar::at_most("the stack to by hand with moka", 0.8, added("tenant", "by hand, moka")),
            Bar::at_most("the stack to by hand with a map", 0.8, added("tenant", "by hand, map")),
            Bar::at_most("the stack to tower_governor alone", 1.5, added("tenant", "governor")),
            Bar::at_most("RateLimit fields, ns", 100.0, race.added("tenant with fields", "tenant")),
        ],
        "config_cache" => vec![Bar::at_most("a config hit to a moka hit", 0.2, race.ratio("tenant", "moka"))],
        "credentials" => vec![
            Bar::at_most("an API key that was seen before, ns", 2_000.0, race.nanos("API key")),
            Bar::at_most(
                "a token that was seen before, to jsonwebtoken's decoding",
                0.5,
                race.ratio("token, seen before", "token, jsonwebtoken"),
            ),
        ],
        "rejections, keys" => alike(race, "a key's id, another secret", "a key that nobody has"),
        "rejections, rows" => alike(race, "another tenant's row", "a row that nobody has"),
        "quota" => counting(race),
        "quota, a million keys" => against_governor(race, &["1M keys", "1M keys, 2 threads"]),
        "placement" => {
            let bar = |place: &&'static str| {
                Bar::at_most(format!("finding a {place}, ns"), 50.0, race.nanos(place))
            };
            database::placement::PLACES.iter().map(bar).collect()
        }
        "row-level security" => vec![
            Bar::at_least(
                "a statement behind row-level security to a plain one",
                0.55,
                race.ratio("plain statement", "walled statement"),
            ),
            Bar::at_least(
                "a transaction that is told its tenant to a plain one",
                0.97,
                race.ratio("plain transaction", "walled transaction"),
            ),
        ],
        "rewrite" => rewriting(race),
        "shared_quota" => vec![
            Bar::at_least("shared decisions to EVALSHA by hand", 0.95, race.ratio("EVALSHA", "tenant")),
            Bar::at_least("shared decisions to INCR", 0.35, race.ratio("INCR", "tenant")),
            Bar::at_least("leased decisions to shared ones", 30.0, race.ratio("tenant", "tenant, leases")),
        ],
        "shared_quota, latencies" => {
            let share = race.ratio("leased, 99th of 100", "a round trip");
            vec![Bar::at_most("99 of 100 leased decisions to a round trip", 1.0, share)]
        }
        database if race.names().contains(&usage::RECORDED) => {
            let figure = race.ratio(usage::INSERTED, usage::RECORDED);
            vec![Bar::at_least(format!("recording {database} to inserting in batches"), 0.5, figure)]
        }
        database if race.names().contains(&"explicit predicate") => {
            let figure = race.ratio("explicit predicate", "scoped");
            vec![Bar::at_least(format!("a read on {database} to one with the tenant by hand"), 0.98, figure)]
        }
        _ => Vec::new(),
    }
}

/// How long it takes does not tell what is there.
fn alike(race: &Race, there: &str, missing: &str) -> Vec<Bar> {
    let bar = |side: fn(String, f64, Spread) -> Bar, bound| {
        side(format!("{there}, to {missing}"), bound, race.ratio(there, missing))
    };
    vec![bar(Bar::at_least, 0.9), bar(Bar::at_most, 1.1)]
}

fn counting(race: &Race) -> Vec<Bar> {
    let scenes = ["1 key", "10k keys", "1 key, 2 threads", "10k keys, 2 threads"];
    let further = race.share_added("tenant, 1 key, two limits", "tenant, 1 key", "governor, 1 key");
    let mut bars = against_governor(race, &scenes);
    bars.push(Bar::at_most("a further limit, to governor's check of one", 0.3, further));
    bars
}

fn against_governor(race: &Race, scenes: &[&str]) -> Vec<Bar> {
    let bar = |scene: &&str| {
        let figure = race.ratio(&format!("tenant, {scene}"), &format!("governor, {scene}"));
        Bar::at_most(format!("a check of one limit to governor's, {scene}"), 0.8, figure)
    };
    scenes.iter().map(bar).collect()
}

fn rewriting(race: &Race) -> Vec<Bar> {
    let mut bars = Vec::new();
    for (_, [hit, miss, parse]) in rewrite::STATEMENTS {
        bars.push(Bar::at_most(format!("{hit}, ns"), 60.0, race.nanos(hit)));
        bars.push(Bar::at_most(format!("{miss}, to a parse"), 2.5, race.ratio(miss, parse)));
    }
    bars
}
