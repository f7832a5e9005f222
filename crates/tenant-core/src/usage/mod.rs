//! Usage: what a tenant's calls, minutes, bytes and whatever else it uses add up to, as it is billed.
//!
//! A record is counted once for each idempotency key of its tenant, and is in its day's roll-up by the same transaction: reports read
//! roll-ups alone. Days and billing cycles are those of UTC.

mod by_project;
mod cycle;
mod day;
mod kind;
mod ledger;
mod record;
mod store;
mod sum;

/// The member of a tenant's metadata that names the customer to whom what it uses is billed.
///
/// Whoever is made of the tenant under another id, by a clone or an import, is another customer: it is left out there.
pub const CUSTOMER: &str = "stripe_customer_id";

pub use self::{
    by_project::UsedByProject,
    cycle::{BillingCycle, InvalidCycle, UsageDate},
    day::{CarriedLevel, LevelOfDay, UsageDay, UsageSeries},
    kind::{InvalidUsage, Measure, UsageKind},
    ledger::{ToldDay, ToldPart, UsageLedger},
    record::{Metadata, UsageRecord},
    store::{UsageStore, UsageVerdict},
    sum::SeriesSum,
};
