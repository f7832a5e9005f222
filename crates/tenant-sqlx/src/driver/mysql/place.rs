//! Databases of tenants' own. A schema is the same thing here.

use sqlx::{
    MySql, Pool,
    mysql::{MySqlConnectOptions, MySqlDatabaseError},
};
use tenant_core::Placement;

use super::{Absence, TenantDatabase, database_named};
use crate::statement::trusted;

pub(super) fn inside(options: &MySqlConnectOptions, placement: &Placement) -> MySqlConnectOptions {
    match placement {
        Placement::Database(name) => MySql::elsewhere(options, name),
        Placement::Shared | Placement::Shard(_) | Placement::Schema(_) => options.clone(),
    }
}

/// On the same server its database.
pub(super) fn of(options: &MySqlConnectOptions, beside: &MySqlConnectOptions) -> Option<Placement> {
    let server = |options: &MySqlConnectOptions| {
        (options.get_host().to_owned(), options.get_port(), options.get_socket().cloned())
    };
    let name = options.get_database().filter(|_| server(options) == server(beside));
    name.and_then(database_named)
}

/// Names of places have no quotes in them, and may be key words.
pub(super) async fn create(
    own: &Pool<MySql>,
    _scoped: &Pool<MySql>,
    placement: &Placement,
) -> sqlx::Result<()> {
    match placement {
        Placement::Database(name) => {
            let form = "CHARACTER SET utf8mb4 COLLATE utf8mb4_bin";
            run(own, format!("CREATE DATABASE IF NOT EXISTS `{name}` {form}")).await
        }
        Placement::Shared | Placement::Shard(_) | Placement::Schema(_) => Ok(()),
    }
}

pub(super) async fn remove(own: &Pool<MySql>, placement: &Placement) -> sqlx::Result<()> {
    match placement {
        Placement::Database(name) => run(own, format!("DROP DATABASE IF EXISTS `{name}`")).await,
        Placement::Shared | Placement::Shard(_) | Placement::Schema(_) => Ok(()),
    }
}

async fn run(pool: &Pool<MySql>, sql: String) -> sqlx::Result<()> {
    sqlx::raw_sql(trusted(sql)).execute(pool).await.map(drop)
}

/// By the numbers of <https://dev.mysql.com/doc/mysql-errors/8.4/en/server-error-reference.html>.
pub(super) fn absence(error: &sqlx::Error) -> Option<Absence> {
    let error = error.as_database_error()?.try_downcast_ref::<MySqlDatabaseError>()?;
    match error.number() {
        1049 => Some(Absence::Place),
        1146 => Some(Absence::Table),
        _ => None,
    }
}
