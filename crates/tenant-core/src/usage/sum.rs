use super::UsageSeries;

/// What the records of a series came to, over some days.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeriesSum {
    /// Of what: a sum, and never a level.
    pub series: UsageSeries,
    /// How many records there were.
    pub records: u64,
    /// Their sum.
    pub amount: u128,
}
