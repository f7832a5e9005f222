use super::UsageKind;

/// What was used of a kind for a project, over some days.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct UsedByProject {
    /// For which project.
    pub project: Box<str>,
    /// What.
    pub kind: UsageKind,
    /// The sum of its records; of a level the peak.
    pub quantity: u128,
}

impl UsedByProject {
    /// So much of a kind, for a project.
    #[must_use]
    pub fn new(project: impl Into<Box<str>>, kind: UsageKind, quantity: u128) -> Self {
        Self { project: project.into(), kind, quantity }
    }
}
