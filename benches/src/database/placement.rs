//! Where a tenant lives: what each statement looks up before it asks for a connection.
//!
//! On one PostgreSQL server: the tables of all, a shard, a schema, and a database that is open.

use std::rc::Rc;

use sqlx::{Pool, Postgres, migrate::Migrator, pool::PoolOptions};
use tenant::{InMemoryConfigManager, PlaceName, Placement, TenantConfig, TenantContext, TenantDb, TenantId};
use tenant_testkit::servers::Postgres as Server;

use super::runtime;
use crate::{BoxError, Contestant};

/// In the order of how much there is to do.
pub const PLACES: [&str; 4] = ["table of all", "shard", "schema", "database"];

/// Who takes part.
///
/// # Errors
/// PostgreSQL is not installed, or failed.
pub fn contestants() -> Result<Vec<Contestant>, BoxError> {
    let server = Rc::new(Server::start()?);
    let url = server.database("benches")?;
    let name = PlaceName::parse("somewhere")?;
    let places = [
        Placement::Shared,
        Placement::Shard(name.clone()),
        Placement::Schema(name.clone()),
        Placement::Database(name),
    ];
    PLACES.into_iter().zip(places).map(|(title, place)| finder(title, &server, &url, place)).collect()
}

fn finder(
    title: &'static str,
    server: &Rc<Server>,
    url: &str,
    place: Placement,
) -> Result<Contestant, BoxError> {
    let (runtime, kept) = (runtime()?, Rc::clone(server));
    let (db, tenant) = runtime.block_on(settle(url, place))?;
    Ok(Contestant::new(title, move || {
        let (_server, _runtime) = (&kept, runtime.enter());
        assert!(db.finds_home(&tenant));
    }))
}

/// A tenant that lives there, after its first statement.
async fn settle(url: &str, place: Placement) -> Result<(TenantDb<Postgres>, TenantContext), BoxError> {
    let shards = ["somewhere", "elsewhere"];
    let mut builder = TenantDb::builder(pool(url).await?).schemas().databases(4);
    for name in shards {
        builder = builder.shard(PlaceName::parse(name)?, pool(url).await?);
    }
    let db = builder.build().await?;
    if !matches!(place, Placement::Shared | Placement::Shard(_)) {
        db.provision(&place, &Migrator::with_migrations(Vec::new())).await?;
    }
    let id = TenantId::parse("acme")?;
    let config = TenantConfig::builder(id).placement(place).build()?;
    let configs = InMemoryConfigManager::with([config])?;
    let tenant = TenantContext::of(&configs, &id).await?;
    sqlx::query("SELECT 1").execute(&db.scoped(&tenant)).await?;
    Ok((db, tenant))
}

async fn pool(url: &str) -> sqlx::Result<Pool<Postgres>> {
    PoolOptions::new().max_connections(2).connect(url).await
}
