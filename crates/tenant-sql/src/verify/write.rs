use sqlparser::ast::{
    Assignment, AssignmentTarget, Delete, FromTable, SqliteOnConflict, TableFactor, TableWithJoins, Update,
    UpdateTableFromKind,
};

use super::clause::Bound;
use super::relations::nulls_the_left;
use super::{Proof, Verifier, unproved};
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
        self.assigned(assignments, &tenant_column)?;
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
        let ([table], true) = (from.as_slice(), tables.is_empty()) else {
            return Err(unproved("target"));
        };
        let bound = self.bound(selection.as_ref());
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

/// The target stands left of these joins, none of which may fill it with nulls.
fn keeps_target(from: &[TableWithJoins]) -> Proof {
    match from.iter().flat_map(|tables| &tables.joins).any(nulls_the_left) {
        true => Err(unproved("join beside the target")),
        false => Ok(()),
    }
}
