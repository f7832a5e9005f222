/// What a statement gave.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Answer {
    pub(super) columns: Vec<String>,
    /// In the order they came.
    pub(super) rows: Vec<String>,
    pub(super) affected: u64,
}

impl Answer {
    pub(super) fn sorted(&self) -> Vec<&str> {
        let mut rows: Vec<&str> = self.rows.iter().map(String::as_str).collect();
        rows.sort_unstable();
        rows
    }
}

/// Why a statement gave nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Failure {
    /// The database refused or failed, in its own words.
    Database(String),
    /// It ran too long or gave too many rows.
    TooLarge,
    /// The connection is gone.
    Lost(String),
}

impl Failure {
    /// Whether the database did not take the statement at all: it did not understand it, or knows no such thing.
    /// SQLITE_ERROR; SQLSTATE classes 42 (syntax error or access rule violation), 0A (feature not supported) and XX
    /// (internal error); and MySQL's words for a statement that reads what it writes.
    ///
    /// One message depends on the plan, and so on what is known of the rows: PostgreSQL refuses some FULL JOINs.
    pub(super) fn is_rejection(&self) -> bool {
        match self {
            Self::Database(why) => {
                let own =
                    ["is specified twice", "prevents operation"].iter().any(|words| why.contains(words));
                own || ["1: ", "42", "0A", "XX"].iter().any(|code| why.starts_with(code))
            }
            Self::TooLarge | Self::Lost(_) => false,
        }
    }

    pub(super) fn depends_on_the_plan(&self) -> bool {
        matches!(self, Self::Database(why) if why.contains("FULL JOIN is only supported") || why.starts_with("XX"))
    }
}

/// Rows and bytes a statement may give before it is given up.
pub(super) const MOST_ROWS: usize = 20_000;
pub(super) const MOST_BYTES: usize = 8 << 20;
/// How long a statement may run.
pub(super) const MOST_MILLISECONDS: u64 = 1_000;
