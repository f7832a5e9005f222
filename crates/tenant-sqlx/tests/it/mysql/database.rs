//! MariaDB, a database on the server that all tests share.

use std::sync::OnceLock;

use sqlx::pool::PoolOptions;
use tenant_sqlx::TenantDb;
use tenant_testkit::servers::{MariaDb, ServerOptions};

pub(crate) type Db = sqlx::MySql;

pub(crate) struct Place(String);

impl Place {
    pub(crate) fn new() -> Self {
        Self(server().database("tenants").unwrap())
    }

    /// Over TCP sqlx takes 40 ms to end a statement that is not kept prepared.
    pub(crate) fn url(&self) -> String {
        format!("{}?socket={}", self.0, server().socket().display())
    }

    pub(crate) fn tcp_url(&self) -> String {
        self.0.clone()
    }
}

pub(crate) async fn pool(place: &Place, connections: u32) -> sqlx::Pool<Db> {
    PoolOptions::new().max_connections(connections).connect(&place.url()).await.unwrap()
}

/// One that acknowledges what is in its log, or would be if it synced.
fn server() -> &'static MariaDb {
    static SERVER: OnceLock<MariaDb> = OnceLock::new();
    let options = || {
        let options = ServerOptions::default().setting("innodb_flush_log_at_trx_commit", "1");
        options.setting("innodb_flush_method", "nosync")
    };
    SERVER.get_or_init(|| MariaDb::start_with(&options()).unwrap())
}

/// MySQL knows the placeholders as the tests write them.
pub(crate) fn placeholders(text: &str) -> String {
    text.to_owned()
}

/// How often a scoped statement may allocate beyond a plain one: the tenant's literal and the text around it are put
/// together anew each time, and a connection that comes back is asked a question.
pub(crate) const MORE_ALLOCATIONS: u64 = 30;

/// Whether an `UPDATE` can return rows.
pub(crate) const UPDATE_RETURNS: bool = false;

/// Whether the tenant of an `INSERT` may be an argument.
pub(crate) const TENANT_CAN_BE_GIVEN: bool = false;

/// Whether a migration that fails leaves nothing behind.
pub(crate) const MIGRATIONS_ROLL_BACK: bool = false;

pub(crate) const USERS: &str = "CREATE TABLE users (
    id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
    tenant_id VARCHAR(63) COLLATE utf8mb4_bin NOT NULL,
    email VARCHAR(200) NOT NULL,
    active BOOLEAN NOT NULL DEFAULT TRUE,
    UNIQUE (tenant_id, id),
    UNIQUE (tenant_id, email),
    FOREIGN KEY (tenant_id) REFERENCES tenants (id)
)";

pub(crate) const NOTES: &str =
    "CREATE TABLE notes (tenant_id VARCHAR(63) COLLATE utf8mb4_bin NOT NULL, text TEXT NOT NULL)";

/// With room for tenants wherever they may live.
pub(crate) async fn spacious(url: &str) -> TenantDb<Db> {
    TenantDb::open(url).await.unwrap().databases(6).build().await.unwrap()
}

/// Tables that refer to each other, and a sequence.
pub(crate) const FAMILY: &str = "CREATE TABLE people (
    tenant_id VARCHAR(63) COLLATE utf8mb4_bin NOT NULL,
    id BIGINT NOT NULL,
    boss BIGINT,
    email VARCHAR(100) NOT NULL,
    data LONGBLOB,
    score DOUBLE, at DATETIME(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6), price DECIMAL(20,5), spec JSON, rate FLOAT, flags BIT(5), small TINYINT UNSIGNED, twice DOUBLE AS (score * 2) STORED,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, email),
    FOREIGN KEY (tenant_id, boss) REFERENCES people (tenant_id, id)
);
CREATE TABLE assignments (
    tenant_id VARCHAR(63) COLLATE utf8mb4_bin NOT NULL,
    id BIGINT NOT NULL,
    person BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, person) REFERENCES people (tenant_id, id)
)";

/// Values that don't survive every way of writing them down.
pub(crate) const ODD: &str = "UPDATE people SET data = x'00ff27', score = 0.1e0 + 0.2e0, price = 1234567890.12345, spec = '[1, \"a\"]', rate = 0.1, flags = b'10101', small = 200, email = concat(email, ' ''\\\\ \n ü') WHERE id = 1; UPDATE people SET data = '' WHERE id = 2";

/// Whether assignments count by themselves.
pub(crate) const COUNTS: bool = false;

/// Another table.
pub(crate) const MORE: &str =
    "CREATE TABLE more (tenant_id VARCHAR(63) COLLATE utf8mb4_bin NOT NULL, x INTEGER)";

pub(crate) const TABLES: &str = "SELECT count(*) FROM information_schema.tables
    WHERE table_schema = database() AND table_name IN ('notes', 'more')";

/// What the database has beyond what all of them have, and no tenant may reach.
pub(crate) const INTERNAL: &[&str] = &[
    "SELECT * FROM information_schema.tables",
    "SELECT * FROM mysql.user",
    "SELECT * FROM performance_schema.threads",
];

pub(crate) const UNSUPPORTED: &[&str] = &[
    "SET sql_mode = ''",
    "SET NAMES latin1",
    "USE mysql",
    "SHOW TABLES",
    "LOAD DATA INFILE 'x' INTO TABLE users",
    "SELECT * FROM users INTO OUTFILE '/tmp/users'",
    "SELECT email INTO @email FROM users",
    "LOCK TABLES users WRITE",
    "CALL nothing()",
    "TRUNCATE users",
    "HANDLER users OPEN",
    "INSERT IGNORE INTO users (email) VALUES ('x')",
    "insert low_priority ignore into users (email) VALUES ('x')",
    "INSERT /* or */ IGNORE users (email) VALUES ('x')",
    "UPDATE IGNORE users SET email = 'x'",
    "DELETE IGNORE FROM users",
    "PREPARE s FROM 'SELECT 1'",
    "EXECUTE s",
];

/// What others might leave in the table of tenants.
pub(crate) const DAMAGES: &[&str] = &[];

/// How many people of two tenants are the same, as the database sees it.
pub(crate) const SAME_PEOPLE: &str = "SELECT count(*) FROM people a JOIN people b ON a.id = b.id \
    WHERE a.tenant_id = 'acme' AND b.tenant_id = 'initech' AND (a.boss <=> b.boss AND a.email <=> b.email AND a.data <=> b.data AND a.score <=> b.score AND a.at <=> b.at AND a.price <=> b.price AND a.spec <=> b.spec AND a.rate <=> b.rate AND a.flags <=> b.flags AND a.small <=> b.small AND a.twice <=> b.twice)";
