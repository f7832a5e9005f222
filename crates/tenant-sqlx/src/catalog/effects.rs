//! What a write does besides what its statement says.

use super::{Problem, Relation, Rules, family::descendants};

/// Why a write to a relation could reach past the tenant; `None` where it can't, or where somebody vouched for it.
pub(super) fn effect(relation: &Relation, relations: &[Relation], rules: &Rules) -> Option<Problem> {
    let mut effects = Effects { relations, rules, seen: Vec::new() };
    effects.of(relation)
}

struct Effects<'a> {
    relations: &'a [Relation],
    rules: &'a Rules,
    /// Cascades may go in circles.
    seen: Vec<&'a str>,
}

impl<'a> Effects<'a> {
    /// Its own effects, and those of the tables whose rows it shares: they are changed in its name.
    fn of(&mut self, relation: &Relation) -> Option<Problem> {
        if self.rules.is_listed(&self.rules.trusted, relation) {
            return None;
        }
        self.own(relation).or_else(|| self.inherited(relation))
    }

    fn inherited(&mut self, relation: &Relation) -> Option<Problem> {
        let is_trusted = |child: &&Relation| self.rules.is_listed(&self.rules.trusted, child);
        let mut family = descendants(relation, self.relations);
        family.retain(|child| !is_trusted(child));
        family.into_iter().find_map(|child| self.own(child))
    }

    fn own(&mut self, relation: &Relation) -> Option<Problem> {
        if relation.has_triggers {
            return Some(Problem::Trigger);
        }
        if relation.hides_triggers {
            return Some(Problem::Privileges);
        }
        if relation.calls_functions {
            return Some(Problem::Function);
        }
        if relation.resolves_conflicts && relation.unique.iter().any(|key| !self.rules.carries(key)) {
            return Some(Problem::Conflict);
        }
        let reaches_past = self.relations.iter().any(|child| self.cascade(relation, child));
        reaches_past.then_some(Problem::Cascade)
    }

    /// Whether a change of `parent` reaches past the tenant through `child`: by a key without the tenant, or by what
    /// the child's own rows do when they are changed.
    fn cascade(&mut self, parent: &Relation, child: &'a Relation) -> bool {
        let cascading = child.foreign_keys.iter().filter(|key| key.cascades && parent.may_be(&key.parent));
        let (mut is_child, mut is_tied) = (false, true);
        for key in cascading {
            is_child = true;
            is_tied &= key.carries_tenant;
        }
        if !is_child || !is_tied || self.seen.contains(&child.name.as_str()) {
            return is_child && !is_tied;
        }
        self.seen.push(&child.name);
        self.of(child).is_some()
    }
}
