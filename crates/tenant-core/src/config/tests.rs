use super::*;

fn acme() -> TenantConfigBuilder {
    TenantConfig::builder(TenantId::parse("acme").unwrap())
}

fn field_of(builder: TenantConfigBuilder) -> String {
    builder.build().unwrap_err().field().to_owned()
}

#[test]
fn survives_a_round_trip_through_json() {
    let config = acme()
        .requests_per_minute(10)
        .hosts(["App.Acme.example"])
        .feature("beta", true)
        .limit("daily", NamedLimit::rate(Dimension::Requests, Window::Day, 5).shadow(true))
        .build()
        .unwrap();
    let json = serde_json::to_string(&config).unwrap();
    assert_eq!(serde_json::from_str::<TenantConfig>(&json).unwrap(), config);
    assert_eq!(config.hosts, ["app.acme.example"]);
}

#[test]
fn names_the_field_that_is_wrong() {
    assert_eq!(field_of(acme().name("")), "name");
    assert_eq!(field_of(acme().plan(Some("a plan".into()))), "plan");
    assert_eq!(field_of(acme().requests_per_minute(u64::MAX)), "quota.requests_per_minute");
    assert_eq!(field_of(acme().allowed_models([" gpt"])), "policy.allowed_models");
    assert_eq!(field_of(acme().hosts(["a.example", "A.example"])), "hosts");
    let limit = NamedLimit::rate(Dimension::Tokens, Window::Minute, 1);
    assert_eq!(field_of(acme().limit("tpm", limit)), "limits.tpm");
}

#[test]
fn refuses_hosts_that_are_none() {
    for bad in [
        "127.0.0.1",
        "a b",
        "https://a.example",
        "a.example:80",
        "-a.example",
        "a..b",
        "[::1]",
        "*",
        "*.",
        "*.127.0.0.1",
        "a.*.example",
        "*a.example",
        "*.*.example",
        "*.a.example:80",
    ] {
        assert_eq!(field_of(acme().hosts([bad])), "hosts", "{bad}");
    }
    assert!(acme().hosts(["*.Acme.example", "acme.example", "app.acme.example"]).build().is_ok());
}

#[test]
fn reads_windows_by_word_and_by_length() {
    let window = |text: &str| {
        let json = format!(r#"{{"kind":"rate","dimension":"requests","window":"{text}","limit":1}}"#);
        serde_json::from_str::<NamedLimit>(&json).map(|limit| limit.kind.window().unwrap().seconds())
    };
    assert_eq!(window("hour").unwrap(), 3_600);
    assert_eq!(window("10s").unwrap(), 10);
    assert_eq!(window("2d").unwrap(), 172_800);
    for bad in ["minut", "0s", "s", "", "-1s", "1.5s", "99999999999999999999s", "32d", "10", "1é"] {
        assert!(window(bad).is_err(), "{bad}");
    }
}

/// What is wrong with a limit, as serde says it.
fn problem(json: &str) -> String {
    serde_json::from_str::<LimitSetting>(json).expect_err(json).to_string()
}

#[test]
fn refuses_limits_it_could_not_enforce() {
    for (bad, says) in [
        (r#"{"kind":"rate","dimension":"requests","window":"day","limit":-1}"#, "-1"),
        (r#"{"kind":"rate","dimension":"requests","window":"day","limit":1.5}"#, "1.5"),
        (r#"{"kind":"rate","dimension":"requests","window":"day","limit":"many"}"#, "many"),
        (r#"{"kind":"rate","dimension":"requests","window":"day","limit":1,"extra":1}"#, "extra"),
        (r#"{"kind":"rate","dimension":"","window":"day","limit":1}"#, "dimension"),
        (r#"{"kind":"rate","window":"day","limit":1}"#, "field `dimension`"),
        (r#"{"kind":"rate","dimension":"requests","limit":1}"#, "field `window`"),
        (r#"{"kind":"rate","dimension":"requests","window":"day"}"#, "field `limit`"),
        (r#"{"dimension":"requests","window":"day","limit":1}"#, "field `kind`"),
        (r#"{"kind":"speed","limit":1}"#, "speed"),
        (r#"{"kind":"rate","dimension":"requests","window":"0s","limit":1}"#, "window"),
        (r#"{"kind":"rate","dimension":"requests","window":"minut","limit":1}"#, "window"),
        (r#"{"kind":"rate","dimension":"requests","window":"day","limit":1,"algorithm":"leaky"}"#, "leaky"),
        (r#"{"kind":"rate","dimension":"requests","window":"day","limit":1,"sub_windows":6}"#, "sub_windows"),
        (r#"{"kind":"rate","dimension":"requests","window":"day","limit":1,"burst":6}"#, "burst"),
        (r#"{"kind":"concurrency","window":"day","limit":1}"#, "window"),
        (r#"{"kind":"stock","dimension":"users","window":"day","limit":1}"#, "window"),
        (r#"{"kind":"stock","algorithm":"fixed","limit":1}"#, "algorithm"),
        (r#"{"kind":"stock","limit":1,"limit":2}"#, "limit"),
        (r#"{"kind":"stock","limit":1,"failure_policy":"maybe"}"#, "maybe"),
        (r#"{"kind":"stock","limit":1,"shadow":"yes"}"#, "yes"),
        ("-1", "-1"),
        ("1.5", "1.5"),
        (r#""none""#, "none"),
        ("null", "null"),
        ("[]", "sequence"),
    ] {
        assert!(problem(bad).contains(says), "{bad}: {}", problem(bad));
    }
    let sliding = |more: &str| {
        format!(r#"{{"kind":"rate","dimension":"a","window":"day","limit":1,"algorithm":"sliding"{more}}}"#)
    };
    assert!(serde_json::from_str::<LimitSetting>(&sliding("")).is_ok());
    for bad in [r#","sub_windows":0"#, r#","sub_windows":101"#, r#","sub_windows":-1"#, r#","burst":1"#] {
        assert!(serde_json::from_str::<LimitSetting>(&sliding(bad)).is_err(), "{bad}");
    }
    let bucket = sliding(r#","burst":-1"#).replace("sliding", "token_bucket");
    assert!(problem(&bucket).contains("-1"));
}

#[test]
fn every_kind_of_limit_survives_a_round_trip_through_json() {
    let calls = || NamedLimit::rate(Dimension::Requests, Window::Month, 9);
    let limits = [
        LimitSetting::from(7),
        Amount::Unlimited.into(),
        calls().failure_policy(FailurePolicy::Closed).into(),
        calls().algorithm(Algorithm::Sliding { sub_windows: 12 }).into(),
        calls().algorithm(Algorithm::TokenBucket { burst: None }).into(),
        calls().algorithm(Algorithm::TokenBucket { burst: Some(3) }).shadow(true).into(),
        NamedLimit::concurrency(Dimension::of("jobs"), 4).into(),
        NamedLimit::stock(Dimension::of("users"), 5).into(),
    ];
    for limit in limits {
        let json = serde_json::to_string(&limit).unwrap();
        assert_eq!(serde_json::from_str::<LimitSetting>(&json).unwrap(), limit, "{json}");
    }
    let json = serde_json::to_value(calls()).unwrap();
    let expected = serde_json::json!({
        "kind": "rate", "dimension": "requests", "window": "month", "limit": 9, "algorithm": "fixed",
        "shadow": false,
    });
    assert_eq!(json, expected);
}

#[test]
fn refuses_in_code_what_json_cannot_say() {
    let rate = |algorithm| NamedLimit::rate(Dimension::Tokens, Window::Minute, 1).algorithm(algorithm);
    for algorithm in [
        Algorithm::Sliding { sub_windows: 0 },
        Algorithm::Sliding { sub_windows: 101 },
        Algorithm::TokenBucket { burst: Some(u64::MAX) },
    ] {
        assert_eq!(field_of(acme().limit("x", rate(algorithm))), "limits.x", "{algorithm:?}");
    }
    assert_eq!(field_of(acme().limit("x", NamedLimit::stock(Dimension::Tokens, u64::MAX))), "limits.x");
    assert_eq!(field_of(acme().limit("x", 5)), "limits.x");
}
