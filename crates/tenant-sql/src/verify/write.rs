use sqlparser::ast::{
    Assignment, AssignmentTarget, Delete, FromTable, ObjectName, ObjectNamePart, SqliteOnConflict,
    TableFactor, TableWithJoins, Update, UpdateTableFromKind,
};

use super::clause::Bound;
use super::relations::nulls_the_left;
use super::{Proof, Verifier, unproved};
use crate::catalog::Dialect;
use crate::table::Table;

impl<'a> Verifier<'a> {
    pub(super) fn update(&mut self, update: &Update) -> Proof {
        let Update {
            update_token: _,
            optimizer_hints: _,
            table,
            assignments,
            from,
            selection,
            returning,
            output: None,
            or,
            order_by,
            limit,
        } = update
        else {
            return Err(unproved("UPDATE clause"));
        };
        let bound = self.bound(selection.as_ref());
        if !table.joins.is_empty() {
            let plain = from.is_none()
                && or.is_none()
                && returning.is_none()
                && order_by.is_empty()
                && limit.is_none();
            if !plain || self.catalog.dialect() != Dialect::MySql {
                return Err(unproved("UPDATE of several tables"));
            }
            self.relations(std::slice::from_ref(table), &bound, Vec::new())?;
            self.assigned_in_join(assignments, table)?;
            self.inside(assignments)?;
            return self.inside(selection);
        }
        if !self.leads(selection.as_ref()) {
            return Err(unproved("condition before the tenant"));
        }
        let (alias, stored, tenant_column) = self.proved_target(table, &bound)?;
        match or {
            None | Some(SqliteOnConflict::Abort | SqliteOnConflict::Fail) => {}
            Some(_) => self.all_keys(stored, &tenant_column, None)?,
        }
        match from {
            None => {}
            Some(UpdateTableFromKind::AfterSet(from)) => {
                keeps_target(from)?;
                self.relations(from, &bound, vec![alias.to_lowercase()])?;
            }
            Some(UpdateTableFromKind::BeforeSet(_)) => return Err(unproved("UPDATE clause")),
        }
        self.assigned_to(assignments, &tenant_column, &alias)?;
        self.inside(assignments)?;
        self.inside(selection)?;
        self.inside(returning)?;
        self.inside(order_by)?;
        self.inside(limit)
    }

    pub(super) fn delete(&mut self, delete: &Delete) -> Proof {
        let Delete {
            delete_token: _,
            optimizer_hints: _,
            tables,
            from: FromTable::WithFromKeyword(from),
            using,
            selection,
            returning,
            output: None,
            order_by,
            limit,
        } = delete
        else {
            return Err(unproved("DELETE clause"));
        };
        let bound = self.bound(selection.as_ref());
        if !tables.is_empty() {
            let plain = using.is_none() && returning.is_none() && order_by.is_empty() && limit.is_none();
            if !plain || self.catalog.dialect() != Dialect::MySql {
                return Err(unproved("DELETE of several tables"));
            }
            self.relations(from, &bound, Vec::new())?;
            let written = self.written_in_join(from)?;
            for name in tables {
                let name = self.written(name)?;
                if !written.iter().any(|table| table.alias == name && table.tenant_column.is_some()) {
                    return Err(unproved("target"));
                }
            }
            return self.inside(selection);
        }
        let ([table], true) = (from.as_slice(), self.leads(selection.as_ref())) else {
            return Err(unproved("target"));
        };
        let (alias, _, _) = self.proved_target(table, &bound)?;
        let using = using.as_deref().unwrap_or_default();
        keeps_target(using)?;
        self.relations(using, &bound, vec![alias.to_lowercase()])?;
        self.inside(selection)?;
        self.inside(returning)?;
        self.inside(order_by)?;
        self.inside(limit)
    }

    fn proved_target(
        &mut self,
        table: &TableWithJoins,
        bound: &Bound,
    ) -> Proof<(String, Option<&'a Table>, String)> {
        let TableFactor::Table { name, alias, args: None, .. } = &table.relation else {
            return Err(unproved("target"));
        };
        self.seen.factors += 1;
        let (stored, tenant_column) = self.target(name)?;
        let exposed = match alias {
            Some(alias) => self.rules.table(&alias.name),
            None => self.bare(name)?,
        };
        match table.joins.is_empty() && bound.has(&exposed, &tenant_column) {
            true => Ok((exposed, stored, tenant_column)),
            false => Err(unproved("target without its predicate")),
        }
    }

    /// Assignments to one relation, which may be named in front of the column where the database knows that.
    pub(super) fn assigned_to(&self, assignments: &[Assignment], tenant_column: &str, alias: &str) -> Proof {
        if self.catalog.dialect() != Dialect::MySql {
            return self.assigned(assignments, tenant_column);
        }
        for Assignment { target, value: _ } in assignments {
            let AssignmentTarget::ColumnName(column) = target else { return Err(unproved("assignment")) };
            let (qualifier, column) = self.assigned_column(column)?;
            let foreign = qualifier.is_some_and(|qualifier| qualifier != alias);
            if foreign
                || column.to_lowercase() == tenant_column.to_lowercase()
                || self.rules.is_system_column(&column)
            {
                return Err(unproved("assignment"));
            }
        }
        Ok(())
    }

    /// Assignments to columns of a join: of relations that are owned, to none that is a tenant column.
    fn assigned_in_join(&self, assignments: &[Assignment], tables: &TableWithJoins) -> Proof {
        let written = self.written_in_join(std::slice::from_ref(tables))?;
        for Assignment { target, value: _ } in assignments {
            let AssignmentTarget::ColumnName(column) = target else { return Err(unproved("assignment")) };
            let (qualifier, column) = self.assigned_column(column)?;
            let mut meant = written
                .iter()
                .filter(|table| qualifier.as_ref().is_none_or(|qualifier| *qualifier == table.alias))
                .peekable();
            let safe = |table: &Written| {
                table.tenant_column.as_ref().is_some_and(|own| own.to_lowercase() != column.to_lowercase())
            };
            if meant.peek().is_none() || self.rules.is_system_column(&column) || !meant.all(safe) {
                return Err(unproved("assignment"));
            }
        }
        Ok(())
    }

    fn assigned_column(&self, column: &ObjectName) -> Proof<(Option<String>, String)> {
        match column.0.as_slice() {
            [ObjectNamePart::Identifier(column)] => Ok((None, self.rules.column(column))),
            [ObjectNamePart::Identifier(qualifier), ObjectNamePart::Identifier(column)] => {
                Ok((Some(self.rules.table(qualifier)), self.rules.column(column)))
            }
            _ => Err(unproved("column")),
        }
    }

    /// Every base table of a join, in brackets too: any of them can be written.
    fn written_in_join(&self, from: &[TableWithJoins]) -> Proof<Vec<Written>> {
        let mut written = Vec::new();
        for tables in from {
            let joined = tables.joins.iter().map(|join| &join.relation);
            for factor in std::iter::once(&tables.relation).chain(joined) {
                match factor {
                    TableFactor::Table { name, alias, args: None, .. } => {
                        let alias = match alias {
                            Some(alias) => self.rules.table(&alias.name),
                            None => self.bare(name)?,
                        };
                        let owned = self.target(name).ok().map(|(_, tenant_column)| tenant_column);
                        written.push(Written { alias, tenant_column: owned });
                    }
                    TableFactor::NestedJoin { table_with_joins, alias: None } => {
                        written.extend(self.written_in_join(std::slice::from_ref(table_with_joins))?);
                    }
                    // What is no base table cannot be written.
                    _ => {}
                }
            }
        }
        Ok(written)
    }

    pub(super) fn assigned(&self, assignments: &[Assignment], tenant_column: &str) -> Proof {
        let tenant_column = tenant_column.to_lowercase();
        for Assignment { target, value: _ } in assignments {
            let columns = match target {
                AssignmentTarget::ColumnName(column) => std::slice::from_ref(column),
                AssignmentTarget::Tuple(columns) => columns.as_slice(),
            };
            for column in columns {
                let column = self.written(column)?;
                if column.to_lowercase() == tenant_column || self.rules.is_system_column(&column) {
                    return Err(unproved("assignment"));
                }
            }
        }
        Ok(())
    }
}

/// A base table that a joined statement can write; no tenant column, if it must not.
struct Written {
    alias: String,
    tenant_column: Option<String>,
}

/// The target stands left of these joins, none of which may fill it with nulls.
fn keeps_target(from: &[TableWithJoins]) -> Proof {
    match from.iter().flat_map(|tables| &tables.joins).any(nulls_the_left) {
        true => Err(unproved("join beside the target")),
        false => Ok(()),
    }
}
