use sqlparser::ast::{
    Assignment, AssignmentTarget, Ident, ObjectName, ObjectNamePart, SqliteOnConflict, TableFactor,
    TableWithJoins, Update, UpdateTableFromKind,
};

use super::from::Brought;
use super::names::Target;
use super::place::nulls_the_left;
use super::predicate::guarded;
use super::{Result, Scoper};
use crate::refusal::{Refusal, RefusalKind};

impl Scoper<'_> {
    pub(super) fn update(&mut self, update: &mut Update) -> Result {
        if self.rules.can.joined_writes && !update.table.joins.is_empty() {
            return self.joined_update(update);
        }
        let Update {
            update_token: _,
            optimizer_hints,
            table,
            assignments,
            from,
            selection,
            returning,
            output,
            or,
            order_by,
            limit,
        } = update;
        if !optimizer_hints.is_empty() || output.is_some() {
            return Err(Refusal::construct_of("UPDATE clause"));
        }
        let mut brought = Brought::default();
        let frames = self.frames.len();
        self.open_frame();
        let target = self.written(table, &mut brought)?;
        self.conflict_rule(or.as_ref(), &target, &|_| true)?;
        match from {
            None => {}
            Some(UpdateTableFromKind::AfterSet(from)) => {
                self.beside_target(from)?;
                self.from(from, &mut brought)?;
            }
            Some(UpdateTableFromKind::BeforeSet(_)) => return Err(Refusal::construct_of("FROM before SET")),
        }
        self.complete_frame();
        self.assignments(assignments, &target)?;
        selection.as_mut().map_or(Ok(()), |condition| self.expr(condition))?;
        self.sort(order_by)?;
        limit.as_mut().map_or(Ok(()), |limit| self.expr(limit))?;
        self.returning(returning.as_mut())?;
        self.frames.truncate(frames);
        let condition = selection
            .take()
            .map(|condition| self.behind_target(&brought.predicates, condition))
            .transpose()?;
        *selection = guarded(brought.predicates, condition, self.side());
        Ok(())
    }

    /// SQLite puts the target in front of FROM, with a comma: a RIGHT JOIN there would fill the target with nulls.
    pub(super) fn beside_target(&self, from: &[TableWithJoins]) -> Result {
        for tables in from {
            if nulls_the_left(&tables.joins)? {
                let hint = "put the join into a derived table";
                return Err(Refusal::new(
                    RefusalKind::UnsupportedConstruct,
                    "RIGHT or FULL JOIN beside the target",
                    hint,
                ));
            }
        }
        Ok(())
    }

    /// The one table that is written, with its predicate brought.
    pub(super) fn written(&mut self, tables: &TableWithJoins, brought: &mut Brought) -> Result<Target> {
        let TableWithJoins { relation, joins } = tables;
        self.written_relation(relation, joins.is_empty(), brought)
    }

    pub(super) fn written_relation(
        &mut self,
        relation: &TableFactor,
        alone: bool,
        brought: &mut Brought,
    ) -> Result<Target> {
        let TableFactor::Table {
            name,
            alias,
            args: None,
            with_hints,
            version: None,
            with_ordinality: false,
            partitions,
            json_path: None,
            sample: None,
            index_hints,
        } = relation
        else {
            return Err(Refusal::construct_of("target"));
        };
        let plain = with_hints.is_empty()
            && partitions.is_empty()
            && (index_hints.is_empty() || self.rules.can.hints)
            && alone;
        let renames = alias.as_ref().is_some_and(|alias| !alias.columns.is_empty() || alias.at.is_some());
        if !plain || renames {
            return Err(Refusal::new(
                RefusalKind::UnsupportedConstruct,
                "target",
                "write one table, and put the others into FROM or a subquery",
            ));
        }
        let mut target = self.target(name)?;
        let exposed = self.exposed(name, alias.as_ref())?;
        target.exposed.clone_from(&exposed);
        brought.name(exposed.clone(), |a, b| self.rules.may_be_same(a, b))?;
        let columns = self.stored_columns(&target.name, target.table.as_ref());
        self.show(&exposed, columns);
        let predicate = self.equality(&exposed, &target.tenant_column);
        brought.predicates.push(predicate);
        Ok(target)
    }

    pub(super) fn assignments(&mut self, assignments: &mut [Assignment], target: &Target) -> Result {
        assignments.iter_mut().try_for_each(|assignment| {
            let Assignment { target: columns, value } = assignment;
            match columns {
                AssignmentTarget::ColumnName(column) => {
                    self.assigned(column, target)?;
                    self.expr(value)
                }
                AssignmentTarget::Tuple(columns) if self.rules.can.tuple_columns => {
                    columns.iter().try_for_each(|column| self.assigned(column, target))?;
                    // Values for columns: nothing is compared.
                    self.operand(value, true)
                }
                AssignmentTarget::Tuple(_) => Err(Refusal::construct_of("row assignment")),
            }
        })
    }

    pub(super) fn assigned(&self, column: &ObjectName, target: &Target) -> Result {
        let column = self.assigned_name(column, target)?;
        let folded = self.rules.column(column);
        // MySQL's names ignore accents as well as case, and we do not.
        let unclear = self.catalog.dialect() == crate::Dialect::MySql && !folded.is_ascii();
        if unclear || self.is_tenant_column(&folded, target) {
            let hint = "rows do not change tenants: leave the column out";
            let refusal = Refusal::new(RefusalKind::TenantColumnWrite, target.tenant_column.clone(), hint);
            return Err(refusal.at(column.span.start.line, column.span.start.column));
        }
        Ok(())
    }

    /// MySQL lets a column of `SET` be qualified by the relation that is written.
    fn assigned_name<'n>(&self, column: &'n ObjectName, target: &Target) -> Result<&'n Ident> {
        match column.0.as_slice() {
            [ObjectNamePart::Identifier(qualifier), ObjectNamePart::Identifier(column)]
                if self.rules.can.qualified_set && self.rules.table(qualifier) == target.exposed =>
            {
                self.column(column).map(|()| column)
            }
            _ => self.column_name(column),
        }
    }

    /// Spelled in any case: a database that tells the cases apart has no use for the other one.
    pub(super) fn is_tenant_column(&self, folded: &str, target: &Target) -> bool {
        self.rules.may_be_same(folded, &target.tenant_column)
    }

    /// `OR REPLACE` deletes and `OR IGNORE` tells of rows that any unique key finds, whosever they are.
    pub(super) fn conflict_rule(
        &self,
        or: Option<&SqliteOnConflict>,
        target: &Target,
        written: &dyn Fn(&str) -> bool,
    ) -> Result {
        match or {
            None | Some(SqliteOnConflict::Abort | SqliteOnConflict::Fail) => Ok(()),
            Some(SqliteOnConflict::Ignore | SqliteOnConflict::Replace) => {
                self.all_keys_carry_tenant(target, written)
            }
            Some(SqliteOnConflict::Rollback) => Err(Refusal::construct_of("OR ROLLBACK")),
        }
    }
}
