use std::collections::HashMap;

use proptest::prelude::*;
use tenant_cache::KeyPrefixer;
use tenant_core::TenantContext;

use crate::support::{configs, enter, id, tenants};

fn any_id() -> impl Strategy<Value = String> {
    // Few letters, so that prefixes of each other are frequent.
    "[ab]([ab.-]{0,3}[ab])?|[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?"
}

fn any_bytes() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        proptest::collection::vec(prop_oneof![Just(b':'), Just(b'a'), Just(b'b'), Just(0)], 0..8),
        proptest::collection::vec(any::<u8>(), 0..40),
    ]
}

fn context(name: &str) -> TenantContext {
    enter(&configs([name]), name)
}

proptest! {
    #[test]
    fn taking_a_key_apart_is_the_inverse_of_writing_it(prefix in any_bytes(), name in any_id(), key in any_bytes()) {
        let keys = KeyPrefixer::with_prefix(&prefix);
        let full = keys.key(&context(&name), &key);
        prop_assert_eq!(keys.split(&full), Some((id(&name), &key[..])));
        prop_assert_eq!(keys.prefix(), &prefix[..]);
    }

    #[test]
    fn two_pairs_never_give_one_key(
        prefix in any_bytes(),
        (one, other) in (any_id(), any_id()),
        (key, other_key) in (any_bytes(), any_bytes()),
    ) {
        let keys = KeyPrefixer::with_prefix(&prefix);
        let same = keys.key(&context(&one), &key) == keys.key(&context(&other), &other_key);
        prop_assert_eq!(same, (&one, &key) == (&other, &other_key));
    }

    #[test]
    fn what_is_taken_apart_was_written_here(prefix in any_bytes(), full in any_bytes(), behind in any_bytes()) {
        let keys = KeyPrefixer::with_prefix(&prefix);
        for full in [full, [&prefix[..], b":", &behind].concat()] {
            if let Some((tenant, key)) = keys.split(&full) {
                prop_assert_eq!(keys.key(&context(tenant.as_str()), key), full);
            }
        }
    }

    #[test]
    fn all_forms_say_the_same(prefix in any_bytes(), name in any_id(), key in any_bytes()) {
        let (keys, tenant) = (KeyPrefixer::with_prefix(&prefix), context(&name));
        let full = keys.key(&tenant, &key);
        let mut buffer = b"what was there before".to_vec();
        keys.write_key(&tenant, &key, &mut buffer);
        prop_assert_eq!(&buffer, &full);
        let parts = keys.parts(&tenant, &key);
        prop_assert_eq!(&parts.as_slices().concat(), &full);
        prop_assert_eq!(parts.len(), full.len());
        let mut exact = vec![0; full.len()];
        prop_assert_eq!(parts.write_to(&mut exact), Some(&full[..]));
        prop_assert_eq!(parts.write_to(&mut exact[1..]), None);
    }

    #[test]
    fn disjoint_prefixers_never_write_one_key(
        (one, other) in (any_bytes(), any_bytes()),
        (name, other_name) in (any_id(), any_id()),
        (key, other_key) in (any_bytes(), any_bytes()),
    ) {
        let (one, other) = (KeyPrefixer::with_prefix(one), KeyPrefixer::with_prefix(other));
        if one.is_disjoint_from(&other) {
            let (key, other_key) = (one.key(&context(&name), key), other.key(&context(&other_name), other_key));
            prop_assert_ne!(&key, &other_key);
            prop_assert_eq!(other.split(&key), None);
        }
    }

    #[test]
    fn prefixers_that_are_not_disjoint_have_a_key_in_common(
        one in any_bytes(), name in any_id(), rest in any_bytes(),
    ) {
        let longer = [&one[..], b":", name.as_bytes(), b":", &rest].concat();
        let (one, other) = (KeyPrefixer::with_prefix(one), KeyPrefixer::with_prefix(longer));
        prop_assert!(!one.is_disjoint_from(&other) && !other.is_disjoint_from(&one));
        let common = other.key(&context("b"), "key");
        prop_assert!(one.split(&common).is_some());
    }
}

#[test]
fn keys_made_to_collide_stay_apart() {
    let tenants = tenants(["a", "b", "a.b", "a-b", "ab"]);
    let pieces: [&[u8]; 12] =
        [b"", b":", b"::", b"b", b"b:c", b":b:c", b"a:b", b"tenant:b:c", b"\0", b"\0:", b"%3A", b"a\\:b"];
    for prefix in [&b"tenant"[..], b"", b":", b"a", b"a:b", b"tenant:a"] {
        let keys = KeyPrefixer::with_prefix(prefix);
        let mut seen = HashMap::new();
        for tenant in &tenants {
            for piece in pieces {
                let full = keys.key(tenant, piece);
                assert_eq!(keys.split(&full), Some((*tenant.id(), piece)));
                assert_eq!(seen.insert(full, (tenant.id(), piece)), None);
            }
        }
    }
}

#[test]
fn the_form_is_prefix_tenant_key() {
    let [acme] = tenants(["acme"]);
    let keys = KeyPrefixer::new();
    assert_eq!(keys.key(&acme, "user:7"), b"tenant:acme:user:7");
    assert_eq!(keys.text_key(&acme, "user:7").as_deref(), Some("tenant:acme:user:7"));
    assert_eq!(KeyPrefixer::with_prefix([0xff]).text_key(&acme, "user:7"), None);
}

#[test]
fn what_no_prefixer_wrote_is_not_taken_apart() {
    let keys = KeyPrefixer::new();
    for foreign in [
        "",
        "tenant",
        "tenant:",
        "tenant:acme",
        "tenant::k",
        "tenant:-a:k",
        "tenan:acme:k",
        "Tenant:a:k",
        "tenant:a b:k",
    ] {
        assert_eq!(keys.split(foreign.as_bytes()), None, "{foreign}");
    }
}

#[test]
fn a_buffer_that_is_large_enough_is_used_again() {
    let [acme] = tenants(["acme"]);
    let mut buffer = Vec::with_capacity(64);
    let address = buffer.as_ptr();
    for round in 0..100 {
        KeyPrefixer::new().write_key(&acme, format!("user:{round}"), &mut buffer);
    }
    assert_eq!((buffer.as_ptr(), &buffer[..]), (address, &b"tenant:acme:user:99"[..]));
}
