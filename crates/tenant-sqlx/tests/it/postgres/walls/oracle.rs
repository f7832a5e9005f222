//! Policies together, one table for each set of them: what the doctor says is what the server does.

use std::collections::{BTreeMap, BTreeSet};

use sqlx::{AssertSqlSafe, PgConnection, PgPool, Row};
use tenant_sql::{Catalog, Dialect, Table};
use tenant_sqlx::doctor::{Code, Diagnosis, Doctor};

use super::super::database::{Place, pool};

const TENANT: &str = "tenant_id = nullif(current_setting('app.current_tenant_id', true), '')";

/// Says how many rows a statement reaches, or -1 where it may not; nothing is left of it.
const ATTEMPT: &str = "CREATE FUNCTION attempt(statement TEXT) RETURNS BIGINT LANGUAGE plpgsql AS $$
    DECLARE reached BIGINT;
    BEGIN
        BEGIN
            EXECUTE statement;
            GET DIAGNOSTICS reached = ROW_COUNT;
            RAISE EXCEPTION USING ERRCODE = 'T0000', MESSAGE = reached::text;
        EXCEPTION
            WHEN SQLSTATE 'T0000' THEN RETURN SQLERRM::bigint;
            WHEN insufficient_privilege THEN RETURN -1;
        END;
    END $$";

/// Every policy that can be written with a condition that narrows, one that does not, and none.
fn policies(name: &str) -> Vec<String> {
    let mut all = Vec::new();
    for kind in ["PERMISSIVE", "RESTRICTIVE"] {
        for role in ["{app}", "PUBLIC", "team_{app}", "vault_{app}", "other_{app}"] {
            for (command, using, check) in [
                ("ALL", true, true),
                ("SELECT", true, false),
                ("INSERT", false, true),
                ("UPDATE", true, true),
                ("DELETE", true, false),
            ] {
                let clauses = |word: &str, may: bool| {
                    let conditions = if may { vec!["", "true", TENANT] } else { vec![""] };
                    let clause = |condition: &str| format!(" {word} ({condition})");
                    conditions
                        .into_iter()
                        .map(|it| if it.is_empty() { String::new() } else { clause(it) })
                        .collect::<Vec<_>>()
                };
                for using in clauses("USING", using) {
                    for check in clauses("WITH CHECK", check) {
                        all.push(format!(
                            "CREATE POLICY {name} ON {{table}} AS {kind} FOR {command} TO {role}{using}{check}"
                        ));
                    }
                }
            }
        }
    }
    all
}

/// Each alone, each beside one that lets all through, each beside a sound one, and some by three.
fn sets() -> Vec<Vec<String>> {
    let (first, second) = (policies("first"), policies("second"));
    let open = |role: &str| {
        format!("CREATE POLICY base ON {{table}} FOR ALL TO {role} USING (true) WITH CHECK (true)")
    };
    let sound = format!("CREATE POLICY base ON {{table}} FOR ALL TO {{app}} USING ({TENANT})");
    let mut sets: Vec<Vec<String>> = first.iter().map(|policy| vec![policy.clone()]).collect();
    for base in [open("PUBLIC"), open("{app}"), sound] {
        sets.extend(first.iter().map(|policy| vec![base.clone(), policy.clone()]));
    }
    // A walk that comes to other pairs than the ones before.
    for at in 0..400 {
        let (left, right) = (first[at * 7 % first.len()].clone(), second[at * 31 % second.len()].clone());
        sets.push(vec![open("PUBLIC"), left, right]);
    }
    sets
}

struct House {
    pool: PgPool,
    _place: Place,
    app: String,
    tables: usize,
}

/// What is true of a table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Truth {
    shows: bool,
    writes: bool,
    /// The commands by which the application does not reach its own tenant's rows.
    missing: BTreeSet<&'static str>,
}

impl House {
    async fn new(sets: &[Vec<String>]) -> Self {
        let place = Place::new();
        let pool = pool(&place, 4).await;
        let name: String =
            sqlx::query_scalar("SELECT current_database()::text").fetch_one(&pool).await.unwrap();
        let house = Self { pool, _place: place, app: format!("app_{name}"), tables: sets.len() };
        house.run(ATTEMPT).await;
        // The vault's policies hold for who becomes the vault.
        house
            .run(
                "CREATE ROLE {app}; CREATE ROLE team_{app}; CREATE ROLE other_{app}; CREATE ROLE vault_{app};
                 CREATE ROLE desk_{app} NOINHERIT; GRANT team_{app}, desk_{app} TO {app}; GRANT vault_{app} TO desk_{app}",
            )
            .await;
        for (at, set) in sets.iter().enumerate() {
            let mut sql = format!(
                "CREATE TABLE t{at} (tenant_id TEXT NOT NULL);
                 INSERT INTO t{at} VALUES ('mine'), ('other');
                 ALTER TABLE t{at} ENABLE ROW LEVEL SECURITY; ALTER TABLE t{at} FORCE ROW LEVEL SECURITY;
                 GRANT SELECT, INSERT, UPDATE, DELETE ON t{at} TO {{app}};"
            );
            if at % 2 == 0 {
                sql.push_str(&format!("GRANT SELECT, INSERT, UPDATE, DELETE ON t{at} TO vault_{{app}};"));
            }
            sql.push_str(&set.join(";").replace("{table}", &format!("t{at}")));
            house.run(&sql).await;
        }
        house
    }

    async fn run(&self, sql: &str) {
        let sql = sql.replace("{app}", &self.app);
        let done = sqlx::raw_sql(AssertSqlSafe(sql.clone())).execute(&self.pool).await;
        done.unwrap_or_else(|error| panic!("{error}: {sql}"));
    }

    async fn examine(&self) -> Vec<Diagnosis> {
        let tables = (0..self.tables).map(|at| Table::owned(format!("t{at}")));
        let catalog = Catalog::builder(Dialect::Postgres).schema("public");
        let catalog = tables.fold(catalog, tenant_sql::CatalogBuilder::table).build().unwrap();
        Doctor::new().role(&self.app).examine(&self.pool, &catalog).await.unwrap()
    }

    /// What the application can do, as itself and as whom it can become, by trying.
    async fn tried(&self) -> BTreeMap<String, Truth> {
        let mut connection = self.pool.acquire().await.unwrap();
        let begin = format!(
            "SET SESSION AUTHORIZATION {}; SELECT set_config('app.current_tenant_id', 'mine', false)",
            self.app
        );
        sqlx::raw_sql(AssertSqlSafe(begin)).execute(&mut *connection).await.unwrap();
        let mut truths: BTreeMap<String, Truth> = BTreeMap::new();
        for role in ["", "team_", "desk_", "vault_"] {
            let set = AssertSqlSafe(format!("SET ROLE {role}{}", self.app));
            // What was taken from the application it can't become any more.
            if sqlx::raw_sql(set).execute(&mut *connection).await.is_ok() {
                self.tried_as(&mut connection, role.is_empty(), &mut truths).await;
            }
        }
        let end = "RESET ROLE; RESET SESSION AUTHORIZATION; RESET app.current_tenant_id";
        sqlx::raw_sql(end).execute(&mut *connection).await.unwrap();
        truths
    }

    async fn tried_as(
        &self,
        connection: &mut PgConnection,
        is_app: bool,
        truths: &mut BTreeMap<String, Truth>,
    ) {
        let last = i64::try_from(self.tables).unwrap() - 1;
        let rows = sqlx::query(
            "SELECT 't' || at, attempt(format('SELECT * FROM t%s', at)),
                 attempt(format('INSERT INTO t%s VALUES (''mine'')', at)),
                 attempt(format('INSERT INTO t%s VALUES (''other'')', at)),
                 attempt(format('UPDATE t%s SET tenant_id = ''mine''', at)),
                 attempt(format('UPDATE t%s SET tenant_id = ''other''', at)),
                 attempt(format('DELETE FROM t%s', at))
             FROM generate_series(0, $1) AS at",
        );
        for row in rows.bind(last).fetch_all(connection).await.unwrap() {
            let truth = truths.entry(row.get(0)).or_default();
            let [read, own, foreign, taken, left, deleted]: [i64; 6] =
                std::array::from_fn(|at| row.get(at + 1));
            truth.shows |= read > 1 || taken > 1 || deleted > 1;
            truth.writes |= foreign > 0 || left > 0;
            let lacks = [("SELECT", read), ("INSERT", own), ("UPDATE", taken), ("DELETE", deleted)];
            let lacks = lacks.into_iter().filter(|(_, reached)| is_app && *reached < 1);
            truth.missing.extend(lacks.map(|(command, _)| command));
        }
    }
}

const JUDGED: [Code; 4] =
    [Code::NoPolicy, Code::CommandWithoutPolicy, Code::WideningPolicy, Code::WideningCheck];

fn said(found: &[Diagnosis], tables: usize) -> BTreeMap<String, Truth> {
    let mut said: BTreeMap<String, Truth> =
        (0..tables).map(|at| (format!("t{at}"), Truth::default())).collect();
    for diagnosis in found.iter().filter(|found| JUDGED.contains(&found.code)) {
        let (table, rest) = diagnosis.object.split_once(": ").unwrap_or((&diagnosis.object, ""));
        let truth = said.get_mut(table).unwrap();
        let commands = ["SELECT", "INSERT", "UPDATE", "DELETE"].into_iter();
        match diagnosis.code {
            Code::WideningPolicy => truth.shows = true,
            Code::WideningCheck => truth.writes = true,
            Code::NoPolicy => truth.missing.extend(commands),
            _ => truth.missing.extend(commands.filter(|command| rest.contains(command))),
        }
    }
    said
}

#[tokio::test]
async fn what_policies_let_through_together_is_what_is_said_of_them() {
    let sets = sets();
    let house = House::new(&sets).await;
    let (tried, mut found) = (house.tried().await, house.examine().await);
    let said = said(&found, sets.len());
    let wrong: Vec<_> = (0..sets.len())
        .filter(|at| tried[&format!("t{at}")] != said[&format!("t{at}")])
        .map(|at| (&sets[at], &tried[&format!("t{at}")], &said[&format!("t{at}")]))
        .collect();
    assert!(wrong.is_empty(), "{} of {}, as {:#?}", wrong.len(), sets.len(), &wrong[..wrong.len().min(4)]);
    let leaky = tried.values().filter(|truth| truth.shows || truth.writes).count();
    assert!(leaky > 200 && tried.len() - leaky > 200, "{leaky} of {}", tried.len());
    // What mends it keeps the tenants apart, and leaves the application its own rows.
    for _ in 0..2 {
        let judged = found.iter().filter(|found| JUDGED.contains(&found.code));
        let mut done = BTreeSet::new();
        for statement in judged.flat_map(|found| &found.fix) {
            // A membership is the fault of many policies.
            if done.insert(statement) {
                house.run(statement).await;
            }
        }
        found = house.examine().await;
    }
    let left: Vec<_> = found.iter().filter(|found| JUDGED.contains(&found.code)).collect();
    assert!(left.is_empty(), "{left:#?}");
    let tried = house.tried().await;
    let wrong: Vec<_> = tried.iter().filter(|(_, truth)| **truth != Truth::default()).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}
