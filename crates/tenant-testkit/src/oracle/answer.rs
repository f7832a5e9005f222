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
    /// (internal error); and MySQL's words for a statement that reads what it writes, and for a name that it finds
    /// ambiguous (state 23000, as for keys). MariaDB 10.11 finds some so that are qualified, if it looks twice.
    ///
    /// One message depends on the plan, and so on what is known of the rows: PostgreSQL refuses some FULL JOINs.
    pub(super) fn is_rejection(&self) -> bool {
        match self {
            Self::Database(why) => {
                let own = ["is specified twice", "prevents operation", "is ambiguous"]
                    .iter()
                    .any(|words| why.contains(words));
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_database_does_not_understand_is_told_from_what_fails() {
        let rejected = |why: &str| Failure::Database(why.to_owned()).is_rejection();
        assert!(rejected("23000: Column 'k0' in ON is ambiguous"));
        assert!(
            rejected("42702: column reference \"k0\" is ambiguous")
                && rejected("1: ambiguous column name: k0")
        );
        assert!(!rejected("23000: Duplicate entry 't2-1' for key 'PRIMARY'"));
        assert!(!rejected("21000: Subquery returns more than 1 row"));
    }
}
