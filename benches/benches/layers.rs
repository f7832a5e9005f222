//! A request through the layer stack to a ready service, against the bare service, tower_governor, and a hand-made
//! resolver in front of tower_governor.
//!
//! Who takes part, and how: `tenant_benches::layers`.

use criterion::Criterion;
use tenant_benches::{BoxError, layers};

fn main() -> Result<(), BoxError> {
    let mut criterion = Criterion::default().configure_from_args();
    let mut group = criterion.benchmark_group("layers");
    for mut contestant in layers::contestants()? {
        group.bench_function(contestant.name(), |bencher| bencher.iter_custom(|turns| contestant.run(turns)));
    }
    group.finish();
    criterion.final_summary();
    Ok(())
}
