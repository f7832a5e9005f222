use serde::Serialize;
use tenant_core::usage::UsageKind;

/// How much was used of what a plan includes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Utilisation {
    /// Of what.
    #[serde(rename = "type")]
    pub kind: UsageKind,
    /// How much was used.
    pub used: u64,
    /// How much the plan includes.
    pub included: u64,
    /// The one of the other, rounded down; more than 100 where there is more than is included.
    pub percent: u64,
    /// Whether it is time to say so.
    pub warning: Option<UsageWarning>,
}

/// What is to be said of a utilisation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum UsageWarning {
    /// 80 percent are used.
    Near,
    /// All is used.
    Reached,
}

pub(super) fn of(kind: UsageKind, used: u64, included: u64) -> Utilisation {
    let percent = match included {
        0 if used == 0 => 0,
        0 => u64::MAX,
        included => u64::try_from(u128::from(used) * 100 / u128::from(included)).unwrap_or(u64::MAX),
    };
    let warning = match percent {
        ..80 => None,
        80..100 => Some(UsageWarning::Near),
        100.. => Some(UsageWarning::Reached),
    };
    Utilisation { kind, used, included, percent, warning }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_warns_at_eighty_and_at_a_hundred_and_no_earlier() {
        let of = |used, included| {
            let of = of(UsageKind::COMPUTE, used, included);
            (of.percent, of.warning)
        };
        assert_eq!(of(0, 1_000), (0, None));
        assert_eq!(of(799, 1_000), (79, None));
        assert_eq!(of(800, 1_000), (80, Some(UsageWarning::Near)));
        assert_eq!(of(999, 1_000), (99, Some(UsageWarning::Near)));
        assert_eq!(of(1_000, 1_000), (100, Some(UsageWarning::Reached)));
        assert_eq!(of(u64::MAX, 1), (u64::MAX, Some(UsageWarning::Reached)));
        assert_eq!((of(0, 0), of(1, 0)), ((0, None), (u64::MAX, Some(UsageWarning::Reached))));
    }
}
