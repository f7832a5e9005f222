//! Every method of an executor, on the same question: who are the users?

use futures_util::TryStreamExt;
use sqlx::{Database, Either, Executor, FromRow, QueryBuilder, Row};

use super::support::{Db, UPDATE_RETURNS, emails, house, sql};

fn users() -> sqlx::AssertSqlSafe<String> {
    sql("SELECT email FROM users WHERE active = ? ORDER BY email")
}

const ALL: &str = "SELECT email FROM users ORDER BY email";

#[derive(Debug, FromRow)]
struct User {
    email: String,
}

/// Asks in every way there is. `$executor` is evaluated anew for each.
macro_rules! every_way {
    ($tenant:expr, $executor:expr) => {{
        let expected = emails($tenant);

        let rows = sqlx::query(users()).bind(true).fetch_all($executor).await.unwrap();
        assert_eq!(texts(&rows), expected, "fetch_all");

        let row = sqlx::query(users()).bind(true).fetch_one($executor).await.unwrap();
        assert_eq!(texts(&[row]), expected[..1], "fetch_one");

        let row = sqlx::query(users()).bind(true).fetch_optional($executor).await.unwrap();
        assert_eq!(texts(&[row.unwrap()]), expected[..1], "fetch_optional");

        let rows: Vec<_> = sqlx::query(users()).bind(true).fetch($executor).try_collect().await.unwrap();
        assert_eq!(texts(&rows), expected, "fetch");

        let steps: Vec<_> =
            $executor.fetch_many(sqlx::query(users()).bind(true)).try_collect().await.unwrap();
        let rows: Vec<_> = steps.into_iter().filter_map(Either::right).collect();
        assert_eq!(texts(&rows), expected, "fetch_many");

        let found: Vec<User> = sqlx::query_as(users()).bind(true).fetch_all($executor).await.unwrap();
        assert_eq!(found.into_iter().map(|user| user.email).collect::<Vec<_>>(), expected, "query_as");

        let found: Vec<String> = sqlx::query_scalar(users()).bind(true).fetch_all($executor).await.unwrap();
        assert_eq!(found, expected, "query_scalar");

        let mut builder = QueryBuilder::<Db>::new("SELECT email FROM users WHERE active = ");
        builder.push_bind(true).push(" AND id IN (");
        let mut ids = builder.separated(", ");
        for id in 1..=6 {
            ids.push_bind(id);
        }
        builder.push(") ORDER BY email");
        let rows = builder.build().fetch_all($executor).await.unwrap();
        assert_eq!(texts(&rows), expected, "QueryBuilder");

        let rows = sqlx::raw_sql(ALL).fetch_all($executor).await.unwrap();
        assert_eq!(texts(&rows), expected, "raw_sql");

        let rows = $executor.fetch_all(ALL).await.unwrap();
        assert_eq!(texts(&rows), expected, "a bare text");

        let rows = $executor.fetch_all((ALL, None)).await.unwrap();
        assert_eq!(texts(&rows), expected, "a text with arguments");

        let rows = sqlx::query(users()).bind(true).persistent(false).fetch_all($executor).await.unwrap();
        assert_eq!(texts(&rows), expected, "persistent(false)");

        let found = sqlx::query(users())
            .bind(true)
            .try_map(|row: <Db as Database>::Row| row.try_get::<String, _>(0))
            .fetch_all($executor)
            .await
            .unwrap();
        assert_eq!(found, expected, "map");

        let written = sqlx::query("UPDATE users SET active = true").execute($executor).await.unwrap();
        assert_eq!(written.rows_affected(), 3, "execute");

        let written: Vec<_> =
            $executor.execute_many("UPDATE users SET active = true").try_collect().await.unwrap();
        assert_eq!(written.iter().map(|done| done.rows_affected()).sum::<u64>(), 3, "execute_many");

        let written = sqlx::raw_sql("UPDATE users SET active = true").execute($executor).await.unwrap();
        assert_eq!(written.rows_affected(), 3, "raw_sql execute");

        if UPDATE_RETURNS {
            let update = sql("UPDATE users SET active = ? RETURNING email");
            let mut returned: Vec<String> =
                sqlx::query_scalar(update).bind(true).fetch_all($executor).await.unwrap();
            returned.sort();
            assert_eq!(returned, expected, "RETURNING");
        }
    }};
}

fn texts(rows: &[<Db as Database>::Row]) -> Vec<String> {
    rows.iter().map(|row| row.get(0)).collect()
}

#[tokio::test]
async fn scoped_statements_see_and_change_only_their_tenants_rows() {
    let house = house().await;
    for tenant in [&house.acme, &house.globex] {
        every_way!(tenant, &house.db.scoped(tenant));
        every_way!(tenant, house.db.scoped(tenant));
    }
}

#[tokio::test]
async fn transactions_see_and_change_only_their_tenants_rows() {
    let house = house().await;
    for tenant in [&house.acme, &house.globex] {
        let mut tx = house.db.begin(tenant).await.unwrap();
        every_way!(tenant, &mut tx);
        let mut nested = tx.begin().await.unwrap();
        every_way!(tenant, &mut nested);
        nested.commit().await.unwrap();
        tx.commit().await.unwrap();
    }
}

#[tokio::test]
async fn a_statement_that_was_prepared_unscoped_is_scoped_when_it_runs_scoped() {
    let house = house().await;
    let unscoped = house.db.unscoped(super::support::setup());
    let statement = unscoped.prepare(sqlx::SqlSafeStr::into_sql_str(users())).await.unwrap();
    let query = sqlx::Statement::query(&statement).bind(true);
    let rows = query.fetch_all(&house.db.scoped(&house.acme)).await.unwrap();
    assert_eq!(texts(&rows), emails(&house.acme));
    let query = sqlx::Statement::query(&statement).bind(true);
    assert_eq!(query.fetch_all(&unscoped).await.unwrap().len(), 6);
}

#[tokio::test]
async fn a_stream_outlives_the_expression_it_came_from() {
    let house = house().await;
    let mut stream = sqlx::query_as::<_, User>(ALL).fetch(house.db.scoped(&house.acme));
    let mut found = Vec::new();
    while let Some(user) = stream.try_next().await.unwrap() {
        found.push(user.email);
    }
    assert_eq!(found, emails(&house.acme));
}
