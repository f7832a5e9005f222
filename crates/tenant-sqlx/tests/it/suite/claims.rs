//! Hosts that tenants claim.

use std::collections::BTreeSet;

use tenant_core::{
    ConfigStore, HostClaim, HostClaimStatus, HostClaimStore, HostClaimed, StoreErrorKind, TenantContext,
    Timestamp,
};
use tenant_sql::RefusalKind;
use tenant_sqlx::{DbHostClaims, TenantDb};

use super::support::{Db, House, house, id, refusal};

const MOST: u32 = 5;

/// So many minutes after the claims were made.
const fn at(minutes: i64) -> Timestamp {
    Timestamp::from_unix_micros(1_700_000_000_000_000 + minutes * 60_000_000)
}

fn claim(tenant: &TenantContext, host: &str, token: &str) -> HostClaim {
    HostClaim::new(*tenant.id(), host, token, at(0), at(1_000))
}

async fn elsewhere(house: &House) -> TenantDb<Db> {
    TenantDb::connect(&house.place.url()).await.unwrap()
}

fn hosts(claims: &[HostClaim]) -> Vec<&str> {
    claims.iter().map(|claim| &*claim.host).collect()
}

#[tokio::test]
async fn no_statement_of_a_tenants_sees_what_anybody_claims() {
    let house = house().await;
    for text in ["SELECT * FROM tenant_host_claims", "DELETE FROM tenant_host_claims"] {
        let ran = sqlx::query(text).execute(&house.db.scoped(&house.acme)).await;
        assert_eq!(refusal(ran), RefusalKind::HiddenRelation, "{text}");
    }
}

#[tokio::test]
async fn a_claim_reserves_nothing_and_each_tenant_sees_its_own() {
    let house = house().await;
    let claims = DbHostClaims::new(&house.db);
    let (one, other) =
        (claim(&house.acme, "shop.example", "of acme"), claim(&house.globex, "shop.example", "of globex"));
    assert_eq!(claims.claim(&house.acme, &one, MOST).await.unwrap(), HostClaimed::Made);
    assert_eq!(claims.claim(&house.globex, &other, MOST).await.unwrap(), HostClaimed::Made);
    let there = DbHostClaims::new(&elsewhere(&house).await);
    assert_eq!(there.list(&house.acme, at(0)).await.unwrap(), std::slice::from_ref(&one));
    assert_eq!(there.find(house.globex.id(), "shop.example", at(0)).await.unwrap(), Some(other.clone()));
    // What one does with its own touches nobody else's.
    claims.mark_taken(&one).await.unwrap();
    assert_eq!(claims.list(&house.acme, at(0)).await.unwrap()[0].status, HostClaimStatus::Taken);
    assert_eq!(claims.list(&house.globex, at(0)).await.unwrap(), std::slice::from_ref(&other));
    assert!(claims.withdraw(&house.acme, "shop.example").await.unwrap());
    assert!(!claims.withdraw(&house.acme, "shop.example").await.unwrap());
    assert_eq!(claims.list(&house.globex, at(0)).await.unwrap(), [other]);
    let foreign = claims.claim(&house.acme, &claim(&house.globex, "a.example", "t"), MOST).await.unwrap_err();
    assert_eq!(foreign.kind(), StoreErrorKind::Invalid);
}

#[tokio::test]
async fn a_host_is_claimed_once_and_so_many_at_most_until_they_expire() {
    let house = house().await;
    let claims = DbHostClaims::new(&house.db);
    let made = async |host: &str, token: &str, now: i64| {
        let claim = HostClaim::new(*house.acme.id(), host, token, at(now), at(now + 10));
        claims.claim(&house.acme, &claim, 2).await.unwrap()
    };
    assert_eq!(made("a.example", "1", 0).await, HostClaimed::Made);
    assert_eq!(made("a.example", "2", 9).await, HostClaimed::Exists);
    assert_eq!(made("b.example", "3", 9).await, HostClaimed::Made);
    assert_eq!(made("c.example", "4", 9).await, HostClaimed::TooMany);
    let globex = claim(&house.globex, "c.example", "t");
    assert_eq!(claims.claim(&house.globex, &globex, 2).await.unwrap(), HostClaimed::Made, "counts alone");
    assert_eq!(hosts(&claims.list(&house.acme, at(9)).await.unwrap()), ["a.example", "b.example"]);
    assert_eq!(hosts(&claims.list(&house.acme, at(10)).await.unwrap()), ["b.example"]);
    assert_eq!(claims.find(house.acme.id(), "a.example", at(10)).await.unwrap(), None);
    assert_eq!(made("a.example", "5", 10).await, HostClaimed::Made, "with a token of its own");
    assert_eq!(&*claims.find(house.acme.id(), "a.example", at(10)).await.unwrap().unwrap().token, "5");
}

#[tokio::test]
async fn a_claim_that_was_made_anew_outlives_what_was_learned_of_the_old_one() {
    let house = house().await;
    let claims = DbHostClaims::new(&house.db);
    let (old, new) = (claim(&house.acme, "a.example", "old"), claim(&house.acme, "a.example", "new"));
    let _ = claims.claim(&house.acme, &old, MOST).await.unwrap();
    assert!(claims.withdraw(&house.acme, "a.example").await.unwrap());
    let _ = claims.claim(&house.acme, &new, MOST).await.unwrap();
    claims.fulfil(&old).await.unwrap();
    claims.mark_taken(&old).await.unwrap();
    assert_eq!(claims.list(&house.acme, at(0)).await.unwrap(), std::slice::from_ref(&new));
    claims.fulfil(&new).await.unwrap();
    assert_eq!(claims.list(&house.acme, at(0)).await.unwrap(), []);
}

#[tokio::test]
async fn a_tenant_of_many_claims_is_one_among_the_others() {
    let house = house().await;
    let claims = DbHostClaims::new(&house.db);
    for host in ["a.example", "b.example", "c.example", "taken.example"] {
        let _ = claims.claim(&house.acme, &claim(&house.acme, host, "t"), MOST).await.unwrap();
    }
    claims.mark_taken(&claim(&house.acme, "taken.example", "t")).await.unwrap();
    let mut late = claim(&house.globex, "late.example", "t");
    late.next_try_at = at(2);
    let _ = claims.claim(&house.globex, &late, MOST).await.unwrap();
    let lease = async |minutes| claims.lease(at(minutes), 10).await.unwrap();
    assert_eq!(lease(0).await, []);
    assert_eq!(hosts(&lease(1).await), ["a.example"]);
    assert_eq!(hosts(&lease(3).await), ["b.example", "late.example"]);
    // It waits longer each time.
    assert_eq!(hosts(&lease(3).await), ["c.example"]);
    assert_eq!(hosts(&lease(3).await), ["a.example"]);
    assert_eq!(lease(3).await, []);
    let again = lease(4).await;
    assert_eq!((again[0].tries, again[0].next_try_at), (2, at(6)));
    assert_eq!(claims.lease(at(30), 1).await.unwrap().len(), 1);
    assert_eq!(claims.lease(at(1_000), 10).await.unwrap(), [], "they have expired");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_several_instances_one_is_given_a_claim() {
    let house = house().await;
    let (here, there) = (DbHostClaims::new(&house.db), DbHostClaims::new(&elsewhere(&house).await));
    for number in 0..8 {
        let host = format!("host{number}.example");
        let _ = here.claim(&house.acme, &claim(&house.acme, &host, "t"), 100).await.unwrap();
        let _ = here.claim(&house.globex, &claim(&house.globex, &host, "t"), 100).await.unwrap();
    }
    let mut seen = BTreeSet::new();
    for _ in 0..20 {
        let (one, other) = tokio::join!(here.lease(at(1), 10), there.lease(at(1), 10));
        for claim in one.unwrap().into_iter().chain(other.unwrap()) {
            assert!(seen.insert((claim.tenant, claim.host)), "given twice");
        }
    }
    assert_eq!(seen.len(), 16);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn those_who_claim_at_once_don_t_exceed_what_the_tenant_may() {
    let house = house().await;
    let (here, there) = (DbHostClaims::new(&house.db), DbHostClaims::new(&elsewhere(&house).await));
    // Often: who comes first has to open its connections.
    for round in 0..10 {
        let new: Vec<_> =
            (0..8).map(|number| claim(&house.acme, &format!("host{round}-{number}.example"), "t")).collect();
        let all = new.iter().enumerate().map(|(number, claim)| {
            let store = if number % 2 == 0 { &here } else { &there };
            store.claim(&house.acme, claim, 3)
        });
        let answers = futures_util::future::join_all(all).await;
        let made =
            answers.into_iter().filter(|answer| *answer.as_ref().unwrap() == HostClaimed::Made).count();
        let kept = here.list(&house.acme, at(0)).await.unwrap();
        assert_eq!((made, kept.len()), (3, 3));
        for claim in kept {
            assert!(here.withdraw(&house.acme, &claim.host).await.unwrap());
        }
    }
}

#[tokio::test]
async fn a_deleted_tenant_claims_nothing_any_more() {
    let house = house().await;
    let claims = DbHostClaims::new(&house.db);
    let _ = claims.claim(&house.acme, &claim(&house.acme, "a.example", "t"), MOST).await.unwrap();
    let _ = claims.claim(&house.globex, &claim(&house.globex, "b.example", "t"), MOST).await.unwrap();
    let other = TenantDb::<Db>::connect(&house.place.url()).await.unwrap();
    // By another instance, of which the context knows nothing.
    tenant_sqlx::DbConfigManager::new(&other).delete(&id("acme")).await.unwrap();
    assert_eq!(claims.list(&house.acme, at(0)).await.unwrap(), []);
    let late = claims.claim(&house.acme, &claim(&house.acme, "c.example", "t"), MOST).await.unwrap_err();
    assert_eq!(late.kind(), StoreErrorKind::NotFound);
    assert_eq!(hosts(&claims.lease(at(1), 10).await.unwrap()), ["b.example"]);
}

#[tokio::test]
async fn what_has_expired_is_cleared_away_some_at_a_time() {
    let house = house().await;
    let claims = DbHostClaims::new(&house.db);
    for (number, end) in [10, 20, 30].into_iter().enumerate() {
        let host = format!("host{number}.example");
        let claim = HostClaim::new(*house.acme.id(), host, "t", at(0), at(end));
        let _ = claims.claim(&house.acme, &claim, MOST).await.unwrap();
    }
    let mut gone = Vec::new();
    for _ in 0..3 {
        gone.push(claims.sweep(at(20), 1).await.unwrap());
    }
    assert_eq!(gone, [1, 1, 0]);
    assert_eq!(hosts(&claims.list(&house.acme, at(0)).await.unwrap()), ["host2.example"]);
}

#[tokio::test]
async fn hosts_are_told_apart_byte_for_byte() {
    let house = house().await;
    let claims = DbHostClaims::new(&house.db);
    let longest =
        format!("{}.example", ["a".repeat(63), "b".repeat(63), "c".repeat(53)].join(".")) + &".d".repeat(32);
    for host in ["a.example", &longest] {
        let _ = claims.claim(&house.acme, &claim(&house.acme, host, &"t".repeat(43)), MOST).await.unwrap();
        assert!(claims.find(house.acme.id(), host, at(0)).await.unwrap().is_some(), "{host}");
    }
    for other in ["A.example", "a.example ", "a_example", "%", ""] {
        assert_eq!(claims.find(house.acme.id(), other, at(0)).await.unwrap(), None, "{other:?}");
        assert!(!claims.withdraw(&house.acme, other).await.unwrap(), "{other:?}");
    }
}
