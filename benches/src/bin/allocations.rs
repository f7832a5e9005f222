//! Counts what an admitted request allocates on its way through each layer stack, beyond what the bare service does, and
//! what a read by key allocates, scoped and with the tenant in the statement.

use tenant_benches::{
    BoxError, Contestant,
    database::{postgres, sqlite},
    layers,
    load::elapsed,
};

const TURNS: u64 = 1_000;

fn main() -> Result<(), BoxError> {
    println!("allocations per admitted request, beyond the bare service's");
    let mut bare = 0.0;
    for mut contestant in layers::contestants()? {
        let allocated = per_turn(&mut contestant);
        if contestant.name() == "bare" {
            bare = allocated;
        }
        println!("{:>32}  {:.2}", contestant.name(), allocated - bare);
    }
    println!("allocations per read by key");
    let databases =
        [("sqlite", sqlite::contestants(elapsed)?), ("postgres", postgres::contestants(elapsed)?)];
    for (name, contestants) in databases {
        for mut contestant in contestants {
            println!("{:>32}  {:.2}", format!("{name}, {}", contestant.name()), per_turn(&mut contestant));
        }
    }
    Ok(())
}

/// On this thread: SQLite's own thread is not counted.
fn per_turn(contestant: &mut Contestant) -> f64 {
    contestant.run(TURNS);
    let allocated = allocation_counter::measure(|| {
        contestant.run(TURNS);
    });
    allocated.count_total as f64 / TURNS as f64
}
