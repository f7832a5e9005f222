//! What row-level security would not hold.

use std::{error::Error, fmt};

/// Where the wall has a hole: nothing is served then.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Gaps {
    /// The role is not subject to policies at all.
    pub(crate) is_exempt: bool,
    /// Tables of tenants without row-level security, or without `FORCE` where the role owns them.
    pub(crate) tables: Vec<String>,
    /// Views that tenants may read and that look at their tables with the rights of who made them.
    pub(crate) views: Vec<String>,
}

impl Gaps {
    pub(crate) fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl fmt::Display for Gaps {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("row-level security would not hold:")?;
        if self.is_exempt {
            f.write_str(" the role is a superuser or has BYPASSRLS: connect as one that has neither;")?;
        }
        for table in &self.tables {
            write!(f, " table `{table}` wants ENABLE and FORCE ROW LEVEL SECURITY and a policy;")?;
        }
        for view in &self.views {
            write!(f, " view `{view}` wants security_invoker;")?;
        }
        f.write_str(" `tenant ddl` prints what is missing")
    }
}

impl Error for Gaps {}

impl From<Gaps> for sqlx::Error {
    fn from(gaps: Gaps) -> Self {
        Self::Configuration(Box::new(gaps))
    }
}
