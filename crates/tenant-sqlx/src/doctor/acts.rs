//! What the policies of a table let through together, for each command and role
//! (<https://www.postgresql.org/docs/current/sql-createpolicy.html>).

use super::expression::comparison;
use crate::model::{Owned, Policy};

/// What a statement does to a row, as far as policies judge it by different conditions. A statement that names no column
/// to read is not judged by the policies for reading, so that each of these stands alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Act {
    Read,
    Insert,
    /// An update takes a row that is there.
    Take,
    /// An update leaves a row that is to be.
    Leave,
    Delete,
}

impl Act {
    pub(super) const ALL: [Self; 5] = [Self::Read, Self::Insert, Self::Take, Self::Leave, Self::Delete];

    /// The command as the catalog of policies has it, and the right that it needs.
    pub(super) const fn command(self) -> (&'static str, &'static str) {
        match self {
            Self::Read => ("r", "SELECT"),
            Self::Insert => ("a", "INSERT"),
            Self::Take | Self::Leave => ("w", "UPDATE"),
            Self::Delete => ("d", "DELETE"),
        }
    }

    /// Whether it is the new row that is judged.
    pub(super) const fn is_written(self) -> bool {
        match self {
            Self::Insert | Self::Leave => true,
            Self::Read | Self::Take | Self::Delete => false,
        }
    }

    /// What a policy says of it: one without a condition says nothing. New rows are judged by the condition for those
    /// that are there where the policy has none for them; never the other way round.
    pub(super) fn condition(self, policy: &Policy) -> Option<&str> {
        let is_meant = policy.command == "*" || policy.command == self.command().0;
        let check = policy.check.as_deref().filter(|_| self.is_written());
        check.or(policy.using.as_deref()).filter(|_| is_meant)
    }
}

fn held<'a>(owned: Owned<'a>, role: &str) -> impl Iterator<Item = &'a Policy> {
    owned.relation.policies.iter().filter(move |policy| policy.holds_for.iter().any(|holder| holder == role))
}

/// Whether some policy lets a role do this at all.
fn is_allowed(owned: Owned<'_>, role: &str, act: Act) -> bool {
    held(owned, role).any(|policy| policy.is_permissive && act.condition(policy).is_some())
}

/// The commands by which a role reaches no row at all: an update that may take rows may leave those of the tenant.
pub(super) fn lacking(owned: Owned<'_>, role: &str) -> Vec<&'static str> {
    let acts = [Act::Read, Act::Insert, Act::Take, Act::Delete].into_iter();
    acts.filter(|act| !is_allowed(owned, role, *act)).map(|act| act.command().1).collect()
}

/// Whether a restrictive policy keeps the role, doing this, to the rows of the tenant.
pub(super) fn is_kept_back(owned: Owned<'_>, role: &str, act: Act) -> bool {
    let narrows = |condition: &str| comparison(condition, owned.tenant).is_some();
    held(owned, role).any(|policy| !policy.is_permissive && act.condition(policy).is_some_and(narrows))
}

/// Whether it is through this policy that a role, doing this, gets at other tenants' rows.
pub(super) fn leaks(owned: Owned<'_>, role: &str, act: Act, policy: &Policy) -> bool {
    let widens = |condition: &str| comparison(condition, owned.tenant).is_none();
    policy.is_permissive
        && policy.holds_for.iter().any(|holder| holder == role)
        && act.condition(policy).is_some_and(widens)
        && !is_kept_back(owned, role, act)
        // No row is left where none is taken.
        && (act != Act::Leave || is_allowed(owned, role, Act::Take))
}
