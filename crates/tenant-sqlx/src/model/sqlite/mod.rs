//! What SQLite says of itself.

mod queries;

use futures_util::{FutureExt, future::BoxFuture};
use serde::de::DeserializeOwned;
use sqlx::{Pool, Sqlite, SqliteConnection};
use tenant_sql::Dialect;

use super::{Index, Inspect, Look, Model, Relation, assemble::Assembly, json::nouns};
use crate::driver::{Cell, Sql, TenantDatabase};

impl Inspect for Sqlite {
    fn inspect<'a>(pool: &'a Pool<Self>, look: Look<'a>) -> BoxFuture<'a, sqlx::Result<Model>> {
        inspect(pool, look).boxed()
    }
}

async fn inspect(pool: &Pool<Sqlite>, look: Look<'_>) -> sqlx::Result<Model> {
    let mut connection = pool.acquire().await?;
    let mut reader = Reader(&mut connection);
    let mut models = reader.all::<Model>(queries::DATABASE).await?;
    let mut model = models.pop().unwrap_or(Model::new(Dialect::Sqlite));
    let mut relations = Assembly(reader.all(queries::RELATIONS).await?);
    relations.columns(reader.all(queries::COLUMNS).await?);
    relations.indexes(reader.all(queries::INDEXES).await?);
    relations.0.iter_mut().for_each(add_rowid);
    relations.links(reader.all(queries::FOREIGN_KEYS).await?);
    relations.triggers(reader.all(queries::TRIGGERS).await?);
    relations.reads();
    model.relations = relations.0;
    if look.rows {
        let rows = reader.fetch(queries::BROKEN).await?;
        model.broken = rows.into_iter().flatten().filter_map(Cell::into_text).collect();
    }
    Ok(model)
}

/// A primary key without an index is the rowid by another name.
fn add_rowid(relation: &mut Relation) {
    let fresh: Vec<String> =
        relation.columns.iter().filter(|column| column.is_fresh).map(|column| column.name.clone()).collect();
    if !fresh.is_empty() {
        relation.indexes.push(Index { is_primary: true, ..Index::declared("rowid".to_owned(), &fresh) });
    }
}

struct Reader<'a>(&'a mut SqliteConnection);

impl Reader<'_> {
    async fn all<T: DeserializeOwned>(&mut self, sql: Sql) -> sqlx::Result<Vec<T>> {
        nouns(self.fetch(sql).await?)
    }

    async fn fetch(&mut self, sql: Sql) -> sqlx::Result<Vec<Vec<Cell>>> {
        Sqlite::fetch(self.0, sql, vec![]).await
    }
}
