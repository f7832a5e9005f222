//! Sessions.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tenant_core::{
    StoreErrorKind, TenantId, Timestamp,
    auth::{SessionRecord, SessionStore},
};
use tenant_redis::{Redis, RedisSessions};
use tenant_testkit::servers::Redis as Server;

use super::support::{ask, id, raw, shared, within};

/// Far enough from the server's own end.
const HOUR: i64 = 3_600_000;

fn sessions(redis: &Redis) -> RedisSessions {
    RedisSessions::new(redis).with_deadline(Duration::from_secs(5))
}

/// So many milliseconds from now.
fn soon(millis: i64) -> Timestamp {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_micros();
    Timestamp::from_unix_micros(i64::try_from(now).unwrap() + millis * 1_000)
}

fn session(tenant: &str, number: u8, subject: &str, lasts: i64) -> SessionRecord {
    let mut session = SessionRecord::new([number; 32], id(tenant), subject, soon(0), soon(lasts));
    session.roles = vec!["admin".into(), "a \"role\", Ü".into()];
    session
}

#[tokio::test]
async fn a_session_is_found_as_it_was_written_until_it_ends() {
    let redis = shared();
    let (here, there) = (sessions(&redis), sessions(&redis));
    let mut written = session("acme", 9, "ada", HOUR);
    written.second_factor = true;
    here.create(&written).await.unwrap();
    assert_eq!(there.load(&[9; 32]).await.unwrap().as_ref(), Some(&written));
    assert_eq!(there.load(&[8; 32]).await.unwrap(), None);
    let again = here.create(&session("globex", 9, "eve", HOUR)).await.unwrap_err();
    assert_eq!(again.kind(), StoreErrorKind::AlreadyExists);

    let later = |micros| Timestamp::from_unix_micros(written.created_at.as_unix_micros() + micros);
    let (two, three) = (later(2), later(3));
    there.touch(&[9; 32], three).await.unwrap();
    there.touch(&[9; 32], two).await.unwrap();
    written.seen_at = three;
    assert_eq!(here.load(&[9; 32]).await.unwrap().as_ref(), Some(&written));

    assert!(there.end(&[9; 32]).await.unwrap());
    assert!(!here.end(&[9; 32]).await.unwrap());
    here.touch(&[9; 32], soon(0)).await.unwrap();
    assert_eq!(here.load(&[9; 32]).await.unwrap(), None, "a use brings nothing back");
}

#[tokio::test]
async fn all_sessions_of_somebody_end_in_one_tenant_and_nobody_elses() {
    let redis = shared();
    let store = sessions(&redis);
    let all = [
        ("acme", 1, "ada"),
        ("acme", 2, "ada"),
        ("acme", 3, "ada "),
        ("globex", 4, "ada"),
        ("acme", 5, "ada:s"),
        ("acme", 6, "}:{globex}:s:ada"),
    ];
    for (tenant, number, subject) in all {
        store.create(&session(tenant, number, subject, HOUR)).await.unwrap();
    }
    assert_eq!(store.end_all(&id("acme"), "ADA").await.unwrap().len(), 0);
    assert_eq!(store.end_all(&id("acme"), "ada").await.unwrap().len(), 2);
    assert_eq!(store.end_all(&id("acme"), "ada").await.unwrap().len(), 0);
    let mut left = Vec::new();
    for (_, number, _) in all {
        left.extend(store.load(&[number; 32]).await.unwrap().map(|_| number));
    }
    assert_eq!(left, [3, 4, 5, 6]);
}

#[tokio::test]
async fn a_session_expires_with_what_is_known_of_it() {
    let redis = shared();
    let store = sessions(&redis);
    store.create(&session("acme", 1, "ada", 300)).await.unwrap();
    store.touch(&[1; 32], soon(HOUR)).await.unwrap();
    store.create(&session("acme", 2, "ada", HOUR)).await.unwrap();
    store.create(&session("acme", 3, "bob", 300)).await.unwrap();
    let gone = async || store.load(&[1; 32]).await.unwrap().is_none();
    within(Duration::from_secs(5), gone).await;
    assert!(store.load(&[2; 32]).await.unwrap().is_some(), "its use does not make it last");

    let mut connection = raw(&Server::shared().unwrap().url()).await;
    let prefix = redis.keyspace().prefix();
    let bobs = format!("{prefix}:{{acme}}:s:bob");
    let unlisted = async || ask::<i64>(&mut connection, &["EXISTS", &bobs]).await == 0;
    within(Duration::from_secs(5), unlisted).await;
    // The next one takes those along that have expired.
    let adas = format!("{prefix}:{{acme}}:s:ada");
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    store.create(&session("acme", 4, "ada", HOUR)).await.unwrap();
    let listed: i64 = ask(&mut connection, &["ZCARD", &adas]).await;
    assert_eq!(listed, 2);
    let lasts: i64 = ask(&mut connection, &["PTTL", &adas]).await;
    assert!((HOUR - 60_000..=HOUR).contains(&lasts), "{lasts}");
    assert!(store.end(&[4; 32]).await.unwrap());
    let listed: i64 = ask(&mut connection, &["ZCARD", &adas]).await;
    assert_eq!(listed, 1);
}

#[tokio::test]
async fn one_that_is_enlisted_and_not_there_yet_is_found_later() {
    let redis = shared();
    let store = sessions(&redis);
    let mut connection = raw(&Server::shared().unwrap().url()).await;
    let list = format!("{}:{{acme}}:s:ada", redis.keyspace().prefix());
    let (end, digest) = (soon(HOUR).as_unix_micros() / 1_000, "01".repeat(32));
    let _: i64 = ask(&mut connection, &["ZADD", &list, &end.to_string(), &digest]).await;
    assert_eq!(store.end_all(&id("acme"), "ada").await.unwrap().len(), 0);
    store.create(&session("acme", 1, "ada", HOUR)).await.unwrap();
    assert_eq!(store.end_all(&id("acme"), "ada").await.unwrap(), [[1; 32]]);
    assert_eq!(store.load(&[1; 32]).await.unwrap(), None);
}

#[tokio::test]
async fn a_server_that_is_not_there_is_an_error_and_no_sign_in() {
    let store = RedisSessions::new(&Redis::open("redis://127.0.0.1:1").unwrap());
    let error = store.load(&[1; 32]).await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Unavailable);
    assert!(store.create(&session("acme", 1, "ada", HOUR)).await.is_err());
    assert!(store.end_all(&TenantId::parse("acme").unwrap(), "ada").await.is_err());
}

#[tokio::test]
async fn one_that_was_kept_before_there_were_second_factors_has_shown_none() {
    let redis = shared();
    let mut connection = raw(&Server::shared().unwrap().url()).await;
    let key = format!("{}:{{{}}}:s", redis.keyspace().prefix(), "09".repeat(32));
    let kept = r#"["acme","ada",["admin"],1700000000000000,1800000000000000]"#;
    let _: i64 = ask(&mut connection, &["HSET", &key, "kept", kept, "seen", "0"]).await;
    let found = sessions(&redis).load(&[9; 32]).await.unwrap().unwrap();
    assert_eq!((&*found.subject, found.second_factor), ("ada", false));
    assert!(sessions(&redis).end(&[9; 32]).await.unwrap());
}

#[tokio::test]
async fn what_others_left_is_an_error_that_tells_nothing_of_it() {
    let redis = shared();
    let store = sessions(&redis);
    let mut connection = raw(&Server::shared().unwrap().url()).await;
    let key = format!("{}:{{{}}}:s", redis.keyspace().prefix(), "01".repeat(32));
    let _: i64 = ask(&mut connection, &["HSET", &key, "kept", "canary", "seen", "0"]).await;
    let error = store.load(&[1; 32]).await.unwrap_err();
    assert!(!format!("{error} {error:?}").contains("canary"));
}
