//! The problem document (RFC 9457).

use std::collections::BTreeMap;

use bytes::Bytes;
use serde::Serialize;
use serde_json::Value;

use super::{Extra, Rejection, RejectionKind};

#[derive(Serialize)]
struct Problem<'a> {
    r#type: &'static str,
    title: &'static str,
    status: u16,
    detail: &'a str,
    code: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    column: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    trace_id: Option<&'a str>,
    #[serde(flatten)]
    members: &'a BTreeMap<&'static str, Value>,
}

/// Whether a problem has a member of this name by itself.
pub(super) fn is_standard(name: &str) -> bool {
    const STANDARD: [&str; 12] = [
        "type",
        "title",
        "status",
        "detail",
        "instance",
        "code",
        "reason",
        "retry_after",
        "field",
        "line",
        "column",
        "trace_id",
    ];
    STANDARD.contains(&name)
}

/// The document; a rejection with nothing to add has it ready.
pub(super) fn document(rejection: &Rejection) -> Bytes {
    let kind = rejection.kind();
    let plain = Bytes::from_static(kind.plain_body().as_bytes());
    let Some(extra) = rejection.extra() else {
        return plain;
    };
    let problem = describe(kind, rejection.detail(), extra);
    serde_json::to_vec(&problem).map_or(plain, Bytes::from)
}

fn describe<'a>(kind: RejectionKind, detail: &'a str, extra: &'a Extra) -> Problem<'a> {
    Problem {
        r#type: kind.type_uri(),
        title: kind.title(),
        status: kind.number(),
        detail,
        code: kind.code(),
        reason: extra.reason.as_deref(),
        retry_after: extra.retry_after,
        field: extra.field.as_deref(),
        line: extra.position.map(|(line, _)| line),
        column: extra.position.map(|(_, column)| column),
        trace_id: extra.trace_id.as_ref().map(super::TraceId::as_str),
        members: &extra.members,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_prepared_documents_are_what_would_be_rendered() {
        for &kind in RejectionKind::ALL {
            let rendered = serde_json::to_string(&describe(kind, kind.detail(), &Extra::default())).unwrap();
            assert_eq!(rendered, kind.plain_body());
        }
    }
}
