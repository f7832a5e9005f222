//! A database with two tenants, in a folder of its own.

use std::sync::Arc;

use parking_lot::Mutex;
use sqlx::{Pool, Sqlite, SqlitePool, sqlite::SqlitePoolOptions};
use tempfile::TempDir;
use tenant_core::{
    ConfigStore, Hooks, TenantConfig, TenantContext, TenantHooks, TenantId,
    hooks::{BypassEvent, RewriteEvent},
};
use tenant_sql::{Refusal, RefusalKind};
use tenant_sqlx::{DbConfigManager, TenantDb, danger::Bypass};

pub(crate) struct House {
    pub(crate) db: TenantDb<Sqlite>,
    pub(crate) configs: DbConfigManager<Sqlite>,
    pub(crate) acme: TenantContext,
    pub(crate) globex: TenantContext,
    pub(crate) folder: TempDir,
}

pub(crate) const SCHEMA: &str = "
    CREATE TABLE users (
        id INTEGER PRIMARY KEY,
        tenant_id TEXT NOT NULL REFERENCES tenants (id),
        email TEXT NOT NULL,
        active INTEGER NOT NULL DEFAULT 1,
        UNIQUE (tenant_id, id),
        UNIQUE (tenant_id, email)
    );
    CREATE TABLE plans (name TEXT PRIMARY KEY, price INTEGER NOT NULL);
    CREATE TABLE secrets (value TEXT NOT NULL);
    INSERT INTO plans VALUES ('free', 0), ('pro', 9);
    INSERT INTO secrets VALUES ('canary');
";

pub(crate) fn url(folder: &TempDir) -> String {
    format!("sqlite://{}", folder.path().join("tenants.db").display())
}

pub(crate) fn id(text: &str) -> TenantId {
    TenantId::parse(text).unwrap()
}

pub(crate) fn config(text: &str) -> TenantConfig {
    TenantConfig::builder(id(text)).build().unwrap()
}

pub(crate) fn setup() -> Bypass {
    Bypass::new("test", "prepare the database")
}

/// Two tenants; each has the users `a@`, `b@` and `c@` at its own name.
pub(crate) async fn house() -> House {
    let folder = tempfile::tempdir().unwrap();
    let db = TenantDb::<Sqlite>::connect(&url(&folder)).await.unwrap();
    furnish(db, folder).await
}

/// The same on one connection, which the test can look at.
pub(crate) async fn narrow_house() -> (House, SqlitePool) {
    let folder = tempfile::tempdir().unwrap();
    let pool = one_connection(&folder).await;
    let db = TenantDb::builder(pool.clone()).build().await.unwrap();
    (furnish(db, folder).await, pool)
}

pub(crate) async fn one_connection(folder: &TempDir) -> Pool<Sqlite> {
    let url = format!("{}?mode=rwc", url(folder));
    SqlitePoolOptions::new().max_connections(1).connect(&url).await.unwrap()
}

pub(crate) async fn furnish(db: TenantDb<Sqlite>, folder: TempDir) -> House {
    db.migrate_tenants().await.unwrap();
    sqlx::raw_sql(SCHEMA).execute(&db.unscoped(setup())).await.unwrap();
    db.refresh_catalog().await.unwrap();
    let configs = DbConfigManager::new(&db);
    configs.create(config("acme")).await.unwrap();
    configs.create(config("globex")).await.unwrap();
    let acme = TenantContext::of(&configs, &id("acme")).await.unwrap();
    let globex = TenantContext::of(&configs, &id("globex")).await.unwrap();
    for tenant in [&acme, &globex] {
        for email in emails(tenant) {
            sqlx::query("INSERT INTO users (email) VALUES (?)")
                .bind(email)
                .execute(&db.scoped(tenant))
                .await
                .unwrap();
        }
    }
    House { db, configs, acme, globex, folder }
}

pub(crate) fn emails(tenant: &TenantContext) -> Vec<String> {
    ["a", "b", "c"].map(|name| format!("{name}@{}", tenant.id())).into()
}

/// The kind of the refusal that an error carries.
#[track_caller]
pub(crate) fn refusal<T: std::fmt::Debug>(answer: Result<T, sqlx::Error>) -> RefusalKind {
    let error = answer.expect_err("it was accepted");
    assert!(error.as_database_error().is_none(), "the database was asked");
    Refusal::of(&error).unwrap_or_else(|| panic!("not a refusal: {error}")).kind()
}

/// What the hooks heard.
#[derive(Default)]
pub(crate) struct Heard {
    pub(crate) rewrites: Mutex<Vec<(bool, Option<&'static str>)>>,
    pub(crate) bypasses: Mutex<Vec<(String, String)>>,
}

impl Heard {
    pub(crate) fn hooks(self: &Arc<Self>) -> Hooks {
        Hooks::new([Arc::clone(self) as Arc<dyn TenantHooks>])
    }
}

impl TenantHooks for Heard {
    fn on_bypass(&self, event: &BypassEvent<'_>) {
        self.bypasses.lock().push((event.actor.into(), event.reason.into()));
    }

    fn on_rewrite(&self, event: &RewriteEvent) {
        self.rewrites.lock().push((event.is_hit, event.refusal));
    }
}
