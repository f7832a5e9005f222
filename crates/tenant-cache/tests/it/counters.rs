use std::time::Duration;

use tenant_cache::CacheErrorKind;

use crate::support::{House, now, tenants};

#[test]
fn a_missing_counter_starts_at_zero() {
    let (house, [acme]) = (House::new(), tenants(["acme"]));
    assert_eq!(now(house.cache.decr(&acme, "n", 3)).unwrap(), -3);
    assert_eq!(now(house.cache.get(&acme, "n")).unwrap().unwrap(), "-3");
}

#[test]
fn a_counter_is_a_value_and_a_value_of_digits_is_a_counter() {
    let (house, [acme]) = (House::new(), tenants(["acme"]));
    now(house.cache.set(&acme, "n", "-40")).unwrap();
    assert_eq!(now(house.cache.incr(&acme, "n", 82)).unwrap(), 42);
    assert_eq!(now(house.cache.get(&acme, "n")).unwrap().unwrap(), "42");
}

#[test]
fn a_sum_beyond_the_range_is_refused_and_changes_nothing() {
    let (house, [acme]) = (House::new(), tenants(["acme"]));
    let mine = house.cache.scoped(&acme);
    for (value, by) in [(i64::MAX, 1), (i64::MIN, -1), (i64::MIN, i64::MIN), (1, i64::MAX)] {
        now(mine.set("n", value.to_string())).unwrap();
        assert_eq!(now(mine.incr("n", by)).unwrap_err().kind(), CacheErrorKind::Overflow);
        assert_eq!(now(mine.get("n")).unwrap().unwrap(), value.to_string());
    }
    now(mine.set("n", "-1")).unwrap();
    assert_eq!(now(mine.decr("n", i64::MIN)).unwrap_err().kind(), CacheErrorKind::Overflow);
    assert_eq!(now(mine.decr("n", i64::MAX)).unwrap(), i64::MIN);
}

#[test]
fn what_is_not_a_number_is_refused_and_left_alone() {
    let (house, [acme]) = (House::new(), tenants(["acme"]));
    let mine = house.cache.scoped(&acme);
    for value in ["", " ", "1 ", "+1", "01", "-0", "1.0", "1e3", "9223372036854775808", "\u{0661}", "abc"] {
        now(mine.set("n", value)).unwrap();
        assert_eq!(now(mine.incr("n", 1)).unwrap_err().kind(), CacheErrorKind::NotANumber, "{value:?}");
        assert_eq!(now(mine.get("n")).unwrap().unwrap(), value);
    }
    now(mine.set("n", vec![0xff])).unwrap();
    assert_eq!(now(mine.incr("n", 1)).unwrap_err().kind(), CacheErrorKind::NotANumber);
}

#[test]
fn counting_keeps_the_time_to_live_and_an_expired_counter_starts_anew() {
    let (house, [acme]) = (House::new(), tenants(["acme"]));
    let mine = house.cache.scoped(&acme);
    now(mine.set_with_ttl("n", "5", Duration::from_secs(10))).unwrap();
    house.clock.advance(Duration::from_secs(9));
    assert_eq!(now(mine.incr("n", 1)).unwrap(), 6);
    house.clock.advance(Duration::from_secs(1));
    assert_eq!(now(mine.incr("n", 1)).unwrap(), 1);
    house.clock.advance(Duration::from_secs(1_000_000));
    assert_eq!(now(mine.incr("n", 1)).unwrap(), 2);
}
