//! What is refused when it is written, and what closes when it was written past the framework.

use serde_json::json;

use super::*;
use crate::{
    ConfigStore, ConfigStoreExt, InMemoryConfigManager, StoreErrorKind, TenantConfig, TenantId, TenantRecord,
    TenantStatus, UnixTime,
    auth::{Principal, Proof},
};

fn with(name: &str, value: Value) -> Result<TenantConfig, crate::InvalidConfig> {
    TenantConfig::builder(TenantId::parse("acme").unwrap()).setting(name, value).build()
}

fn field_of(name: &str, value: Value) -> String {
    let text = value.to_string();
    with(name, value).expect_err(&text).field().to_owned()
}

#[test]
fn networks_are_refused_that_nobody_or_who_knows_who_is_in() {
    for (place, bad) in [
        "",
        "10.0.0.0/33",
        "10.0.0.0/-1",
        "10.0.0.0/+8",
        "10.0.0.0/",
        "10.0.0/8",
        "010.0.0.0/8",
        "10.1.2.3/8",
        "2001:db8::1/32",
        "2001:db8::/129",
        "::ffff:10.0.0.0/104",
        "::ffff:10.0.0.1",
        "fe80::1%eth0",
        "[::1]",
        " 10.0.0.0/8",
        "10.0.0.0/8,11.0.0.0/8",
        "office.acme.example",
        "*",
    ]
    .into_iter()
    .enumerate()
    {
        let mut list = vec![json!("192.0.2.0/24"); place];
        list.push(json!(bad));
        assert_eq!(field_of("allowed_networks", json!(list)), format!("settings.allowed_networks[{place}]"));
    }
    for bad in [json!([]), json!("10.0.0.0/8"), Value::Null, json!({}), json!(vec!["10.0.0.1"; 257])] {
        assert_eq!(field_of("allowed_networks", bad), "settings.allowed_networks");
    }
    assert_eq!(field_of("allowed_networks", json!([7])), "settings.allowed_networks[0]");
}

#[test]
fn an_address_is_in_a_network_as_what_it_is() {
    let config = with("allowed_networks", json!(["192.0.2.0/24", "2001:db8::/32", "::/96"])).unwrap();
    let networks = ALLOWED_NETWORKS.of(&config).unwrap().unwrap();
    for (address, expected) in [
        ("192.0.2.255", true),
        ("::ffff:192.0.2.1", true),
        ("192.0.3.0", false),
        ("::ffff:192.0.3.0", false),
        ("2001:db8:ffff::1", true),
        ("2001:db9::", false),
        // Carried in another way it is no address of IPv4.
        ("64:ff9b::192.0.2.1", false),
    ] {
        assert_eq!(networks.contains(address.parse().unwrap()), expected, "{address}");
    }
    let all_of_six = with("allowed_networks", json!(["::/0"])).unwrap();
    let networks = ALLOWED_NETWORKS.of(&all_of_six).unwrap().unwrap();
    assert!(!networks.contains("::ffff:192.0.2.1".parse().unwrap()), "it is one of IPv4");
}

#[test]
fn origins_are_refused_that_no_browser_sends_or_anybody_does() {
    for bad in [
        "*",
        "null",
        "",
        "https://",
        "https://*.acme.example",
        "https://*",
        "https://app.acme.example/",
        "https://app.acme.example/login",
        "https://app.acme.example?x",
        "https://app.acme.example#x",
        "https://ada@app.acme.example",
        "https://App.acme.example",
        "HTTPS://app.acme.example",
        "https://app.acme.example.",
        "https://app.acme.example:443",
        "https://app.acme.example:",
        "https://app.acme.example:0",
        "https://app.acme.example:0444",
        "https://app.acme.example:+444",
        "https://app.acme.example:65536",
        "https://app.acme.example:444:444",
        "https://app acme.example",
        "https://\u{fc}mlaut.example",
        "https://192.0.2.256",
        "https://0300.0.2.1",
        "https://[::0001]",
        "https://[::ffff:192.0.2.1]",
        "https://[::1",
        "http://app.acme.example",
        "http://192.0.2.1",
        "http://localhost.evil.example",
        "http://localhost:80",
        "file://",
        "ftp://app.acme.example",
        "app.acme.example",
        "//app.acme.example",
        "https:app.acme.example",
        " https://app.acme.example",
        "https://app.acme.example\n",
    ] {
        assert_eq!(field_of("allowed_origins", json!([bad])), "settings.allowed_origins[0]", "{bad:?}");
    }
    for bad in [json!("https://app.acme.example"), Value::Null, json!(vec!["https://a.example"; 101])] {
        assert_eq!(field_of("allowed_origins", bad), "settings.allowed_origins");
    }
    let good = json!([
        "https://app.acme.example",
        "https://app.acme.example:8443",
        "https://xn--mlaut-jva.example",
        "https://192.0.2.1",
        "https://[2001:db8::1]:8443",
        "http://localhost:3000",
        "http://app.localhost",
        "http://127.0.0.1:3000",
        "http://[::1]:3000",
    ]);
    let origins = ALLOWED_ORIGINS.of(&with("allowed_origins", good.clone()).unwrap()).unwrap();
    assert_eq!(serde_json::to_value(&origins).unwrap(), good);
    assert!(ALLOWED_ORIGINS.of(&with("allowed_origins", json!([])).unwrap()).unwrap().is_empty());
    assert!(!origins.allows(b"https://APP.acme.example") && !origins.allows(b"null"));
}

#[test]
fn a_timeout_is_a_positive_number_of_minutes() {
    for bad in [json!(0), json!(-1), json!(1.5), json!("30"), json!(527_041), json!(true), Value::Null] {
        assert_eq!(field_of("session_timeout", bad), "settings.session_timeout");
    }
    let config = with("session_timeout", json!(30)).unwrap();
    let timeout = SESSION_TIMEOUT.of(&config).unwrap().unwrap();
    let at = UnixTime::from_secs;
    for (proof, issued, now, expected) in [
        (Proof::Session, Some(1_000), 2_799, true),
        (Proof::Session, Some(1_000), 2_800, false),
        (Proof::Token, Some(1_000), 2_800, false),
        // Issued by a clock that goes ahead of ours.
        (Proof::Token, Some(1_000), 990, true),
        (Proof::Token, None, 0, false),
        (Proof::Session, None, 0, false),
        (Proof::ApiKey, Some(1_000), 9_999_999, true),
        (Proof::ApiKey, None, 0, true),
        (Proof::Certificate, None, 0, true),
        (Proof::Password, None, 0, true),
    ] {
        let mut principal = Principal::builder("ada", proof);
        if let Some(issued) = issued {
            principal = principal.issued_at(at(issued));
        }
        assert_eq!(timeout.admits(&principal.build(), at(now)), expected, "{proof:?} {issued:?} {now}");
    }
}

#[test]
fn whether_a_second_factor_is_required_is_true_or_false_and_asked_of_people_alone() {
    for bad in [json!(0), json!("true"), json!([]), Value::Null] {
        assert_eq!(field_of("require_mfa", bad), "settings.require_mfa");
    }
    let edge = |settings: &[Value]| {
        let mut config = with("seats", json!(1)).unwrap();
        settings.iter().for_each(|value| drop(config.settings.insert("require_mfa".into(), value.clone())));
        EdgeSettings::of(&config)
    };
    let ada = |proof| Principal::builder("ada", proof);
    for (settings, admitted) in
        [(&[][..], true), (&[json!(false)], true), (&[json!(true)], false), (&[json!("nonsense")], false)]
    {
        let edge = edge(settings);
        assert_eq!(edge.requires_mfa(), !admitted, "{settings:?}");
        for proof in [Proof::Session, Proof::Token, Proof::Password] {
            assert_eq!(edge.admits_factors_of(&ada(proof).build()), admitted, "{settings:?} {proof:?}");
            assert!(edge.admits_factors_of(&ada(proof).second_factor().build()), "{settings:?} {proof:?}");
        }
        for proof in [Proof::ApiKey, Proof::Certificate] {
            assert!(edge.admits_factors_of(&ada(proof).build()), "{settings:?} {proof:?}");
        }
    }
}

#[test]
fn settings_are_bounded() {
    let acme = || TenantConfig::builder(TenantId::parse("acme").unwrap());
    let many = (0..101).map(|number| (format!("s{number}"), Value::Null)).collect();
    assert_eq!(acme().settings(many).build().unwrap_err().field(), "settings");
    for name in ["", "a b", "\u{e4}", &"a".repeat(65)] {
        assert_eq!(acme().setting(name, 1).build().unwrap_err().field(), "settings", "{name}");
    }
    assert!(with("notes", json!("x".repeat(65_000))).is_ok());
    assert_eq!(field_of("notes", json!("x".repeat(65_536))), "settings");
}

const SEATS: Setting<u64> =
    Setting::new("seats", || 5, |value| value.as_u64().ok_or(InvalidSetting::new("must be a number")));
const FEW: Setting<()> = Setting::new(
    "seats",
    || (),
    |value| match value.as_u64() {
        Some(10..) => Err(InvalidSetting::new("must be less than 10")),
        _ => Ok(()),
    },
);

#[test]
fn a_schema_knows_more_and_takes_nothing_back() {
    let check = |schema: &SettingsSchema, name: &str, value: Value| {
        schema.check(&Map::from_iter([(name.to_owned(), value)])).map_err(|error| error.field().to_owned())
    };
    let open = SettingsSchema::new().with(SEATS);
    assert_eq!(check(&open, "seats", json!("many")), Err("settings.seats".into()));
    assert_eq!(check(&open, "seets", json!("many")), Ok(()));
    let closed = open.with(FEW).closed();
    assert_eq!(check(&closed, "seats", json!("many")), Err("settings.seats".into()), "both hold");
    assert_eq!(check(&closed, "seats", json!(10)), Err("settings.seats".into()));
    assert_eq!(check(&closed, "seats", json!(9)), Ok(()));
    assert_eq!(
        check(&closed, "alowed_networks", json!(["10.0.0.0/8"])),
        Err("settings.alowed_networks".into())
    );
    assert_eq!(check(&closed, "allowed_networks", json!(["10.0.0.0/8"])), Ok(()));
    assert_eq!(check(&closed, "allowed_networks", json!(["10"])), Err("settings.allowed_networks[0]".into()));
    const LAX: Setting<()> = Setting::new("allowed_networks", || (), |_| Ok(()));
    assert!(check(&SettingsSchema::new().with(LAX), "allowed_networks", json!("all")).is_err());
}

#[tokio::test]
async fn a_store_refuses_what_its_schema_does_and_holds_up_nothing_else() {
    let configs = InMemoryConfigManager::new();
    configs.create(with("seats", json!("many")).unwrap()).await.unwrap();
    let configs = configs.with_settings(SettingsSchema::new().with(SEATS).closed());
    let id = TenantId::parse("acme").unwrap();
    let suspended = configs.modify(&id, |config| config.status = TenantStatus::Suspended).await.unwrap();
    assert!(!suspended.is_live());
    let change = |value: Value| {
        move |config: &mut TenantConfig| drop(config.settings.insert("seats".into(), value.clone()))
    };
    let refused = configs.modify(&id, change(json!("few"))).await.unwrap_err();
    assert_eq!(
        (refused.kind(), refused.detail()),
        (StoreErrorKind::Invalid, "settings.seats must be a number")
    );
    configs.modify(&id, change(json!(7))).await.unwrap();
    let mut other = with("stray", json!(1)).unwrap();
    other.tenant_id = TenantId::parse("globex").unwrap();
    assert_eq!(configs.create(other).await.unwrap_err().kind(), StoreErrorKind::Invalid);
}

/// Somebody wrote them into the database by hand.
#[test]
fn settings_that_cannot_be_read_close_what_they_stand_for() {
    let mut config = with("seats", json!(1)).unwrap();
    let open = TenantRecord::new(config.clone());
    assert!(open.edge_settings().networks().is_none() && open.edge_settings().session_timeout().is_none());
    for (name, value) in [
        ("allowed_networks", json!(["10.0.0.0/8", "everybody"])),
        ("allowed_origins", json!(["https://app.acme.example", "*"])),
        ("session_timeout", json!("never")),
    ] {
        config.settings.insert(name.into(), value);
    }
    let record = TenantRecord::new(config);
    let settings = record.edge_settings();
    assert!(!settings.networks().unwrap().contains("10.0.0.1".parse().unwrap()));
    assert!(settings.origins().is_empty());
    let now = UnixTime::from_secs(1_000);
    let ada = Principal::builder("ada", Proof::Session).issued_at(now).build();
    assert!(!settings.session_timeout().unwrap().admits(&ada, now));
}
