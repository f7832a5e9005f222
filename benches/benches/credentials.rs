//! Credentials that were seen before, among 10 000.
//!
//! Who takes part, and how: `tenant_benches::credentials`.

use criterion::Criterion;
use tenant_benches::{BoxError, credentials};

fn main() -> Result<(), BoxError> {
    let mut criterion = Criterion::default().configure_from_args();
    let mut group = criterion.benchmark_group("credentials");
    for mut contestant in credentials::contestants()? {
        group.bench_function(contestant.name(), |bencher| bencher.iter_custom(|turns| contestant.run(turns)));
    }
    group.finish();
    criterion.final_summary();
    Ok(())
}
