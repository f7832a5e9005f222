//! Metering, and what usage came to.

mod export;
mod level;
mod meter;
mod notes;
mod summary;
mod used;
mod writer;

pub(crate) use self::{
    export::csv_field,
    meter::{LATE, moved},
};
pub use self::{
    export::{ExportFormat, UsageExport},
    meter::{MeterBuilder, UsageMeter},
    summary::{SeriesUsage, UsedOnDay, usage_history, usage_summary},
    used::{Recorded, UsageError, UsageErrorKind, Used},
};
