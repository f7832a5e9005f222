use sqlx::sqlite::{SqliteConnection, SqliteRow};
use sqlx::{AssertSqlSafe, Column, Connection, Row, TypeInfo, ValueRef};
use tenant_sql::{Plan, TenantBind, TenantValue};

/// The tenant under test; the others stand on both sides of it in every order.
pub(super) const TENANT: &str = "t2";
const TENANTS: [&str; 3] = ["t1", "t2", "t3"];

/// The shared database of three tenants, and the one of `TENANT` alone.
pub(super) struct Pair {
    shared: SqliteConnection,
    single: SqliteConnection,
    others: Vec<String>,
    own: Vec<String>,
}

#[derive(Debug)]
pub(super) enum Outcome {
    Done(Done),
    #[allow(dead_code)]
    Failed(String),
}

#[derive(Debug)]
pub(super) struct Done {
    pub(super) columns: Vec<String>,
    /// Sorted: without ORDER BY the order means nothing, and with it ties may fall either way.
    pub(super) rows: Vec<String>,
    pub(super) own: Vec<String>,
    pub(super) others_untouched: bool,
    pub(super) changed: bool,
}

fn schema(default: &str) -> String {
    format!(
        "CREATE TABLE users (id INTEGER NOT NULL, name TEXT, email TEXT, age INTEGER, tenant_id TEXT NOT NULL{default},
           PRIMARY KEY (tenant_id, id), UNIQUE (tenant_id, email));
         CREATE TABLE orders (id INTEGER NOT NULL, user_id INTEGER, total INTEGER, status TEXT,
           tenant_id TEXT NOT NULL{default}, PRIMARY KEY (tenant_id, id));
         CREATE INDEX orders_by_user ON orders (user_id);
         CREATE TABLE items (id INTEGER NOT NULL, order_id INTEGER, sku TEXT, qty INTEGER,
           org TEXT NOT NULL{default}, PRIMARY KEY (org, id));
         CREATE TABLE plans (id INTEGER PRIMARY KEY, name TEXT, price INTEGER);
         CREATE VIEW user_names AS SELECT id, name, tenant_id FROM users;
         INSERT INTO plans VALUES (1, 'free', 0), (2, 'pro', 10), (3, 'n4', NULL);"
    )
}

/// The rows of one tenant: the same ids as the others', other values, and a canary in each table.
fn rows(tenant: &str) -> Vec<String> {
    let salt = tenant.bytes().last().map_or(0, |byte| i64::from(byte - b'0'));
    let null = |value: i64, every: i64| {
        if value % every == 0 { "NULL".to_owned() } else { value.to_string() }
    };
    let mut rows = Vec::new();
    for id in 1..=7 {
        let age = null((id * 3 + salt * 5) % 11, 6);
        rows.push(format!(
            "INSERT INTO users VALUES ({id}, 'n{}', 'e{id}', {age}, '{tenant}')",
            (id + salt) % 5
        ));
    }
    for id in 1..=10 {
        let (user, total) = (null((id * 5 + salt) % 9, 7), null((id * 7 + salt * 3) % 13, 5));
        let status = ["open", "paid", "void"][((id + salt) % 3) as usize];
        rows.push(format!("INSERT INTO orders VALUES ({id}, {user}, {total}, '{status}', '{tenant}')"));
    }
    for id in 1..=9 {
        let order = null((id * 2 + salt) % 11, 8);
        rows.push(format!(
            "INSERT INTO items VALUES ({id}, {order}, 's{}', {}, '{tenant}')",
            (id * salt) % 4,
            (id + salt) % 6
        ));
    }
    rows.push(format!(
        "INSERT INTO users VALUES ({}, 'canary-{tenant}', 'canary-{tenant}', {}, '{tenant}')",
        90 + salt,
        100 * salt
    ));
    rows.push(format!(
        "INSERT INTO orders VALUES ({}, {salt}, {}, 'canary-{tenant}', '{tenant}')",
        90 + salt,
        1000 * salt
    ));
    rows.push(format!(
        "INSERT INTO items VALUES ({}, {salt}, 'canary-{tenant}', {}, '{tenant}')",
        90 + salt,
        10_000 * salt
    ));
    rows
}

impl Pair {
    pub(super) async fn open() -> Self {
        let mut shared = SqliteConnection::connect("sqlite::memory:").await.unwrap();
        let mut single = SqliteConnection::connect("sqlite::memory:").await.unwrap();
        batch(&mut shared, schema("")).await;
        batch(&mut single, schema(&format!(" DEFAULT '{TENANT}'"))).await;
        let all: Vec<Vec<String>> = TENANTS.iter().map(|tenant| rows(tenant)).collect();
        // Interleaved, so that one tenant's rows are nowhere together.
        for at in 0..all[0].len() {
            for tenant in &all {
                batch(&mut shared, tenant[at].clone()).await;
            }
        }
        batch(&mut single, rows(TENANT).join(";")).await;
        let others = contents(&mut shared, "<>").await;
        let own = contents(&mut shared, "=").await;
        Self { shared, single, others, own }
    }

    pub(super) async fn run_shared(&mut self, plan: &Plan, arguments: &[i64]) -> Outcome {
        assert!(matches!(plan.tenant(), TenantBind::Argument(_) | TenantBind::None));
        if plan.check_tenant(&TenantValue::Text(TENANT)).is_err() {
            return Outcome::Failed("foreign tenant".to_owned());
        }
        let tenant = (plan.tenant() != TenantBind::None).then_some(TENANT);
        let others = self.others.clone();
        let outcome = run(&mut self.shared, plan.sql(), arguments, tenant, &self.own, Some(&others)).await;
        let after = contents(&mut self.shared, "<>").await;
        assert_eq!(after, self.others, "the transaction was not rolled back");
        outcome
    }

    pub(super) async fn run_single(&mut self, sql: &str, arguments: &[i64]) -> Outcome {
        run(&mut self.single, sql, arguments, None, &self.own, None).await
    }
}

async fn run(
    connection: &mut SqliteConnection,
    sql: &str,
    arguments: &[i64],
    tenant: Option<&str>,
    own_before: &[String],
    others_before: Option<&[String]>,
) -> Outcome {
    let mut transaction = connection.begin().await.unwrap();
    let mut query = sqlx::query(AssertSqlSafe(sql)).persistent(false);
    for argument in arguments {
        query = query.bind(*argument);
    }
    if let Some(tenant) = tenant {
        query = query.bind(tenant.to_owned());
    }
    let outcome = match query.fetch_all(&mut *transaction).await {
        Err(error) => Outcome::Failed(error.to_string()),
        Ok(rows) => {
            let columns = rows.first().map(names).unwrap_or_default();
            let mut rows: Vec<String> = rows.iter().map(show).collect();
            rows.sort();
            let own = contents(&mut transaction, "=").await;
            let others = contents(&mut transaction, "<>").await;
            let others_untouched = others_before.is_none_or(|before| before == others);
            let changed = own != own_before;
            Outcome::Done(Done { columns, rows, own, others_untouched, changed })
        }
    };
    transaction.rollback().await.unwrap();
    outcome
}

/// All rows of the tenant (`=`) or of the others (`<>`).
async fn contents(connection: &mut SqliteConnection, operator: &str) -> Vec<String> {
    let mut all = Vec::new();
    for (table, column) in [("users", "tenant_id"), ("orders", "tenant_id"), ("items", "org")] {
        let sql = format!(
            "SELECT '{table}', * FROM {table} WHERE {column} {operator} '{TENANT}' ORDER BY {column}, id"
        );
        let rows = sqlx::query(AssertSqlSafe(sql)).fetch_all(&mut *connection).await.unwrap();
        all.extend(rows.iter().map(show));
    }
    let plans = sqlx::query("SELECT * FROM plans ORDER BY id").fetch_all(&mut *connection).await.unwrap();
    all.extend(plans.iter().map(show));
    all
}

async fn batch(connection: &mut SqliteConnection, sql: String) {
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(connection).await.unwrap();
}

fn names(row: &SqliteRow) -> Vec<String> {
    row.columns().iter().map(|column| column.name().to_owned()).collect()
}

fn show(row: &SqliteRow) -> String {
    let value = |at: usize| {
        let raw = row.try_get_raw(at).unwrap();
        let name = raw.type_info().name().to_owned();
        match (raw.is_null(), name.as_str()) {
            (true, _) => "NULL".to_owned(),
            (_, "INTEGER") => row.get_unchecked::<i64, _>(at).to_string(),
            (_, "REAL") => format!("{:?}", row.get_unchecked::<f64, _>(at)),
            (_, "TEXT") => format!("'{}'", row.get_unchecked::<String, _>(at)),
            (_, _) => format!("{:?}", row.get_unchecked::<Vec<u8>, _>(at)),
        }
    };
    (0..row.len()).map(value).collect::<Vec<_>>().join("|")
}
