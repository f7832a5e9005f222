use std::fmt;

use super::Code;

/// Something that is wrong, and how it is mended.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Diagnosis {
    /// What it is.
    pub code: Code,
    /// The table, role or whatever else it is wrong with.
    pub object: String,
    /// The statements that mend it, in their order; none where people have to decide.
    pub fix: Vec<String>,
    /// What to do where there are no statements, or what to know before they run.
    pub advice: &'static str,
}

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Severity {
    /// It costs time, or tells a little.
    Note,
    /// One mistake more, and it is an error.
    Warning,
    /// A tenant can see, change or learn about another one's rows, or a wall that is taken for one is none.
    Error,
}

impl Severity {
    /// Returns `error`, `warning` or `note`, as SARIF has it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Note => "note",
        }
    }
}

impl Diagnosis {
    pub(super) fn new(code: Code, object: impl Into<String>) -> Self {
        Self { code, object: object.into(), fix: Vec::new(), advice: "" }
    }

    pub(super) fn fix(mut self, statements: impl IntoIterator<Item = String>) -> Self {
        self.fix.extend(statements);
        self
    }

    pub(super) const fn advice(mut self, advice: &'static str) -> Self {
        self.advice = advice;
        self
    }

    /// Returns how bad it is.
    #[must_use]
    pub const fn severity(&self) -> Severity {
        self.code.severity()
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for Diagnosis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} `{}`: {}", self.code, self.object, self.code.sentence())
    }
}
