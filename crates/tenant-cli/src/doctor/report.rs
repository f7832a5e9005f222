//! Diagnoses as text, JSON and SARIF.

use std::{collections::BTreeSet, fmt::Write as _};

use serde_json::{Value, json};
use tenant_sqlx::doctor::{Code, Diagnosis, Severity};

const SEVERITIES: [Severity; 3] = [Severity::Error, Severity::Warning, Severity::Note];

fn count(found: &[Diagnosis], severity: Severity) -> usize {
    found.iter().filter(|diagnosis| diagnosis.severity() == severity).count()
}

pub(super) fn text(found: &[Diagnosis]) -> String {
    let mut text = String::new();
    for diagnosis in found {
        let _ = writeln!(text, "{} {diagnosis}", diagnosis.severity());
        for statement in &diagnosis.fix {
            let _ = writeln!(text, "    {};", statement.replace('\n', "\n    "));
        }
        if !diagnosis.advice.is_empty() {
            let _ = writeln!(text, "    -- {}", diagnosis.advice);
        }
    }
    let [errors, warnings, notes] = SEVERITIES.map(|severity| count(found, severity));
    let _ = writeln!(text, "{errors} errors, {warnings} warnings, {notes} notes");
    text
}

pub(super) fn json(found: &[Diagnosis]) -> String {
    let [errors, warnings, notes] = SEVERITIES.map(|severity| count(found, severity));
    let report = json!({
        "summary": { "errors": errors, "warnings": warnings, "notes": notes },
        "findings": found.iter().map(json_of).collect::<Vec<_>>(),
    });
    format!("{report:#}\n")
}

fn json_of(diagnosis: &Diagnosis) -> Value {
    json!({
        "code": diagnosis.code.name(),
        "severity": diagnosis.severity().as_str(),
        "object": diagnosis.object,
        "message": diagnosis.code.sentence(),
        "fix": diagnosis.fix,
        "advice": diagnosis.advice,
    })
}

pub(super) fn sarif(found: &[Diagnosis]) -> String {
    let codes: BTreeSet<Code> = found.iter().map(|diagnosis| diagnosis.code).collect();
    let rules: Vec<Value> = codes.into_iter().map(rule).collect();
    let results: Vec<Value> = found.iter().map(result).collect();
    crate::sarif::report(&rules, &results)
}

fn rule(code: Code) -> Value {
    json!({
        "id": code.name(),
        "shortDescription": { "text": code.sentence() },
        "defaultConfiguration": { "level": code.severity().as_str() },
    })
}

/// There is no file to point at: what is wrong is named as a logical location (section 3.33).
fn result(diagnosis: &Diagnosis) -> Value {
    json!({
        "ruleId": diagnosis.code.name(),
        "level": diagnosis.severity().as_str(),
        "message": { "text": format!("`{}`: {}", diagnosis.object, diagnosis.code.sentence()) },
        "locations": [{ "logicalLocations": [{ "fullyQualifiedName": diagnosis.object }] }],
        "properties": { "fix": diagnosis.fix, "advice": diagnosis.advice },
    })
}
