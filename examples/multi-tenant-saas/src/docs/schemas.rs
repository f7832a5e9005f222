//! What types of other crates look like on the wire, and problems.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use tenant::{RejectionKind, auth::Role};
use utoipa::openapi::{
    Ref, RefOr, Schema,
    schema::{ArrayBuilder, ObjectBuilder, OneOfBuilder, SchemaType, Type},
};

/// `If-Match` and `If-None-Match` (RFC 9110, section 13.1).
pub(super) fn tags() -> Value {
    let list = r#"^(W/)?"[!#-~]*"(, ?(W/)?"[!#-~]*")*$"#;
    json!({ "type": "string", "anyOf": [{ "enum": ["*"] }, { "pattern": list }] })
}

/// The largest count: beyond it not every integer is a JSON number.
const MOST: u64 = 1 << 53;
const NAME: &str = "^[A-Za-z0-9_.-]{1,64}$";
/// A host name whose last label has a letter, so that it is no address.
const HOST: &str = r"([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.){0,4}([a-z]([a-z0-9-]{0,30}[a-z0-9])?)";

pub(crate) fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

macro_rules! references {
    ($($function:ident, $or_null:ident = $name:literal;)*) => {$(
        #[allow(dead_code, reason = "each is there in both forms")]
        pub(crate) fn $function() -> Ref {
            Ref::from_schema_name($name)
        }

        #[allow(dead_code, reason = "each is there in both forms")]
        pub(crate) fn $or_null() -> RefOr<Schema> {
            or_null($name)
        }
    )*};
}

references! {
    tenant_id, tenant_id_or_null = "TenantId";
    moment, moment_or_null = "Timestamp";
    role, role_or_null = "Role";
    status, status_or_null = "TenantStatus";
    quota, quota_or_null = "Quota";
    policy, policy_or_null = "Policy";
    limits, limits_or_null = "Limits";
    settings, settings_or_null = "Settings";
    hosts, hosts_or_null = "Hosts";
    host_list, host_list_or_null = "HostList";
    names, names_or_null = "Names";
    object, object_or_null = "AnyObject";
    outcome, outcome_or_null = "AuditOutcome";
}

/// Names of tools, as a chat has them.
pub(crate) fn tools() -> Schema {
    let name = ObjectBuilder::new().schema_type(Type::String).min_length(Some(1));
    Schema::Array(ArrayBuilder::new().items(RefOr::T(Schema::from(name))).max_items(Some(128)).build())
}

/// A count or a share, where there is one.
pub(crate) fn number_or_null() -> Schema {
    ObjectBuilder::new().schema_type(SchemaType::from_iter([Type::Number, Type::Null])).into()
}

fn or_null(name: &str) -> RefOr<Schema> {
    let null = ObjectBuilder::new().schema_type(Type::Null);
    RefOr::T(Schema::OneOf(OneOfBuilder::new().item(null).item(Ref::from_schema_name(name)).build()))
}

fn count() -> Value {
    json!({ "type": ["integer", "null"], "minimum": 0, "maximum": MOST })
}

/// The schemas that no type of this crate has derived.
pub(super) fn named() -> Map<String, Value> {
    let all = [
        (
            "TenantId",
            json!({
                "type": "string", "pattern": "^[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$",
                "description": "1 to 63 of `[A-Za-z0-9._-]`, first and last a letter or digit; case counts.",
                "examples": ["acme"],
            }),
        ),
        ("Timestamp", json!({ "type": "string", "format": "date-time", "description": "RFC 3339." })),
        ("Role", json!({ "type": "string", "enum": Role::ALL })),
        ("TenantStatus", json!({ "type": "string", "enum": ["active", "suspended", "deleted"] })),
        ("AuditOutcome", json!({ "type": "string", "enum": ["success", "denied", "failure"] })),
        ("AnyObject", json!({ "type": "object" })),
        (
            "Quota",
            json!({
                "type": "object", "additionalProperties": false,
                "properties": { "requests_per_minute": count(), "tokens_per_minute": count() },
                "description": "Per minute; 0 or null is unlimited.",
            }),
        ),
        (
            "Names",
            names_of(r"^[^\s\x00-\x1f\x7f-\x9f]([^\x00-\x1f\x7f-\x9f]{0,48}[^\s\x00-\x1f\x7f-\x9f])?$"),
        ),
        ("Policy", policies()),
        (
            "Host",
            json!({
                "type": "string", "maxLength": 253, "pattern": format!(r"^(\*\.)?{HOST}$"),
                "description": "A host, or all hosts one label below another; case does not count.",
                "examples": ["app.acme.example", "*.acme.example"],
            }),
        ),
        (
            "Hosts",
            json!({ "type": "array", "items": reference("Host"), "maxItems": 1000, "uniqueItems": true }),
        ),
        ("HostList", json!({ "type": "array", "items": reference("Host"), "maxItems": 1000 })),
        ("Amount", amount()),
        ("Limit", limit()),
        (
            "Limits",
            json!({
                "type": "object", "maxProperties": 64, "additionalProperties": reference("Limit"),
                "propertyNames": {
                    "pattern": NAME,
                    "not": { "enum": ["requests_per_minute", "tokens_per_minute", "rpm", "tpm"] },
                },
                "properties": {
                    "workflows": { "anyOf": [reference("Amount"), of_kind("stock")] },
                    "executions_per_day": { "anyOf": [reference("Amount"), rate()] },
                    "concurrent_executions": { "anyOf": [reference("Amount"), of_kind("concurrency")] },
                },
                "description": "By name; what the plan limits may be an amount alone, too.",
            }),
        ),
        ("Settings", settings_of_a_tenant()),
    ];
    all.into_iter().map(|(name, schema)| (name.to_owned(), schema)).collect()
}

fn names_of(pattern: &str) -> Value {
    json!({ "type": "array", "maxItems": 1000, "items": { "type": "string", "minLength": 1, "maxLength": 200, "pattern": pattern } })
}

fn policies() -> Value {
    let path = names_of(r"^/[!-~]*$");
    json!({
        "type": "object", "additionalProperties": false,
        "properties": {
            "allowed_models": reference("Names"), "allowed_tools": reference("Names"),
            "allowed_methods": reference("Names"), "allowed_paths": path,
        },
        "description": "What it may ask for; an empty list allows all.",
    })
}

fn amount() -> Value {
    json!({ "anyOf": [
        { "type": "integer", "minimum": 0, "maximum": MOST },
        { "type": "string", "enum": ["unlimited"] },
    ] })
}

fn limit_of(kind: &str, more: Value, required: &[&str]) -> Value {
    let mut properties = json!({
        "kind": { "type": "string", "enum": [kind] },
        "limit": reference("Amount"),
        "dimension": { "type": ["string", "null"], "pattern": NAME },
        "shadow": { "type": "boolean" },
        "failure_policy": { "type": "string", "enum": ["open", "closed", "local"] },
    });
    if let (Some(properties), Value::Object(more)) = (properties.as_object_mut(), more) {
        properties.extend(more);
    }
    json!({ "type": "object", "additionalProperties": false, "properties": properties, "required": required })
}

fn of_kind(kind: &str) -> Value {
    limit_of(kind, json!({}), &["kind", "limit"])
}

fn rate() -> Value {
    let window = json!({
        "type": "string",
        "pattern": "^(second|minute|hour|day|month|[1-9][0-9]{0,5}s|[1-9][0-9]{0,3}m|[1-9][0-9]?h|([1-9]|[12][0-9]|3[01])d)$",
    });
    let by = |algorithm: &str, more: Value| {
        let mut all = json!({
            "window": window,
            "algorithm": { "enum": [algorithm] },
            "dimension": { "type": "string", "pattern": NAME },
        });
        if let (Some(all), Value::Object(more)) = (all.as_object_mut(), more) {
            all.extend(more);
        }
        let mut required = vec!["kind", "limit", "dimension", "window"];
        // Without a word for it, it is fixed.
        required.extend((algorithm != "fixed").then_some("algorithm"));
        limit_of("rate", all, &required)
    };
    json!({ "anyOf": [
        by("fixed", json!({ "algorithm": { "enum": ["fixed", null] } })),
        by("sliding", json!({ "sub_windows": { "type": ["integer", "null"], "minimum": 1, "maximum": 100 } })),
        by("token_bucket", json!({ "burst": { "type": ["integer", "null"], "minimum": 0, "maximum": MOST } })),
    ] })
}

fn limit() -> Value {
    json!({ "anyOf": [rate(), of_kind("concurrency"), of_kind("stock")] })
}

fn settings_of_a_tenant() -> Value {
    let octet = "(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])";
    let network = format!(r"^{octet}\.({octet}\.({octet}\.({octet}(/32)?|0/24)|0\.0/16)|0\.0\.0/8)$");
    json!({
        "type": "object", "additionalProperties": false,
        "properties": {
            "allowed_networks": {
                "type": "array", "minItems": 1, "maxItems": 256,
                "items": { "type": "string", "anyOf": [{ "pattern": network }, { "format": "ipv6" }] },
                "description": "Callers from elsewhere are denied. Prefixes of any length, for IPv6 as well.",
            },
            "allowed_origins": {
                "type": "array", "maxItems": 100,
                "items": { "type": "string", "maxLength": 253, "pattern": r"^https://([a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?\.){0,3}[a-z]([a-z0-9-]{0,30}[a-z0-9])?(:(8[0-9]{3}|[1-3][0-9]{3}))?$" },
                "description": "Pages from there may call. Any port; `http` on the own machine.",
            },
            "session_timeout": { "type": "integer", "minimum": 1, "maximum": 527_040, "description": "Minutes." },
        },
    })
}

/// The problem documents of each status, with the codes that it has.
pub(super) fn problems() -> Value {
    let mut by_status: BTreeMap<u16, Vec<RejectionKind>> = BTreeMap::new();
    for kind in RejectionKind::ALL {
        by_status.entry(kind.status().as_u16()).or_default().push(*kind);
    }
    let all =
        by_status.into_iter().map(|(status, kinds)| (format!("Problem{status}"), problem(status, &kinds)));
    Value::Object(all.collect())
}

fn problem(status: u16, kinds: &[RejectionKind]) -> Value {
    let (codes, titles): (Vec<_>, Vec<_>) = kinds.iter().map(|kind| (kind.code(), kind.title())).unzip();
    let text = json!({ "type": "string" });
    let schema = json!({
        "type": "object",
        "required": ["type", "title", "status", "detail", "code"],
        "properties": {
            "type": { "type": "string", "format": "uri" },
            "title": { "type": "string", "enum": titles },
            "status": { "type": "integer", "enum": [status] },
            "detail": text,
            "code": { "type": "string", "enum": codes },
            "reason": text,
            "retry_after": { "type": "integer", "minimum": 0 },
            "field": text,
            "line": { "type": "integer", "minimum": 0 },
            "column": { "type": "integer", "minimum": 0 },
            "trace_id": text,
        },
    });
    let header = |text: &str, kind: &str| json!({ "description": text, "schema": { "type": kind } });
    let headers = match status {
        401 => json!({ "WWW-Authenticate": header("What credential is taken.", "string") }),
        429 | 503 => json!({ "Retry-After": header("Seconds, where waiting helps.", "integer") }),
        _ => json!({}),
    };
    let content = json!({ "application/problem+json": { "schema": schema } });
    json!({ "description": format!("{}.", titles.join("; ")), "headers": headers, "content": content })
}
