//! What the document tells of the operator's routes.

use serde_json::{Value, json};
use utoipa::PartialSchema;

use super::{body, hosts, jobs, members, mirror::PREFIX, revocations, tenants, usage};
use crate::{
    audit_page::{AuditQuery, PageView},
    docs::{Operation, Who, body as body_of, operation, schemas::reference},
    http::PageQuery,
};

type Tenant<'a> = body::TenantView<'a>;

const VERSION: &str = "The version of the tenant: a strong entity tag, for `If-Match`.";

/// One side of the operator's routes: as they are, or mirrored.
struct Side {
    prefix: &'static str,
    tag: &'static str,
}

impl Side {
    fn of(&self, method: &'static str, path: &str, summary: &'static str) -> Operation {
        operation(self.tag, method, &format!("{}{path}", self.prefix), summary).by(Who::Operator)
    }

    /// On one tenant, of which there may be none.
    fn on(&self, method: &'static str, rest: &str, summary: &'static str) -> Operation {
        self.of(method, &format!("/admin/tenants/{{id}}{rest}"), summary).fails(&[404])
    }

    /// Held to a version where the request names one.
    fn held(&self, method: &'static str, rest: &str, summary: &'static str) -> Operation {
        self.on(method, rest, summary).condition("If-Match")
    }
}

pub(crate) fn described() -> Vec<Operation> {
    let plain = Side { prefix: "", tag: "operator" };
    let mirror = Side { prefix: PREFIX, tag: "operator, mirrored" };
    let mut all = about_tenants(&plain);
    all.extend(about_all(&plain));
    all.extend(about_jobs(&plain));
    all.extend(about_tenants(&mirror));
    all
}

fn about_tenants(side: &Side) -> Vec<Operation> {
    let list = side.of("GET", "/admin/tenants", "Lists the tenants, oldest first").query::<PageQuery>();
    let list = match side.prefix.is_empty() {
        true => list.gives::<tenants::List<'_>>(200, "A page of them."),
        false => list.gives::<tenants::MirroredList<'_>>(200, "A page of them."),
    };
    let mut all = vec![
        list,
        side.of("POST", "/admin/tenants", "Creates a tenant")
            .text("An id stays taken, also after deletion.")
            .takes_this(&tenant_body(true), true)
            .gives::<Tenant<'_>>(201, "The tenant.")
            .with("ETag", VERSION)
            .with("Location", "Where the tenant is.")
            .fails(&[409]),
        side.held("GET", "", "Shows a tenant")
            .condition("If-None-Match")
            .gives::<Tenant<'_>>(200, "The tenant.")
            .with("ETag", VERSION)
            .gives_nothing(304, "The caller has this version.")
            .with("ETag", VERSION),
        side.held("PUT", "", "Replaces a tenant's config")
            .text("What is not given has its default; status and id stay. `tenant_id` may be given where it is the path's.")
            .takes_this(&tenant_body(false), true)
            .gives::<Tenant<'_>>(200, "The tenant.")
            .with("ETag", VERSION)
            .fails(&[409]),
        side.held("DELETE", "", "Deletes a tenant")
            .text("Softly: its data can't be reached any more.")
            .gives_nothing(204, "Deleted.")
            .fails(&[409]),
    ];
    for (rest, summary) in [("/quota", "Replaces the limits"), ("/quotas", "Replaces the limits, too")] {
        all.push(
            side.held("PUT", rest, summary)
                .takes::<body::QuotaBody>()
                .gives::<Tenant<'_>>(200, "The tenant.")
                .with("ETag", VERSION)
                .fails(&[409]),
        );
    }
    for (rest, summary) in [("/suspend", "Stops serving it"), ("/activate", "Serves it again")] {
        all.push(
            side.held("POST", rest, summary)
                .gives::<Tenant<'_>>(200, "The tenant.")
                .with("ETag", VERSION)
                .fails(&[409]),
        );
    }
    all.extend(beside(side));
    all.extend(long(side));
    all
}

fn beside(side: &Side) -> Vec<Operation> {
    vec![
        side.on("GET", "/usage", "Says how its limits stand")
            .gives::<usage::UsageView>(200, "Usage, quotas, and utilization in percent."),
        side.on("GET", "/hosts", "Lists its hosts")
            .gives::<hosts::HostsView<'_>>(200, "The hosts.")
            .with("ETag", VERSION),
        side.held("POST", "/hosts", "Adds hosts: all, or none")
            .takes::<hosts::HostsBody>()
            .gives::<hosts::HostsView<'_>>(201, "The hosts.")
            .with("ETag", VERSION)
            .fails(&[409]),
        side.held("PUT", "/hosts", "Replaces its hosts")
            .takes::<hosts::HostsBody>()
            .gives::<hosts::HostsView<'_>>(200, "The hosts.")
            .with("ETag", VERSION)
            .fails(&[409]),
        side.held("DELETE", "/hosts/{host}", "Takes a host from it")
            .gives_nothing(204, "Taken.")
            .fails(&[409]),
        side.on("GET", "/boosts", "Lists the boosts that run")
            .gives_as(200, "The boosts.", "application/json", &reference("AnyObject"))
            .with("ETag", VERSION),
        side.held("POST", "/boosts", "Adds to limits for a while")
            .text("So much is added to what plan and overrides admit, until a moment at which it ends by itself.")
            .takes_this(&boost(), true)
            .gives_as(201, "The boosts.", "application/json", &reference("AnyObject"))
            .with("ETag", VERSION)
            .with("Location", "Where it can be ended.")
            .fails(&[409]),
        side.held("DELETE", "/boosts/{name}", "Ends a boost before its time")
            .gives_nothing(204, "Ended.")
            .fails(&[409]),
        side.on("POST", "/members", "Makes somebody who may sign in")
            .takes::<members::NewMember>()
            .gives::<members::Member>(201, "The member.")
            .fails(&[409]),
    ]
}

/// What takes long answers at once, with where the job is.
fn long(side: &Side) -> Vec<Operation> {
    let job = reference("AnyObject");
    let begun = |operation: Operation| {
        operation.gives_as(202, "The job.", "application/json", &job).with("Location", "Where the job is.")
    };
    let import = side
        .of("POST", "/admin/tenants/import", "Makes a tenant of an archive: all of it, or nothing")
        .in_query("tenant_id", &reference("TenantId"), "Under another id than the archive's.")
        .takes_as("application/x-tar")
        .fails(&[409]);
    vec![
        begun(import),
        begun(side.on("POST", "/export", "Writes all that is its into an archive")).fails(&[409]),
        begun(
            side.on("POST", "/clone", "Makes another tenant with the same rows")
                .text("Secrets, members, hosts, webhooks and what was used stay behind; members are invited.")
                .takes::<jobs::CloneBody>(),
        )
        .fails(&[409]),
        begun(side.on("POST", "/purge", "Removes all that is left of it, where it is deleted")).fails(&[409]),
    ]
}

fn about_jobs(side: &Side) -> Vec<Operation> {
    let archive = json!({ "type": "string", "format": "binary" });
    vec![
        side.of("GET", "/admin/jobs/{job_id}", "Says how a job stands")
            .gives_as(200, "The job.", "application/json", &reference("AnyObject"))
            .fails(&[404]),
        side.of("GET", "/admin/jobs/{job_id}/archive", "Reads the archive that a job has written")
            .gives_as(200, "The archive.", "application/x-tar", &archive)
            .fails(&[404, 409]),
    ]
}

fn about_all(side: &Side) -> Vec<Operation> {
    vec![
        side.of("POST", "/admin/revocations", "Ends a token, or all of somebody")
            .takes_this(&revocation(), true)
            .gives_nothing(204, "Ended, everywhere."),
        side.of("GET", "/admin/audit", "Reads the audit log, the newest first")
            .query::<AuditQuery>()
            .gives::<PageView<'_>>(200, "A page of it."),
        side.of("GET", "/metrics", "Reads the process' metrics").gives_as(
            200,
            "Prometheus' text format.",
            "text/plain",
            &json!({ "type": "string" }),
        ),
    ]
}

const FLAT: [&str; 4] =
    ["quota_requests_per_minute", "quota_tokens_per_minute", "allowed_models", "allowed_tools"];
const NESTED: [&str; 2] = ["quota", "policy"];

/// The derived schema of a tenant's body, flat or nested: one that is both names something twice.
fn tenant_body(is_new: bool) -> Value {
    let form = |title: &str, without: &[&str]| {
        let mut schema = serde_json::to_value(body::TenantBody::schema()).unwrap_or_default();
        if let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) {
            properties.retain(|name, _| !without.contains(&name.as_str()) && (is_new || name != "tenant_id"));
        }
        if let Some(schema) = schema.as_object_mut() {
            schema.insert("title".to_owned(), title.into());
            let required: &[&str] = if is_new { &["tenant_id"] } else { &[] };
            schema.insert("required".to_owned(), json!(required));
        }
        schema
    };
    json!({ "anyOf": [form("flat", &NESTED), form("nested", &FLAT)] })
}

/// What is added, to what, and until when.
fn boost() -> Value {
    let more = json!({ "type": ["integer", "null"], "minimum": 1, "maximum": 9_007_199_254_740_992_u64 });
    let quota = body_of(&[], &json!({ "requests_per_minute": more.clone(), "tokens_per_minute": more }));
    let limits = json!({
        "type": "object", "maxProperties": 64,
        "additionalProperties": { "type": "integer", "minimum": 1, "maximum": 9_007_199_254_740_992_u64 },
    });
    let name = json!({ "type": "string", "pattern": "^[A-Za-z0-9_.-]{1,64}$" });
    let parts = json!({ "name": name, "quota": quota, "limits": limits, "until": reference("Timestamp") });
    body_of(&["name", "until"], &parts)
}

/// The derived schema of a revocation: of a token, or of a subject.
fn revocation() -> Value {
    let form = |title: &str, named: &str, without: &[&str]| {
        let mut schema = serde_json::to_value(revocations::Revocation::schema()).unwrap_or_default();
        if let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) {
            properties.retain(|name, _| !without.contains(&name.as_str()));
            if let Some(named) = properties.get_mut(named).and_then(Value::as_object_mut) {
                named.insert("type".to_owned(), "string".into());
            }
        }
        if let Some(schema) = schema.as_object_mut() {
            schema.insert("title".to_owned(), title.into());
            schema.insert("required".to_owned(), json!([named]));
        }
        schema
    };
    json!({ "anyOf": [
        form("of a token", "jti", &["subject", "issued_until"]),
        form("of a subject", "subject", &["jti"]),
    ] })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::admin::is_mirrored;

    #[test]
    fn what_is_mirrored_is_described_on_both_sides() {
        let plain = Side { prefix: "", tag: "" };
        assert!(about_tenants(&plain).iter().all(|operation| is_mirrored(operation.path())));
        assert!(!about_all(&plain).iter().any(|operation| is_mirrored(operation.path())));
    }
}
