//! A check of one limit, with 1 key and with 10 000, against governor's keyed limiter.
//!
//! Who takes part, and how: `tenant_benches::quota`.

use criterion::Criterion;
use tenant_benches::{BoxError, quota};

fn main() -> Result<(), BoxError> {
    let mut criterion = Criterion::default().configure_from_args();
    let mut group = criterion.benchmark_group("quota");
    for mut contestant in quota::contestants()? {
        group.bench_function(contestant.name(), |bencher| bencher.iter_custom(|turns| contestant.run(turns)));
    }
    group.finish();
    criterion.final_summary();
    Ok(())
}
