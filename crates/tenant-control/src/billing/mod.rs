//! What usage costs.

mod lines;
mod rates;
mod report;
mod statement;
mod utilisation;

pub use self::{
    rates::{InvalidRates, Price, Rates, Terms},
    report::{Billing, BillingError, BillingErrorKind, Counts},
    statement::{CycleStatus, ProjectUsage, Ratio, UsageLine, UsageReport},
    utilisation::{UsageWarning, Utilisation},
};
