//! Tokens that are signed and have not expired, and are not taken any more.

mod world;

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    time::Duration,
};

use tenant_auth::{InMemoryRevocationStore, Revocations};
use tenant_core::{
    StoreError, StoreErrorKind, UnixTime, async_trait,
    auth::{AuthErrorKind, Authenticator, Revocation, RevocationStore, Revoked},
};
use tokio::time::sleep;

use self::world::{FORGET_AT, Store, World, subject, tenant, token};
use super::{
    MINUTE, builder, clock,
    forge::{CLAIMS, ED, NOW, claims},
    show,
};

const REJECTED: Result<String, AuthErrorKind> = Err(AuthErrorKind::Rejected);
const UNAVAILABLE: Result<String, AuthErrorKind> = Err(AuthErrorKind::Unavailable);

#[tokio::test(start_paused = true)]
async fn a_revoked_token_is_refused_within_half_a_second_and_another_is_not() {
    let world = World::new().await;
    let ada = show(&world.verifier, &ED.token(CLAIMS)).await.unwrap();
    world.store.show(1, token("t-1"));
    world.pass(Duration::from_millis(600)).await;
    assert_eq!(world.answer(CLAIMS).await, REJECTED);
    assert!(!world.verifier.holds(&ada).await.unwrap());
    assert!(world.answer(&claims("t-1", "t-2")).await.is_ok());
    assert!(world.answer(&claims(r#","jti":"t-1""#, "")).await.is_ok(), "it has no id to be revoked by");
}

#[tokio::test(start_paused = true)]
async fn all_tokens_of_a_subject_are_refused_up_to_a_moment() {
    let world = World::new().await;
    world.store.show(1, subject("ada", NOW - 10));
    world.revocations.refresh().await.unwrap();
    assert_eq!(world.answer(CLAIMS).await, REJECTED, "issued at that very second");
    assert_eq!(world.answer(&claims("1699999990", "1699999989")).await, REJECTED);
    assert!(world.answer(&claims("1699999990", "1699999991")).await.is_ok());
    assert_eq!(world.answer(&claims(r#""iat":1699999990,"#, "")).await, REJECTED, "it does not say when");
    assert!(world.answer(&claims("ada", "eve")).await.is_ok(), "somebody else");
    world.store.show(2, subject("ada", NOW - 20));
    world.revocations.refresh().await.unwrap();
    assert_eq!(world.answer(CLAIMS).await, REJECTED, "an earlier one takes nothing back");
}

#[tokio::test(start_paused = true)]
async fn all_tokens_that_name_a_tenant_are_refused_up_to_a_moment() {
    let world = World::new().await;
    let both = claims(
        r#""tenant_id":"acme","roles":["member"]"#,
        r#""tenants":{"acme":["member"],"globex":["member"]}"#,
    );
    assert!(show(&world.verifier, &ED.token(&both)).await.is_ok());
    world.store.show(1, tenant("acme", NOW - 10));
    world.revocations.refresh().await.unwrap();
    assert_eq!(world.answer(CLAIMS).await, REJECTED, "issued at that very second");
    assert_eq!(world.answer(&claims("1699999990", "1699999989")).await, REJECTED);
    assert_eq!(world.answer(&both).await, REJECTED, "beside another");
    assert_eq!(world.answer(&claims(r#""iat":1699999990,"#, "")).await, REJECTED, "it does not say when");
    assert!(world.answer(&claims("1699999990", "1699999991")).await.is_ok(), "of who has the id now");
    assert!(world.answer(&claims("acme", "globex")).await.is_ok(), "another tenant");
    assert!(
        world
            .answer(&claims("ada", "acme").replace(r#""tenant_id":"acme""#, r#""tenant_id":"globex""#))
            .await
            .is_ok()
    );
    world.store.show(2, tenant("acme", NOW - 20));
    world.revocations.refresh().await.unwrap();
    assert_eq!(world.answer(CLAIMS).await, REJECTED, "an earlier one takes nothing back");
}

#[tokio::test(start_paused = true)]
async fn a_revocation_that_is_seen_out_of_order_is_seen() {
    let world = World::new().await;
    world.store.show(6, token("t-6"));
    world.pass(Duration::from_secs(9)).await;
    assert_eq!(world.answer(CLAIMS).await.unwrap(), "ada");
    world.store.show(5, token("t-1"));
    world.pass(Duration::from_millis(600)).await;
    assert_eq!(world.answer(CLAIMS).await, REJECTED);
}

#[tokio::test(start_paused = true)]
async fn what_is_settled_is_not_read_again() {
    let store = Arc::new(InMemoryRevocationStore::new());
    for number in 0..2_500 {
        store.revoke(&token(&format!("t-{number}")), FORGET_AT).await.unwrap();
    }
    let revocations = Revocations::builder(store).start();
    revocations.refresh().await.unwrap();
    assert_eq!(revocations.kept(), 2_500, "page by page");

    let world = World::new().await;
    (1..=1_500).for_each(|number| world.store.show(number, token(&format!("t-{number}"))));
    world.pass(Duration::from_secs(12)).await;
    let before = world.store.reads.load(SeqCst);
    world.pass(Duration::from_secs(5)).await;
    let reads = world.store.reads.load(SeqCst) - before;
    assert!((9..=11).contains(&reads), "{reads}: one page each time");
}

#[tokio::test(start_paused = true)]
async fn nothing_is_known_before_the_store_was_read() {
    let world = World::unread();
    world.store.is_down.store(true, SeqCst);
    assert_eq!(world.answer(CLAIMS).await, UNAVAILABLE);
    world.pass(Duration::from_secs(1)).await;
    assert_eq!(world.answer(CLAIMS).await, UNAVAILABLE);
    assert_eq!(world.answer(&claims("acme", "*")).await, REJECTED, "what is not valid is known to be so");
    world.store.is_down.store(false, SeqCst);
    world.pass(Duration::from_secs(1)).await;
    assert!(world.answer(CLAIMS).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_store_that_is_out_of_reach_for_ten_seconds_makes_all_unavailable() {
    const FAULTS: [fn(&Store) -> &AtomicBool; 2] = [|store| &store.is_down, |store| &store.hangs];
    for fault in FAULTS {
        let world = World::new().await;
        world.store.show(1, token("t-2"));
        world.pass(Duration::from_secs(1)).await;
        let ada = show(&world.verifier, &ED.token(CLAIMS)).await.unwrap();
        fault(&world.store).store(true, SeqCst);
        world.pass(Duration::from_secs(9)).await;
        assert!(world.answer(CLAIMS).await.is_ok());
        world.pass(Duration::from_secs(2)).await;
        assert_eq!(world.answer(CLAIMS).await, UNAVAILABLE, "from memory as well");
        assert_eq!(world.verifier.holds(&ada).await.unwrap_err().kind(), AuthErrorKind::Unavailable);
        assert_eq!(world.answer(&claims("t-1", "t-2")).await, REJECTED, "that is known");
        fault(&world.store).store(false, SeqCst);
        world.pass(Duration::from_secs(6)).await;
        assert!(world.answer(CLAIMS).await.is_ok());
    }
}

/// Each page takes its time; together they take longer than one may.
#[tokio::test(start_paused = true)]
async fn a_slow_store_with_many_pages_is_read_to_its_end() {
    struct Slow(InMemoryRevocationStore);

    #[async_trait]
    impl RevocationStore for Slow {
        async fn revoke(&self, revoked: &Revoked, forget_at: UnixTime) -> Result<(), StoreError> {
            self.0.revoke(revoked, forget_at).await
        }

        async fn after(&self, number: u64, limit: u32) -> Result<Vec<Revocation>, StoreError> {
            sleep(Duration::from_secs(2)).await;
            self.0.after(number, limit).await
        }

        async fn sweep(&self, now: UnixTime) -> Result<(), StoreError> {
            self.0.sweep(now).await
        }
    }
    let store = Slow(InMemoryRevocationStore::new());
    for number in 0..10_000 {
        store.revoke(&token(&format!("t-{number}")), FORGET_AT).await.unwrap();
    }
    let clock = clock();
    let revocations = Revocations::builder(Arc::new(store)).clock(Arc::clone(&clock) as _).start();
    let verifier = builder(&clock).revocations(revocations.clone()).build();
    sleep(Duration::from_secs(30)).await;
    assert_eq!(revocations.kept(), 10_000);
    assert!(show(&verifier, &ED.token(&claims("t-1", "other"))).await.is_ok());
    assert!(show(&verifier, &ED.token(CLAIMS)).await.is_err());
}

#[tokio::test(start_paused = true)]
async fn a_store_whose_numbers_do_not_grow_is_not_believed() {
    struct Circular;

    #[async_trait]
    impl RevocationStore for Circular {
        async fn revoke(&self, _: &Revoked, _: UnixTime) -> Result<(), StoreError> {
            Ok(())
        }

        async fn after(&self, _: u64, limit: u32) -> Result<Vec<Revocation>, StoreError> {
            Ok((1..=u64::from(limit)).map(|number| Revocation::new(number, token("t"), FORGET_AT)).collect())
        }

        async fn sweep(&self, _: UnixTime) -> Result<(), StoreError> {
            Ok(())
        }
    }
    let revocations = Revocations::builder(Arc::new(Circular)).start();
    assert_eq!(revocations.refresh().await.unwrap_err().kind(), StoreErrorKind::Invalid);
}

#[tokio::test(start_paused = true)]
async fn what_is_revoked_here_is_known_here_at_once_and_elsewhere_soon() {
    let (clock, store) = (clock(), Arc::new(InMemoryRevocationStore::new()));
    let instance = || Revocations::builder(Arc::clone(&store) as _).clock(Arc::clone(&clock) as _).start();
    let (here, there) = (instance(), instance());
    let verifiers = [&here, &there].map(|own| builder(&clock).revocations(own.clone()).build());
    for revocations in [&here, &there] {
        revocations.refresh().await.unwrap();
    }
    let ada = ED.token(CLAIMS);
    for verifier in &verifiers {
        assert!(show(verifier, &ada).await.is_ok());
    }
    here.revoke(&token("t-1"), FORGET_AT).await.unwrap();
    assert!(show(&verifiers[0], &ada).await.is_err());
    sleep(Duration::from_millis(600)).await;
    assert!(show(&verifiers[1], &ada).await.is_err());
}

#[tokio::test(start_paused = true)]
async fn a_revocation_that_could_not_be_written_counts_here() {
    let world = World::new().await;
    assert!(world.revocations.revoke(&token("t-1"), FORGET_AT).await.is_err());
    assert_eq!(world.answer(CLAIMS).await, REJECTED);
}

/// Leeway lets a token live for a minute longer; its revocation outlives it.
#[tokio::test(start_paused = true)]
async fn a_revocation_is_forgotten_after_its_token_and_not_before() {
    let world = World::new().await;
    let lenient = builder(&world.clock).leeway(MINUTE).revocations(world.revocations.clone()).build();
    world.store.show(1, token("t-1"));
    world.pass(Duration::from_secs(659)).await;
    assert_eq!(show(&lenient, &ED.token(CLAIMS)).await.unwrap_err().reason(), "the token was revoked");
    assert_eq!(world.revocations.kept(), 1);
    world.pass(Duration::from_secs(130)).await;
    assert_eq!((world.revocations.kept(), world.store.visible.lock().len()), (0, 0));
    assert!(world.store.swept.load(SeqCst) >= 10);
}

#[tokio::test(start_paused = true)]
async fn reading_ends_with_the_last_that_holds_the_revocations() {
    let World { store, revocations, verifier, .. } = World::new().await;
    drop(revocations);
    sleep(Duration::from_secs(1)).await;
    assert!(store.reads.load(SeqCst) > 1, "the verifier holds them");
    drop(verifier);
    sleep(Duration::from_secs(1)).await;
    let reads = store.reads.load(SeqCst);
    sleep(Duration::from_secs(10)).await;
    assert_eq!((store.reads.load(SeqCst), Arc::strong_count(&store)), (reads, 1));
}
