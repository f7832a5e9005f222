//! The rules by which a relation is owned, shared or hidden, and by which it can be written.

use tenant_sql::Table;

use super::{
    Finding, Problem, Relation, RelationKind, Rules, UniqueKey, effects::effect, rules::is_framework,
};

pub(crate) fn judge(relations: &[Relation], rules: &Rules) -> (Vec<Table>, Vec<Finding>) {
    let mut judge = Judge { relations, rules, findings: Vec::new() };
    let tables = relations.iter().filter_map(|relation| judge.table(relation)).collect();
    (tables, judge.findings)
}

struct Judge<'a> {
    relations: &'a [Relation],
    rules: &'a Rules,
    findings: Vec<Finding>,
}

impl Judge<'_> {
    fn table(&mut self, relation: &Relation) -> Option<Table> {
        if !is_plain_name(&relation.name) {
            self.found(relation, Problem::Name);
            return None;
        }
        if is_framework(&relation.name) {
            return Some(Table::hidden(&relation.name));
        }
        if is_listed(&self.rules.shared, relation) {
            return Some(Table::shared(&relation.name).columns(&relation.columns));
        }
        match self.obstacle(relation) {
            None => Some(self.owned(relation)),
            Some(problem) => {
                self.found_all(relation, problem);
                Some(Table::hidden(&relation.name))
            }
        }
    }

    /// What keeps a relation from being owned: nothing, the lack of a tenant column, or a problem.
    fn obstacle(&self, relation: &Relation) -> Option<Option<Problem>> {
        match (relation.kind, relation.tenant_column) {
            (RelationKind::Virtual, _) => Some(Some(Problem::Virtual)),
            (RelationKind::View, _) if !is_listed(&self.rules.views, relation) => Some(Some(Problem::View)),
            (RelationKind::Table | RelationKind::View, Some(Ok(()))) => None,
            (RelationKind::Table | RelationKind::View, Some(Err(problem))) => Some(Some(problem)),
            (RelationKind::Table | RelationKind::View, None) => Some(None),
        }
    }

    fn owned(&mut self, relation: &Relation) -> Table {
        self.keys(relation);
        let mut table =
            Table::owned(&relation.name).columns(&relation.columns).generated(&relation.generated);
        for key in &relation.unique {
            // A key that isn't plain can't be a conflict's target; one that lacks the tenant still stands in the way.
            if key.is_plain || !self.carries(key) {
                table = table.unique(&key.columns);
            }
        }
        if relation.kind == RelationKind::View || !self.is_writable(relation) {
            return table.view();
        }
        table
    }

    fn is_writable(&mut self, relation: &Relation) -> bool {
        let effect = effect(relation, self.relations, self.rules);
        self.found_all(relation, effect);
        effect.is_none()
    }

    /// What tenants could tell by: not refused, but told.
    fn keys(&mut self, relation: &Relation) {
        let is_generated = |key: &UniqueKey| key.is_plain && key.columns == relation.generated;
        let lacks = |key: &UniqueKey| !self.carries(key) && !is_generated(key);
        if relation.unique.iter().any(lacks) {
            self.found(relation, Problem::UniqueKey);
        }
        let links = relation.foreign_keys.iter().any(|key| {
            !key.carries_tenant
                && self.relations.iter().any(|parent| self.is_owned(parent) && parent.is_named(&key.parent))
        });
        if links {
            self.found(relation, Problem::ForeignKey);
        }
    }

    fn is_owned(&self, relation: &Relation) -> bool {
        !is_framework(&relation.name)
            && !is_listed(&self.rules.shared, relation)
            && self.obstacle(relation).is_none()
    }

    fn carries(&self, key: &UniqueKey) -> bool {
        key.has(&self.rules.tenant_column)
    }

    fn found_all(&mut self, relation: &Relation, problem: Option<Problem>) {
        if let Some(problem) = problem {
            self.found(relation, problem);
        }
    }

    fn found(&mut self, relation: &Relation, problem: Problem) {
        self.findings.push(Finding { relation: relation.name.clone(), problem });
    }
}

pub(super) fn is_listed(names: &[String], relation: &Relation) -> bool {
    names.iter().any(|name| relation.is_named(name))
}

/// One odd name must not cost the whole catalog.
fn is_plain_name(name: &str) -> bool {
    let odd = |c: char| c.is_control() || matches!(c, '"' | '\'' | '`' | '[' | ']' | '\\');
    !name.is_empty() && !name.contains(odd)
}
