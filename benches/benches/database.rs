//! A row read by its key from a SQLite file through `db.scoped`, against plain sqlx with the tenant in the statement.
//!
//! Who takes part, and how: `tenant_benches::database`.

use criterion::Criterion;
use tenant_benches::{BoxError, database};

fn main() -> Result<(), BoxError> {
    let mut criterion = Criterion::default().configure_from_args();
    let mut group = criterion.benchmark_group("database");
    for mut contestant in database::contestants()? {
        group.bench_function(contestant.name(), |bencher| bencher.iter_custom(|turns| contestant.run(turns)));
    }
    group.finish();
    criterion.final_summary();
    Ok(())
}
