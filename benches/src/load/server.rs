use std::{net::SocketAddr, path::Path, sync::mpsc, thread};

use axum::{
    Router,
    extract::{Path as Segment, State},
    http::{HeaderMap, StatusCode},
    routing::get,
};
use sqlx::{Sqlite, SqlitePool};
use tenant::prelude::*;
use tokio::net::TcpListener;
use tower::layer::util::Identity;

use crate::{
    database, layers,
    tenants::{self, Limits},
};

/// What a server is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ServerKind {
    /// axum alone.
    Bare,
    /// axum behind a layer that does nothing: what axum takes for any layer.
    EmptyLayer,
    /// axum behind tower_governor, keyed by the tenant's header, with its fields.
    Governor,
    /// axum behind a `TenantLayer` with the umbrella's defaults.
    Tenant,
    /// axum and plain sqlx, with the tenant in the statement.
    BareDatabase,
    /// axum behind a `TenantLayer`, and `db.scoped`.
    TenantDatabase,
}

/// A server that runs until the process ends.
#[derive(Clone, Copy, Debug)]
pub struct Server {
    /// What it is called.
    pub name: &'static str,
    /// Where it listens.
    pub address: SocketAddr,
    /// What it is asked for.
    pub path: &'static str,
    /// What it answers.
    pub answer: &'static str,
}

impl Server {
    /// Starts a server on a thread of its own. The file in `directory` holds what [`database::sqlite::prepare`] wrote.
    ///
    /// # Errors
    /// It can't listen, or the file can't be opened.
    pub fn start(kind: ServerKind, directory: &Path) -> Result<Self, crate::BoxError> {
        let (tell, told) = mpsc::channel();
        let directory = directory.to_owned();
        thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            runtime.block_on(async {
                let (listener, router) =
                    (TcpListener::bind("127.0.0.1:0").await?, router(kind, &directory).await?);
                tell.send(listener.local_addr()?)?;
                axum::serve(listener, router).await?;
                Ok::<_, crate::BoxError>(())
            })
        });
        let (path, answer) = kind.exchange();
        Ok(Self { name: kind.name(), address: told.recv()?, path, answer })
    }
}

impl ServerKind {
    const fn name(self) -> &'static str {
        match self {
            Self::Bare | Self::BareDatabase => "bare",
            Self::EmptyLayer => "an empty layer",
            Self::Governor => "tower_governor",
            Self::Tenant | Self::TenantDatabase => "tenant",
        }
    }

    const fn exchange(self) -> (&'static str, &'static str) {
        match self {
            Self::Bare | Self::EmptyLayer | Self::Governor | Self::Tenant => ("/hello", "hello"),
            Self::BareDatabase | Self::TenantDatabase => ("/notes/500", "acme has note 500"),
        }
    }
}

async fn router(kind: ServerKind, directory: &Path) -> Result<Router, crate::BoxError> {
    let hello = Router::new().route("/hello", get(hello));
    Ok(match kind {
        ServerKind::Bare => hello,
        ServerKind::EmptyLayer => hello.layer(Identity::new()),
        ServerKind::Governor => layers::behind_governor(hello)?,
        ServerKind::Tenant => hello.layer(tenancy(&db(directory).await?).await?),
        ServerKind::BareDatabase => {
            let pool = database::sqlite::pool(directory).await?;
            Router::new().route("/notes/{id}", get(plain_note)).with_state(pool)
        }
        ServerKind::TenantDatabase => {
            let db = db(directory).await?;
            let tenancy = tenancy(&db).await?;
            Router::new().route("/notes/{id}", get(note)).layer(tenancy).with_state(db)
        }
    })
}

async fn db(directory: &Path) -> Result<TenantDb<Sqlite>, crate::BoxError> {
    Ok(TenantDb::builder(database::sqlite::pool(directory).await?).build().await?)
}

/// The layer of the README's example.
async fn tenancy(db: &TenantDb<Sqlite>) -> Result<TenantLayer, crate::BoxError> {
    let configs = DbConfigManager::new(db);
    configs.migrate().await?;
    let configs = configs.cached(1_000, minutes(5));
    // The other server may have done it already.
    let _ = configs.create(tenants::config("acme", Limits::RequestsAndTokens)?).await;
    let tenancy = TenantLayer::builder()
        .resolver(HeaderResolver::default())
        .configs(configs)
        .policies(ConfigPolicyEvaluator::new())
        .quotas(InMemoryQuotaManager::new());
    Ok(tenancy.build())
}

async fn hello() -> &'static str {
    "hello"
}

async fn note(
    tenant: Tenant,
    State(db): State<TenantDb<Sqlite>>,
    Segment(id): Segment<i64>,
) -> Result<String, ApiError> {
    Ok(database::sqlite::scoped(&db, &tenant, id).await?)
}

async fn plain_note(
    State(pool): State<SqlitePool>,
    Segment(id): Segment<i64>,
    headers: HeaderMap,
) -> Result<String, StatusCode> {
    let tenant = headers.get("x-tenant-id").and_then(|value| value.to_str().ok());
    let tenant = tenant.ok_or(StatusCode::BAD_REQUEST)?;
    database::sqlite::plain(&pool, tenant, id).await.map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)
}
