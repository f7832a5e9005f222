use tenant_core::{TenantConfig, TenantId};

use super::*;

fn limits_on(plan: &str) -> Vec<(String, u64)> {
    let config =
        TenantConfig::builder(TenantId::parse("acme").unwrap()).plan(Some(plan.into())).build().unwrap();
    let limits = Offers::standard().plans().limits(&config).unwrap();
    limits.iter().map(|limit| (limit.name.to_string(), limit.limit)).collect()
}

#[test]
fn the_standard_plans_are_those_of_the_table() {
    let table = |amounts: &[(&str, u64)]| -> Vec<_> {
        amounts.iter().map(|(name, amount)| ((*name).to_owned(), *amount)).collect()
    };
    let names = ["rpm", "concurrent_executions", "executions_per_day", "projects", "users", "workflows"];
    for (plan, amounts) in [
        ("free", [60, 2, 100, 1, 3, 5]),
        ("starter", [120, 5, 1_000, 5, 10, 20]),
        ("pro", [300, 10, 5_000, 20, 50, 50]),
        ("professional", [300, 10, 5_000, 20, 50, 50]),
    ] {
        let expected: Vec<_> = names.into_iter().zip(amounts).collect();
        assert_eq!(limits_on(plan), table(&expected), "{plan}");
    }
    assert_eq!(limits_on("enterprise"), table(&[("rpm", 1_000), ("concurrent_executions", 100)]));
    let trials = ["free", "starter", "pro", "enterprise"]
        .map(|plan| Offers::standard().get(plan).unwrap().trial().map(|trial| trial.as_secs() / A_DAY));
    assert_eq!(trials, [None, Some(14), Some(14), None]);
}

#[test]
fn the_next_plan_is_the_first_that_has_more() {
    let offers = Offers::standard();
    assert_eq!(offers.next("free", "users", 3), Some("starter"));
    assert_eq!(offers.next("free", "users", 10), Some("pro"), "of an override as of the plan's own");
    assert_eq!(offers.next("professional", "users", 50), Some("enterprise"));
    assert_eq!(offers.next("enterprise", "concurrent_executions", 100), None);
    assert_eq!(offers.next("gold", "users", 1), None);
}

#[test]
fn what_makes_no_sense_is_not_offered() {
    for wrong in [
        "[]",
        r#"{"plans":[{"name":"a","price":1}]}"#,
        r#"{"plans":[{"name":"a"},{"name":"b","aliases":["a"]}]}"#,
        r#"{"plans":[{"name":"a b"}]}"#,
        r#"{"plans":[{"name":"a","limits":{"seats":3}}]}"#,
    ] {
        assert!(Offers::parse(wrong).is_err(), "{wrong}");
    }
    assert!(Offers::parse(r#"{"plans":[]}"#).unwrap().get("free").is_none());
}
