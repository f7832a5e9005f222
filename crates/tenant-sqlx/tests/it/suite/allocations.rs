//! What a scoped statement allocates beyond the same one, written by hand for its tenant.

use std::future::Future;

use sqlx::Pool;
use tenant_sqlx::TenantDb;

use super::support::{Db, House, MORE_ALLOCATIONS, Place, furnish, pool, sql};

const TURNS: u64 = 100;

#[test]
fn a_scoped_statement_allocates_about_as_often_as_a_plain_one() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (house, plain) = runtime.block_on(async {
        let place = Place::new();
        let db = TenantDb::open_with(&place.url(), 1).await.unwrap().build().await.unwrap();
        let plain = pool(&place, 1).await;
        (furnish(db, place).await, plain)
    });
    let count = |scoped: bool| {
        let turn = || async {
            match scoped {
                true => ask_scoped(&house).await,
                false => ask(&plain).await,
            }
        };
        runtime.block_on(repeated(3, turn));
        allocation_counter::measure(|| runtime.block_on(repeated(TURNS, turn))).count_total / TURNS
    };
    let (plain, scoped) = (count(false), count(true));
    assert!(scoped <= plain + MORE_ALLOCATIONS, "{scoped} against {plain}");
}

async fn repeated<F: Future<Output = ()>>(turns: u64, turn: impl Fn() -> F) {
    for _ in 0..turns {
        turn().await;
    }
}

async fn ask(pool: &Pool<Db>) {
    let query = sql("SELECT email FROM users WHERE active = ? AND email <> ? AND tenant_id = ?");
    let rows = sqlx::query(query).bind(true).bind("acme").bind("acme").fetch_all(pool).await;
    assert_eq!(rows.unwrap().len(), 3);
}

async fn ask_scoped(house: &House) {
    let query = sql("SELECT email FROM users WHERE active = ? AND email <> ?");
    let query = sqlx::query(query).bind(true).bind("acme");
    assert_eq!(query.fetch_all(&house.db.scoped(&house.acme)).await.unwrap().len(), 3);
}
