//! Usage that goes out: told to somebody else, each day of each series once.

mod attempt;
mod builder;
mod collect;
mod day;
mod exporter;
mod held;
mod tell;

pub use self::{
    attempt::{Collected, ExportAttempt, Told},
    builder::{UsageExports, UsageExportsBuilder},
    exporter::{ExportFailure, ExportFailureKind, MeteredUsage, UsageExporter},
    held::HeldUsage,
};
