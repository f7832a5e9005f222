//! Findings as text, JSON and SARIF.

use std::{collections::BTreeSet, fmt::Write as _};

use serde_json::{Value, json};

use super::finding::{Finding, Verdict};

#[derive(Default)]
struct Summary {
    scoped: usize,
    refused: usize,
    known: usize,
    unchecked: usize,
}

impl Summary {
    fn of(findings: &[Finding]) -> Self {
        let mut summary = Self::default();
        for finding in findings {
            match finding.verdict {
                Verdict::Scoped => summary.scoped += 1,
                Verdict::Refused { is_known: false, .. } => summary.refused += 1,
                Verdict::Refused { is_known: true, .. } => summary.known += 1,
                Verdict::Unchecked(_) => summary.unchecked += 1,
            }
        }
        summary
    }
}

pub(super) fn text(findings: &[Finding]) -> String {
    let mut text = String::new();
    for Finding { place, verdict, .. } in findings {
        let _ = match verdict {
            Verdict::Scoped => writeln!(text, "{place}: scoped"),
            Verdict::Refused { kind, message, is_known: false } => {
                writeln!(text, "{place}: refused ({kind}): {message}")
            }
            Verdict::Refused { kind, message, is_known: true } => {
                writeln!(text, "{place}: refused, as known ({kind}): {message}")
            }
            Verdict::Unchecked(why) => writeln!(text, "{place}: not checked: {why}"),
        };
    }
    let Summary { scoped, refused, known, unchecked } = Summary::of(findings);
    let total = findings.len();
    let _ = writeln!(
        text,
        "{total} statements: {scoped} scoped, {refused} refused, {known} refused as known, {unchecked} not checked"
    );
    text
}

pub(super) fn json(findings: &[Finding]) -> String {
    let Summary { scoped, refused, known, unchecked } = Summary::of(findings);
    let report = json!({
        "summary": { "scoped": scoped, "refused": refused, "known": known, "unchecked": unchecked },
        "findings": findings.iter().map(json_of).collect::<Vec<_>>(),
    });
    format!("{report:#}\n")
}

fn json_of(Finding { place, sql, verdict }: &Finding) -> Value {
    let mut value = json!({ "file": place.file, "line": place.line, "column": place.column });
    let more = match verdict {
        Verdict::Scoped => json!({ "verdict": "scoped", "sql": sql }),
        Verdict::Refused { kind, message, is_known } => {
            json!({ "verdict": "refused", "sql": sql, "kind": kind, "message": message, "known": is_known })
        }
        Verdict::Unchecked(why) => json!({ "verdict": "unchecked", "message": why }),
    };
    if let (Value::Object(value), Value::Object(more)) = (&mut value, more) {
        value.extend(more);
    }
    value
}

pub(super) fn sarif(findings: &[Finding]) -> String {
    let rules: BTreeSet<&str> = findings.iter().filter_map(rule).collect();
    let rules: Vec<Value> = rules.into_iter().map(|id| json!({ "id": id })).collect();
    let results: Vec<Value> = findings.iter().filter_map(result).collect();
    crate::sarif::report(&rules, &results)
}

fn rule(finding: &Finding) -> Option<&'static str> {
    match finding.verdict {
        Verdict::Scoped => None,
        Verdict::Refused { kind, .. } => Some(kind),
        Verdict::Unchecked(_) => Some("unchecked"),
    }
}

fn result(finding: &Finding) -> Option<Value> {
    let (level, message, baseline) = match &finding.verdict {
        Verdict::Scoped => return None,
        Verdict::Refused { message, is_known, .. } => {
            ("error", message.as_str(), Some(if *is_known { "unchanged" } else { "new" }))
        }
        Verdict::Unchecked(why) => ("note", *why, None),
    };
    let place = &finding.place;
    let mut result = json!({
        "ruleId": rule(finding),
        "level": level,
        "message": { "text": message },
        "locations": [{ "physicalLocation": {
            "artifactLocation": { "uri": uri(place) },
            "region": { "startLine": place.line, "startColumn": place.column },
        } }],
    });
    if let (Some(baseline), Value::Object(result)) = (baseline, &mut result) {
        result.insert("baselineState".to_owned(), baseline.into());
    }
    Some(result)
}

/// A relative reference (RFC 3986, section 4.2): slashes, and everything percent-encoded that is not a plain character.
fn uri(place: &super::source::Place) -> String {
    let mut uri = String::new();
    for byte in place.file.to_string_lossy().replace('\\', "/").trim_start_matches("./").bytes() {
        if byte.is_ascii_alphanumeric() || b"/-._~".contains(&byte) {
            uri.push(char::from(byte));
        } else {
            let _ = write!(uri, "%{byte:02X}");
        }
    }
    uri
}
