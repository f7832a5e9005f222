//! Usage that is recorded, against rows of the same shape that are inserted in batches: what the database can do by itself.
//!
//! A turn is 5000 records of a tenant. They are recorded by 250 callers at once, each record with a key of its own, and are in the
//! database with their day's sum when all calls have answered. They are inserted 500 in a transaction, ten in a statement or one.

use std::{
    rc::Rc,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use sqlx::AssertSqlSafe;
use tenant::{
    DbUsage, TenantContext, TenantDb,
    control::{UsageMeter, Used},
    usage::UsageKind,
};
use tokio::{runtime::Runtime, task::JoinSet};

use crate::{
    BoxError, Contestant,
    database::{self, acme, runtime},
};

const RECORDS: u64 = 5_000;
const OF_A_CALLER: u64 = 20;
const IN_A_TRANSACTION: u64 = 500;
/// How many rows a statement inserts, and who takes part with it.
const STATEMENTS: [(u64, &str); 2] = [(10, "inserted, ten a statement"), (1, "inserted, one a statement")];
/// Who records.
pub const RECORDED: &str = "recorded";
/// Who inserts as fast as it can be done.
pub const INSERTED: &str = STATEMENTS[0].1;

static NEXT: AtomicU64 = AtomicU64::new(0);

/// A name that nobody had before.
fn name() -> String {
    format!("row-{:030}", NEXT.fetch_add(1, Ordering::Relaxed))
}

fn create(text: &str, more: &str) -> String {
    format!(
        "CREATE TABLE bare (tenant_id {text} NOT NULL, time BIGINT NOT NULL, record_id {text} NOT NULL, \
         record_key {text} NOT NULL, project {text} NOT NULL, kind {text} NOT NULL, measure {text} NOT NULL, \
         quantity BIGINT NOT NULL, metadata {text} NOT NULL, PRIMARY KEY (tenant_id, time, record_id), \
         UNIQUE (tenant_id, record_key)) {more}"
    )
}

fn insert(rows: u64, mark: fn(u64) -> String) -> String {
    let row = |row: u64| {
        let marks: Vec<String> = (1..=9).map(|column| mark(row * 9 + column)).collect();
        format!("({})", marks.join(", "))
    };
    let rows: Vec<String> = (0..rows).map(row).collect();
    format!("INSERT INTO bare VALUES {}", rows.join(", "))
}

fn recorder(
    runtime: Runtime,
    meter: UsageMeter,
    tenant: TenantContext,
    kept: impl Sized + 'static,
) -> Contestant {
    Contestant::timed(RECORDED, move |turns| {
        let _kept = &kept;
        runtime.block_on(async {
            let begun = Instant::now();
            let mut callers = JoinSet::new();
            for _ in 0..turns * RECORDS / OF_A_CALLER {
                let (meter, tenant) = (meter.clone(), tenant.clone());
                callers.spawn(async move {
                    for _ in 0..OF_A_CALLER {
                        let used = Used::new(UsageKind::API_CALL, 1).once(&name());
                        assert!(meter.record(&tenant, used).await.is_ok());
                    }
                });
            }
            while let Some(caller) = callers.join_next().await {
                assert!(caller.is_ok());
            }
            begun.elapsed()
        })
    })
}

macro_rules! on {
    ($name:ident, $database:ty, $mark:expr, $create:expr) => {
        /// Who takes part on this database.
        ///
        /// # Errors
        /// It is not installed, or failed.
        pub fn $name() -> Result<Vec<Contestant>, BoxError> {
            let (place, ours) = (Rc::new($name::open()?), runtime()?);
            let meter = ours.block_on(async {
                let db = TenantDb::builder(place.pool().await?).build().await?;
                db.migrate_tenants().await?;
                Ok::<_, BoxError>(UsageMeter::builder(Arc::new(DbUsage::<$database>::new(&db))).start())
            })?;
            let theirs = Rc::new(runtime()?);
            let pool = theirs.block_on(place.pool())?;
            theirs.block_on(sqlx::raw_sql(AssertSqlSafe($create)).execute(&pool))?;
            let mut all = vec![recorder(ours, meter, acme()?, Rc::clone(&place))];
            for (rows, name) in STATEMENTS {
                let (runtime, pool, place) = (Rc::clone(&theirs), pool.clone(), Rc::clone(&place));
                let sql: &'static str = Box::leak(insert(rows, $mark).into_boxed_str());
                all.push(Contestant::timed(name, move |turns| {
                    let _kept = &place;
                    let inserted = runtime.block_on($name::insert(&pool, sql, rows, turns));
                    assert!(inserted.is_ok(), "{inserted:?}");
                    inserted.unwrap_or_default()
                }));
            }
            Ok(all)
        }

        mod $name {
            use super::*;

            pub(super) async fn insert(
                pool: &sqlx::Pool<$database>,
                sql: &'static str,
                rows: u64,
                turns: u64,
            ) -> sqlx::Result<Duration> {
                let begun = Instant::now();
                for _ in 0..turns * RECORDS / IN_A_TRANSACTION {
                    let mut tx = pool.begin().await?;
                    for _ in 0..IN_A_TRANSACTION / rows {
                        let mut query = sqlx::query(sql);
                        for _ in 0..rows {
                            let name = name();
                            query = query.bind("acme").bind(1_700_000_000_000_000_i64).bind(name.clone());
                            query =
                                query.bind(name).bind("").bind("api_call").bind("sum").bind(1_i64).bind("{}");
                        }
                        query.execute(&mut *tx).await?;
                    }
                    tx.commit().await?;
                }
                Ok(begun.elapsed())
            }

            pub(super) use super::places::$name::open;
        }
    };
}

on!(
    sqlite,
    sqlx::Sqlite,
    |_| "?".to_owned(),
    create("TEXT", "STRICT, WITHOUT ROWID").replace("BIGINT", "INTEGER")
);
on!(postgres, sqlx::Postgres, |number| format!("${number}"), create("TEXT COLLATE \"C\"", ""));
on!(
    mariadb,
    sqlx::MySql,
    |_| "?".to_owned(),
    create("VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin", "")
);

/// Where the databases are, each for as long as its place is held.
mod places {
    use super::{BoxError, database};

    pub(super) mod sqlite {
        use super::{BoxError, database};

        pub(crate) struct Place(tempfile::TempDir);

        pub(crate) fn open() -> Result<Place, BoxError> {
            Ok(Place(tempfile::tempdir()?))
        }

        impl Place {
            pub(crate) async fn pool(&self) -> sqlx::Result<sqlx::SqlitePool> {
                database::sqlite::pool(self.0.path()).await
            }
        }
    }

    macro_rules! served {
        ($name:ident, $server:ty, $database:ty) => {
            pub(super) mod $name {
                use super::BoxError;

                pub(crate) struct Place {
                    _server: $server,
                    url: String,
                }

                pub(crate) fn open() -> Result<Place, BoxError> {
                    let server = <$server>::start()?;
                    let url = server.database("benches")?;
                    Ok(Place { _server: server, url })
                }

                impl Place {
                    pub(crate) async fn pool(&self) -> sqlx::Result<sqlx::Pool<$database>> {
                        let options = sqlx::pool::PoolOptions::new().test_before_acquire(false);
                        options.max_connections(4).connect(&self.url).await
                    }
                }
            }
        };
    }

    served!(postgres, tenant_testkit::servers::Postgres, sqlx::Postgres);
    served!(mariadb, tenant_testkit::servers::MariaDb, sqlx::MySql);
}
