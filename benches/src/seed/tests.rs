use std::sync::Arc;

use sqlx::{Pool, Postgres, Sqlite};
use tenant::{
    ConfigStore, DbAudit, DbConfigManager, DbOrganisations, DbUsage, ManualClock, Page, TenantContext,
    TenantDb, Timestamp, UnixTime,
    audit::AuditFilter,
    auth::Role,
    control::{AuditLog, Billing, Counts, Rates},
    organisations::{MemberFilter, MemberStore, ProjectStore},
    usage::{BillingCycle, UsageRecord, UsageStore},
};
use tenant_testkit::servers::Postgres as Server;

use super::*;

const UNTIL: &str = "2026-03-20T10:00:00Z";

fn plan(seed: u64) -> Plan {
    let size = Size { tenants: 30, users: 400, records: 3_000, events: 700 };
    Plan { size, seed, until: Timestamp::parse(UNTIL).unwrap(), days: 40 }
}

/// All rows of the tables that are filled, as texts.
async fn rows<DB: Bulk>(pool: &Pool<DB>, tables: &[(&str, &str)]) -> Vec<String> {
    let mut all = Vec::new();
    for (table, columns) in tables {
        let columns = columns.split(' ').map(|column| format!("coalesce(CAST({column} AS text), '-')"));
        let line = columns.collect::<Vec<_>>().join(" || ' ' || ");
        let lines = format!("SELECT {line} AS line FROM {table} ORDER BY 1");
        let joined = match DB::NAME {
            "SQLite" => {
                format!("SELECT coalesce(group_concat(line, char(10)), '') FROM ({lines}) AS all_lines")
            }
            _ => format!("SELECT coalesce(string_agg(line, chr(10)), '') FROM ({lines}) AS all_lines"),
        };
        all.push(DB::text(pool, &joined).await.unwrap());
    }
    all
}

const USAGE: [(&str, &str); 3] = [
    ("tenant_usage", "tenant_id time record_id record_key project kind measure quantity metadata"),
    (
        "tenant_usage_days",
        "tenant_id measure project kind day records amount_high amount_low first_at last_at last_level peak",
    ),
    ("tenant_usage_levels", "tenant_id project kind time place quantity"),
];
const PEOPLE: [(&str, &str); 8] = [
    ("tenants", "id name status plan hosts created_at revision"),
    ("tenant_people", "person_id email password_hash created_at"),
    ("tenant_memberships", "tenant_id person_id role"),
    ("tenant_member_profiles", "tenant_id person_id first_name last_name username"),
    ("tenant_projects", "tenant_id project_id name slug kind environment created_at"),
    ("tenant_project_members", "tenant_id project_id person_id role"),
    ("tenant_invitations", "tenant_id invitation_id email role digest created_at expires_at accepted_at"),
    ("tenant_invitation_projects", "tenant_id invitation_id project_id"),
];
const AUDIT: [(&str, &str); 2] = [
    (
        "tenant_audit",
        "number digest event_id time tenant_id actor action resource_type resource_id outcome request_id",
    ),
    ("tenant_audit_ends", "forgotten_number forgotten_digest last_number last_digest"),
];

/// Two empty databases.
async fn on_each(run: impl AsyncFn(Place, Place)) {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| format!("sqlite://{}?mode=rwc", folder.path().join(name).display());
    run(Place::Sqlite(file("one.db")), Place::Sqlite(file("other.db"))).await;
    let server = Server::start().unwrap();
    let urls = ["one", "other"].map(|name| server.database(name).unwrap());
    let [one, other] = urls.map(Place::Postgres);
    run(one, other).await;
}

enum Place {
    Sqlite(String),
    Postgres(String),
}

/// Runs a test on both databases.
macro_rules! on_each {
    ($($name:ident: $run:ident;)+) => {$(
        #[tokio::test]
        async fn $name() {
            on_each(async |one, other| match (one, other) {
                (Place::Sqlite(one), Place::Sqlite(other)) => $run::<Sqlite>(&one, &other).await,
                (Place::Postgres(one), Place::Postgres(other)) => $run::<Postgres>(&one, &other).await,
                _ => unreachable!(),
            })
            .await;
        }
    )+};
}

on_each! {
    usage_is_what_the_store_writes_where_it_is_told_the_same: told_again;
    the_same_arguments_make_the_same_rows: twice;
    the_audit_log_is_whole_and_goes_on: verified;
    everybody_is_found_where_they_belong: found;
    what_is_there_is_not_added_to_by_mistake: added;
}

async fn filled<DB: Bulk>(url: &str, drawn_by: u64) -> (Pool<DB>, TenantDb<DB>) {
    seed::<DB>(url, &plan(drawn_by), false, false).await.unwrap();
    let pool = DB::pool(url).await.unwrap();
    let db = TenantDb::builder(pool.clone()).build().await.unwrap();
    (pool, db)
}

async fn tenants<DB: Bulk>(db: &TenantDb<DB>) -> Vec<tenant::TenantConfig> {
    let page = Page { limit: 1_000, offset: 0 };
    DbConfigManager::new(db).list(page).await.unwrap().tenants
}

async fn told_again<DB: Bulk>(one: &str, other: &str) {
    let (pool, db) = filled::<DB>(one, 1).await;
    let told_pool = DB::pool(other).await.unwrap();
    let told_db = TenantDb::<DB>::builder(told_pool.clone()).build().await.unwrap();
    told_db.migrate_tenants().await.unwrap();
    let (store, told) = (Arc::new(DbUsage::new(&db)), Arc::new(DbUsage::new(&told_db)));
    let all = Timestamp::from_unix_micros(0)..plan(1).until;
    let tenants = tenants(&db).await;
    let mut records = 0;
    for config in &tenants {
        let own: Vec<UsageRecord> =
            store.records(&config.tenant_id, all.clone(), None, 10_000).await.unwrap();
        records += own.len();
        for some in own.chunks(97) {
            told.record(some).await.unwrap();
        }
    }
    assert_eq!(records, 3_000);
    assert_eq!(rows(&pool, &USAGE).await, rows(&told_pool, &USAGE).await);
    let clock = || Arc::new(ManualClock::starting_at(UnixTime::from_secs(1_774_000_800)));
    let billing = |store: Arc<DbUsage<DB>>| Billing::new(store, Rates::standard()).clock(clock());
    let (ours, theirs) = (billing(store), billing(told));
    let mut cost = 0;
    for config in &tenants {
        for cycle in ["2026-02", "2026-03"] {
            let cycle: BillingCycle = cycle.parse().unwrap();
            let report = ours.report(config, cycle, Counts::default()).await.unwrap();
            assert_eq!(report, theirs.report(config, cycle, Counts::default()).await.unwrap());
            cost += report.total_cost;
        }
    }
    assert!(cost > 0);
}

async fn twice<DB: Bulk>(one: &str, other: &str) {
    let ((one, _), (other, _)) = (filled::<DB>(one, 1).await, filled::<DB>(other, 1).await);
    for tables in [&PEOPLE[..], &USAGE, &AUDIT] {
        let rows_of_one = rows(&one, tables).await;
        assert!(rows_of_one.iter().all(|rows| !rows.is_empty()));
        assert_eq!(rows_of_one, rows(&other, tables).await);
    }
}

async fn verified<DB: Bulk>(one: &str, _: &str) {
    let (_, db) = filled::<DB>(one, 1).await;
    let log = AuditLog::builder(Arc::new(DbAudit::new(&db))).start();
    let report = log.verify().await.unwrap();
    assert!(report.is_whole() && report.entries == 700, "{report:?}");
    log.record(log.event("ada", "project.renamed", "project")).await.unwrap();
    let report = log.verify().await.unwrap();
    assert!(report.is_whole() && report.last.number == 701, "{report:?}");
    let all = log.page(None, &AuditFilter::default(), None, 1_000).await.unwrap();
    assert!(all.events.iter().is_sorted_by(|newer, older| newer.time >= older.time));
}

async fn found<DB: Bulk>(one: &str, _: &str) {
    let (pool, db) = filled::<DB>(one, 1).await;
    let (configs, store) = (DbConfigManager::new(&db), DbOrganisations::new(&db));
    let (mut people, mut projects, mut suspended) = (0, 0, 0);
    for config in tenants(&db).await {
        let seats = store.seats(&config.tenant_id, plan(1).until).await.unwrap();
        people += seats.members;
        projects += store.count_projects(&config.tenant_id).await.unwrap();
        let Ok(tenant) = TenantContext::of(&configs, &config.tenant_id).await else {
            suspended += 1;
            continue;
        };
        let all = MemberFilter::default();
        let found = store.members(&tenant, &all, None, plan(1).until, 10_000).await.unwrap();
        assert_eq!(found.len() as u64, seats.members + seats.pending);
        assert!(found.iter().any(|member| member.role == Role::Owner));
        let working: usize = found.iter().map(|member| member.projects.len()).sum();
        assert!(found.len() < 20 || working > 0);
    }
    let memberships = DB::number(&pool, "SELECT count(*) FROM tenant_memberships").await.unwrap();
    assert_eq!(i64::try_from(people).unwrap(), memberships);
    assert!(memberships > 400 && projects > 30 && suspended == 0, "{memberships} {projects}");
    assert_eq!(DB::number(&pool, "SELECT count(*) FROM tenant_people").await.unwrap(), 400);
}

async fn added<DB: Bulk>(one: &str, _: &str) {
    let (pool, _) = filled::<DB>(one, 1).await;
    let again = seed::<DB>(one, &plan(2), false, false).await;
    assert!(again.unwrap_err().to_string().contains("--add"));
    assert!(seed::<DB>(one, &plan(1), true, false).await.is_err());
    seed::<DB>(one, &plan(2), true, true).await.unwrap();
    assert_eq!(DB::number(&pool, "SELECT count(*) FROM tenant_people").await.unwrap(), 800);
    let hashed = "SELECT count(*) FROM tenant_people WHERE password_hash LIKE '$argon2id$%'";
    assert_eq!(DB::number(&pool, hashed).await.unwrap(), 400);
}
