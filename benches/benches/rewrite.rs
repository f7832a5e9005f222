//! A statement scoped anew and one remembered, against sqlparser's parser alone.
//!
//! Who takes part, and how: `tenant_benches::rewrite`.

use criterion::Criterion;
use tenant_benches::{BoxError, rewrite};

fn main() -> Result<(), BoxError> {
    let mut criterion = Criterion::default().configure_from_args();
    let mut group = criterion.benchmark_group("rewrite");
    for mut contestant in rewrite::contestants()? {
        group.bench_function(contestant.name(), |bencher| bencher.iter_custom(|turns| contestant.run(turns)));
    }
    group.finish();
    criterion.final_summary();
    Ok(())
}
