use std::fmt::{self, Write as _};

use serde::{Serialize, Serializer};
use tenant_core::{
    Timestamp,
    usage::{BillingCycle, UsageKind},
};

use crate::usage::csv_field;

/// What a tenant used in a billing cycle, and what it costs in millionths of the currency.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct UsageReport {
    /// Whose it is.
    pub org_id: String,
    /// Of which month.
    pub billing_cycle: BillingCycle,
    /// On which plan.
    pub plan: String,
    /// How many users there are.
    pub user_count: u64,
    /// How many projects there are.
    pub project_count: u64,
    /// Calls.
    pub api_requests: u64,
    /// Minutes.
    pub compute_minutes: u64,
    /// Bytes, the cycle's peak: that of each project, added up. Written in 10^9.
    #[serde(serialize_with = "gigabytes")]
    pub storage_gb: u64,
    /// How long storage held how much: bytes times hours until now.
    #[serde(skip)]
    pub storage_byte_hours: u128,
    /// Bytes; written in 10^9.
    #[serde(serialize_with = "gigabytes")]
    pub bandwidth_gb: u64,
    /// What the usage costs: the sum of the breakdown, without the plan's price.
    pub total_cost: u64,
    /// What the plan costs; `None` where that is agreed on.
    pub plan_price: Option<u64>,
    /// Of each kind.
    pub breakdown: Vec<UsageLine>,
    /// Of each project, with its share of the costs.
    pub projects: Vec<ProjectUsage>,
    /// Whether there may be more.
    pub status: CycleStatus,
    /// When it was made.
    pub generated_at: Timestamp,
}

/// What was used of a kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct UsageLine {
    /// Of what.
    #[serde(rename = "type")]
    pub kind: UsageKind,
    /// How much; of a level the peak.
    pub quantity: Ratio,
    /// What is counted.
    pub unit: Box<str>,
    /// What one costs on the plan, beyond what it includes.
    pub rate: Ratio,
    /// What it costs.
    pub cost: u64,
}

/// What a project used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ProjectUsage {
    /// Which; `None` for what was used for none.
    pub project_id: Option<Box<str>>,
    /// Its shares of the breakdown's costs, added up.
    pub total_cost: u64,
    /// Of each kind.
    pub breakdown: Vec<UsageLine>,
}

/// Whether there may be more in a billing cycle.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CycleStatus {
    /// There may.
    Open,
    /// It is over, and nothing more is taken.
    Final,
}

/// An exact fraction: written as an integer where it is one, and as the nearest number otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Ratio {
    /// How many parts.
    pub parts: u128,
    /// How many parts are one; never 0.
    pub of: u64,
}

impl Ratio {
    #[expect(clippy::cast_precision_loss, reason = "it is for readers: nothing is reckoned with it")]
    fn as_f64(self) -> f64 {
        self.parts as f64 / self.of as f64
    }
}

impl UsageReport {
    /// The breakdown by project as RFC 4180, with a header.
    #[must_use]
    pub fn to_csv(&self) -> String {
        let mut text = "billing_cycle,project_id,type,quantity,unit,rate,cost\r\n".to_owned();
        for project in &self.projects {
            let id = csv_field(project.project_id.as_deref().unwrap_or(""));
            for UsageLine { kind, quantity, unit, rate, cost } in &project.breakdown {
                let (cycle, kind, unit) = (self.billing_cycle, csv_field(kind.as_str()), csv_field(unit));
                let _ = write!(text, "{cycle},{id},{kind},{quantity},{unit},{rate},{cost}\r\n");
            }
        }
        text
    }
}

impl fmt::Display for Ratio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.parts % u128::from(self.of.max(1)) {
            0 => write!(f, "{}", self.parts / u128::from(self.of.max(1))),
            _ => write!(f, "{}", self.as_f64()),
        }
    }
}

impl Serialize for Ratio {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let whole = self.parts / u128::from(self.of.max(1));
        match u64::try_from(whole) {
            Ok(whole) if self.parts.is_multiple_of(u128::from(self.of.max(1))) => {
                serializer.serialize_u64(whole)
            }
            Ok(_) | Err(_) => serializer.serialize_f64(self.as_f64()),
        }
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for it")]
fn gigabytes<S: Serializer>(bytes: &u64, serializer: S) -> Result<S::Ok, S::Error> {
    Ratio { parts: u128::from(*bytes), of: 1_000_000_000 }.serialize(serializer)
}
