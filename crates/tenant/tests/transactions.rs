//! One transaction per request: kept when the request was answered well, and never otherwise.

#![cfg(all(feature = "axum", feature = "sqlite"))]
#![allow(clippy::indexing_slicing, clippy::unwrap_used, missing_docs)]

use std::{future::pending, sync::Arc, time::Duration};

use axum::{
    Router,
    body::Body,
    extract::{Request, State},
    http::{HeaderMap, StatusCode},
    middleware::{self, Next},
    response::{IntoResponse, Redirect, Response},
    routing::post,
};
use sqlx::{
    Connection,
    sqlite::{SqliteConnectOptions, SqlitePoolOptions},
};
use tempfile::TempDir;
use tenant::{RequestTransaction, TransactionLayer, prelude::*};
use tokio::sync::Notify;
use tower::ServiceExt;

type Tx = RequestTransaction<Sqlite>;

const SCHEMA: &str = "
    CREATE TABLE lists (tenant_id TEXT NOT NULL COLLATE BINARY, id INTEGER NOT NULL, PRIMARY KEY (tenant_id, id));
    CREATE TABLE notes (
        tenant_id TEXT NOT NULL COLLATE BINARY, text TEXT NOT NULL, list INTEGER,
        PRIMARY KEY (tenant_id, text),
        FOREIGN KEY (tenant_id, list) REFERENCES lists (tenant_id, id) DEFERRABLE INITIALLY DEFERRED
    );";

#[derive(Clone)]
struct App {
    db: TenantDb<Sqlite>,
    configs: Arc<InMemoryConfigManager>,
    signal: Arc<Notify>,
    done: Arc<Notify>,
}

struct House {
    app: App,
    router: Router,
    folder: TempDir,
}

impl House {
    /// With so many connections.
    async fn new(connections: u32) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let options = SqliteConnectOptions::new()
            .filename(folder.path().join("db"))
            .create_if_missing(true)
            .busy_timeout(Duration::from_millis(20));
        let pool = SqlitePoolOptions::new()
            .max_connections(connections)
            .acquire_timeout(Duration::from_millis(500))
            .connect_with(options)
            .await
            .unwrap();
        sqlx::raw_sql(SCHEMA).execute(&pool).await.unwrap();
        let db = TenantDb::builder(pool).build().await.unwrap();
        let configs = Arc::new(InMemoryConfigManager::new());
        for name in ["acme", "globex"] {
            configs.create(TenantConfig::builder(name.parse().unwrap()).build().unwrap()).await.unwrap();
        }
        let app = App { db, configs, signal: Arc::default(), done: Arc::default() };
        Self { router: router(&app), app, folder }
    }

    async fn post(&self, path: &str) -> StatusCode {
        self.router.clone().oneshot(request(path, Some("acme"))).await.unwrap().status()
    }

    async fn notes(&self, tenant: &str) -> Vec<String> {
        let tenant = TenantContext::of(&*self.app.configs, &tenant.parse().unwrap()).await.unwrap();
        let notes = sqlx::query_scalar("SELECT text FROM notes ORDER BY text");
        notes.fetch_all(&self.app.db.scoped(&tenant)).await.unwrap()
    }
}

fn request(path: &str, tenant: Option<&str>) -> Request {
    let mut request = Request::post(path);
    if let Some(tenant) = tenant {
        request = request.header("x-tenant-id", tenant);
    }
    request.body(Body::empty()).unwrap()
}

fn tenancy(app: &App) -> TenantLayer {
    TenantLayer::builder()
        .resolver(HeaderResolver::default())
        .configs(Arc::clone(&app.configs))
        .allow_missing()
        .build()
}

fn router(app: &App) -> Router {
    Router::new()
        .route("/ok", post(ok))
        .route("/redirected", post(redirected))
        .route("/rejected", post(rejected))
        .route("/failed", post(failed))
        .route("/grpc", post(grpc))
        .route("/twice", post(twice))
        .route("/both", post(both))
        .route("/spawned", post(spawned))
        .route("/streamed", post(streamed))
        .route("/orphan", post(orphan))
        .route("/suspended", post(suspended))
        .route("/stalled", post(stalled))
        .route("/savepoint", post(savepoint))
        .route("/extracted", post(ok).layer(middleware::from_fn(extract_before)))
        .route("/exchanged", post(ok).layer(middleware::from_fn_with_state(app.clone(), exchange)))
        .route("/unused", post(|| async { "fine" }))
        .layer(TransactionLayer::new(app.db.clone()))
        .route("/bare", post(ok))
        .layer(tenancy(app))
        .with_state(app.clone())
}

async fn note(tx: &mut Tx, text: &str) -> Result<(), ApiError> {
    sqlx::query("INSERT INTO notes (text) VALUES (?)").bind(text).execute(&mut **tx).await?;
    Ok(())
}

async fn ok(mut tx: Tx) -> Result<(), ApiError> {
    note(&mut tx, "ok").await
}

async fn redirected(mut tx: Tx) -> Result<Redirect, ApiError> {
    note(&mut tx, "redirected").await?;
    Ok(Redirect::to("/notes"))
}

async fn rejected(mut tx: Tx) -> Result<(), ApiError> {
    note(&mut tx, "rejected").await?;
    Err(Rejection::conflict().into())
}

async fn failed(mut tx: Tx) -> Result<(), ApiError> {
    note(&mut tx, "failed").await?;
    note(&mut tx, "failed").await
}

async fn grpc(mut tx: Tx) -> Result<Response, ApiError> {
    note(&mut tx, "grpc").await?;
    Ok(HeaderMap::from_iter([("grpc-status".parse().unwrap(), "5".parse().unwrap())]).into_response())
}

async fn extract_before(mut tx: Tx, request: Request, next: Next) -> Result<Response, ApiError> {
    note(&mut tx, "before").await?;
    drop(tx);
    Ok(next.run(request).await)
}

/// Another tenant's request goes on inside of this one's.
async fn exchange(
    State(app): State<App>,
    mut tx: Tx,
    mut request: Request,
    next: Next,
) -> Result<Response, ApiError> {
    note(&mut tx, "mine").await?;
    drop(tx);
    let globex = TenantContext::of(&*app.configs, &"globex".parse().unwrap()).await.unwrap();
    request.extensions_mut().insert(globex);
    Ok(next.run(request).await)
}

async fn twice(request: Request) -> Result<(), ApiError> {
    use axum::RequestExt;
    let mut request = request;
    for text in ["first", "second"] {
        let mut tx: Tx = request.extract_parts().await?;
        note(&mut tx, text).await?;
    }
    Ok(())
}

async fn both(_one: Tx, _other: Tx) -> &'static str {
    "both"
}

async fn spawned(State(app): State<App>, mut tx: Tx) -> &'static str {
    tokio::spawn(async move {
        note(&mut tx, "spawned").await.unwrap();
        app.signal.notified().await;
        drop(tx);
        app.done.notify_one();
    });
    "soon"
}

async fn streamed(mut tx: Tx) -> Result<Body, ApiError> {
    note(&mut tx, "streamed").await?;
    let body = futures_util::stream::once(async move {
        let _held = tx;
        Ok::<_, std::convert::Infallible>("part")
    });
    Ok(Body::from_stream(body))
}

/// Refers to a list that there is not: the commit fails.
async fn orphan(mut tx: Tx) -> Result<(), ApiError> {
    sqlx::query("INSERT INTO notes (text, list) VALUES ('orphan', 7)").execute(&mut *tx).await?;
    Ok(())
}

async fn suspended(State(app): State<App>, mut tx: Tx) -> Result<(), ApiError> {
    note(&mut tx, "suspended").await?;
    app.configs.modify(tx.tenant().id(), |config| config.status = TenantStatus::Suspended).await?;
    Ok(())
}

async fn stalled(State(app): State<App>, mut tx: Tx) -> Result<(), ApiError> {
    note(&mut tx, "stalled").await?;
    app.signal.notify_one();
    pending().await
}

async fn savepoint(mut tx: Tx) -> Result<(), ApiError> {
    note(&mut tx, "outside").await?;
    let mut inner = tx.begin().await?;
    sqlx::query("INSERT INTO notes (text) VALUES ('inside')").execute(&mut inner).await?;
    inner.rollback().await?;
    Ok(())
}

#[tokio::test]
async fn what_was_answered_well_is_kept() {
    let house = House::new(1).await;
    assert_eq!(house.post("/ok").await, 200);
    assert_eq!(house.post("/redirected").await, 303);
    assert_eq!(house.notes("acme").await, ["ok", "redirected"]);
    assert!(house.notes("globex").await.is_empty());
}

#[tokio::test]
async fn what_was_not_answered_well_is_not_kept() {
    let house = House::new(1).await;
    assert_eq!(house.post("/rejected").await, 409);
    assert_eq!(house.post("/failed").await, 409);
    assert_eq!(house.post("/grpc").await, 200);
    assert!(house.notes("acme").await.is_empty());
}

#[tokio::test]
async fn an_extractor_and_the_handler_share_it() {
    let house = House::new(1).await;
    assert_eq!(house.post("/extracted").await, 200);
    assert_eq!(house.post("/twice").await, 200);
    assert_eq!(house.notes("acme").await, ["before", "first", "ok", "second"]);
    // The second insert of "ok" fails, and takes what the middleware wrote with it.
    let acme = TenantContext::of(&*house.app.configs, &"acme".parse().unwrap()).await.unwrap();
    let delete = sqlx::query("DELETE FROM notes WHERE text = 'before'");
    delete.execute(&house.app.db.scoped(&acme)).await.unwrap();
    assert_eq!(house.post("/extracted").await, 409);
    assert_eq!(house.notes("acme").await, ["first", "ok", "second"]);
}

#[tokio::test]
async fn two_at_once_are_rejected() {
    let house = House::new(2).await;
    assert_eq!(house.post("/both").await, 500);
    assert_eq!(house.post("/ok").await, 200);
}

#[tokio::test]
async fn another_tenants_request_does_not_go_on_with_it() {
    let house = House::new(2).await;
    assert_eq!(house.post("/exchanged").await, 500);
    assert!(house.notes("acme").await.is_empty());
    assert!(house.notes("globex").await.is_empty());
}

#[tokio::test]
async fn nobody_is_told_of_what_a_task_still_holds() {
    let house = House::new(1).await;
    assert_eq!(house.post("/spawned").await, 500);
    house.app.signal.notify_one();
    house.app.done.notified().await;
    assert_eq!(house.post("/streamed").await, 500);
    assert!(house.notes("acme").await.is_empty());
}

#[tokio::test]
async fn nobody_is_told_of_what_the_commit_did_not_keep() {
    let house = House::new(1).await;
    assert_eq!(house.post("/orphan").await, 500);
    assert_eq!(house.post("/suspended").await, 403);
    let acme = "acme".parse().unwrap();
    house.app.configs.modify(&acme, |config| config.status = TenantStatus::Active).await.unwrap();
    assert!(house.notes("acme").await.is_empty());
}

#[tokio::test]
async fn whoever_leaves_keeps_nothing_and_holds_nothing() {
    let house = House::new(1).await;
    let router = house.router.clone();
    let request = tokio::spawn(router.oneshot(request("/stalled", Some("acme"))));
    house.app.signal.notified().await;
    request.abort();
    assert!(request.await.unwrap_err().is_cancelled());
    assert_eq!(house.post("/ok").await, 200);
    assert_eq!(house.notes("acme").await, ["ok"]);
}

#[tokio::test]
async fn savepoints_are_the_handlers_own() {
    let house = House::new(1).await;
    assert_eq!(house.post("/savepoint").await, 200);
    assert_eq!(house.notes("acme").await, ["outside"]);
}

#[tokio::test]
async fn who_needs_none_waits_for_no_connection() {
    let house = House::new(1).await;
    let acme = TenantContext::of(&*house.app.configs, &"acme".parse().unwrap()).await.unwrap();
    let busy = house.app.db.begin(&acme).await.unwrap();
    assert_eq!(house.post("/unused").await, 200);
    assert_eq!(house.post("/ok").await, 503);
    drop(busy);
    assert_eq!(house.post("/ok").await, 200);
}

#[tokio::test]
async fn who_comes_in_the_way_of_another_process_is_told_to_try_again() {
    let house = House::new(1).await;
    let file = house.folder.path().join("db");
    let mut other =
        sqlx::SqliteConnection::connect_with(&SqliteConnectOptions::new().filename(file)).await.unwrap();
    sqlx::raw_sql("BEGIN IMMEDIATE").execute(&mut other).await.unwrap();
    let answer = house.router.clone().oneshot(request("/ok", Some("acme"))).await.unwrap();
    assert_eq!((answer.status().as_u16(), &answer.headers()["retry-after"]), (503, &"1".parse().unwrap()));
    sqlx::raw_sql("ROLLBACK").execute(&mut other).await.unwrap();
    assert_eq!(house.post("/ok").await, 200);
}

#[tokio::test]
async fn without_a_tenant_or_the_layer_there_is_none() {
    let house = House::new(1).await;
    assert_eq!(house.post("/bare").await, 500);
    let answer = house.router.clone().oneshot(request("/ok", None)).await.unwrap();
    assert_eq!(answer.status(), 401);
    assert!(house.notes("acme").await.is_empty());
}
