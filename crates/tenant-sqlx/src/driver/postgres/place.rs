//! Schemas and databases of tenants' own.

use sqlx::{Pool, Postgres, error::DatabaseError, postgres::PgConnectOptions};
use tenant_core::Placement;

use super::{Absence, TenantDatabase};
use crate::statement::trusted;

pub(super) fn inside(options: &PgConnectOptions, placement: &Placement) -> PgConnectOptions {
    match placement {
        Placement::Schema(name) => options.clone().options([("search_path", name.as_str())]),
        Placement::Database(name) => Postgres::elsewhere(options, name),
        Placement::Shared | Placement::Shard(_) => options.clone(),
    }
}

/// Names of places need no quotes; that of a role may.
pub(super) async fn create(
    own: &Pool<Postgres>,
    scoped: &Pool<Postgres>,
    placement: &Placement,
) -> sqlx::Result<()> {
    match placement {
        Placement::Schema(name) => {
            let role = scoped.connect_options().get_username().replace('"', "\"\"");
            let sql =
                format!("CREATE SCHEMA IF NOT EXISTS {name}; GRANT USAGE ON SCHEMA {name} TO \"{role}\"");
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
                false => unless_there(run(own, format!("CREATE DATABASE {name}")).await, &["23505", "42P04"]),
            }
        }
        Placement::Shared | Placement::Shard(_) => Ok(()),
    }
}

pub(super) async fn remove(own: &Pool<Postgres>, placement: &Placement) -> sqlx::Result<()> {
    match placement {
        Placement::Schema(name) => run(own, format!("DROP SCHEMA IF EXISTS {name} CASCADE")).await,
        Placement::Database(name) => run(own, format!("DROP DATABASE IF EXISTS {name}")).await,
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
