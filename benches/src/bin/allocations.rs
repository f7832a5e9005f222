//! Counts what an admitted request allocates on its way through each layer stack, beyond what the bare service does.

use tenant_benches::{BoxError, layers};

const TURNS: u64 = 1_000;

fn main() -> Result<(), BoxError> {
    println!("allocations per admitted request, beyond the bare service's");
    let mut bare = 0;
    for mut contestant in layers::contestants()? {
        let allocated = allocation_counter::measure(|| {
            contestant.run(TURNS);
        });
        if contestant.name() == "bare" {
            bare = allocated.count_total;
        }
        let added = (allocated.count_total - bare) as f64 / TURNS as f64;
        println!("{:>32}  {added:.2}", contestant.name());
    }
    Ok(())
}
