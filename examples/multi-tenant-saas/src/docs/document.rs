//! The whole document (OpenAPI 3.1).

use serde_json::{Map, Value, json};

use super::{Operation, schemas};
use crate::{admin, api, login, org, public};

/// What the server can be asked, as OpenAPI 3.1 has it.
#[must_use]
pub fn document() -> Value {
    let operations = public::described().into_iter().chain(login::described());
    let operations = operations.chain(api::described()).chain(org::described());
    let operations = operations.chain(admin::described());
    let (mut paths, mut components) = (Map::new(), Map::new());
    for operation in operations {
        take(operation, &mut paths, &mut components);
    }
    components.extend(schemas::named());
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": env!("CARGO_PKG_NAME"),
            "version": env!("CARGO_PKG_VERSION"),
            "description": INTRODUCTION,
            "license": { "name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0" },
        },
        "tags": [
            { "name": "service", "description": "What needs no tenant." },
            { "name": "sign-in", "description": "Signing in and out." },
            { "name": "tenant", "description": "The tenant's own: every route under `/api`." },
            { "name": "organisation", "description": "Its people, projects, usage and keys; for the operator, too." },
            { "name": "operator", "description": "Tenants and what is theirs, for the operator alone." },
            { "name": "operator, mirrored", "description": "The same, under `/api/v1`." },
        ],
        "paths": paths,
        "components": {
            "schemas": components,
            "responses": schemas::problems(),
            "securitySchemes": security(),
        },
    })
}

const INTRODUCTION: &str = "Every failure is a problem document (RFC 9457) with a stable `code`. What another tenant has is \
    a 404, like what nobody has. Bodies are JSON objects of at most 1 MiB without unknown or repeated fields.";

fn take(mut operation: Operation, paths: &mut Map<String, Value>, components: &mut Map<String, Value>) {
    for (name, schema) in std::mem::take(&mut operation.schemas) {
        components.extend(serde_json::to_value(schema).ok().map(|schema| (name, schema)));
    }
    let (path, method) = (operation.path.clone(), operation.method.to_ascii_lowercase());
    let item = paths.entry(path).or_insert_with(|| json!({}));
    if let Some(item) = item.as_object_mut() {
        item.insert(method, operation.into_value());
    }
}

fn security() -> Value {
    json!({
        "token": { "type": "http", "scheme": "bearer", "bearerFormat": "JWT", "description": "A token of the tenant; an API key, too." },
        "api_key": { "type": "apiKey", "in": "header", "name": "X-API-Key" },
        "session": { "type": "apiKey", "in": "cookie", "name": "__Host-session" },
        "csrf": { "type": "apiKey", "in": "header", "name": "X-CSRF-Token", "description": "The `csrf_token` of the sign-in: with the cookie, where something is changed." },
        "operator": { "type": "http", "scheme": "bearer", "description": "The operator's token." },
        "operator_password": { "type": "http", "scheme": "basic", "description": "`admin` and the operator's token." },
    })
}
