use std::fmt;

/// In what two runs of a statement differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DifferenceKind {
    /// One run failed, the other did not.
    Failure,
    /// The names of the result's columns.
    Columns,
    /// The result's rows.
    Rows,
    /// The order of the result's rows.
    Order,
    /// How many rows were changed.
    Affected,
    /// What the tenant's tables hold afterwards.
    Contents,
    /// Another tenant's rows were changed.
    OthersChanged,
    /// Another tenant's values are in the result.
    OthersSeen,
    /// The result under row-level security.
    RowLevelSecurity,
}

/// A statement that does not do on the shared database what it does on a database of its tenant alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// In what the runs differ.
    pub kind: DifferenceKind,
    /// The caller's text.
    pub statement: String,
    /// The text that ran on the shared database.
    pub scoped: String,
    /// What the shared database gave, the differing part first.
    pub shared: String,
    /// What the single tenant's database gave.
    pub single: String,
}

impl Difference {
    /// Returns whether the statement read or changed what belongs to another tenant.
    pub fn is_leak(&self) -> bool {
        matches!(self.kind, DifferenceKind::OthersChanged | DifferenceKind::OthersSeen)
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kind, statement, scoped, shared, single } = self;
        writeln!(f, "the databases differ in {kind:?}")?;
        writeln!(f, "statement: {statement}\nscoped:    {scoped}")?;
        write!(f, "shared:    {shared}\nsingle:    {single}")
    }
}

/// What one side has and the other has not, at most a few lines of it.
pub(super) fn only(here: &[impl AsRef<str>], there: &[impl AsRef<str>]) -> String {
    let mut rest: Vec<&str> = there.iter().map(AsRef::as_ref).collect();
    let mut only = Vec::new();
    for row in here.iter().map(AsRef::as_ref) {
        match rest.iter().position(|other| *other == row) {
            Some(at) => drop(rest.swap_remove(at)),
            None => only.push(row),
        }
    }
    let shown: Vec<String> = only.iter().take(8).map(|row| row.chars().take(300).collect()).collect();
    format!("{} rows; only here: {} [{}]", here.len(), only.len(), shown.join(" ; "))
}
