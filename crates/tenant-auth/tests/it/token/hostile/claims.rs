//! Claims that are signed, and are not taken.

use super::{
    AUDIENCE, CLAIMS_MALFORMED, EARLY, ENDLESS, EXPIRED, ID, ISSUER, MOMENT, ROLES, SCOPES, SUBJECT, TENANT,
    TENANTS, all_refused,
};
use crate::token::forge::{CLAIMS, ED, NOW, claims, claims_and, encode};

#[tokio::test]
async fn no_claims_that_mean_two_things() {
    let mut cases = Vec::new();
    for claims in [
        claims_and(r#""tenant_id":"globex""#),
        claims_and(r#""tenant\u005fid":"globex""#),
        claims_and(r#""sub":"eve""#),
        claims_and(r#""exp":9999999999"#),
        claims_and(r#""x":{"a":{"b":1,"b":1}}"#),
        claims(r#""tenant_id":"acme""#, r#""tenants":{"acme":["viewer"],"acme":["owner"]}"#),
        claims(r#""tenant_id":"acme""#, r#""tenants":{"acme":["viewer"],"\u0061cme":["owner"]}"#),
        format!("{CLAIMS}{CLAIMS}"),
        format!("[{CLAIMS}]"),
        claims("}", ",}"),
        claims(r#""acme""#, "\"ac\tme\""),
        claims(r#""acme""#, r#""\ud83d""#),
        format!("{CLAIMS}\0"),
        claims_and(&format!(r#""x":{}1{}"#, "[".repeat(8), "]".repeat(8))),
        claims_and(&format!(r#""x":{}1{}"#, "[".repeat(2_000), "]".repeat(2_000))),
        claims_and(&r#""x":{"#.repeat(500)),
        String::new(),
    ] {
        cases.push((CLAIMS_MALFORMED, ED.token(&claims)));
    }
    let latin = [&CLAIMS.as_bytes()[..CLAIMS.len() - 1], b",\"x\":\"\xe4\"}"].concat();
    cases.push((CLAIMS_MALFORMED, ED.sign_encoded(&format!("{}.{}", encode(ED.header()), encode(latin)))));
    all_refused(cases).await;
}

#[tokio::test]
async fn no_other_issuer_and_no_other_audience() {
    let iss = r#""iss":"https://id.example","#;
    let aud = r#""aud":"api","#;
    let mut cases = Vec::new();
    for (reason, old, new) in [
        (ISSUER, iss, ""),
        (ISSUER, iss, r#""iss":"","#),
        (ISSUER, iss, r#""iss":"https://id.example/","#),
        (ISSUER, iss, r#""iss":"https://ID.example","#),
        (ISSUER, iss, r#""iss":"https://id.example\u0000","#),
        ("the token's issuer is malformed", iss, r#""iss":null,"#),
        ("the token's issuer is malformed", iss, r#""iss":["https://id.example"],"#),
        (AUDIENCE, aud, ""),
        (AUDIENCE, aud, r#""aud":"","#),
        (AUDIENCE, aud, r#""aud":[],"#),
        (AUDIENCE, aud, r#""aud":"API","#),
        (AUDIENCE, aud, r#""aud":"web api","#),
        (AUDIENCE, aud, r#""aud":["api2","ap"],"#),
        ("the token's audience is malformed", aud, r#""aud":["api",1],"#),
        ("the token's audience is malformed", aud, r#""aud":[["api"]],"#),
        ("the token's audience is malformed", aud, r#""aud":{"api":"api"},"#),
        ("the token's audience is malformed", aud, r#""aud":null,"#),
    ] {
        cases.push((reason, ED.token(&claims(old, new))));
    }
    all_refused(cases).await;
}

#[tokio::test]
async fn no_moment_that_is_not_now() {
    let exp = |value: &str| ED.token(&claims("1700000600", value));
    let iat = |value: &str| ED.token(&claims("1699999990", value));
    let nbf = |value: &str| ED.token(&claims_and(&format!(r#""nbf":{value}"#)));
    let mut cases = vec![
        (ENDLESS, ED.token(&claims(r#","exp":1700000600"#, ""))),
        (EXPIRED, exp(&NOW.to_string())),
        (EXPIRED, exp(&(NOW - 1).to_string())),
        (EXPIRED, exp("0")),
        (EARLY, nbf(&(NOW + 2).to_string())),
        (EARLY, iat(&(NOW + 2).to_string())),
        (EARLY, nbf("253402300799")),
    ];
    for no_moment in [
        "1700000600.0",
        "1.7000006e9",
        "1e300",
        "-1",
        "-0",
        "\"1700000600\"",
        "null",
        "true",
        "[1700000600]",
        "253402300800",
        "9223372036854775807",
        "18446744073709551615",
        "18446744073709551616",
        "1700000600000000000000000",
    ] {
        cases.extend([(MOMENT, exp(no_moment)), (MOMENT, iat(no_moment)), (MOMENT, nbf(no_moment))]);
    }
    all_refused(cases).await;
}

#[tokio::test]
async fn no_tenant_but_one_that_is_said_once() {
    let one = r#""tenant_id":"acme""#;
    let long = format!(r#""{}""#, "a".repeat(64));
    let mut cases = vec![
        ("the token names no tenant", ED.token(&claims(&format!("{one},"), ""))),
        ("the token names its tenant twice", ED.token(&claims_and(r#""tenants":{"acme":["member"]}"#))),
        ("the token names its tenant twice", ED.token(&claims_and(r#""tenants":null"#))),
    ];
    for no_id in [
        "null",
        "1",
        "true",
        "{}",
        r#"["acme"]"#,
        r#"["acme","globex"]"#,
        r#""""#,
        r#"" acme""#,
        r#""acme ""#,
        r#""acme\u0000""#,
        r#""acme\u0000globex""#,
        r#""../acme""#,
        r#""*""#,
        r#""acme,globex""#,
        r#""аcme""#,
        r#""acme\n""#,
        r#""-acme""#,
        &long,
    ] {
        cases.push((TENANT, ED.token(&claims(one, &format!(r#""tenant_id":{no_id}"#)))));
    }
    for no_tenants in ["null", "{}", "[]", r#"["acme"]"#, r#""acme""#] {
        cases.push((TENANTS, ED.token(&claims(one, &format!(r#""tenants":{no_tenants}"#)))));
    }
    for (reason, tenants) in [
        (TENANT, r#"{"":["member"]}"#),
        (TENANT, r#"{"acme":["member"],"*":["owner"]}"#),
        (ROLES, r#"{"acme":"member"}"#),
        (ROLES, r#"{"acme":null}"#),
        (ROLES, r#"{"acme":{"member":true}}"#),
        (ROLES, r#"{"acme":["member",1]}"#),
    ] {
        cases.push((reason, ED.token(&claims(one, &format!(r#""tenants":{tenants}"#)))));
    }
    all_refused(cases).await;
}

#[tokio::test]
async fn no_subject_role_scope_or_id_that_is_malformed() {
    let long = format!(r#""{}""#, "a".repeat(256));
    let mut cases = vec![(SUBJECT, ED.token(&claims(r#""sub":"ada","#, "")))];
    let no_names = ["null", "1", r#""""#, r#"["ada"]"#, r#""ada\u0000""#, r#""ada\n""#, r#""\u0085""#, &long];
    for no_name in no_names {
        cases.push((SUBJECT, ED.token(&claims(r#""ada""#, no_name))));
        cases.push((ID, ED.token(&claims(r#""t-1""#, no_name))));
        cases.push((ROLES, ED.token(&claims(r#"["member"]"#, &format!("[{no_name}]")))));
    }
    for no_roles in ["null", r#""member""#, r#""admin member""#, r#"{"0":"admin"}"#, "1", r#"[["admin"]]"#] {
        cases.push((ROLES, ED.token(&claims(r#"["member"]"#, no_roles))));
    }
    for no_scope in [
        "null",
        "1",
        r#"["read:users"]"#,
        r#"" read:users""#,
        r#""read:users ""#,
        r#""read:users  write:users""#,
        r#""read:users\twrite:users""#,
        r#""read:\u0000""#,
        r#""read:ä""#,
        r#"" ""#,
    ] {
        cases.push((SCOPES, ED.token(&claims_and(&format!(r#""scope":{no_scope}"#)))));
    }
    all_refused(cases).await;
}
