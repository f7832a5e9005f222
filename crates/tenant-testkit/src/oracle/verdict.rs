use tenant_sql::Refusal;

/// What the oracle says of a statement that showed no difference.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Verdict {
    /// It does the same on both databases.
    Same {
        /// The number of rows it gave.
        rows: usize,
        /// Whether it changed the tenant's rows.
        changed: bool,
    },
    /// It fails on both, with these words of the single tenant's database.
    Fails(String),
    /// The rewriter refuses it.
    Refused(Refusal),
    /// Its result is not determined by the rows; no canary of another tenant was in it.
    Undetermined,
    /// It runs too long or gives too many rows to be compared.
    TooLarge,
}
