use tenant_core::{TenantConfig, TenantId, Timestamp};

use super::OverLimit;

/// What becomes of a tenant whose trial ends, unless it has chosen another plan for later: that is the one it then goes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AfterTrial {
    /// It goes to this plan; where it uses more than that has, it is suspended.
    Plan(String),
    /// It is suspended.
    Suspend,
}

/// Something that became of a tenant's plan by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PlanChange {
    /// Whose.
    pub tenant: TenantId,
    /// The plan that it was on.
    pub from: Option<String>,
    /// What.
    pub kind: PlanChangeKind,
}

/// What became of a tenant's plan.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PlanChangeKind {
    /// Its trial has ended, and it is on this plan.
    TrialEnded {
        /// Which plan.
        plan: String,
    },
    /// Its trial has ended, and it is suspended: it uses more of these than the plan that it would have gone to has, or
    /// of none where that is what was wanted.
    Suspended {
        /// What it uses too much of.
        over: Vec<OverLimit>,
    },
    /// It is on the plan that was chosen before.
    Changed {
        /// Which plan.
        plan: String,
    },
    /// It uses more than the plan has that was chosen before, and stays where it is: that is looked at again later.
    PutOff {
        /// Which plan.
        plan: String,
        /// When it is looked at again.
        until: Timestamp,
        /// What it uses too much of; nothing where there is no such plan any more.
        over: Vec<OverLimit>,
    },
}

impl PlanChange {
    pub(super) fn new(before: &TenantConfig, kind: PlanChangeKind) -> Self {
        Self { tenant: before.tenant_id, from: before.plan.clone(), kind }
    }
}
