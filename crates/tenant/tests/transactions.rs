//! One transaction per request: kept when the request was answered well, and never otherwise.

#![cfg(all(feature = "axum", feature = "sqlite"))]
#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, missing_docs)]

use std::{
    future::{Future, pending},
    net::SocketAddr,
    sync::Arc,
    time::Duration,
};

use axum::{
    Router,
    body::Body,
    extract::{FromRequestParts, Request, State},
    http::{HeaderMap, StatusCode, request::Parts},
    middleware::{self, Next},
    response::{IntoResponse, Redirect, Response},
    routing::post,
};
use http_body_util::BodyExt;
use sqlx::{
    Connection,
    sqlite::{SqliteConnectOptions, SqlitePoolOptions},
};
use tempfile::TempDir;
use tenant::{RequestTransaction, TransactionLayer, prelude::*};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::Notify,
    time::timeout,
};
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

    async fn post_text(&self, path: &str, text: &'static str) -> StatusCode {
        let request = request(path, Some("acme")).map(|_| Body::from(text));
        self.router.clone().oneshot(request).await.unwrap().status()
    }

    /// Another tenant's, which has to wait for nobody.
    async fn globex_goes_on(&self) {
        let answer = soon(self.router.clone().oneshot(request("/ok", Some("globex")))).await;
        assert_eq!(answer.unwrap().status(), 200);
    }

    async fn forget_globex(&self) {
        let globex = TenantContext::of(&*self.app.configs, &"globex".parse().unwrap()).await.unwrap();
        sqlx::query("DELETE FROM notes").execute(&self.app.db.scoped(&globex)).await.unwrap();
    }

    /// Behind a real socket.
    async fn serve(&self) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = self.router.clone();
        tokio::spawn(async move { axum::serve(listener, router).await });
        address
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

async fn soon<F: Future>(future: F) -> F::Output {
    timeout(Duration::from_secs(2), future).await.expect("it waits for what does not come")
}

/// A request's head and the beginning of its body.
async fn send(address: SocketAddr, path: &str, rest: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let head =
        format!("POST {path} HTTP/1.1\r\nhost: acme\r\nx-tenant-id: acme\r\nconnection: close\r\n{rest}");
    stream.write_all(head.as_bytes()).await.unwrap();
    stream
}

/// The head of an answer, and what came with it.
async fn head(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    while !head.windows(4).any(|end| end == b"\r\n\r\n") {
        let mut some = [0; 512];
        let count = timeout(Duration::from_secs(10), stream.read(&mut some)).await.unwrap().unwrap();
        assert_ne!(count, 0, "{}", String::from_utf8_lossy(&head));
        head.extend_from_slice(&some[..count]);
    }
    String::from_utf8_lossy(&head).into_owned()
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
        .route("/named", post(named))
        .route("/large", post(large))
        .route("/waiting", post(waiting))
        .route("/begun-in-the-answer", post(begun_in_the_answer))
        .route("/kept-right", post(kept_right))
        .route("/panicked", post(panicked))
        .route("/impatient", post(impatient))
        .route("/gave-up", post(gave_up))
        .route("/uploaded", post(uploaded))
        .route("/early", post(named).layer(middleware::from_fn(begin_early)))
        .route("/shrugged", post(shrugged).layer(middleware::from_fn_with_state(app.clone(), exchange)))
        .route("/unused", post(|| async { "fine" }))
        .layer(TransactionLayer::new(app.db.clone()))
        .route("/bare", post(ok))
        .layer(tenancy(app))
        .with_state(app.clone())
}

/// Begins it, or goes on with it.
async fn note(tx: &mut Tx, text: &str) -> Result<(), ApiError> {
    let mut tx = tx.begin().await?;
    sqlx::query("INSERT INTO notes (text) VALUES (?)").bind(text).execute(&mut *tx).await?;
    Ok(())
}

async fn ok(mut tx: Tx) -> Result<(), ApiError> {
    note(&mut tx, "ok").await
}

/// Tells that the extractors before it are done.
struct Arrived;

impl FromRequestParts<App> for Arrived {
    type Rejection = std::convert::Infallible;

    fn from_request_parts(
        _: &mut Parts,
        app: &App,
    ) -> impl Future<Output = Result<Self, Self::Rejection>> + Send {
        app.signal.notify_one();
        std::future::ready(Ok(Self))
    }
}

async fn named(mut tx: Tx, _: Arrived, name: String) -> Result<(), ApiError> {
    note(&mut tx, &name).await
}

async fn large(mut tx: Tx) -> Result<Vec<u8>, ApiError> {
    note(&mut tx, "large").await?;
    Ok(vec![b'x'; 64 << 20])
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
    Ok(next.run(request).await)
}

async fn begin_early(mut tx: Tx, request: Request, next: Next) -> Result<Response, ApiError> {
    drop(tx.begin_before_body().await?);
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

async fn both(mut one: Tx, mut other: Tx) -> Result<(), ApiError> {
    let _held = one.begin().await?;
    other.begin().await.map(drop)
}

/// Does not mind that there is none.
async fn shrugged(mut tx: Tx) -> &'static str {
    drop(tx.begin().await);
    "fine"
}

async fn spawned(State(app): State<App>, mut tx: Tx, mut late: Tx) -> &'static str {
    let begun = Arc::new(Notify::new());
    let tell = Arc::clone(&begun);
    tokio::spawn(async move {
        note(&mut tx, "spawned").await.unwrap();
        let held = tx.begin().await.unwrap();
        tell.notify_one();
        app.signal.notified().await;
        assert!(late.begin().await.is_err());
        drop(held);
        app.done.notify_one();
        pending::<()>().await;
        drop((tx, late));
    });
    begun.notified().await;
    "soon"
}

/// The task waits for the only connection while the request is answered.
async fn waiting(State(app): State<App>, mut tx: Tx) -> &'static str {
    let (signal, answered) = (Arc::clone(&app.signal), Arc::new(Notify::new()));
    let tell = Arc::clone(&answered);
    tokio::spawn(async move {
        tell.notify_one();
        assert!(tx.begin().await.is_err());
        app.done.notify_one();
    });
    answered.notified().await;
    signal.notify_one();
    "soon"
}

async fn streamed(State(app): State<App>, mut tx: Tx) -> Body {
    let signal = Arc::clone(&app.signal);
    let mut body = Box::pin(async move {
        note(&mut tx, "streamed").await.unwrap();
        let _held = tx.begin().await.unwrap();
        signal.notify_one();
        pending::<Result<&str, std::convert::Infallible>>().await
    });
    tokio::select! {
        _ = &mut body => (),
        () = app.signal.notified() => (),
    }
    Body::from_stream(futures_util::stream::once(body))
}

async fn begun_in_the_answer(mut tx: Tx) -> Body {
    let body = async move {
        let begun = tx.begin().await.is_ok();
        Ok::<_, std::convert::Infallible>(if begun { "begun" } else { "over" })
    };
    Body::from_stream(futures_util::stream::once(body))
}

/// Refers to a list that there is not: the commit fails.
async fn orphan(mut tx: Tx) -> Result<(), ApiError> {
    let mut tx = tx.begin().await?;
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

/// A task keeps the right to the transaction, and nobody commits it any more.
async fn kept_right(State(app): State<App>, mut tx: Tx) -> Result<(), ApiError> {
    note(&mut tx, "kept").await?;
    tokio::spawn(async move {
        let _right = tx;
        pending::<()>().await;
    });
    app.signal.notify_one();
    pending().await
}

async fn panicked(mut tx: Tx) -> Result<(), ApiError> {
    note(&mut tx, "panicked").await?;
    panic!("as a handler may")
}

async fn impatient(State(app): State<App>, mut tx: Tx) -> Result<(), ApiError> {
    assert!(timeout(Duration::from_millis(20), tx.begin()).await.is_err());
    app.signal.notify_one();
    app.done.notified().await;
    note(&mut tx, "impatient").await
}

async fn gave_up(mut tx: Tx) -> &'static str {
    assert!(timeout(Duration::from_millis(20), tx.begin()).await.is_err());
    "without"
}

/// Reads its body by itself.
async fn uploaded(mut tx: Tx, mut body: Body) -> Result<(), ApiError> {
    assert!(tx.begin().await.is_err());
    while let Some(frame) = body.frame().await {
        frame.unwrap();
    }
    note(&mut tx, "uploaded").await?;
    drop(body);
    Ok(())
}

async fn savepoint(mut tx: Tx) -> Result<(), ApiError> {
    note(&mut tx, "outside").await?;
    let mut tx = tx.begin().await?;
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
    assert_eq!(house.post("/shrugged").await, 500);
    assert!(house.notes("acme").await.is_empty());
    assert!(house.notes("globex").await.is_empty());
}

#[tokio::test]
async fn nobody_is_told_of_what_a_task_still_holds() {
    let house = House::new(1).await;
    assert_eq!(house.post("/spawned").await, 500);
    house.app.signal.notify_one();
    soon(house.app.done.notified()).await;
    assert_eq!(house.post("/streamed").await, 500);
    assert!(house.notes("acme").await.is_empty());
}

#[tokio::test]
async fn nobody_begins_after_the_answer() {
    let house = House::new(1).await;
    let answer = house.router.clone().oneshot(request("/begun-in-the-answer", Some("acme"))).await.unwrap();
    assert_eq!(answer.status(), 200);
    let acme = TenantContext::of(&*house.app.configs, &"acme".parse().unwrap()).await.unwrap();
    let busy = house.app.db.begin(&acme).await.unwrap();
    let body = soon(axum::body::to_bytes(answer.into_body(), 100)).await;
    assert_eq!(body.unwrap(), "over", "and nobody has waited for a connection");

    assert_eq!(house.post("/waiting").await, 500);
    drop(busy);
    soon(house.app.done.notified()).await;
    house.globex_goes_on().await;
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
    for path in ["/stalled", "/kept-right"] {
        let left = tokio::spawn(house.router.clone().oneshot(request(path, Some("acme"))));
        house.app.signal.notified().await;
        left.abort();
        assert!(left.await.unwrap_err().is_cancelled());
        house.globex_goes_on().await;
        house.forget_globex().await;
    }
    assert!(house.notes("acme").await.is_empty());
}

#[tokio::test]
async fn whoever_panics_keeps_nothing_and_holds_nothing() {
    let house = House::new(1).await;
    let panicked = tokio::spawn(house.router.clone().oneshot(request("/panicked", Some("acme"))));
    assert!(panicked.await.unwrap_err().is_panic());
    house.globex_goes_on().await;
    assert!(house.notes("acme").await.is_empty());
}

#[tokio::test]
async fn whoever_gives_up_waiting_may_answer_or_begin_again() {
    let house = House::new(1).await;
    let acme = TenantContext::of(&*house.app.configs, &"acme".parse().unwrap()).await.unwrap();
    let busy = house.app.db.begin(&acme).await.unwrap();
    assert_eq!(house.post("/gave-up").await, 200);
    let begins_again = async {
        house.app.signal.notified().await;
        drop(busy);
        house.app.done.notify_one();
    };
    assert_eq!(futures_util::future::join(house.post("/impatient"), begins_again).await.0, 200);
    assert_eq!(house.notes("acme").await, ["impatient"]);
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

#[tokio::test]
async fn who_sends_a_body_slowly_holds_nobody_up() {
    let house = House::new(1).await;
    let address = house.serve().await;
    for (framing, first, last) in [
        ("content-length: 4", "ha", "lf"),
        ("transfer-encoding: chunked", "2\r\nwh\r\n", "3\r\nole\r\n0\r\n\r\n"),
    ] {
        let mut slow =
            send(address, "/named", &format!("content-type: text/plain\r\n{framing}\r\n\r\n{first}")).await;
        house.app.signal.notified().await;
        house.globex_goes_on().await;
        slow.write_all(last.as_bytes()).await.unwrap();
        assert!(head(&mut slow).await.starts_with("HTTP/1.1 200"));
        house.forget_globex().await;
    }
    assert_eq!(house.notes("acme").await, ["half", "whole"]);
}

#[tokio::test]
async fn who_reads_the_answer_slowly_holds_nobody_up() {
    let house = House::new(1).await;
    let mut slow = send(house.serve().await, "/large", "content-length: 0\r\n\r\n").await;
    assert!(head(&mut slow).await.starts_with("HTTP/1.1 200"));
    house.globex_goes_on().await;
    assert_eq!(house.notes("acme").await, ["large"]);
}

#[tokio::test]
async fn it_does_not_begin_before_the_body_is_read() {
    let house = House::new(1).await;
    assert_eq!(house.post_text("/extracted", "half").await, 500);
    assert!(house.notes("acme").await.is_empty());
    assert_eq!(house.post_text("/uploaded", "uploaded").await, 200);
    assert_eq!(house.post_text("/early", "early").await, 200);
    assert_eq!(house.notes("acme").await, ["early", "uploaded"]);
}

#[tokio::test]
async fn a_body_that_nobody_reads_is_not_waited_for() {
    let house = House::new(1).await;
    let mut slow = send(house.serve().await, "/ok", "content-length: 4\r\n\r\nha").await;
    assert!(head(&mut slow).await.starts_with("HTTP/1.1 200"));
    assert_eq!(house.notes("acme").await, ["ok"]);
}
