//! The document of what the server can be asked, and the page that shows it.

use std::collections::{BTreeMap, BTreeSet};

use multi_tenant_saas::{ADMIN_ROUTES, ORGANISATION_ROUTES, ROUTES, document, mirrored_admin_routes};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use crate::{callers::SECRET, client::Answer, server::TestServer};

fn get(server: &TestServer, path: &str, headers: &[(&str, &str)]) -> Answer {
    server.request("GET", path, headers, None)
}

fn operations() -> Vec<(String, String, Value)> {
    let paths = document()["paths"].as_object().unwrap().clone();
    let all = paths.into_iter().flat_map(|(path, item)| {
        let item: Map<String, Value> = item.as_object().unwrap().clone();
        item.into_iter().map(move |(method, operation)| (method.to_uppercase(), path.clone(), operation))
    });
    all.collect()
}

#[test]
fn every_route_is_in_the_document_and_none_that_is_not_there() {
    let own = [
        ("GET", "/"),
        ("GET", "/health"),
        ("GET", "/openapi.json"),
        ("GET", "/docs"),
        ("POST", "/login"),
        ("POST", "/logout"),
        ("POST", "/organizations"),
        ("POST", "/invitations/accept"),
    ];
    let routes = ROUTES.iter().chain(ORGANISATION_ROUTES).map(|route| (route.method, route.path));
    let routes: BTreeSet<_> =
        routes.chain(ADMIN_ROUTES.iter().copied()).chain(mirrored_admin_routes()).chain(own).collect();
    let documented = operations();
    let documented: BTreeSet<_> =
        documented.iter().map(|(method, path, _)| (method.as_str(), path.as_str())).collect();
    let missing: Vec<_> = routes.difference(&documented).collect();
    let too_many: Vec<_> = documented.difference(&routes).collect();
    assert_eq!((missing, too_many), (vec![], vec![]), "see src/admin/described.rs and src/api/described.rs");
}

#[test]
fn every_reference_leads_somewhere_and_every_name_is_used_once() {
    fn references<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
        match value {
            Value::Object(members) => {
                found.extend(members.get("$ref").and_then(Value::as_str));
                members.values().for_each(|member| references(member, found));
            }
            Value::Array(items) => items.iter().for_each(|item| references(item, found)),
            _ => {}
        }
    }
    let document = document();
    assert_eq!(document["openapi"], "3.1.0");
    let mut found = Vec::new();
    references(&document, &mut found);
    assert!(found.len() > 100);
    for reference in &found {
        let pointer = reference.strip_prefix('#').unwrap();
        assert!(document.pointer(pointer).is_some(), "{reference} leads nowhere");
    }
    let unused: Vec<_> = document["components"]["schemas"]
        .as_object()
        .unwrap()
        .keys()
        .filter(|name| !found.contains(&&*format!("#/components/schemas/{name}")))
        .collect();
    assert_eq!(unused, Vec::<&String>::new());
    let ids: BTreeSet<_> = operations().iter().map(|(_, _, one)| one["operationId"].to_string()).collect();
    assert_eq!(ids.len(), operations().len());
}

#[test]
fn what_refuses_unknown_fields_says_so() {
    for (method, path, operation) in operations() {
        let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
        let document = document();
        let resolve = |schema: &Value| match schema["$ref"].as_str() {
            Some(reference) => document.pointer(reference.strip_prefix('#').unwrap()).unwrap().clone(),
            None => schema.clone(),
        };
        let schema = resolve(schema);
        let forms = schema["anyOf"].as_array().cloned().unwrap_or_else(|| vec![schema.clone()]);
        for form in forms.iter().filter(|form| !form.is_null()) {
            assert_eq!(form["additionalProperties"], json!(false), "{method} {path}");
        }
    }
}

#[test]
fn every_operation_says_who_may_call_and_how_it_fails() {
    for (method, path, operation) in operations() {
        let security = operation["security"].as_array().unwrap();
        let proves = ["/login", "/invitations/accept"].contains(&path.as_str());
        let is_public = proves || ["/", "/health", "/openapi.json", "/docs"].contains(&path.as_str());
        assert_eq!(security.is_empty(), is_public, "{method} {path}");
        assert_eq!(operation["responses"].get("401").is_none(), is_public && !proves, "{method} {path}");
        for scheme in security.iter().flat_map(|one| one.as_object().unwrap().keys()) {
            assert!(document()["components"]["securitySchemes"].get(scheme).is_some(), "{scheme}");
        }
        // By a cookie alone nothing is changed.
        if method != "GET" {
            let alone = security.iter().find(|one| one.get("session").is_some() && one.get("csrf").is_none());
            assert_eq!(alone, None, "{method} {path}");
        }
    }
}

#[test]
fn both_are_public_the_same_everywhere_and_kept_by_their_version() {
    let open = TestServer::start();
    open.create(&json!({ "tenant_id": "canary-tenant", "hosts": ["canary.example"] }));
    let closed = TestServer::with(&[
        ("JWT_SECRET", SECRET),
        ("ADMIN_TOKEN", "canary-token"),
        ("BASE_DOMAINS", "canary-base.example"),
        ("JWT_ISSUER", "canary-issuer"),
    ]);
    for path in ["/openapi.json", "/docs"] {
        let (here, there) = (get(&open, path, &[]), get(&closed, path, &[]));
        assert_eq!((here.status, there.status), (200, 200));
        assert_eq!(here.body, there.body, "{path}");
        let text = String::from_utf8(here.body.clone()).unwrap();
        assert!(!text.contains("canary"), "{path}");
        let tag = here.header("etag").unwrap();
        let again = get(&open, path, &[("if-none-match", tag)]);
        assert_eq!((again.status, again.body.len(), again.header("etag")), (304, 0, Some(tag)));
        assert_eq!(here.header("cache-control"), Some("public, no-cache"));
        assert_eq!(here.header("x-content-type-options"), Some("nosniff"));
        let of_a_tenant = get(&open, path, &[("x-tenant-id", "canary-tenant")]);
        assert_eq!(of_a_tenant.body, here.body, "whoever asks");
        open.request("POST", path, &[], None).is_problem(405, "method_not_allowed");
    }
}

#[test]
fn the_page_loads_nothing_from_elsewhere_and_runs_nothing_but_its_own_script() {
    let server = TestServer::start();
    let answer = get(&server, "/docs", &[]);
    assert_eq!(answer.header("content-type"), Some("text/html; charset=utf-8"));
    let page = String::from_utf8(answer.body.clone()).unwrap();
    for foreign in
        ["http:", "https:", "//cdn", "src=", "@import", "url(", "innerHTML", "eval(", " style=", " onclick"]
    {
        assert!(!page.contains(foreign), "{foreign}");
    }
    for needed in
        ["lang=\"en\"", "<main", "aria-live", "<label for=\"filter\"", "class=\"skip\"", "<noscript>"]
    {
        assert!(page.contains(needed), "{needed}");
    }
    let policy = answer.header("content-security-policy").unwrap();
    let directives: BTreeMap<_, _> =
        policy.split(';').filter_map(|directive| directive.trim().split_once(' ')).collect();
    for (name, value) in [
        ("default-src", "'none'"),
        ("connect-src", "'self'"),
        ("base-uri", "'none'"),
        ("form-action", "'none'"),
        ("frame-ancestors", "'none'"),
    ] {
        assert_eq!(directives.get(name), Some(&value));
    }
    for (name, tag) in [("script-src", "script"), ("style-src", "style")] {
        let inside =
            page.split_once(&format!("<{tag}>")).unwrap().1.split_once(&format!("</{tag}>")).unwrap().0;
        assert_eq!(page.matches(&format!("<{tag}")).count(), 1);
        assert_eq!(directives[name], format!("'sha256-{}'", sha256(inside)), "{tag}");
    }
}

fn sha256(text: &str) -> String {
    data_encoding::BASE64.encode(&Sha256::digest(text))
}
