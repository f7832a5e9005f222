use std::{
    future::pending,
    io,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use tenant_cache::{Bytes, CacheError, CacheErrorKind, InMemoryBackend};
use tenant_core::{ConfigStore, TenantContext, TenantStatus};
use tokio::{sync::Notify, task::yield_now};

use crate::support::{House, configs, enter, now, tenants};

/// A loader that counts its runs and answers when it is told to.
#[derive(Clone, Default)]
struct Source {
    runs: Arc<AtomicUsize>,
    gate: Arc<Notify>,
}

impl Source {
    fn load(&self, value: &'static str) -> impl FnOnce() -> LoadFuture + Send + 'static + use<> {
        let source = self.clone();
        move || {
            Box::pin(async move {
                source.runs.fetch_add(1, Ordering::SeqCst);
                source.gate.notified().await;
                Ok(value)
            })
        }
    }

    fn runs(&self) -> usize {
        self.runs.load(Ordering::SeqCst)
    }

    async fn started(&self) {
        while self.runs() == 0 {
            yield_now().await;
        }
    }
}

type LoadFuture = std::pin::Pin<Box<dyn Future<Output = Result<&'static str, io::Error>> + Send>>;
type Asking = tokio::task::JoinHandle<Result<Bytes, CacheError>>;

fn ask(house: &House, tenant: &TenantContext, load: impl FnOnce() -> LoadFuture + Send + 'static) -> Asking {
    let (cache, tenant) = (house.cache.clone(), tenant.clone());
    tokio::spawn(async move { cache.get_or_load(&tenant, "key", None, load).await })
}

async fn settle() {
    for _ in 0..50 {
        yield_now().await;
    }
}

#[tokio::test]
async fn a_thousand_who_ask_at_once_cause_one_load() {
    let (house, [acme]) = (House::new(), tenants(["acme"]));
    let source = Source::default();
    let asking: Vec<_> = (0..1_000).map(|_| ask(&house, &acme, source.load("value"))).collect();
    settle().await;
    assert_eq!(source.runs(), 1);
    source.gate.notify_one();
    for asked in asking {
        assert_eq!(asked.await.unwrap().unwrap(), "value");
    }
    assert_eq!(source.runs(), 1);
    assert_eq!(house.cache.get(&acme, "key").await.unwrap().unwrap(), "value");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_thousand_on_many_threads_cause_one_load() {
    for _ in 0..20 {
        let (house, [acme]) = (House::new(), tenants(["acme"]));
        let runs = Arc::new(AtomicUsize::new(0));
        let asking: Vec<_> = (0..1_000)
            .map(|_| {
                let runs = Arc::clone(&runs);
                ask(&house, &acme, move || {
                    Box::pin(async move {
                        runs.fetch_add(1, Ordering::SeqCst);
                        yield_now().await;
                        Ok("value")
                    })
                })
            })
            .collect();
        for asked in asking {
            assert_eq!(asked.await.unwrap().unwrap(), "value");
        }
        assert_eq!(runs.load(Ordering::SeqCst), 1);
    }
}

#[tokio::test]
async fn another_tenants_load_of_the_same_key_is_its_own() {
    let (house, [acme, umbrella]) = (House::new(), tenants(["acme", "umbrella"]));
    let (ours, theirs) = (Source::default(), Source::default());
    let (we, they) = (ask(&house, &acme, ours.load("ours")), ask(&house, &umbrella, theirs.load("theirs")));
    settle().await;
    assert_eq!((ours.runs(), theirs.runs()), (1, 1));
    theirs.gate.notify_one();
    assert_eq!(they.await.unwrap().unwrap(), "theirs");
    ours.gate.notify_one();
    assert_eq!(we.await.unwrap().unwrap(), "ours");
    assert_eq!(house.cache.get(&umbrella, "key").await.unwrap().unwrap(), "theirs");
}

#[tokio::test]
async fn the_load_goes_on_when_the_one_who_started_it_gives_up() {
    let (house, [acme]) = (House::new(), tenants(["acme"]));
    let source = Source::default();
    let leader = ask(&house, &acme, source.load("value"));
    source.started().await;
    let others: Vec<_> = (0..10).map(|_| ask(&house, &acme, source.load("value"))).collect();
    settle().await;
    leader.abort();
    leader.await.unwrap_err();
    let latecomer = ask(&house, &acme, source.load("value"));
    settle().await;
    source.gate.notify_one();
    for other in others.into_iter().chain([latecomer]) {
        assert_eq!(other.await.unwrap().unwrap(), "value");
    }
    assert_eq!(source.runs(), 1);
}

#[tokio::test]
async fn leaders_that_give_up_one_after_the_other_strand_nobody() {
    let (house, [acme]) = (House::new(), tenants(["acme"]));
    let source = Source::default();
    let mut asking: Vec<_> = (0..100).map(|_| ask(&house, &acme, source.load("value"))).collect();
    settle().await;
    let last = asking.pop().unwrap();
    for asked in asking {
        asked.abort();
        settle().await;
    }
    source.gate.notify_one();
    assert_eq!(last.await.unwrap().unwrap(), "value");
    assert_eq!(source.runs(), 1);
}

#[tokio::test]
async fn when_all_give_up_the_load_is_dropped_and_the_next_one_loads_anew() {
    let (house, [acme]) = (House::new(), tenants(["acme"]));
    let alive = Arc::new(());
    let held = Arc::clone(&alive);
    let asking = ask(&house, &acme, move || {
        Box::pin(async move {
            let _held = held;
            pending().await
        })
    });
    settle().await;
    assert_eq!(house.backend.stats().tenants, 1, "the lease is held");
    asking.abort();
    asking.await.unwrap_err();
    assert_eq!(Arc::strong_count(&alive), 1, "the load was not dropped");
    assert_eq!(house.backend.stats().tenants, 0, "the lease was not given back");
    let load = || async { Ok::<_, io::Error>("anew") };
    assert_eq!(house.cache.get_or_load(&acme, "key", None, load).await.unwrap(), "anew");
}

#[tokio::test]
async fn a_failed_load_is_everybodys_answer_and_is_not_kept() {
    let (house, [acme]) = (House::new(), tenants(["acme"]));
    let (runs, gate) = (Arc::new(AtomicUsize::new(0)), Arc::new(Notify::new()));
    let fail = || {
        let (runs, gate) = (Arc::clone(&runs), Arc::clone(&gate));
        move || -> LoadFuture {
            Box::pin(async move {
                runs.fetch_add(1, Ordering::SeqCst);
                gate.notified().await;
                Err(io::Error::from(io::ErrorKind::TimedOut))
            })
        }
    };
    let asking: Vec<_> = (0..100).map(|_| ask(&house, &acme, fail())).collect();
    settle().await;
    gate.notify_one();
    for asked in asking {
        let error = asked.await.unwrap().unwrap_err();
        assert_eq!(error.kind(), CacheErrorKind::Load);
        assert_eq!(error.loader_error::<io::Error>().unwrap().kind(), io::ErrorKind::TimedOut);
    }
    assert_eq!(runs.load(Ordering::SeqCst), 1);
    assert_eq!(house.backend.stats().tenants, 0);
    let load = || async { Ok::<_, io::Error>("recovered") };
    assert_eq!(house.cache.get_or_load(&acme, "key", None, load).await.unwrap(), "recovered");
}

#[tokio::test]
async fn a_panic_of_the_loader_is_a_failed_load() {
    let (house, [acme]) = (House::new(), tenants(["acme"]));
    let asking: Vec<_> = (0..10)
        .map(|_| {
            ask(&house, &acme, || {
                Box::pin(async {
                    yield_now().await;
                    panic!("on purpose")
                })
            })
        })
        .collect();
    for asked in asking {
        assert_eq!(asked.await.unwrap().unwrap_err().kind(), CacheErrorKind::Load);
    }
    let early: fn() -> LoadFuture = || panic!("before there is a future");
    assert_eq!(ask(&house, &acme, early).await.unwrap().unwrap_err().kind(), CacheErrorKind::Load);
    let load = || async { Ok::<_, io::Error>("recovered") };
    assert_eq!(house.cache.get_or_load(&acme, "key", None, load).await.unwrap(), "recovered");
}

#[tokio::test]
async fn a_write_while_a_load_is_under_way_is_not_overwritten_by_it() {
    let (house, [acme]) = (House::new(), tenants(["acme"]));
    let mine = house.cache.scoped(&acme);
    for write in ["set", "delete", "incr", "clear", "set and delete"] {
        let source = Source::default();
        let asking = ask(&house, &acme, source.load("old"));
        source.started().await;
        match write {
            "set" => mine.set("key", "new").await.unwrap(),
            "delete" => assert!(!mine.delete("key").await.unwrap()),
            "incr" => assert_eq!(mine.incr("key", 7).await.unwrap(), 7),
            "clear" => mine.clear().await.unwrap(),
            _ => {
                mine.set("key", "new").await.unwrap();
                assert!(mine.delete("key").await.unwrap());
            }
        }
        let after = mine.get("key").await.unwrap();
        source.gate.notify_one();
        assert_eq!(asking.await.unwrap().unwrap(), "old");
        assert_eq!(mine.get("key").await.unwrap(), after, "{write}");
        mine.clear().await.unwrap();
    }
}

#[tokio::test]
async fn who_asks_after_a_write_does_not_wait_for_an_older_load() {
    let (house, [acme]) = (House::new(), tenants(["acme"]));
    let mine = house.cache.scoped(&acme);
    for write in ["delete", "clear", "set that has expired", "refused set"] {
        let (old, new) = (Source::default(), Source::default());
        let before = ask(&house, &acme, old.load("old"));
        old.started().await;
        match write {
            "delete" => drop(mine.delete("key").await.unwrap()),
            "clear" => mine.clear().await.unwrap(),
            "refused set" => drop(mine.set("key", vec![0; 65 << 20]).await.unwrap_err()),
            _ => mine.set_with_ttl("key", "short-lived", Duration::ZERO).await.unwrap(),
        }
        let after = ask(&house, &acme, new.load("new"));
        settle().await;
        assert_eq!(new.runs(), 1, "{write}");
        // The older one ends last, and still does not overwrite.
        new.gate.notify_one();
        assert_eq!(after.await.unwrap().unwrap(), "new");
        old.gate.notify_one();
        assert_eq!(before.await.unwrap().unwrap(), "old");
        assert_eq!(mine.get("key").await.unwrap().unwrap(), "new");
        mine.clear().await.unwrap();
    }
}

#[tokio::test]
async fn a_write_of_another_key_or_tenant_leaves_the_load_alone() {
    let (house, [acme, umbrella]) = (House::new(), tenants(["acme", "umbrella"]));
    let source = Source::default();
    let asking = ask(&house, &acme, source.load("value"));
    source.started().await;
    house.cache.set(&acme, "other", "x").await.unwrap();
    house.cache.delete(&umbrella, "key").await.unwrap();
    house.cache.clear(&umbrella).await.unwrap();
    source.gate.notify_one();
    asking.await.unwrap().unwrap();
    assert!(house.holds(&acme, "key"));
}

#[tokio::test]
async fn a_write_through_another_cache_on_the_same_backend_is_not_overwritten() {
    let (house, [acme]) = (House::new(), tenants(["acme"]));
    let other = tenant_cache::TenantCache::new(Arc::clone(&house.backend));
    let source = Source::default();
    let asking = ask(&house, &acme, source.load("old"));
    source.started().await;
    other.set(&acme, "key", "new").await.unwrap();
    source.gate.notify_one();
    asking.await.unwrap().unwrap();
    assert_eq!(house.cache.get(&acme, "key").await.unwrap().unwrap(), "new");
}

#[tokio::test]
async fn the_loader_runs_inside_the_entrys_tenant_whoever_drives_it() {
    let (house, [acme, umbrella]) = (House::new(), tenants(["acme", "umbrella"]));
    let load = || async { Ok::<_, io::Error>(tenant_core::current().unwrap().id().to_string()) };
    let asking = house.cache.get_or_load(&acme, "key", None, load);
    let value = tenant_core::scope(umbrella, asking).await.unwrap();
    assert_eq!(value, "acme");
}

#[tokio::test]
async fn what_is_loaded_lives_for_its_time_from_the_end_of_the_load() {
    let (house, [acme]) = (House::new(), tenants(["acme"]));
    let clock = Arc::clone(&house.clock);
    let load = move || async move {
        clock.advance(Duration::from_secs(30));
        Ok::<_, io::Error>("value")
    };
    let ttl = Duration::from_secs(10);
    house.cache.get_or_load(&acme, "key", ttl, load).await.unwrap();
    house.clock.advance(ttl - Duration::from_nanos(1));
    assert!(house.holds(&acme, "key"));
    house.clock.advance(Duration::from_nanos(1));
    assert!(!house.holds(&acme, "key"));
}

#[test]
fn an_answer_that_does_not_fit_is_answered_and_not_kept() {
    let house = House::with(InMemoryBackend::builder().max_bytes(1_000));
    let [acme] = tenants(["acme"]);
    let load = || async { Ok::<_, io::Error>(vec![b'v'; 5_000]) };
    assert_eq!(now(house.cache.get_or_load(&acme, "key", None, load)).unwrap().len(), 5_000);
    assert_eq!(house.backend.stats().tenants, 0);
}

#[tokio::test]
async fn a_tenant_suspended_while_it_waits_is_refused() {
    let (house, configs) = (House::new(), configs(["acme"]));
    let acme = enter(&configs, "acme");
    let source = Source::default();
    let asking = ask(&house, &acme, source.load("value"));
    source.started().await;
    let mut config = acme.config().clone();
    config.status = TenantStatus::Suspended;
    configs.update(config).await.unwrap();
    source.gate.notify_one();
    assert_eq!(asking.await.unwrap().unwrap_err().kind(), CacheErrorKind::Inactive);
}
