//! What MySQL and MariaDB say of themselves. There is no snapshot of it: a change of the schema meanwhile is seen in
//! part.

mod queries;

use futures_util::{FutureExt, future::BoxFuture};
use serde::de::DeserializeOwned;
use sqlx::{MySql, MySqlConnection, Pool};
use tenant_sql::Dialect;

use super::{Inspect, Look, Model, assemble::Assembly, json::nouns, no_such_role::NoSuchRole};
use crate::driver::{Cell, Sql, TenantDatabase};

impl Inspect for MySql {
    fn inspect<'a>(pool: &'a Pool<Self>, look: Look<'a>) -> BoxFuture<'a, sqlx::Result<Model>> {
        inspect(pool, look).boxed()
    }
}

async fn inspect(pool: &Pool<MySql>, look: Look<'_>) -> sqlx::Result<Model> {
    let mut connection = pool.acquire().await?;
    let mut reader = Reader(&mut connection);
    let mut model = reader.all::<Model>(queries::DATABASE).await?.pop().unwrap_or(Model::new(Dialect::MySql));
    let version = reader.fetch(queries::VERSION, vec![]).await?.into_iter().flatten().next();
    let version = version.and_then(Cell::into_text).unwrap_or_default();
    (model.version, model.is_mariadb) = (number(&version), version.contains("MariaDB"));
    let mut relations = Assembly(reader.all(queries::RELATIONS).await?);
    relations.columns(reader.all(queries::COLUMNS).await?);
    relations.indexes(reader.all(queries::INDEXES).await?);
    relations.links(reader.all(queries::FOREIGN_KEYS).await?);
    relations.triggers(reader.all(queries::TRIGGERS).await?);
    relations.reads();
    model.relations = relations.0;
    model.routines = reader.all(queries::ROUTINES).await?;
    model.events = reader.all(queries::EVENTS).await?;
    let role = || vec![Cell::from(look.role.map(str::to_owned))];
    let name = reader.fetch(queries::ACCOUNT, role()).await?.into_iter().flatten().next();
    model.account.name = name.and_then(Cell::into_text).unwrap_or_default();
    let privileges = reader.fetch(queries::PRIVILEGES, vec![model.account.name.as_str().into()]).await?;
    model.account.privileges = privileges.into_iter().flatten().filter_map(Cell::into_text).collect();
    // Whoever is there may at least log in.
    if let Some(role) = look.role.filter(|_| model.account.privileges.is_empty()) {
        return Err(NoSuchRole(role.to_owned()).into());
    }
    Ok(model)
}

struct Reader<'a>(&'a mut MySqlConnection);

impl Reader<'_> {
    async fn all<T: DeserializeOwned>(&mut self, sql: Sql) -> sqlx::Result<Vec<T>> {
        nouns(self.fetch(sql, vec![]).await?)
    }

    async fn fetch(&mut self, sql: Sql, cells: Vec<Cell>) -> sqlx::Result<Vec<Vec<Cell>>> {
        MySql::fetch(self.0, sql, cells).await
    }
}

/// `10.11.6-MariaDB` as 101106.
fn number(version: &str) -> u32 {
    let plain = version.split(|c: char| !c.is_ascii_digit() && c != '.').next().unwrap_or_default();
    let mut parts = plain.split('.').map(|part| part.parse().unwrap_or(0));
    let mut next = || parts.next().unwrap_or(0);
    let (major, minor, patch): (u32, u32, u32) = (next(), next(), next());
    major.saturating_mul(10_000).saturating_add(minor * 100).saturating_add(patch)
}
