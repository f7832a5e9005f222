//! A row read by its key through `db.scoped`, against plain sqlx with the tenant in the statement, on SQLite and PostgreSQL.
//!
//! Who takes part, and how: `tenant_benches::database`.

use criterion::Criterion;
use tenant_benches::{BoxError, database, load::elapsed};

fn main() -> Result<(), BoxError> {
    let mut criterion = Criterion::default().configure_from_args();
    let databases = [
        ("sqlite", database::sqlite::contestants(elapsed)?),
        ("postgres", database::postgres::contestants(elapsed)?),
    ];
    for (name, contestants) in databases {
        let mut group = criterion.benchmark_group(name);
        for mut contestant in contestants {
            group.bench_function(contestant.name(), |bencher| {
                bencher.iter_custom(|turns| contestant.run(turns));
            });
        }
        group.finish();
    }
    criterion.final_summary();
    Ok(())
}
