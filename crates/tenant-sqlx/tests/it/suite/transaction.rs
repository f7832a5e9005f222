//! Transactions of one tenant.

use std::time::Duration;

use tenant_sqlx::{ScopedTransaction, TenantDb};

use super::support::{Db, add, answers_in_step, count, house, narrow_house, refusal, sql, yield_for};

#[tokio::test]
async fn is_kept_when_committed_and_undone_otherwise() {
    let (house, _pool) = narrow_house().await;
    let (db, acme) = (&house.db, &house.acme);
    let mut tx = db.begin(acme).await.unwrap();
    sqlx::query("DELETE FROM users").execute(&mut tx).await.unwrap();
    tx.rollback().await.unwrap();
    assert_eq!(count(db, acme).await, 3);
    let mut tx = db.begin(acme).await.unwrap();
    sqlx::query("DELETE FROM users").execute(&mut tx).await.unwrap();
    drop(tx);
    assert_eq!(count(db, acme).await, 3);
    let mut tx = db.begin(acme).await.unwrap();
    let done = sqlx::query("DELETE FROM users").execute(&mut tx).await.unwrap();
    assert_eq!(done.rows_affected(), 3);
    tx.commit().await.unwrap();
    assert_eq!((count(db, acme).await, count(db, &house.globex).await), (0, 3));
}

#[tokio::test]
async fn a_savepoint_is_undone_alone() {
    let house = house().await;
    let mut tx = house.db.begin(&house.acme).await.unwrap();
    sqlx::query("INSERT INTO users (email) VALUES ('kept')").execute(&mut tx).await.unwrap();
    let mut savepoint = tx.begin().await.unwrap();
    sqlx::query("DELETE FROM users").execute(&mut savepoint).await.unwrap();
    savepoint.rollback().await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(count(&house.db, &house.acme).await, 4);
}

#[tokio::test]
async fn a_refusal_leaves_it_usable() {
    let house = house().await;
    let mut tx = house.db.begin(&house.acme).await.unwrap();
    refusal(sqlx::query("SELECT * FROM secrets").execute(&mut tx).await);
    sqlx::query("INSERT INTO users (email) VALUES ('kept')").execute(&mut tx).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(count(&house.db, &house.acme).await, 4);
}

#[tokio::test]
async fn is_not_seen_by_others_before_it_is_committed() {
    let house = house().await;
    let mut tx = house.db.begin(&house.acme).await.unwrap();
    sqlx::query("DELETE FROM users").execute(&mut tx).await.unwrap();
    assert_eq!(count(&house.db, &house.acme).await, 3);
    tx.commit().await.unwrap();
    assert_eq!(count(&house.db, &house.acme).await, 0);
}

#[tokio::test]
async fn one_whose_beginning_is_cancelled_is_not_left_open_for_the_next() {
    let (house, _pool) = narrow_house().await;
    let other = TenantDb::<Db>::connect(&house.place.url()).await.unwrap();
    for turns in 0..60 {
        tokio::select! {
            biased;
            begun = house.db.begin(&house.acme) => drop(begun.unwrap()),
            () = yield_for(turns) => {}
        }
        add(&house.db, &house.acme, &format!("{turns}")).await;
        let seen = count(&other, &house.acme).await;
        assert_eq!(seen, 4 + turns, "the next one's write was acknowledged, and is not there");
    }
}

#[tokio::test]
async fn one_in_which_a_savepoint_was_dropped_half_way_is_kept_whole_or_not_at_all() {
    let house = house().await;
    let mut refused = 0;
    for turns in 0..40 {
        let before = count(&house.db, &house.acme).await;
        let mut tx = house.db.begin(&house.acme).await.unwrap();
        let insert = |which: &str| {
            sqlx::query(sql("INSERT INTO users (email) VALUES (?)")).bind(format!("{which}{turns}"))
        };
        insert("early").execute(&mut tx).await.unwrap();
        tokio::select! {
            biased;
            savepoint = tx.begin() => savepoint.unwrap().commit().await.unwrap(),
            () = yield_for(turns) => {}
        }
        let late = insert("late").execute(&mut tx).await;
        let kept = tx.commit().await;
        assert_eq!(late.is_ok(), kept.is_ok());
        refused += i64::from(kept.is_err());
        let expected = if kept.is_ok() { before + 2 } else { before };
        assert_eq!(count(&house.db, &house.acme).await, expected);
    }
    assert!(refused > 0, "none was dropped half way");
}

/// sqlx counts how deep it is when the server has answered: dropped before, the savepoint around is rolled back instead,
/// then the transaction, and what follows would run outside of any.
#[tokio::test]
async fn one_in_whose_savepoint_a_savepoint_was_dropped_half_way_is_kept_whole_or_not_at_all() {
    let house = house().await;
    let mut refused = 0;
    for turns in 0..40 {
        let before = count(&house.db, &house.acme).await;
        let mut tx = house.db.begin(&house.acme).await.unwrap();
        let insert = |which: &str| {
            sqlx::query(sql("INSERT INTO users (email) VALUES (?)")).bind(format!("{which}{turns}"))
        };
        insert("early").execute(&mut tx).await.unwrap();
        let mut outer = tx.begin().await.unwrap();
        tokio::select! {
            biased;
            inner = outer.begin() => inner.unwrap().commit().await.unwrap(),
            () = yield_for(turns) => {}
        }
        drop(outer);
        let late = insert("late").execute(&mut tx).await;
        let kept = tx.commit().await;
        assert_eq!(late.is_ok(), kept.is_ok());
        refused += i64::from(kept.is_err());
        let expected = if kept.is_ok() { before + 2 } else { before };
        assert_eq!(count(&house.db, &house.acme).await, expected);
    }
    assert!(refused > 0, "none was dropped half way");
}

#[tokio::test]
async fn one_in_whose_savepoint_a_statement_was_dropped_goes_on_in_step_or_not_at_all() {
    let house = house().await;
    for turns in 0..60 {
        let mut tx = house.db.begin(&house.acme).await.unwrap();
        let mut savepoint = tx.begin().await.unwrap();
        tokio::select! {
            biased;
            found = sqlx::query("SELECT id, email, active, tenant_id FROM users").fetch_all(&mut savepoint) => {
                assert_eq!(found.unwrap().len(), 3);
            }
            () = yield_for(turns) => {}
        }
        drop(savepoint);
        answers_in_step(&mut tx).await;
        let end = tokio::time::timeout(Duration::from_secs(5), tx.rollback()).await;
        end.expect("it waits for ever").unwrap();
    }
}

#[tokio::test]
async fn one_in_which_a_statement_was_dropped_goes_on_in_step_or_not_at_all() {
    let house = house().await;
    for turns in 0..60 {
        let mut tx = house.db.begin(&house.acme).await.unwrap();
        tokio::select! {
            biased;
            found = sqlx::query("SELECT id, email, active, tenant_id FROM users").fetch_all(&mut tx) => {
                assert_eq!(found.unwrap().len(), 3);
            }
            () = yield_for(turns) => {}
        }
        answers_in_step(&mut tx).await;
        let end = tokio::time::timeout(Duration::from_secs(5), tx.rollback()).await;
        end.expect("it waits for ever").unwrap();
    }
}

/// Where a statement that fails takes the transaction with it, a commit does not say that all was kept.
#[tokio::test]
async fn what_is_committed_is_kept_whatever_has_failed_in_it() {
    let house = house().await;
    for query in [true, false] {
        let mut tx = house.db.begin(&house.acme).await.unwrap();
        sqlx::query("DELETE FROM users").execute(&mut tx).await.unwrap();
        // One that is undone alone is in nobody's way.
        let mut inner = tx.begin().await.unwrap();
        twice(&mut inner, query).await;
        inner.rollback().await.unwrap();
        twice(&mut tx, query).await;
        let is_acknowledged = tx.commit().await.is_ok();
        let left = count(&house.db, &house.acme).await;
        assert!(!is_acknowledged || left < 3, "acknowledged, and {left} are left");
    }
    let mut tx = house.db.begin(&house.globex).await.unwrap();
    sqlx::query("DELETE FROM users").execute(&mut tx).await.unwrap();
    let mut inner = tx.begin().await.unwrap();
    twice(&mut inner, true).await;
    inner.rollback().await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(count(&house.db, &house.globex).await, 0);
}

/// Fails.
async fn twice(tx: &mut ScopedTransaction<'_, Db>, query: bool) {
    let email = "x@example";
    let insert = || sqlx::query(sql("INSERT INTO users (email) VALUES (?), (?)")).bind(email).bind(email);
    match query {
        true => assert!(insert().fetch_optional(&mut *tx).await.is_err()),
        false => assert!(insert().execute(&mut *tx).await.is_err()),
    }
}
