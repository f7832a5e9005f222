//! `UPDATE a JOIN b ...` and `DELETE a FROM a JOIN b ...`: what MySQL writes through a join.

use sqlparser::ast::{
    Assignment, AssignmentTarget, Delete, Expr, FromTable, ObjectName, ObjectNamePart, TableFactor,
    TableWithJoins, Update,
};

use super::from::Brought;
use super::names::Target;
use super::predicate::guarded;
use super::{Result, Scoper};
use crate::refusal::{Refusal, RefusalKind};

impl Scoper<'_> {
    /// Whether a relation is written, and so cannot become a derived table.
    pub(super) fn is_target(&self, factor: &TableFactor) -> bool {
        let TableFactor::Table { name, alias, .. } = factor else { return false };
        self.exposed(name, alias.as_ref()).is_ok_and(|exposed| self.targets.contains(&exposed))
    }

    pub(super) fn joined_update(&mut self, update: &mut Update) -> Result {
        let Update {
            update_token: _,
            optimizer_hints,
            table,
            assignments,
            from: None,
            selection,
            returning: None,
            output: None,
            or: None,
            order_by,
            limit: None,
        } = update
        else {
            return Err(clause());
        };
        if !optimizer_hints.is_empty() || !order_by.is_empty() {
            return Err(clause());
        }
        let bases = bases(table);
        let assigned = self.assigned_relations(assignments, &bases)?;
        let mut targets = Vec::new();
        for (name, exposed) in self.named(&bases)? {
            if assigned.as_ref().is_none_or(|assigned| assigned.contains(&exposed)) {
                let mut target = self.target(name)?;
                target.exposed.clone_from(&exposed);
                targets.push(target);
            }
        }
        let frames = self.frames.len();
        let brought = self.joined(std::slice::from_mut(table), &targets)?;
        for Assignment { target: columns, value } in assignments {
            let AssignmentTarget::ColumnName(column) = columns else { return Err(clause()) };
            self.assigned_to_one(column, &targets)?;
            self.expr(value)?;
        }
        self.condition(selection, brought)?;
        self.frames.truncate(frames);
        Ok(())
    }

    pub(super) fn joined_delete(&mut self, delete: &mut Delete) -> Result {
        self.delete_from_using(delete)?;
        let Delete {
            delete_token: _,
            optimizer_hints,
            tables,
            from: FromTable::WithFromKeyword(from),
            using: None,
            selection,
            returning: None,
            output: None,
            order_by,
            limit: None,
        } = delete
        else {
            return Err(clause());
        };
        if !optimizer_hints.is_empty() || !order_by.is_empty() {
            return Err(clause());
        }
        let bases: Vec<&TableFactor> = from.iter().flat_map(bases).collect();
        let named = self.named(&bases)?;
        let mut targets = Vec::new();
        for table in tables.iter() {
            let [ObjectNamePart::Identifier(table)] = table.0.as_slice() else { return Err(clause()) };
            let exposed = self.rules.table(table);
            let (name, _) = named.iter().find(|(_, name)| *name == exposed).ok_or_else(clause)?;
            let mut target = self.target(name)?;
            target.exposed = exposed;
            targets.push(target);
        }
        let frames = self.frames.len();
        let brought = self.joined(from, &targets)?;
        self.condition(selection, brought)?;
        self.frames.truncate(frames);
        Ok(())
    }

    /// `DELETE FROM a USING a JOIN b` is `DELETE a FROM a JOIN b`.
    fn delete_from_using(&self, delete: &mut Delete) -> Result {
        let Some(using) = delete.using.take() else { return Ok(()) };
        let (FromTable::WithFromKeyword(from), true) = (&mut delete.from, delete.tables.is_empty()) else {
            return Err(clause());
        };
        for tables in std::mem::replace(from, using) {
            match tables {
                TableWithJoins {
                    relation: TableFactor::Table { name, alias: None, args: None, .. },
                    joins,
                } if joins.is_empty() => {
                    delete.tables.push(name);
                }
                _ => return Err(clause()),
            }
        }
        Ok(())
    }

    fn joined(&mut self, tables: &mut [TableWithJoins], targets: &[Target]) -> Result<Brought> {
        let mut brought = Brought::default();
        self.targets = targets.iter().map(|target| target.exposed.clone()).collect();
        self.open_frame();
        let walked = self.from(tables, &mut brought);
        self.targets.clear();
        self.complete_frame();
        walked.map(|()| brought)
    }

    fn condition(&mut self, selection: &mut Option<Expr>, brought: Brought) -> Result {
        selection.as_mut().map_or(Ok(()), |condition| self.expr(condition))?;
        let condition = selection
            .take()
            .map(|condition| self.behind_target(&brought.predicates, condition))
            .transpose()?;
        *selection = guarded(brought.predicates, condition, self.side());
        Ok(())
    }

    /// The base tables of a join by the names they go by.
    fn named<'t>(&self, bases: &[&'t TableFactor]) -> Result<Vec<(&'t ObjectName, String)>> {
        let mut named = Vec::new();
        for factor in bases {
            if let TableFactor::Table { name, alias, args: None, .. } = factor {
                named.push((name, self.exposed(name, alias.as_ref())?));
            }
        }
        Ok(named)
    }

    /// The relations that are assigned to; `None` if a column does not say whose it is: then it may be any one's.
    fn assigned_relations(
        &self,
        assignments: &[Assignment],
        bases: &[&TableFactor],
    ) -> Result<Option<Vec<String>>> {
        let mut relations = Vec::new();
        // What stands in brackets can be written too.
        let plain =
            bases.iter().all(|base| matches!(base, TableFactor::Table { .. } | TableFactor::Derived { .. }));
        for Assignment { target, value: _ } in assignments {
            let AssignmentTarget::ColumnName(column) = target else { return Err(clause()) };
            match column.0.as_slice() {
                [ObjectNamePart::Identifier(_)] if plain => return Ok(None),
                [ObjectNamePart::Identifier(qualifier), ObjectNamePart::Identifier(_)] => {
                    relations.push(self.rules.table(qualifier));
                }
                _ => return Err(clause()),
            }
        }
        let named = self.named(bases)?;
        match relations.iter().all(|relation| named.iter().any(|(_, name)| name == relation)) {
            true => Ok(Some(relations)),
            false => Err(clause()),
        }
    }

    /// A column of any of the targets, and the tenant column of none.
    fn assigned_to_one(&self, column: &ObjectName, targets: &[Target]) -> Result {
        for target in targets {
            let own = match column.0.as_slice() {
                [ObjectNamePart::Identifier(qualifier), _] => self.rules.table(qualifier) == target.exposed,
                _ => true,
            };
            if own {
                self.assigned(column, target)?;
            }
        }
        Ok(())
    }
}

/// The relations outside all brackets.
fn bases(tables: &TableWithJoins) -> Vec<&TableFactor> {
    let joined = tables.joins.iter().map(|join| &join.relation);
    std::iter::once(&tables.relation).chain(joined).collect()
}

fn clause() -> Refusal {
    let hint = "write one table, and put the others into a subquery";
    Refusal::new(RefusalKind::UnsupportedConstruct, "statement that writes through a join", hint)
}
