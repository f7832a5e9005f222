use sqlx::{AssertSqlSafe, pool::PoolOptions};
use tenant_sql::{Catalog, Dialect, Table, TenantType, Unknown};
use tenant_sqlx::{
    Model, TenantDb,
    doctor::{Code, Doctor, Unfit},
};

use super::{super::database::Db, shop::Shop};

#[tokio::test]
async fn nothing_is_wrong_with_what_was_drawn_up() {
    let shop = Shop::walled().await;
    let found: Vec<String> = shop.examine().await.iter().map(ToString::to_string).collect();
    assert_eq!(found, Vec::<String>::new());
    let again = shop.migration().await;
    assert!(again.is_empty(), "{again}");
}

/// Everything that is said of a column and of the policies that name it, but its type.
const KEPT: &str =
    "SELECT concat_ws(' ', tablename, policyname, permissive, roles, cmd, qual IS NULL, with_check IS NULL,
        qual LIKE '%page%', coalesce(with_check, qual) LIKE '%app.current_tenant_id%')
    FROM pg_policies
    UNION ALL SELECT concat_ws(' ', table_name, is_nullable, column_default ~ 'current_setting|globex')
    FROM information_schema.columns WHERE column_name = 'tenant_id' ORDER BY 1";

#[tokio::test]
async fn what_mends_a_tenant_column_leaves_the_rest_as_it_is() {
    const TENANT: &str = "nullif(current_setting('app.current_tenant_id', true), '')";
    for (code, make, default, of_type) in [
        (Code::TenantType, "CHAR(20)", "'globex'", "text"),
        (Code::TenantType, "NAME", "'globex'", "text"),
        (Code::TenantCollation, "VARCHAR(40) COLLATE loose", TENANT, "character varying(40)"),
        (Code::TenantCollation, "TEXT COLLATE loose", "'globex'", "text"),
    ] {
        let shop = Shop::walled().await;
        let make = format!(
            "CREATE COLLATION loose (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
             DROP TABLE visits; CREATE TABLE visits (tenant_id {make} NOT NULL DEFAULT {default}, page TEXT, at DATE);
             INSERT INTO visits (page) SELECT 'tea' WHERE {default}::text <> '';
             CREATE INDEX ON visits (tenant_id);
             ALTER TABLE visits ENABLE ROW LEVEL SECURITY; ALTER TABLE visits FORCE ROW LEVEL SECURITY;
             CREATE POLICY first ON visits TO {{app}} USING (tenant_id::text = {TENANT} AND page <> '')
                 WITH CHECK (tenant_id::text = {TENANT});
             CREATE POLICY system ON visits FOR SELECT TO {{system}} USING (true);
             CREATE POLICY sole ON visits AS RESTRICTIVE FOR UPDATE TO {{app}}, {{system}}
                 USING (tenant_id::text <> 'page');
             CREATE POLICY look ON products AS RESTRICTIVE
                 USING (NOT EXISTS (SELECT FROM visits WHERE tenant_id::text = 'nobody'))"
        );
        shop.run(&make).await;
        let kept = async || sqlx::query_scalar::<_, String>(KEPT).fetch_all(&shop.pool).await.unwrap();
        let before = kept().await;
        let found = shop.examine().await;
        let found: Vec<_> = found.iter().filter(|found| found.code == code).collect();
        assert_eq!(found.len(), 1, "{make}");
        for statement in &found[0].fix {
            shop.run(statement).await;
        }
        assert!(shop.examine().await.iter().all(|found| found.code != code), "{make}");
        assert_eq!(kept().await, before, "{make}");
        let is: String = sqlx::query_scalar(
            "SELECT format_type(atttypid, atttypmod) FROM pg_attribute
             WHERE attrelid = 'visits'::regclass AND attname = 'tenant_id'",
        )
        .fetch_one(&shop.pool)
        .await
        .unwrap();
        assert_eq!(is, of_type, "{make}");
    }
}

/// A key that takes a null for a value like others does so with the tenant as well, for what refers to it and without.
#[tokio::test]
async fn what_mends_a_key_keeps_what_nulls_count_for() {
    for (make, is_there) in [
        ("ALTER TABLE products ADD UNIQUE NULLS NOT DISTINCT (code, price)", true),
        ("ALTER TABLE products ADD UNIQUE (code, price)", false),
        ("CREATE UNIQUE INDEX coded ON products (code, price) NULLS NOT DISTINCT", true),
        ("CREATE UNIQUE INDEX coded ON products (code, lower(name)) NULLS NOT DISTINCT", true),
        (
            "UPDATE products SET code = sku; ALTER TABLE products ADD UNIQUE NULLS NOT DISTINCT (code);
             ALTER TABLE orders ADD COLUMN code TEXT REFERENCES products (code)",
            true,
        ),
    ] {
        let shop = Shop::walled().await;
        shop.run("ALTER TABLE products ADD COLUMN code TEXT").await;
        shop.run(make).await;
        for statement in shop.examine().await.iter().flat_map(|found| &found.fix) {
            shop.run(statement).await;
        }
        for statement in shop.examine().await.iter().flat_map(|found| &found.fix) {
            shop.run(statement).await;
        }
        assert_eq!(shop.examine().await, [], "{make}");
        let kept: Vec<bool> = sqlx::query_scalar(
            "SELECT i.indnullsnotdistinct FROM pg_index AS i
             WHERE i.indrelid = 'products'::regclass AND i.indisunique AND pg_get_indexdef(i.indexrelid) ~ 'code'",
        )
        .fetch_all(&shop.pool)
        .await
        .unwrap();
        assert_eq!(kept, [is_there], "{make}");
    }
}

/// The oracle is the planner, who is told to take an index wherever one serves.
#[tokio::test]
async fn a_policy_converts_the_column_where_its_index_does_not_serve() {
    let shop = Shop::walled().await;
    shop.run(
        "CREATE DOMAIN slug AS TEXT CHECK (value <> ''); ALTER TABLE visits ALTER tenant_id DROP DEFAULT",
    )
    .await;
    let value = "nullif(current_setting('app.current_tenant_id', true), '')";
    let (mut served, mut unserved) = (0, 0);
    for of_type in ["TEXT", "VARCHAR(40)", "VARCHAR", "slug"] {
        for cast in [
            "",
            "::text",
            "::varchar",
            "::varchar::text",
            "::bytea",
            "::text::bytea",
            "::char(20)",
            "::name",
            "::varchar(3)",
        ] {
            shop.run(&format!(
                "DROP TABLE visits; CREATE TABLE visits (tenant_id {of_type} NOT NULL, page TEXT);
                 CREATE INDEX ON visits (tenant_id); INSERT INTO visits SELECT 'x' || at FROM generate_series(1, 50) AS at;
                 ALTER TABLE visits ENABLE ROW LEVEL SECURITY; ALTER TABLE visits FORCE ROW LEVEL SECURITY;
                 CREATE POLICY own ON visits TO {{app}} USING (tenant_id{cast} = ({value}){last}) WITH CHECK (tenant_id = {value});
                 GRANT SELECT ON visits TO {{app}}",
                last = cast.rsplit_once("::").map(|(_, last)| format!("::{last}")).unwrap_or_default()
            ))
            .await;
            let mut session = shop.session(Some("x7")).await;
            sqlx::raw_sql("SET enable_seqscan = off").execute(&mut session).await.unwrap();
            let plan: Vec<String> =
                sqlx::query_scalar("EXPLAIN SELECT * FROM visits").fetch_all(&mut session).await.unwrap();
            let is_served = plan.iter().any(|line| line.contains("Index Cond"));
            let says = shop.examine().await.iter().any(|found| found.code == Code::ConvertsColumn);
            assert_eq!(says, !is_served, "{of_type}{cast}: {plan:#?}");
            *(if is_served { &mut served } else { &mut unserved }) += 1;
        }
    }
    assert!(served >= 8 && unserved >= 8, "{served} {unserved}");
}

#[tokio::test]
async fn a_view_reads_as_who_asks_however_that_is_spelled() {
    let shop = Shop::walled().await;
    for word in ["true", "ON", "yes", "t", "1"] {
        let sql =
            "CREATE OR REPLACE VIEW mails WITH (security_invoker = {word}) AS SELECT email FROM customers;
            GRANT SELECT ON mails TO {app}";
        shop.run(&sql.replace("{word}", word)).await;
        assert_eq!(shop.examine().await, [], "{word}");
    }
    shop.run("ALTER VIEW mails SET (security_invoker = no)").await;
    assert_eq!(shop.examine().await.len(), 1);
}

/// Connections of the application's role, begun with a statement.
async fn served_by(shop: &Shop, begin: String) -> TenantDb<Db> {
    let pool = PoolOptions::<Db>::new().max_connections(2).after_connect(move |connection, _| {
        let begin = begin.clone();
        Box::pin(async move { sqlx::raw_sql(AssertSqlSafe(begin)).execute(connection).await.map(drop) })
    });
    let pool = pool.connect(&shop.place.url()).await.unwrap();
    TenantDb::builder(pool).catalog(shop.catalog.clone()).build().await.unwrap()
}

fn unfit(answer: Result<(), sqlx::Error>) -> Vec<Code> {
    let error = answer.expect_err("it is fit");
    Unfit::of(&error).unwrap().diagnoses().iter().map(|found| found.code).collect()
}

#[tokio::test]
async fn a_service_is_fit_as_the_role_that_was_made_for_it_and_no_other() {
    let shop = Shop::walled().await;
    let doctor = Doctor::new();
    let app = format!("SET SESSION AUTHORIZATION {}", shop.app);
    doctor.ensure_fit(&served_by(&shop, app.clone()).await).await.unwrap();

    let superuser = served_by(&shop, "SELECT 1".to_owned()).await;
    assert_eq!(unfit(doctor.ensure_fit(&superuser).await), [Code::Superuser]);
    let system = served_by(&shop, format!("SET SESSION AUTHORIZATION {}", shop.system)).await;
    assert!(unfit(doctor.ensure_fit(&system).await).contains(&Code::WideningPolicy));
    let set = "SELECT set_config('app.current_tenant_id', 'acme', false)";
    let sticky = served_by(&shop, format!("{app}; {set}")).await;
    assert_eq!(unfit(doctor.ensure_fit(&sticky).await), [Code::SessionWithTenant]);
}

#[tokio::test]
async fn a_role_that_is_not_there_can_not_be_examined() {
    let shop = Shop::open().await;
    let error = Doctor::new().role("nobody").examine(&shop.pool, &shop.catalog).await.unwrap_err();
    assert!(error.to_string().contains("there is no role `nobody`"), "{error}");
}

#[tokio::test]
async fn tenants_are_keyed_by_uuids_and_numbers_as_well() {
    for (tenant_type, own, other) in [
        (TenantType::Uuid, "550e8400-e29b-41d4-a716-446655440000", "550e8400-e29b-41d4-a716-446655440001"),
        (TenantType::Integer, "7", "8"),
    ] {
        let shop = Shop::open().await;
        let builder =
            Catalog::builder(Dialect::Postgres).tenant_type(tenant_type).table(Table::owned("visits"));
        let shop = Shop { catalog: builder.unknown(Unknown::Owned).build().unwrap(), ..shop };
        let model = Model::read_for(&shop.pool, &shop.catalog, &shop.app).await.unwrap();
        shop.apply(&shop.ddl().tenant(own).migration(&model, &shop.catalog).unwrap()).await;
        for (tenant, rows) in [(Some(own), 2), (Some(other), 0), (Some(""), 0), (None, 0)] {
            let mut session = shop.session(tenant).await;
            let count: i64 =
                sqlx::query_scalar("SELECT count(*) FROM visits").fetch_one(&mut session).await.unwrap();
            assert_eq!(count, rows, "{tenant:?}");
        }
        let found = shop.examine().await;
        let wrong = found.iter().filter(|found| found.code != Code::UnknownTable);
        assert_eq!(wrong.count(), 0, "{found:#?}");
    }
}
