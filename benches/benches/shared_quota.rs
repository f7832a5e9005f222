//! A decision over one limit that instances share, 64 in flight, against `EVALSHA` and `INCR` by hand.
//!
//! Who takes part, and how: `tenant_benches::shared_quota`.

use criterion::Criterion;
use tenant_benches::{BoxError, shared_quota};

fn main() -> Result<(), BoxError> {
    let mut criterion = Criterion::default().configure_from_args();
    let mut group = criterion.benchmark_group("shared_quota");
    for mut contestant in shared_quota::contestants()? {
        group.bench_function(contestant.name(), |bencher| bencher.iter_custom(|turns| contestant.run(turns)));
    }
    group.finish();
    criterion.final_summary();
    Ok(())
}
