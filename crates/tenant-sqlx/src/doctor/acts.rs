//! What the policies of a table let through together, for each command and role
//! (<https://www.postgresql.org/docs/current/sql-createpolicy.html>).

use super::expression::comparison;
use crate::model::{Owned, Policy, Relation};

/// A table's policies, and what keeps one of them to the rows of the tenant.
#[derive(Clone, Copy)]
pub(super) struct Wall<'a> {
    pub(super) relation: &'a Relation,
    pub(super) narrows: &'a dyn Fn(&str) -> bool,
}

/// Does something with the policies of a table that has the tenant.
pub(super) fn walled<T>(owned: Owned<'_>, act: impl FnOnce(Wall<'_>) -> T) -> T {
    act(Wall {
        relation: owned.relation,
        narrows: &|condition| comparison(condition, owned.tenant).is_some(),
    })
}

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

fn held<'a>(relation: &'a Relation, role: &str) -> impl Iterator<Item = &'a Policy> {
    relation.policies.iter().filter(move |policy| policy.holds_for.iter().any(|holder| holder == role))
}

/// Whether some policy lets a role do this at all.
fn is_allowed(relation: &Relation, role: &str, act: Act) -> bool {
    held(relation, role).any(|policy| policy.is_permissive && act.condition(policy).is_some())
}

/// The commands by which a role reaches no row at all: an update that may take rows may leave those of the tenant.
pub(super) fn lacking(relation: &Relation, role: &str) -> Vec<&'static str> {
    let acts = [Act::Read, Act::Insert, Act::Take, Act::Delete].into_iter();
    acts.filter(|act| !is_allowed(relation, role, *act)).map(|act| act.command().1).collect()
}

impl Wall<'_> {
    /// Whether a restrictive policy keeps the role, doing this, to the rows of the tenant.
    pub(super) fn is_kept_back(self, role: &str, act: Act) -> bool {
        let mut held = held(self.relation, role).filter(|policy| !policy.is_permissive);
        held.any(|policy| act.condition(policy).is_some_and(self.narrows))
    }

    /// Whether it is through this policy that a role, doing this, gets at other tenants' rows.
    fn leaks(self, role: &str, act: Act, policy: &Policy) -> bool {
        policy.is_permissive
            && policy.holds_for.iter().any(|holder| holder == role)
            && act.condition(policy).is_some_and(|condition| !(self.narrows)(condition))
            && !self.is_kept_back(role, act)
            // No row is left where none is taken.
            && (act != Act::Leave || is_allowed(self.relation, role, Act::Take))
    }

    /// Whether the account gets at other tenants' rows through a policy, by itself or as a role that it can become and
    /// that has the right to: at those that are there, and at those that are written.
    pub(super) fn leaks_to(self, account: &str, policy: &Policy) -> (bool, bool) {
        let may = |role: &str, act: Act| {
            let mut reached = self.relation.reached.iter().filter(|grant| grant.to == role);
            role == account || reached.any(|grant| grant.privilege == act.command().1)
        };
        let leaks = |act: Act| {
            let mut roles = policy.holds_for.iter().filter(|role| may(role, act));
            roles.any(|role| self.leaks(role, act, policy))
        };
        let any =
            |is_written: bool| Act::ALL.into_iter().filter(|act| act.is_written() == is_written).any(leaks);
        (any(false), any(true))
    }
}
