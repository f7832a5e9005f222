use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use super::finding::{Finding, Verdict};
use crate::Error;

/// Refusals that are known and accepted: statements that run unscoped, for instance.
///
/// An entry holds the statement itself and not its line, so that it stays true when the file around it changes, and so
/// that a review of the baseline shows what is accepted.
#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Baseline {
    refused: BTreeSet<Known>,
}

#[derive(Debug, Deserialize, Serialize, PartialEq, Eq, PartialOrd, Ord)]
#[serde(deny_unknown_fields)]
struct Known {
    file: PathBuf,
    kind: String,
    sql: String,
}

impl Baseline {
    pub(super) fn of(findings: &[Finding]) -> Self {
        Self { refused: findings.iter().filter_map(Known::of).collect() }
    }

    pub(super) fn read(path: &Path) -> Result<Self, Error> {
        let text = fs::read_to_string(path).map_err(|error| Error::file(path, &error))?;
        serde_json::from_str(&text).map_err(|error| Error::file(path, &error))
    }

    pub(super) fn write(&self, path: &Path) -> Result<(), Error> {
        let text = serde_json::to_string_pretty(self).map_err(|error| Error::file(path, &error))?;
        fs::write(path, text + "\n").map_err(|error| Error::file(path, &error))
    }

    /// Marks the refusals that are known. A statement that is now refused for another reason is not.
    pub(super) fn mark(&self, findings: &mut [Finding]) {
        for finding in findings {
            let known = Known::of(finding).is_some_and(|finding| self.refused.contains(&finding));
            if let Verdict::Refused { is_known, .. } = &mut finding.verdict {
                *is_known = known;
            }
        }
    }
}

impl Known {
    fn of(finding: &Finding) -> Option<Self> {
        let Verdict::Refused { kind, .. } = &finding.verdict else { return None };
        Some(Self { file: finding.place.file.clone(), kind: (*kind).to_owned(), sql: finding.sql.clone() })
    }
}
