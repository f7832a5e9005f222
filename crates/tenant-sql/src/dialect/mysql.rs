use std::fmt::Write as _;

use crate::tenant::TenantValue;

/// Hexadecimal, so that no setting of the server (`NO_BACKSLASH_ESCAPES`, `ANSI_QUOTES`) can end the literal early.
pub(crate) fn literal(tenant: &TenantValue<'_>) -> String {
    match tenant {
        TenantValue::Integer(number) => format!("({number})"),
        TenantValue::Uuid(number) => hex("", &number.to_be_bytes()),
        TenantValue::Text(text) => hex("_utf8mb4 ", text.as_bytes()),
    }
}

fn hex(introducer: &str, bytes: &[u8]) -> String {
    let mut literal = format!("{introducer}X'");
    for byte in bytes {
        let _ = write!(literal, "{byte:02X}");
    }
    literal.push('\'');
    literal
}
