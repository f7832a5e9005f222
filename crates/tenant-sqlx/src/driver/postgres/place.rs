//! Schemas and databases of tenants' own.

use sqlx::{Pool, Postgres, error::DatabaseError, postgres::PgConnectOptions};
use tenant_core::{PlaceName, Placement};

use super::{Absence, Cell, Sql, TenantDatabase, database_named, rows, sql};
use crate::statement::trusted;

pub(super) fn inside(options: &PgConnectOptions, placement: &Placement) -> PgConnectOptions {
    match placement {
        Placement::Schema(name) => options.clone().options([("search_path", name.as_str())]),
        Placement::Database(name) => Postgres::elsewhere(options, name),
        Placement::Shared | Placement::Shard(_) => options.clone(),
    }
}

const NAMES: Sql = sql!("SELECT current_database()::text, current_schema()::text");

/// On the same server its database, and in the same database its schema.
pub(super) async fn of(pool: &Pool<Postgres>, beside: &PgConnectOptions) -> sqlx::Result<Vec<Placement>> {
    let options = pool.connect_options();
    let server = |options: &PgConnectOptions| {
        (options.get_host().to_owned(), options.get_port(), options.get_socket().cloned())
    };
    if server(&options) != server(beside) {
        return Ok(Vec::new());
    }
    let mut transaction = super::begin(pool, None).await?;
    let rows = rows::glance(&mut transaction, NAMES, vec![]).await?;
    transaction.rollback().await?;
    let mut names = rows.into_iter().flatten().map(Cell::into_text);
    let (database, schema) = (names.next().flatten(), names.next().flatten());
    let is_same = options.get_database() == beside.get_database();
    let schema = schema.filter(|_| is_same).and_then(|name| PlaceName::parse(&name).ok());
    let named = [database.as_deref(), options.get_database()].into_iter().flatten();
    Ok(named.filter_map(database_named).chain(schema.map(Placement::Schema)).collect())
}

/// Names of places have no quotes in them, and may be key words; that of a role may be anything.
pub(super) async fn create(
    own: &Pool<Postgres>,
    scoped: &Pool<Postgres>,
    placement: &Placement,
) -> sqlx::Result<()> {
    match placement {
        Placement::Schema(name) => {
            let role = scoped.connect_options().get_username().replace('"', "\"\"");
            let sql = format!(
                r#"CREATE SCHEMA IF NOT EXISTS "{name}"; GRANT USAGE ON SCHEMA "{name}" TO "{role}""#
            );
            unless_there(run(own, sql).await, &["23505", "42P06"])
        }
        Placement::Database(name) => {
            let is_there: bool =
                sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM pg_database WHERE datname = $1)")
                    .bind(name.as_str())
                    .fetch_one(own)
                    .await?;
            match is_there {
                true => Ok(()),
                false => {
                    unless_there(run(own, format!(r#"CREATE DATABASE "{name}""#)).await, &["23505", "42P04"])
                }
            }
        }
        Placement::Shared | Placement::Shard(_) => Ok(()),
    }
}

pub(super) async fn remove(own: &Pool<Postgres>, placement: &Placement) -> sqlx::Result<()> {
    match placement {
        Placement::Schema(name) => run(own, format!(r#"DROP SCHEMA IF EXISTS "{name}" CASCADE"#)).await,
        Placement::Database(name) => run(own, format!(r#"DROP DATABASE IF EXISTS "{name}""#)).await,
        Placement::Shared | Placement::Shard(_) => Ok(()),
    }
}

async fn run(pool: &Pool<Postgres>, sql: String) -> sqlx::Result<()> {
    sqlx::raw_sql(trusted(sql)).execute(pool).await.map(drop)
}

/// Of two that make the same at once, one is told that it is there
/// (<https://www.postgresql.org/docs/current/errcodes-appendix.html>).
fn unless_there(done: sqlx::Result<()>, codes: &[&str]) -> sqlx::Result<()> {
    let code = done.as_ref().err().and_then(sqlx::Error::as_database_error).and_then(DatabaseError::code);
    match code {
        Some(code) if codes.contains(&&*code) => Ok(()),
        Some(_) | None => done,
    }
}

/// By the codes of <https://www.postgresql.org/docs/current/errcodes-appendix.html>.
pub(super) fn absence(error: &sqlx::Error) -> Option<Absence> {
    match error.as_database_error().and_then(DatabaseError::code).as_deref() {
        Some("3D000" | "3F000") => Some(Absence::Place),
        Some("42P01") => Some(Absence::Table),
        Some(_) | None => None,
    }
}
