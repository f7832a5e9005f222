//! The server in this process, on a port of its own, with a clock that stands still.

use std::{net::SocketAddr, path::PathBuf, sync::Arc, time::Duration};

use multi_tenant_saas::{Server, Settings};
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Connection, SqliteConnection};
use tempfile::TempDir;
use tenant::{Clock, ManualClock, UnixTime};
use tokio::{net::TcpListener, runtime::Runtime, sync::oneshot, task::JoinHandle};

use crate::client::{self, Answer};

pub struct TestServer {
    pub address: SocketAddr,
    pub clock: Arc<ManualClock>,
    runtime: Option<Runtime>,
    stop: Option<oneshot::Sender<()>>,
    done: Option<JoinHandle<()>>,
    folder: Option<TempDir>,
}

impl TestServer {
    pub fn start() -> Self {
        Self::with(&[])
    }

    pub fn with(variables: &[(&str, &str)]) -> Self {
        Self::on(TempDir::new().unwrap(), variables)
    }

    /// A server on the database in this folder.
    pub fn on(folder: TempDir, variables: &[(&str, &str)]) -> Self {
        Self::built(folder, variables, |_| {})
    }

    /// A server that is set up as no variable says.
    pub fn set(variables: &[(&str, &str)], change: impl FnOnce(&mut Settings)) -> Self {
        Self::built(TempDir::new().unwrap(), variables, change)
    }

    fn built(folder: TempDir, variables: &[(&str, &str)], change: impl FnOnce(&mut Settings)) -> Self {
        let mut environment: Vec<(String, String)> =
            variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        environment.push(("DB_PATH".into(), folder.path().join("tenants.db").display().to_string()));
        environment.push(("ARCHIVE_DIR".into(), folder.path().join("archives").display().to_string()));
        let mut settings = Settings::read(&environment.into_iter().collect()).unwrap();
        change(&mut settings);
        // 2023-11-14T22:14:00Z: the start of a minute.
        let clock = Arc::new(ManualClock::starting_at(UnixTime::from_secs(1_700_000_040)));
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let (stop, stopped) = oneshot::channel();
        let (address, done) = runtime.block_on(async {
            let server = Server::start(&settings, Arc::clone(&clock) as Arc<dyn Clock>).await.unwrap();
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let address = listener.local_addr().unwrap();
            let shutdown = async { drop(stopped.await) };
            (address, tokio::spawn(server.run(listener, shutdown)))
        });
        Self {
            address,
            clock,
            runtime: Some(runtime),
            stop: Some(stop),
            done: Some(done),
            folder: Some(folder),
        }
    }

    /// Another instance over the same database.
    pub fn beside(other: &Self, variables: &[(&str, &str)]) -> Self {
        let url = format!("sqlite://{}", other.database().display());
        Self::with(&[variables, &[("DATABASE_URL", &url)]].concat())
    }

    pub fn database(&self) -> PathBuf {
        self.folder.as_ref().unwrap().path().join("tenants.db")
    }

    /// Tells the server to stop, waits for its graceful end, and gives back the folder of its database.
    pub fn stop(mut self) -> TempDir {
        self.end();
        self.folder.take().unwrap()
    }

    fn end(&mut self) {
        if let (Some(stop), Some(done), Some(runtime)) = (self.stop.take(), self.done.take(), &self.runtime) {
            let _ = stop.send(());
            runtime.block_on(done).unwrap();
        }
    }

    pub fn advance(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }

    pub fn request(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&Value>,
    ) -> Answer {
        let body = body.map(Value::to_string);
        client::request(self.address, method, path, headers, body.as_deref())
    }

    /// A request of a tenant.
    pub fn of(&self, tenant: &str, method: &str, path: &str, body: Option<&Value>) -> Answer {
        self.request(method, path, &[("x-tenant-id", tenant)], body)
    }

    pub fn get(&self, tenant: &str, path: &str) -> Answer {
        self.of(tenant, "GET", path, None)
    }

    pub fn admin(&self, method: &str, path: &str, body: Option<&Value>) -> Answer {
        self.request(method, path, &[], body)
    }

    pub fn create_tenant(&self, id: &str) -> Value {
        self.create(&json!({ "tenant_id": id }))
    }

    #[track_caller]
    pub fn create(&self, body: &Value) -> Value {
        self.admin("POST", "/admin/tenants", Some(body)).ok(201)
    }

    #[track_caller]
    pub fn create_user(&self, tenant: &str, email: &str) -> Value {
        self.of(tenant, "POST", "/api/users", Some(&json!({ "email": email, "name": "Somebody" }))).ok(201)
    }

    /// Its id.
    #[track_caller]
    pub fn create_workflow(&self, tenant: &str, name: &str) -> String {
        let workflow = self.of(tenant, "POST", "/api/workflows", Some(&json!({ "name": name }))).ok(201);
        workflow["id"].as_str().unwrap().to_owned()
    }

    /// The execution's id.
    #[track_caller]
    pub fn execute(&self, tenant: &str, workflow: &str, duration_ms: u64) -> String {
        let path = format!("/api/workflows/{workflow}/execute");
        let started = self.of(tenant, "POST", &path, Some(&json!({ "duration_ms": duration_ms }))).ok(202);
        started["execution_id"].as_str().unwrap().to_owned()
    }

    #[track_caller]
    pub fn usage(&self, tenant: &str) -> Value {
        self.admin("GET", &format!("/admin/tenants/{tenant}/usage"), None).ok(200)
    }

    /// Runs a statement on the database, past the server.
    pub fn sql(&self, statement: &str) {
        self.runtime.as_ref().unwrap().block_on(async {
            let mut connection = self.connect().await;
            sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut connection).await.unwrap();
        });
    }

    /// Asks the database for a number, past the server.
    pub fn count(&self, query: &str) -> i64 {
        let query = sqlx::query_scalar(AssertSqlSafe(query.to_owned()));
        let count = async { query.fetch_one(&mut self.connect().await).await.unwrap() };
        self.runtime.as_ref().unwrap().block_on(count)
    }

    pub fn texts(&self, query: &'static str) -> Vec<String> {
        let texts = async { sqlx::query_scalar(query).fetch_all(&mut self.connect().await).await.unwrap() };
        self.runtime.as_ref().unwrap().block_on(texts)
    }

    async fn connect(&self) -> SqliteConnection {
        SqliteConnection::connect(&format!("sqlite://{}", self.database().display())).await.unwrap()
    }

    #[track_caller]
    pub fn users(&self, tenant: &str) -> Vec<String> {
        let users = self.get(tenant, "/api/users").ok(200);
        users.as_array().unwrap().iter().map(|user| user["email"].as_str().unwrap().to_owned()).collect()
    }
}

impl Drop for TestServer {
    fn drop(&mut self) {
        self.end();
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// Asks again until the answer satisfies, for at most five seconds.
#[track_caller]
pub fn eventually<T>(mut ask: impl FnMut() -> T, satisfied: impl Fn(&T) -> bool) -> T {
    for _ in 0..100 {
        let answer = ask();
        if satisfied(&answer) {
            return answer;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    panic!("it did not happen within five seconds");
}
