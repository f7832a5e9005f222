//! Stock limits: exactly as many are created as there is room for.

use sqlx::Error;
use tenant_core::{Amount, Boost, InMemoryConfigManager, NamedLimit, TenantConfig, TenantContext, Timestamp};
use tenant_sqlx::{StockDenied, TenantDb};

use super::support::{Db, answers_in_step, count, house, id, refusal, sql, yield_for};

const COUNT: &str = "SELECT COUNT(*) FROM users";

async fn limited(limit: NamedLimit) -> TenantContext {
    let config = TenantConfig::builder(id("acme")).limit("users", limit).build().unwrap();
    TenantContext::of(&InMemoryConfigManager::with([config]).unwrap(), &id("acme")).await.unwrap()
}

/// `acme` may have so many users.
async fn users(most: u64) -> TenantContext {
    limited(NamedLimit::stock("users".parse().unwrap(), most)).await
}

async fn create(db: &TenantDb<Db>, tenant: &TenantContext, email: &str) -> Result<(), Error> {
    let mut tx = db.begin(tenant).await?;
    tx.admit_stock("users", 1, COUNT).await?;
    sqlx::query(sql("INSERT INTO users (email) VALUES (?)")).bind(email).execute(&mut tx).await?;
    tx.commit().await
}

fn denied<T: std::fmt::Debug>(result: Result<T, Error>) -> (u64, u64) {
    let error = result.unwrap_err();
    let denied = StockDenied::of(&error).unwrap_or_else(|| panic!("{error}"));
    assert_eq!(&*denied.limit, "users");
    (denied.most, denied.used)
}

#[tokio::test]
async fn a_boost_makes_exactly_so_much_more_room_until_it_ends() {
    let house = house().await;
    let boosted = async |until: &str| {
        let limit = NamedLimit::stock("users".parse().unwrap(), 3);
        let boost = Boost::new("sale", Timestamp::parse(until).unwrap()).limit("users", 2);
        let config = TenantConfig::builder(id("acme")).limit("users", limit).boosts([boost]).build().unwrap();
        TenantContext::of(&InMemoryConfigManager::with([config]).unwrap(), &id("acme")).await.unwrap()
    };
    let (over, running) = (boosted("2024-01-01T00:00:00Z").await, boosted("9999-01-01T00:00:00Z").await);
    assert_eq!(denied(create(&house.db, &over, "late@acme").await), (3, 3));
    create(&house.db, &running, "new1@acme").await.unwrap();
    create(&house.db, &running, "new2@acme").await.unwrap();
    assert_eq!(denied(create(&house.db, &running, "new3@acme").await), (5, 5));
    assert_eq!(denied(create(&house.db, &over, "new4@acme").await), (3, 5));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_fifty_at_once_with_room_for_one_one_succeeds() {
    let house = house().await;
    let acme = users(4).await;
    let creators = (0..50).map(|at| {
        let (db, acme) = (house.db.clone(), acme.clone());
        tokio::spawn(async move { create(&db, &acme, &format!("new{at}@acme")).await })
    });
    let mut created = 0;
    for creator in creators.collect::<Vec<_>>() {
        match creator.await.unwrap() {
            Ok(()) => created += 1,
            Err(error) => assert_eq!(denied::<()>(Err(error)), (4, 4)),
        }
    }
    assert_eq!((created, count(&house.db, &acme).await, count(&house.db, &house.globex).await), (1, 4, 3));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_first_ones_at_once_are_counted_too() {
    let house = house().await;
    let acme = users(10).await;
    let creators = (0..40).map(|at| {
        let (db, acme) = (house.db.clone(), acme.clone());
        tokio::spawn(async move { create(&db, &acme, &format!("new{at}@acme")).await })
    });
    let mut created = 0;
    for creator in creators.collect::<Vec<_>>() {
        created += u64::from(creator.await.unwrap().map_err(|error| denied::<()>(Err(error))).is_ok());
    }
    assert_eq!((created, count(&house.db, &acme).await), (7, 10));
}

/// Counts of users that end in more than a table's name, and counts that no lock at their end reaches.
const PLAIN: [&str; 4] = [
    COUNT,
    "SELECT COUNT(*) FROM users;",
    "SELECT COUNT(*) FROM users -- all of them",
    "SELECT COUNT(u.id) FROM users u JOIN users o ON o.id = u.id",
];
const NESTED: [&str; 6] = [
    "SELECT (SELECT COUNT(*) FROM users)",
    "SELECT COUNT(*) FROM (SELECT id FROM users) AS u",
    "WITH u AS (SELECT id FROM users) SELECT COUNT(*) FROM u",
    "SELECT COUNT(*) FROM users WHERE id < 0 UNION SELECT COUNT(*) FROM users ORDER BY 1 DESC LIMIT 1",
    "SELECT COUNT(u.id) FROM users u JOIN (SELECT id FROM users) AS o ON o.id = u.id",
    "SELECT COUNT(*) FROM users WHERE EXISTS (SELECT 1 FROM users o WHERE o.id = users.id)",
];

/// What a transaction has read before does not stay true: others have created since.
async fn read_and_create(question: &'static str) -> (Result<(), Error>, Result<(), Error>) {
    let house = house().await;
    let acme = users(4).await;
    let mut tx = house.db.begin(&acme).await.unwrap();
    let _: i64 = sqlx::query_scalar(question).fetch_one(&mut tx).await.unwrap();
    // SQLite has one writer: the other one waits until this one has ended.
    let other = create(&house.db, &acme, "first@acme");
    let own = async {
        tokio::time::sleep(std::time::Duration::from_millis(300)).await;
        let admitted = tx.admit_stock("users", 1, question).await;
        if admitted.is_ok() {
            sqlx::query("INSERT INTO users (email) VALUES ('second@acme')").execute(&mut tx).await.unwrap();
            tx.commit().await.unwrap();
        }
        admitted.map(drop)
    };
    let (other, own) = tokio::join!(other, own);
    assert!(other.is_ok() != own.is_ok(), "{question}: {other:?} {own:?}");
    assert_eq!(count(&house.db, &acme).await, 4, "{question}");
    (other, own)
}

#[tokio::test]
async fn a_transaction_that_has_read_before_counts_what_is_there_now() {
    for question in PLAIN {
        let (other, own) = read_and_create(question).await;
        assert_eq!(denied(other.and(own)), (4, 4), "{question}");
    }
}

#[tokio::test]
async fn where_subqueries_would_count_what_was_there_they_are_refused() {
    for question in NESTED {
        let (other, own) = read_and_create(question).await;
        match own.as_ref().err().and_then(|error| tenant_sql::Refusal::of(error)) {
            Some(refusal) => assert!(refusal.construct().contains("has read"), "{refusal}"),
            None => assert_eq!(denied(other.and(own)), (4, 4), "{question}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_transaction_that_counts_first_counts_in_whatever_way() {
    for question in PLAIN.into_iter().chain(NESTED) {
        let house = house().await;
        let acme = users(4).await;
        let creators = (0..8).map(|at| {
            let (db, acme) = (house.db.clone(), acme.clone());
            tokio::spawn(async move {
                let mut tx = db.begin(&acme).await?;
                tx.admit_stock("users", 1, question).await?;
                let insert = sqlx::query(sql("INSERT INTO users (email) VALUES (?)"));
                insert.bind(format!("new{at}@acme")).execute(&mut tx).await?;
                tx.commit().await
            })
        });
        let mut created = 0;
        for creator in creators.collect::<Vec<_>>() {
            match creator.await.unwrap() {
                Ok(()) => created += 1,
                Err(error) => assert_eq!(denied::<()>(Err(error)), (4, 4), "{question}"),
            }
        }
        assert_eq!((created, count(&house.db, &acme).await), (1, 4), "{question}");
    }
}

#[tokio::test]
async fn several_are_admitted_together_or_not_at_all() {
    let house = house().await;
    let acme = users(5).await;
    let mut tx = house.db.begin(&acme).await.unwrap();
    assert_eq!(denied(tx.admit_stock("users", 3, COUNT).await), (5, 3));
    assert_eq!(denied(tx.admit_stock("users", u64::MAX, COUNT).await), (5, 3));
    assert_eq!(tx.admit_stock("users", 2, COUNT).await.unwrap(), Some(3));
    assert_eq!(tx.admit_stock("projects", 7, "this is never run").await.unwrap(), None);
    tx.rollback().await.unwrap();
    assert_eq!(count(&house.db, &acme).await, 3);
}

#[tokio::test]
async fn limits_that_do_not_deny_do_not() {
    let house = house().await;
    let mut unlimited = NamedLimit::stock("users".parse().unwrap(), 0);
    unlimited.limit = Amount::Unlimited;
    let unlimited = limited(unlimited);
    let shadow = limited(NamedLimit::stock("users".parse().unwrap(), 1).shadow(true));
    for (at, tenant) in [unlimited.await, shadow.await].iter().enumerate() {
        create(&house.db, tenant, &format!("new{at}@acme")).await.unwrap();
    }
    let none = users(0).await;
    assert_eq!(denied(create(&house.db, &none, "one-more@acme").await), (0, 5));
}

#[tokio::test]
async fn the_count_is_scoped_and_what_is_not_the_tenants_is_refused() {
    let house = house().await;
    let acme = users(4).await;
    let mut tx = house.db.begin(&acme).await.unwrap();
    refusal(tx.admit_stock("users", 1, "SELECT COUNT(*) FROM secrets").await);
    refusal(tx.admit_stock("users", 1, "SELECT COUNT(*) FROM tenant_stocks").await);
    tx.admit_stock("users", 1, COUNT).await.unwrap();
    tx.rollback().await.unwrap();
}

#[tokio::test]
async fn who_creates_for_one_tenant_does_not_wait_for_another() {
    let house = house().await;
    let (acme, globex) = (users(9).await, &house.globex);
    let mut tx = house.db.begin(&acme).await.unwrap();
    tx.admit_stock("users", 1, COUNT).await.unwrap();
    let foreign: i64 = sqlx::query_scalar(COUNT).fetch_one(&house.db.scoped(globex)).await.unwrap();
    assert_eq!(foreign, 3);
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn one_in_which_admitting_was_dropped_goes_on_in_step_or_not_at_all() {
    let house = house().await;
    let acme = users(9).await;
    for turns in 0..60 {
        let mut tx = house.db.begin(&acme).await.unwrap();
        tokio::select! {
            biased;
            admitted = tx.admit_stock("users", 1, COUNT) => assert_eq!(admitted.unwrap(), Some(3)),
            () = yield_for(turns) => {}
        }
        answers_in_step(&mut tx).await;
        let end = tokio::time::timeout(std::time::Duration::from_secs(5), tx.rollback()).await;
        end.expect("it waits for ever").unwrap();
    }
}
