//! How places stand, and what became of them.

use std::fmt;

use serde::Serialize;
use tenant_core::Placement;

/// How all places stand.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct FleetReport {
    /// Each place once: those of one tenant first, the shards then, the tables of all last.
    pub places: Vec<PlaceReport>,
}

impl FleetReport {
    /// Whether all places are up to date.
    #[must_use]
    pub fn is_current(&self) -> bool {
        self.places.iter().all(|place| place.state.is_current())
    }

    /// How many places are as `is` wants them.
    #[must_use]
    pub fn count(&self, is: impl Fn(&PlaceState) -> bool) -> usize {
        self.places.iter().filter(|place| is(&place.state)).count()
    }
}

/// How a place stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct PlaceReport {
    /// The place.
    pub placement: Placement,
    /// The wave it was in, or would be; the canary's is 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wave: Option<usize>,
    /// How it stands.
    #[serde(flatten)]
    pub state: PlaceState,
}

/// How a place stands, or what became of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "state", rename_all = "snake_case")]
#[non_exhaustive]
pub enum PlaceState {
    /// It was up to date.
    Current,
    /// This run brought it up to date. Where another one did so at the same time, it is [`Current`](Self::Current).
    Migrated {
        /// What was applied, in its order; empty where it was the framework's own tables alone.
        versions: Vec<i64>,
    },
    /// It lacks these migrations.
    Pending {
        /// What it lacks; empty where it is the framework's own tables alone.
        versions: Vec<i64>,
    },
    /// Others failed before it, and nobody looked.
    Unreached,
    /// It went another way. Nothing was changed.
    Drifted(Drift),
    /// It is not there. [`TenantDb::provision`](crate::TenantDb::provision) makes it.
    Missing,
    /// It could not be read, or a migration failed.
    Failed {
        /// The migration that failed, where it was one.
        #[serde(skip_serializing_if = "Option::is_none")]
        version: Option<i64>,
        /// What the database called the error, without the values it was about.
        reason: String,
    },
}

impl PlaceState {
    /// Whether it is up to date.
    #[must_use]
    pub const fn is_current(&self) -> bool {
        matches!(self, Self::Current | Self::Migrated { .. })
    }
}

/// How a place's migrations are not the beginning of those that are to be applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "drift", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Drift {
    /// It has applied another text under this version.
    Changed {
        /// The migration.
        version: i64,
    },
    /// It has a migration that nobody knows here: it may be newer than this program.
    Unknown {
        /// The migration.
        version: i64,
    },
    /// It lacks a migration that is older than the last one it has.
    Gap {
        /// The migration.
        version: i64,
    },
    /// A migration ended half way, where the database can't undo it. Bring the schema in order by hand, and the row of
    /// that version in the table of migrations with it.
    HalfDone {
        /// The migration.
        version: i64,
    },
}

impl fmt::Display for Drift {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Changed { version } => write!(f, "has another text of migration {version}"),
            Self::Unknown { version } => write!(f, "has migration {version}, which is unknown here"),
            Self::Gap { version } => write!(f, "lacks migration {version}, and has a later one"),
            Self::HalfDone { version } => write!(f, "has done half of migration {version}"),
        }
    }
}

impl fmt::Display for PlaceState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Current => f.write_str("is up to date"),
            Self::Migrated { versions } if versions.is_empty() => {
                f.write_str("was migrated, the framework's own tables alone")
            }
            Self::Migrated { versions } => write!(f, "was migrated, {} applied", versions.len()),
            Self::Unreached => f.write_str("was not reached"),
            Self::Pending { versions } if versions.is_empty() => {
                f.write_str("is behind, the framework's own tables alone")
            }
            Self::Pending { versions } => write!(f, "is behind, {} to apply", versions.len()),
            Self::Drifted(drift) => drift.fmt(f),
            Self::Missing => f.write_str("is missing"),
            Self::Failed { version: Some(version), reason } => {
                write!(f, "failed at migration {version}: {reason}")
            }
            Self::Failed { version: None, reason } => write!(f, "failed: {reason}"),
        }
    }
}

/// What a listener hears.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum FleetProgress {
    /// So many places were found, and so many of them have to be looked at.
    Planned {
        /// All of them.
        places: usize,
        /// Those that are not known to be up to date.
        due: usize,
    },
    /// A place is begun.
    Begun(Placement),
    /// A place is done, for better or worse.
    Done(PlaceReport),
}
