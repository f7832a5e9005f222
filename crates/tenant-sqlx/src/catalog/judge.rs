//! The rules by which a relation is owned, shared or hidden, and by which it can be written.

use tenant_sql::Table;

use super::{
    Finding, Problem, Relation, RelationKind, Rules, UniqueKey,
    effects::effect,
    family::{descendants, is_virtual},
    rules::is_framework,
};

pub(crate) fn judge(relations: &[Relation], rules: &Rules) -> (Vec<Table>, Vec<Finding>) {
    let mut judge = Judge { relations, rules, findings: Vec::new() };
    let own = relations.iter().filter(|relation| !relation.is_elsewhere);
    let tables = own.filter_map(|relation| judge.table(relation)).collect();
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
        if self.is_shared(relation) {
            return Some(self.shared(relation));
        }
        match self.obstacle(relation) {
            None => Some(self.owned(relation)),
            Some(problem) => {
                self.found_all(relation, problem);
                Some(Table::hidden(&relation.name))
            }
        }
    }

    fn shared(&mut self, relation: &Relation) -> Table {
        let family = descendants(relation, self.relations);
        if family.into_iter().all(|child| self.is_shared(child) && !child.is_elsewhere) {
            return Table::shared(&relation.name).columns(&relation.columns);
        }
        self.found(relation, Problem::Family);
        Table::hidden(&relation.name)
    }

    /// What keeps a relation from being owned: nothing, the lack of a tenant column, or a problem.
    fn obstacle(&self, relation: &Relation) -> Option<Option<Problem>> {
        if is_virtual(relation, self.relations) {
            return Some(Some(Problem::Virtual));
        }
        let is_declared = self.rules.is_listed(&self.rules.views, relation);
        match (relation.kind, relation.tenant_column) {
            (RelationKind::Virtual, _) => Some(Some(Problem::Virtual)),
            (RelationKind::View, _) if !is_declared => Some(Some(Problem::View)),
            (RelationKind::Table | RelationKind::View, Some(Ok(()))) => None,
            (RelationKind::Table | RelationKind::View, Some(Err(problem))) => Some(Some(problem)),
            (RelationKind::Table | RelationKind::View, None) => Some(None),
        }
    }

    fn owned(&mut self, relation: &Relation) -> Table {
        self.keys(relation);
        let mut table =
            Table::owned(&relation.name).columns(&relation.columns).generated(&relation.generated);
        for child in descendants(relation, self.relations) {
            for key in child.unique.iter().filter(|key| !self.carries(key)) {
                table = table.unique(key.columns.iter().filter(|column| relation.columns.contains(column)));
            }
        }
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
        let family = descendants(relation, self.relations);
        if relation.unique.iter().chain(family.iter().flat_map(|child| &child.unique)).any(lacks) {
            self.found(relation, Problem::UniqueKey);
        }
        let links = relation.foreign_keys.iter().any(|key| {
            !key.carries_tenant
                && self.relations.iter().any(|parent| self.is_owned(parent) && parent.may_be(&key.parent))
        });
        if links {
            self.found(relation, Problem::ForeignKey);
        }
    }

    fn is_owned(&self, relation: &Relation) -> bool {
        !is_framework(&relation.name) && !self.is_shared(relation) && self.obstacle(relation).is_none()
    }

    fn is_shared(&self, relation: &Relation) -> bool {
        self.rules.is_listed(&self.rules.shared, relation)
    }

    fn carries(&self, key: &UniqueKey) -> bool {
        self.rules.carries(key)
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

/// One odd name must not cost the whole catalog.
fn is_plain_name(name: &str) -> bool {
    let odd = |c: char| c.is_control() || matches!(c, '"' | '\'' | '`' | '[' | ']' | '\\');
    !name.is_empty() && !name.contains(odd)
}
