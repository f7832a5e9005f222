use super::*;
use crate::{Amount, Dimension, TenantConfigBuilder, TenantId, Window};

fn acme(plan: Option<&str>) -> TenantConfigBuilder {
    TenantConfig::builder(TenantId::parse("acme").unwrap()).plan(plan.map(str::to_owned))
}

fn pro() -> Plan {
    let calls = NamedLimit::rate(Dimension::Requests, Window::Month, 1_000_000);
    Plan::new()
        .quota(QuotaConfig { requests_per_minute: Some(300), tokens_per_minute: None })
        .limit("workflows", 50)
        .limit("calls", calls)
        .limit("projects", NamedLimit::stock(Dimension::of("projects"), 20))
}

fn plans() -> Plans {
    Plans::new([("free", Plan::new().limit("workflows", 5)), ("pro", pro())]).unwrap()
}

fn told(limits: &Limits) -> Vec<(String, u64)> {
    limits.iter().map(|limit| (limit.name.to_string(), limit.limit)).collect()
}

fn field_of(config: &TenantConfig) -> String {
    plans().limits(config).unwrap_err().field().to_owned()
}

#[test]
fn a_tenant_without_a_plan_has_no_plans_limits() {
    assert!(plans().limits(&acme(None).build().unwrap()).unwrap().is_empty());
}

#[test]
fn a_plans_limits_hold_where_the_tenants_config_says_nothing() {
    let limits = plans().limits(&acme(Some("pro")).build().unwrap()).unwrap();
    let expected = [("rpm", 300), ("calls", 1_000_000), ("projects", 20), ("workflows", 50)];
    assert_eq!(told(&limits), expected.map(|(name, limit)| (name.to_owned(), limit)));
}

#[test]
fn what_the_tenants_config_says_stands_over_the_plan() {
    let daily = NamedLimit::rate(Dimension::Requests, Window::Day, 7);
    let config = acme(Some("pro"))
        .requests_per_minute(0)
        .tokens_per_minute(9)
        .limit("projects", 21)
        .limit("calls", daily)
        .limit("workflows", Amount::Unlimited)
        .build()
        .unwrap();
    let limits = plans().limits(&config).unwrap();
    let expected = [("tpm", 9), ("calls", 7), ("projects", 21)];
    assert_eq!(told(&limits), expected.map(|(name, limit)| (name.to_owned(), limit)));
    assert_eq!(limits.stock("projects").map(|limit| limit.limit), Some(21));
    assert!(limits.stock("workflows").is_none());
}

#[test]
fn an_amount_alone_needs_a_name_that_tells_the_rest() {
    assert_eq!(acme(None).limit("projects", 3).build().unwrap_err().field(), "limits.projects");
    assert_eq!(field_of(&acme(Some("free")).limit("projects", 3).build().unwrap()), "limits.projects");
    assert!(plans().limits(&acme(Some("pro")).limit("projects", 3).build().unwrap()).is_ok());
    for name in ["workflows", "executions_per_day", "concurrent_executions"] {
        assert!(acme(None).limit(name, 3).limit(name, Amount::Unlimited).build().is_ok(), "{name}");
    }
}

#[test]
fn nonsense_is_an_error_that_names_the_field() {
    assert_eq!(field_of(&acme(Some("gold")).build().unwrap()), "plan");
    let stock = NamedLimit::stock(Dimension::of("calls"), 1);
    assert_eq!(field_of(&acme(Some("pro")).limit("calls", stock).build().unwrap()), "limits.calls");
    let rate = NamedLimit::rate(Dimension::Requests, Window::Day, 1);
    assert_eq!(acme(None).limit("workflows", rate).build().unwrap_err().field(), "limits.workflows");
    let wrong = Plans::new([("bad", Plan::new().limit("projects", 1))]).unwrap_err();
    assert_eq!((wrong.plan(), wrong.field()), ("bad", "limits.projects"));
    assert_eq!(Plans::new([("a plan", Plan::new())]).unwrap_err().field(), "name");
}

#[test]
fn where_there_are_no_plans_any_name_of_one_is_taken() {
    assert!(Plans::default().limits(&acme(Some("gold")).build().unwrap()).unwrap().is_empty());
}

#[test]
fn a_dimension_that_is_left_out_is_the_plans_or_the_names() {
    let of = |name: &str, json: &str| {
        let setting: LimitSetting = serde_json::from_str(json).unwrap();
        let limits = Limits::of(&acme(None).limit(name, setting).build().unwrap());
        limits.iter().next().unwrap().dimension.as_str().to_owned()
    };
    let concurrency = r#"{"kind":"concurrency","limit":1}"#;
    assert_eq!(of("concurrent_executions", concurrency), "executions");
    assert_eq!(of("at_once", concurrency), "requests");
    assert_eq!(of("seats", r#"{"kind":"stock","limit":1}"#), "seats");
}

#[test]
fn plans_are_read_from_json_strictly() {
    let read = |json: &str| serde_json::from_str::<BTreeMap<String, Plan>>(json);
    let plans = read(r#"{"free":{"quota":{"requests_per_minute":60},"limits":{"workflows":5}}}"#).unwrap();
    assert!(Plans::new(plans).is_ok());
    assert!(read(r#"{"free":{"quotas":{}}}"#).is_err());
    assert!(read(r#"{"free":{"limits":{"workflows":-1}}}"#).is_err());
}
