//! A migration that meets an error, in a shell that goes on to the next statement.

use sqlx::{AssertSqlSafe, Connection, SqliteConnection};
use tenant_sql::{Catalog, Dialect, Table};
use tenant_sqlx::{Model, ddl::Ddl};

use super::database::{Place, pool};

const SCHEMA: &str = "
CREATE TABLE people (id INTEGER PRIMARY KEY AUTOINCREMENT, email TEXT NOT NULL UNIQUE);
CREATE TABLE notes (
    id INTEGER PRIMARY KEY, person INTEGER NOT NULL REFERENCES people, text TEXT CHECK (length(text) < 9)
);
CREATE INDEX notes_by_text ON notes (text);
CREATE TRIGGER noted AFTER UPDATE ON notes BEGIN SELECT 1; END;
CREATE TABLE tags (tenant_id TEXT NOT NULL, name TEXT NOT NULL);
CREATE UNIQUE INDEX tags_by_name ON tags (name);
INSERT INTO people (email) VALUES ('a'), ('b'), ('c');
DELETE FROM people WHERE email = 'c';
INSERT INTO notes (person, text) VALUES (1, 'one'), (2, 'two');
INSERT INTO tags VALUES ('acme', 'red');
";

/// What no copy takes; it got in while nobody looked.
const TOO_LONG: &str =
    "PRAGMA ignore_check_constraints = ON; INSERT INTO notes (person, text) VALUES (1, 'much too long');
     PRAGMA ignore_check_constraints = OFF";

/// What stood there when the migration was drawn up is not all there is.
const LATE: &str = "ALTER TABLE people ADD COLUMN late TEXT DEFAULT 'kept'";

const ROWS: &str =
    "SELECT 'person ' || id || email FROM people UNION ALL SELECT 'note ' || id || person || text FROM notes
    UNION ALL SELECT 'tag ' || tenant_id || name FROM tags ORDER BY 1";

/// What bars names holds nothing.
const TABLES: &str = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%'
        AND name <> 'tenant_ddl_bar' ORDER BY name";

const KEYS: &str =
    "SELECT name FROM sqlite_schema WHERE type IN ('index', 'trigger') AND sql IS NOT NULL ORDER BY name";

/// How far the counter is: the id of somebody who is gone is nobody else's.
const COUNTED: &str = "SELECT name || seq FROM sqlite_sequence WHERE name = 'people'";

fn catalog() -> Catalog {
    let owned = ["people", "notes", "tags"].map(Table::owned);
    let builder =
        owned.into_iter().fold(Catalog::builder(Dialect::Sqlite), tenant_sql::CatalogBuilder::table);
    builder.build().unwrap()
}

async fn statements() -> Vec<String> {
    let place = Place::new();
    let pool = pool(&place, 1).await;
    sqlx::raw_sql(SCHEMA).execute(&pool).await.unwrap();
    let model = Model::read(&pool, &catalog()).await.unwrap();
    let migration = Ddl::new().tenant("acme").migration(&model, &catalog()).unwrap();
    migration.steps().iter().flat_map(tenant_sqlx::ddl::Step::statements).cloned().collect()
}

async fn texts(connection: &mut SqliteConnection, sql: &'static str) -> Vec<String> {
    sqlx::query_scalar(sql).fetch_all(connection).await.unwrap()
}

/// Runs all statements, whatever becomes of them, and leaves. Then no row is lost, and no key.
async fn try_all(damage: &'static str, statements: &[&str], tale: &str) -> bool {
    let place = Place::new();
    let url = format!("{}?mode=rwc", place.url());
    let mut connection = SqliteConnection::connect(&url).await.unwrap();
    sqlx::raw_sql(SCHEMA).execute(&mut connection).await.unwrap();
    sqlx::raw_sql(damage).execute(&mut connection).await.unwrap();
    let before = (texts(&mut connection, ROWS).await, texts(&mut connection, KEYS).await);
    let mut failed = false;
    for statement in statements {
        let done = sqlx::raw_sql(AssertSqlSafe((*statement).to_owned())).execute(&mut connection).await;
        failed |= done.is_err();
    }
    connection.close().await.unwrap();
    let mut connection = SqliteConnection::connect(&url).await.unwrap();
    assert_eq!(texts(&mut connection, ROWS).await, before.0, "{tale}");
    assert_eq!(texts(&mut connection, TABLES).await, ["notes", "people", "tags"], "{tale}");
    assert_eq!(texts(&mut connection, COUNTED).await, ["people3"], "{tale}");
    let keys = texts(&mut connection, KEYS).await;
    for key in before.1 {
        let is_there = keys.iter().any(|name| *name == key || *name == format!("{key}_tenant"));
        assert!(is_there, "{key} of {keys:?}: {tale}");
    }
    if damage == LATE {
        assert_eq!(texts(&mut connection, "SELECT late FROM people").await, ["kept", "kept"], "{tale}");
    }
    !failed
}

#[tokio::test]
async fn what_can_t_be_copied_is_not_dropped_by_a_shell_that_goes_on() {
    let statements = statements().await;
    let all: Vec<&str> = statements.iter().map(String::as_str).collect();
    assert!(try_all("SELECT 1", &all, "nothing is wrong").await);
    assert!(!try_all(TOO_LONG, &all, "a row is refused").await);
    assert!(!try_all(LATE, &all, "a column is new").await);
    // A runner with a transaction of its own.
    assert!(!try_all("SELECT 1", &[&["BEGIN"], &all[..]].concat(), "inside of a transaction").await);
}

/// A statement may find the database locked, the disk full, or a name taken.
#[tokio::test]
async fn no_statement_that_fails_lets_another_one_do_harm() {
    let statements = statements().await;
    for damage in ["SELECT 1", TOO_LONG, LATE] {
        for skipped in 0..statements.len() {
            let kept = statements.iter().enumerate().filter(|(at, _)| *at != skipped);
            let kept: Vec<&str> = kept.map(|(_, statement)| statement.as_str()).collect();
            try_all(damage, &kept, &format!("{damage}; without {}", statements[skipped])).await;
        }
    }
}

/// Some errors end the transaction, and what comes next commits by itself.
#[tokio::test]
async fn a_transaction_that_ends_early_leaves_everything_as_it_was() {
    let statements = statements().await;
    let first = statements.iter().position(|statement| statement == "DROP TABLE tenant_ddl_bar").unwrap() + 1;
    for damage in ["SELECT 1", TOO_LONG, LATE] {
        for at in first..statements.len() {
            let mut broken: Vec<&str> = statements.iter().map(String::as_str).collect();
            broken.insert(at, "ROLLBACK");
            try_all(damage, &broken, &format!("{damage}; rolled back before {}", statements[at])).await;
        }
    }
}

/// It would give the rows of all tenants to one.
#[tokio::test]
async fn a_migration_that_is_run_twice_takes_no_rows_from_others() {
    let (place, statements) = (Place::new(), statements().await);
    let url = format!("{}?mode=rwc", place.url());
    let mut connection = SqliteConnection::connect(&url).await.unwrap();
    sqlx::raw_sql(SCHEMA).execute(&mut connection).await.unwrap();
    for is_first in [true, false] {
        for statement in &statements {
            let done = sqlx::raw_sql(AssertSqlSafe(statement.clone())).execute(&mut connection).await;
            assert!(done.is_ok() || !is_first, "{statement}: {done:?}");
        }
        if is_first {
            let theirs = "INSERT INTO people (tenant_id, email) VALUES ('globex', 'a')";
            sqlx::raw_sql(theirs).execute(&mut connection).await.unwrap();
        }
    }
    let tenants = "SELECT DISTINCT tenant_id FROM people ORDER BY 1";
    assert_eq!(texts(&mut connection, tenants).await, ["acme", "globex"]);
}
