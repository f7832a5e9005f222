//! What people read.

use std::fmt::Write;

use serde_json::Value;

use super::asked::Asked;

pub(super) fn json(value: &Value) -> String {
    if value.is_null() { String::new() } else { format!("{value}\n") }
}

pub(super) fn plain(asked: &Asked, value: &Value) -> String {
    match asked {
        Asked::List { .. } => list(value),
        Asked::Delete(id) => format!("{id} is deleted\n"),
        Asked::Create(_) | Asked::Show(_) | Asked::Suspend(_) | Asked::Activate(_) | Asked::Usage(_) => {
            members(value)
        }
    }
}

/// One line for each, and how many there are.
fn list(value: &Value) -> String {
    let tenants = value.get("tenants").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let mut text = String::new();
    for tenant in tenants {
        let cell = |name| tenant.get(name).map_or_else(String::new, word);
        let [id, status, plan] = ["tenant_id", "status", "plan"].map(cell);
        let _ = writeln!(text, "{id:<24} {status:<10} {plan:<12} {} {}", cell("created_at"), cell("name"));
    }
    let total = value.get("total").map_or_else(String::new, word);
    let _ = writeln!(text, "{} of {total} tenants", tenants.len());
    text
}

fn members(value: &Value) -> String {
    let Some(members) = value.as_object() else { return String::new() };
    let is_told = |value: &&Value| match value {
        Value::Object(inner) => !inner.is_empty(),
        Value::Array(inner) => !inner.is_empty(),
        value => !value.is_null(),
    };
    let told = members.iter().filter(|(_, value)| is_told(value));
    told.map(|(name, value)| format!("{name}: {}\n", word(value))).collect()
}

/// Text that others wrote must not speak to the terminal.
fn word(value: &Value) -> String {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Null => "-".to_owned(),
        value => value.to_string(),
    };
    text.chars().filter(|letter| !letter.is_control()).collect()
}
