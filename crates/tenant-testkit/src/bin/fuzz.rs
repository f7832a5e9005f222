//! Mutates the statements of the corpus, byte by byte and token by token, and scopes them: `fuzz --seconds 3600`.
//!
//! Ends with status 1 and the input at the first panic, at a refusal that only the verifier makes, at an input that takes
//! longer than a second, and at a process that grows beyond a gigabyte.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use tenant_sql::Dialect;
use tenant_testkit::fuzz::{Fuzzer, Outcome};

#[path = "shared/options.rs"]
mod options;

use options::Options;

const USAGE: &str = "fuzz [--seconds 3600] [--seed 1] [--skip SEEDS] [--show]";

const DIALECTS: [Dialect; 3] = [Dialect::Sqlite, Dialect::Postgres, Dialect::MySql];

fn main() -> ExitCode {
    match run() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("{error}\n{USAGE}");
            ExitCode::from(2)
        }
    }
}

/// Says whether nothing was found.
fn run() -> Result<bool, Box<dyn std::error::Error>> {
    let options = Options::of(std::env::args().skip(1))?;
    let end = Duration::from_secs(options.number("seconds", 3_600)?);
    let first = options.number("seed", 1)?.wrapping_mul(1_000_000_007);
    // After an abort, which prints no seed: the last line told how many inputs were behind, three for each seed.
    let mut seed = first.wrapping_add(options.number("skip", 0)?);
    let show = options.has("show");
    let mut fuzzers = DIALECTS.map(Fuzzer::new);
    let (begin, mut told) = (Instant::now(), Instant::now());
    let (mut inputs, mut accepted) = (0_u64, 0_u64);
    while begin.elapsed() < end {
        for fuzzer in &mut fuzzers {
            inputs += 1;
            if show {
                eprintln!("{seed}: {:?}", fuzzer.input(seed));
            }
            match fuzzer.try_one(seed) {
                Outcome::Accepted => accepted += 1,
                Outcome::Refused => {}
                Outcome::Found(finding) => {
                    println!("seed {seed}: {finding}");
                    return Ok(false);
                }
            }
        }
        seed = seed.wrapping_add(1);
        if told.elapsed() > Duration::from_secs(10) {
            told = Instant::now();
            let memory = tenant_testkit::fuzz::resident_megabytes();
            eprintln!(
                "{:>5} s  {inputs} inputs, {accepted} accepted, {memory} MB",
                begin.elapsed().as_secs()
            );
            if memory > 1_024 {
                println!("the process has grown to {memory} MB");
                return Ok(false);
            }
        }
    }
    println!("{inputs} inputs in {} s, {accepted} accepted, nothing found", begin.elapsed().as_secs());
    Ok(true)
}
