//! SQLite, in a file in a folder of its own.

use std::str::FromStr;

use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions};
use tempfile::TempDir;
use tenant_sqlx::TenantDb;

pub(crate) type Db = sqlx::Sqlite;

pub(crate) struct Place(TempDir);

impl Place {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn url(&self) -> String {
        format!("sqlite://{}", self.0.path().join("tenants.db").display())
    }
}

/// Not the pool that `connect` makes, which is as wide as it wants.
pub(crate) async fn pool(place: &Place, connections: u32) -> sqlx::Pool<Db> {
    let options = SqliteConnectOptions::from_str(&place.url()).unwrap().create_if_missing(true);
    let options = options.journal_mode(SqliteJournalMode::Wal).foreign_keys(true);
    SqlitePoolOptions::new().max_connections(connections).connect_with(options).await.unwrap()
}

/// SQLite knows the placeholders as the tests write them.
pub(crate) fn placeholders(text: &str) -> String {
    text.to_owned()
}

/// How often a scoped statement may allocate beyond a plain one.
pub(crate) const MORE_ALLOCATIONS: u64 = 1;

/// Whether an `UPDATE` can return rows.
pub(crate) const UPDATE_RETURNS: bool = true;

/// Whether the tenant of an `INSERT` may be an argument.
pub(crate) const TENANT_CAN_BE_GIVEN: bool = true;

/// Whether a migration that fails leaves nothing behind.
pub(crate) const MIGRATIONS_ROLL_BACK: bool = true;

pub(crate) const USERS: &str = "CREATE TABLE users (
    id INTEGER PRIMARY KEY,
    tenant_id TEXT NOT NULL REFERENCES tenants (id),
    email TEXT NOT NULL,
    active BOOLEAN NOT NULL DEFAULT TRUE,
    UNIQUE (tenant_id, id),
    UNIQUE (tenant_id, email)
)";

pub(crate) const NOTES: &str = "CREATE TABLE notes (tenant_id TEXT NOT NULL, text TEXT NOT NULL)";

/// With room for tenants wherever they may live.
pub(crate) async fn spacious(url: &str) -> TenantDb<Db> {
    TenantDb::open(url).await.unwrap().databases(6).build().await.unwrap()
}

/// Tables that refer to each other, and a sequence.
pub(crate) const FAMILY: &str = "CREATE TABLE people (
    tenant_id TEXT NOT NULL,
    id BIGINT NOT NULL,
    boss BIGINT,
    email VARCHAR(100) NOT NULL,
    data BLOB,
    score REAL, at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP, price NUMERIC, rate ANY, twice REAL AS (score * 2) STORED,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, email),
    FOREIGN KEY (tenant_id, boss) REFERENCES people (tenant_id, id)
);
CREATE TABLE assignments (
    tenant_id TEXT NOT NULL,
    id INTEGER NOT NULL,
    person BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, person) REFERENCES people (tenant_id, id)
)";

/// Values that don't survive every way of writing them down.
pub(crate) const ODD: &str = "UPDATE people SET data = x'00ff27', score = 0.1 + 0.2, price = 1234567890.12345, rate = x'', email = email || ' ''\\ ' || char(10, 0, 252) WHERE id = 1; UPDATE people SET score = 9e999, rate = 'text', data = 'no blob' WHERE id = 2";

/// Whether assignments count by themselves.
pub(crate) const COUNTS: bool = false;

/// Another table.
pub(crate) const MORE: &str = "CREATE TABLE more (tenant_id VARCHAR(63) NOT NULL, x INTEGER)";

pub(crate) const TABLES: &str = "SELECT count(*) FROM sqlite_schema";

/// What the database has beyond what all of them have, and no tenant may reach.
pub(crate) const INTERNAL: &[&str] = &["SELECT * FROM sqlite_schema"];

pub(crate) const UNSUPPORTED: &[&str] = &["PRAGMA table_info(users)", "ATTACH 'other.db' AS other", "VACUUM"];

/// What others might leave in the table of tenants.
pub(crate) const DAMAGES: &[&str] = &[
    "UPDATE tenants SET status = x'00ff'",
    "UPDATE tenants SET quota_requests_per_minute = 'many'",
    "UPDATE tenants SET revision = 1.5",
    "UPDATE tenants SET hosts = cast(x'fffe' AS text)",
];

/// How many people of two tenants are the same, as the database sees it.
pub(crate) const SAME_PEOPLE: &str = "SELECT count(*) FROM people a JOIN people b ON a.id = b.id \
    WHERE a.tenant_id = 'acme' AND b.tenant_id = 'initech' AND (typeof(a.data) = typeof(b.data) AND a.data IS b.data AND typeof(a.score) = typeof(b.score) AND a.score IS b.score AND a.at IS b.at AND typeof(a.price) = typeof(b.price) AND a.price IS b.price AND typeof(a.rate) = typeof(b.rate) AND a.rate IS b.rate AND hex(a.email) = hex(b.email) AND a.boss IS b.boss)";
