//! A database with two tenants.

use std::{sync::Arc, time::Duration};

use parking_lot::Mutex;
use sqlx::{AssertSqlSafe, Pool};
use tenant_core::{
    ConfigStore, DatabaseKey, Hooks, InMemoryConfigManager, TenantConfig, TenantContext, TenantHooks,
    TenantId,
    hooks::{BypassEvent, RewriteEvent},
};
use tenant_sql::{Refusal, RefusalKind};
use tenant_sqlx::{DbConfigManager, Problem, ScopedTransaction, TenantDb, TenantDbBuilder, danger::Bypass};

pub(crate) use super::super::database::*;

pub(crate) struct House {
    pub(crate) db: TenantDb<Db>,
    pub(crate) configs: DbConfigManager<Db>,
    pub(crate) acme: TenantContext,
    pub(crate) globex: TenantContext,
    pub(crate) place: Place,
}

/// A statement with `?` for each value, as this database writes it.
pub(crate) fn sql(text: &str) -> AssertSqlSafe<String> {
    AssertSqlSafe(placeholders(text))
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
    let place = Place::new();
    let db = TenantDb::<Db>::connect(&place.url()).await.unwrap();
    furnish(db, place).await
}

/// The same on one connection, which the test can look at.
pub(crate) async fn narrow_house() -> (House, Pool<Db>) {
    let place = Place::new();
    let pool = one_connection(&place).await;
    let db = TenantDb::builder(pool.clone()).build().await.unwrap();
    (furnish(db, place).await, pool)
}

pub(crate) async fn one_connection(place: &Place) -> Pool<Db> {
    pool(place, 1).await
}

const FURNITURE: [&str; 4] = [
    "CREATE TABLE plans (name VARCHAR(20) PRIMARY KEY, price INTEGER NOT NULL)",
    "CREATE TABLE secrets (value VARCHAR(20) NOT NULL)",
    "INSERT INTO plans VALUES ('free', 0), ('pro', 9)",
    "INSERT INTO secrets VALUES ('canary')",
];

pub(crate) async fn furnish(db: TenantDb<Db>, place: Place) -> House {
    db.migrate_tenants().await.unwrap();
    for sql in [USERS].into_iter().chain(FURNITURE) {
        sqlx::raw_sql(sql).execute(&db.unscoped(setup())).await.unwrap();
    }
    db.refresh_catalog().await.unwrap();
    let configs = DbConfigManager::new(&db);
    configs.create(config("acme")).await.unwrap();
    configs.create(config("globex")).await.unwrap();
    let acme = TenantContext::of(&configs, &id("acme")).await.unwrap();
    let globex = TenantContext::of(&configs, &id("globex")).await.unwrap();
    for tenant in [&acme, &globex] {
        for email in emails(tenant) {
            add(&db, tenant, &email).await;
        }
    }
    House { db, configs, acme, globex, place }
}

pub(crate) async fn add(db: &TenantDb<Db>, tenant: &TenantContext, email: &str) {
    let insert = sqlx::query(sql("INSERT INTO users (email) VALUES (?)")).bind(email.to_owned());
    insert.execute(&db.scoped(tenant)).await.unwrap();
}

pub(crate) fn emails(tenant: &TenantContext) -> Vec<String> {
    ["a", "b", "c"].map(|name| format!("{name}@{}", tenant.id())).into()
}

/// How many users a tenant has.
pub(crate) async fn count(db: &TenantDb<Db>, tenant: &TenantContext) -> i64 {
    sqlx::query_scalar("SELECT count(*) FROM users").fetch_one(&db.scoped(tenant)).await.unwrap()
}

/// How many users there are of all tenants.
pub(crate) async fn count_all(db: &TenantDb<Db>) -> i64 {
    sqlx::query_scalar("SELECT count(*) FROM users").fetch_one(&db.unscoped(setup())).await.unwrap()
}

/// What it answers is what it was asked.
pub(crate) async fn answers_in_step(tx: &mut ScopedTransaction<'_, Db>) {
    for number in 0..3_i64 {
        let answer =
            sqlx::query_scalar(sql("SELECT count(*) + ? FROM users")).bind(number).fetch_one(&mut *tx);
        let answer: Result<i64, _> =
            tokio::time::timeout(Duration::from_secs(5), answer).await.expect("it waits for ever");
        match answer {
            Ok(answer) => assert_eq!(3 + number, answer, "the answer to another question"),
            Err(error) => assert!(error.to_string().contains("was rolled back"), "out of step: {error}"),
        }
    }
}

/// Lets others go on so often.
pub(crate) async fn yield_for(turns: i64) {
    for _ in 0..turns {
        tokio::task::yield_now().await;
    }
}

/// The kind of the refusal that an error carries.
#[track_caller]
pub(crate) fn refusal<T: std::fmt::Debug>(answer: Result<T, sqlx::Error>) -> RefusalKind {
    let error = answer.expect_err("it was accepted");
    assert!(error.as_database_error().is_none(), "the database was asked: {error}");
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

/// A schema of the test's own, and one tenant.
pub(crate) struct Schema {
    pub(crate) db: TenantDb<Db>,
    pub(crate) acme: TenantContext,
    place: Place,
}

/// The tenant `acme`, with the key that its rows carry.
pub(crate) async fn tenant(key: DatabaseKey) -> TenantContext {
    let config = TenantConfig::builder(id("acme")).database_key(key).build().unwrap();
    let configs = InMemoryConfigManager::with([config]).unwrap();
    TenantContext::of(&configs, &id("acme")).await.unwrap()
}

impl Schema {
    pub(crate) async fn of(sql: &'static str) -> Self {
        Self::with(sql, |builder| builder).await
    }

    pub(crate) async fn with(
        sql: &'static str,
        declare: impl FnOnce(TenantDbBuilder<Db>) -> TenantDbBuilder<Db>,
    ) -> Self {
        Self::keyed(sql, DatabaseKey::Integer(7), declare).await
    }

    pub(crate) async fn keyed(
        sql: &'static str,
        key: DatabaseKey,
        declare: impl FnOnce(TenantDbBuilder<Db>) -> TenantDbBuilder<Db>,
    ) -> Self {
        let place = Place::new();
        let db = declare(TenantDb::builder(one_connection(&place).await)).build().await.unwrap();
        sqlx::raw_sql(sql).execute(&db.unscoped(setup())).await.unwrap();
        db.refresh_catalog().await.unwrap();
        Self { db, acme: tenant(key).await, place }
    }

    pub(crate) async fn run(&self, sql: &'static str) -> Result<u64, sqlx::Error> {
        let done = sqlx::query(sql).execute(&self.db.scoped(&self.acme)).await?;
        Ok(done.rows_affected())
    }

    #[allow(dead_code, reason = "a file has one, and nobody asks for it")]
    pub(crate) fn place(&self) -> &Place {
        &self.place
    }

    pub(crate) fn problems(&self) -> Vec<(String, Problem)> {
        self.db.findings().into_iter().map(|finding| (finding.relation, finding.problem)).collect()
    }
}
