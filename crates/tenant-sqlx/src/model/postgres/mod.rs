//! What PostgreSQL says of itself.

mod queries;
mod relations;

use futures_util::{FutureExt, future::BoxFuture};
use serde::de::DeserializeOwned;
use sqlx::{PgConnection, Pool, Postgres};

use super::{Inspect, Look, Model, json::nouns, no_such_role::NoSuchRole};
use crate::driver::{Cell, Sql, TenantDatabase, postgres::NOT_COMPILED};

impl Inspect for Postgres {
    fn inspect<'a>(pool: &'a Pool<Self>, look: Look<'a>) -> BoxFuture<'a, sqlx::Result<Model>> {
        inspect(pool, look).boxed()
    }
}

async fn inspect(pool: &Pool<Postgres>, look: Look<'_>) -> sqlx::Result<Model> {
    let mut snapshot = Postgres::begin_read(pool).await?;
    Postgres::execute(&mut snapshot, NOT_COMPILED, vec![]).await?;
    let role = Cell::from(look.role.map(str::to_owned));
    let mut reader = Reader { connection: &mut snapshot, role };
    let mut models = reader.all::<Model>(queries::DATABASE, vec![look.setting.into()]).await?;
    let mut model = models.pop().unwrap_or_default();
    let account = reader.own(queries::ACCOUNT).await?.pop();
    model.account = account.ok_or_else(|| NoSuchRole(look.role.unwrap_or_default().to_owned()))?;
    model.relations = reader.own(relations::RELATIONS).await?;
    model.routines = reader.own(queries::ROUTINES).await?;
    model.sequences = reader.own(queries::SEQUENCES).await?;
    model.settings = reader.own(queries::SETTINGS).await?;
    model.schema_grants = reader.own(queries::SCHEMA_GRANTS).await?;
    model.database_grants = reader.own(queries::DATABASE_GRANTS).await?;
    model.publications = reader.all(queries::PUBLICATIONS, vec![]).await?;
    Ok(model)
}

struct Reader<'a> {
    connection: &'a mut PgConnection,
    role: Cell,
}

impl Reader<'_> {
    /// As the account sees it.
    async fn own<T: DeserializeOwned>(&mut self, sql: Sql) -> sqlx::Result<Vec<T>> {
        let role = self.role.clone();
        self.all(sql, vec![role]).await
    }

    async fn all<T: DeserializeOwned>(&mut self, sql: Sql, cells: Vec<Cell>) -> sqlx::Result<Vec<T>> {
        nouns(Postgres::fetch(self.connection, sql, cells).await?)
    }
}
