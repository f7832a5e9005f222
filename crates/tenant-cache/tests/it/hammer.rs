use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};

use tenant_cache::InMemoryBackend;

use crate::support::{ENTRY, House, TENANT, now, tenants};

const THREADS: usize = 16;

#[test]
fn sixteen_threads_count_exactly() {
    let house = House::new();
    let [acme, umbrella] = tenants(["acme", "umbrella"]);
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                for _ in 0..2_000 {
                    now(house.cache.incr(&acme, "n", 1)).unwrap();
                    now(house.cache.decr(&umbrella, "n", 2)).unwrap();
                }
            });
        }
    });
    assert_eq!(now(house.cache.incr(&acme, "n", 0)).unwrap(), 32_000);
    assert_eq!(now(house.cache.incr(&umbrella, "n", 0)).unwrap(), -64_000);
}

#[test]
fn tenants_that_come_and_go_under_sixteen_threads_lose_no_write() {
    // A shard is let go of whenever its last entry is deleted; a write must never end in one that is gone.
    let house = House::new();
    let [acme] = tenants(["acme"]);
    thread::scope(|scope| {
        for number in 0..THREADS {
            let (house, acme) = (&house, &acme);
            scope.spawn(move || {
                for _ in 0..2_000 {
                    let key = format!("{number}");
                    now(house.cache.set(acme, &key, key.clone())).unwrap();
                    assert_eq!(now(house.cache.get(acme, &key)).unwrap().unwrap(), key);
                    assert!(now(house.cache.delete(acme, &key)).unwrap());
                }
            });
        }
    });
    let stats = house.backend.stats();
    assert_eq!((stats.tenants, stats.bytes, stats.hits), (0, 0, 32_000));
}

#[test]
fn sixteen_threads_never_exceed_the_budget_nor_touch_a_quiet_tenant() {
    let cost = ENTRY + 4 + 100;
    let budget = 9 * TENANT + 900 * cost;
    let house = House::with(InMemoryBackend::builder().max_bytes(budget));
    let noisy = tenants(["t0", "t1", "t2", "t3", "t4", "t5", "t6", "t7"]);
    let [quiet] = tenants(["quiet"]);
    for key in 0..100 {
        now(house.cache.set(&quiet, format!("{key:04}"), vec![b'q'; 100])).unwrap();
    }
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        let writers: Vec<_> = (0..THREADS)
            .map(|number| {
                let (house, tenant) = (&house, &noisy[number % noisy.len()]);
                scope.spawn(move || {
                    for key in 0..3_000 {
                        let key = format!("{:04}", (key * 7 + number) % 1_000);
                        now(house.cache.set(tenant, &key, vec![b'v'; 100])).unwrap();
                        if let Some(value) = now(house.cache.get(tenant, &key)).unwrap() {
                            assert_eq!(value, vec![b'v'; 100]);
                        }
                    }
                })
            })
            .collect();
        scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                assert!(house.backend.bytes() <= budget);
                thread::yield_now();
            }
        });
        let ends: Vec<_> = writers.into_iter().map(thread::ScopedJoinHandle::join).collect();
        done.store(true, Ordering::Relaxed);
        assert!(ends.iter().all(Result::is_ok));
    });
    assert_eq!(house.backend.tenant_stats(&quiet).entries, 100);
    assert_eq!(house.backend.tenant_stats(&quiet).evictions, 0);
    assert_eq!(house.backend.stats().bytes, house.backend.bytes());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn loads_writes_and_clears_at_once_end_and_leave_nothing_under_way() {
    let house = Arc::new(House::new());
    let [acme] = tenants(["acme"]);
    let mut tasks = Vec::new();
    for number in 0..THREADS {
        let (house, acme) = (Arc::clone(&house), acme.clone());
        tasks.push(tokio::spawn(async move {
            for round in 0..500 {
                let key = format!("{}", (round * 3 + number) % 5);
                let load = || async {
                    tokio::task::yield_now().await;
                    Ok::<_, std::io::Error>("loaded")
                };
                match (round + number) % 7 {
                    0 => house.cache.set(&acme, &key, "set").await.unwrap(),
                    1 => drop(house.cache.delete(&acme, &key).await.unwrap()),
                    2 if round % 5 == 0 => house.cache.clear(&acme).await.unwrap(),
                    _ => {
                        let value = house.cache.get_or_load(&acme, &key, None, load).await.unwrap();
                        assert!(value == "set" || value == "loaded");
                    }
                }
            }
        }));
    }
    for task in tasks {
        task.await.unwrap();
    }
    house.cache.clear(&acme).await.unwrap();
    assert_eq!(house.backend.stats().tenants, 0, "a lease was left behind");
}
