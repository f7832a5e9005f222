//! Mutated statements before the rewriter: whatever the bytes, it neither panics nor hangs, and its two halves agree.
//!
//! ```
//! use tenant_sql::Dialect;
//! use tenant_testkit::fuzz::{Fuzzer, Outcome};
//!
//! let mut fuzzer = Fuzzer::new(Dialect::Postgres);
//! for seed in 0..20 {
//!     assert!(!matches!(fuzzer.try_one(seed), Outcome::Found(_)));
//! }
//! ```

mod mutate;
mod seeds;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use tenant_sql::{Catalog, Dialect, Rewriter, Table, TenantValue};

use crate::generate::random::Random;

/// What became of one input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It was scoped.
    Accepted,
    /// It was refused.
    Refused,
    /// It must not have come to this: what happened, and the input.
    Found(String),
}

/// One input may take this much of the processor's time.
const MOST: Duration = Duration::from_secs(1);

/// Mutates statements for the rewriter of one dialect.
#[derive(Debug)]
pub struct Fuzzer {
    rewriter: Rewriter,
    seeds: Vec<String>,
}

impl Fuzzer {
    /// Makes a fuzzer.
    pub fn new(dialect: Dialect) -> Self {
        let rewriter = Rewriter::new(catalog(dialect)).with_cache_capacity(16);
        Self { rewriter, seeds: seeds::of(dialect) }
    }

    /// Returns the input of one seed.
    pub fn input(&self, seed: u64) -> String {
        mutate::mutant(&self.seeds, &mut Random::new(seed))
    }

    /// Tries the input of one seed.
    pub fn try_one(&mut self, seed: u64) -> Outcome {
        let input = self.input(seed);
        let begin = busy();
        let outcome = catch_unwind(AssertUnwindSafe(|| self.scope(&input)));
        let took = busy().saturating_sub(begin);
        match outcome {
            Err(_) => Outcome::Found(format!("panics at {input:?}")),
            Ok(_) if took > MOST => Outcome::Found(format!("takes {took:?} for {input:?}")),
            Ok(Outcome::Found(what)) => Outcome::Found(format!("{what}: {input:?}")),
            Ok(outcome) => outcome,
        }
    }

    fn scope(&self, input: &str) -> Outcome {
        match self.rewriter.rewrite(input) {
            // The verifier's own words: the scoper accepted what it does not believe.
            Err(refusal) if refusal.hint().contains("could not be proved") && !known(refusal.construct()) => {
                Outcome::Found(format!("the verifier disagrees ({refusal})"))
            }
            Err(_) => Outcome::Refused,
            Ok(plan) => match plan.sql_for(&TenantValue::Text("t2")) {
                Ok(_) => Outcome::Accepted,
                Err(refusal) => Outcome::Found(format!("a plan without a text ({refusal})")),
            },
        }
    }
}

/// A second reading of names is the verifier's task alone.
fn known(construct: &str) -> bool {
    construct.contains("qualified name")
}

fn catalog(dialect: Dialect) -> Catalog {
    let builder = Catalog::builder(dialect)
        .table(
            Table::owned("users")
                .columns(["id", "name", "email", "age", "active", "born", "created", "meta", "tenant_id"])
                .unique(["tenant_id", "id"])
                .unique(["tenant_id", "email"]),
        )
        .table(
            Table::owned("orders")
                .columns(["id", "user_id", "total", "status", "placed", "tenant_id"])
                .unique(["tenant_id", "id"]),
        )
        .table(
            Table::owned("items")
                .columns(["id", "order_id", "sku", "qty", "price", "org"])
                .unique(["org", "id"])
                .tenant_column("org"),
        )
        .table(Table::owned("tags").columns(["user_id", "tag", "weight", "tenant_id"]).unique([
            "tenant_id",
            "user_id",
            "tag",
        ]))
        .table(Table::owned("user_names").columns(["id", "name", "tenant_id"]).view())
        .table(Table::shared("plans").columns(["id", "name", "price"]).unique(["id"]))
        .table(Table::hidden("secrets"));
    // The names above are sound; a catalog of nothing refuses everything, which a test would see.
    builder
        .build()
        .or_else(|_| Catalog::builder(dialect).build())
        .unwrap_or_else(|_| unreachable!("an empty catalog is sound"))
}

/// How long this thread has been at work: on a busy machine an input may wait long and cost little.
fn busy() -> Duration {
    static BEGIN: OnceLock<Instant> = OnceLock::new();
    let schedule = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanoseconds = schedule.split_whitespace().next().and_then(|number| number.parse().ok());
    nanoseconds.map_or_else(|| BEGIN.get_or_init(Instant::now).elapsed(), Duration::from_nanos)
}

/// The memory this process holds now, in megabytes; 0 where the system does not tell.
pub fn resident_megabytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok()).unwrap_or_default() / 1_024
}
