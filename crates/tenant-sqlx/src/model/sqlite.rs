use super::{Inspect, Look, Model};
use futures_util::future::BoxFuture;
use sqlx::{Pool, Sqlite};
impl Inspect for Sqlite {
    fn inspect<'a>(_: &'a Pool<Self>, _: Look<'a>) -> BoxFuture<'a, sqlx::Result<Model>> {
        Box::pin(async { Ok(Model::default()) })
    }
}
