//! A database with two tenants, in a folder of its own.

use sqlx::Sqlite;
use tempfile::TempDir;
use tenant_core::{ConfigStore, TenantConfig, TenantContext, TenantId};
use tenant_sqlx::{
    DbConfigManager, TenantDb,
    danger::Bypass,
};

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
        for name in ["a", "b", "c"] {
            sqlx::query("INSERT INTO users (email) VALUES (?)")
                .bind(format!("{name}@{}", tenant.id()))
                .execute(&db.scoped(tenant))
                .await
                .unwrap();
        }
    }
    House { db, configs, acme, globex, folder }
}
