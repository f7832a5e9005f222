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
    for bad in
        ["127.0.0.1", "a b", "https://a.example", "a.example:80", "-a.example", "a..b", "*.example", "[::1]"]
    {
        assert_eq!(field_of(acme().hosts([bad])), "hosts", "{bad}");
    }
}

#[test]
fn reads_windows_by_word_and_by_length() {
    let window = |text: &str| {
        let json = format!(r#"{{"kind":"rate","dimension":"requests","window":"{text}","limit":1}}"#);
        serde_json::from_str::<NamedLimit>(&json).map(|limit| limit.window.seconds())
    };
    assert_eq!(window("hour").unwrap(), 3_600);
    assert_eq!(window("10s").unwrap(), 10);
    assert_eq!(window("2d").unwrap(), 172_800);
    for bad in ["minut", "0s", "s", "", "-1s", "1.5s", "99999999999999999999s", "32d", "10", "1é"] {
        assert!(window(bad).is_err(), "{bad}");
    }
}

#[test]
fn refuses_limits_it_could_not_enforce() {
    for bad in [
        r#"{"kind":"stock","dimension":"users","window":"day","limit":1}"#,
        r#"{"kind":"rate","dimension":"requests","window":"day","limit":1,"algorithm":"sliding"}"#,
        r#"{"kind":"rate","dimension":"requests","window":"day","limit":-1}"#,
        r#"{"kind":"rate","dimension":"requests","window":"day","limit":1,"extra":1}"#,
        r#"{"kind":"rate","dimension":"","window":"day","limit":1}"#,
    ] {
        assert!(serde_json::from_str::<NamedLimit>(bad).is_err(), "{bad}");
    }
}
