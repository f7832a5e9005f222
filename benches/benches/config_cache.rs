//! A config in memory among 10 000, against moka.
//!
//! Who takes part, and how: `tenant_benches::config_cache`.

use criterion::Criterion;
use tenant_benches::{BoxError, config_cache};

fn main() -> Result<(), BoxError> {
    let mut criterion = Criterion::default().configure_from_args();
    let mut group = criterion.benchmark_group("config_cache");
    for mut contestant in config_cache::contestants()? {
        group.bench_function(contestant.name(), |bencher| bencher.iter_custom(|turns| contestant.run(turns)));
    }
    group.finish();
    criterion.final_summary();
    Ok(())
}
