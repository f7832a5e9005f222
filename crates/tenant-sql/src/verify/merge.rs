use sqlparser::ast::{
    Merge, MergeAction, MergeClause, MergeClauseKind, MergeInsertExpr, MergeInsertKind, MergeUpdateExpr,
    MergeUpdateKind, TableFactor,
};

use super::relations::Filters;
use super::{Proof, Verifier, unproved};
use crate::catalog::Dialect;

impl Verifier<'_> {
    pub(super) fn merge(&mut self, merge: &Merge) -> Proof {
        let Merge { merge_token: _, optimizer_hints: _, into: _, table, source, on, clauses, output: None } =
            merge
        else {
            return Err(unproved("MERGE clause"));
        };
        if self.catalog.dialect() != Dialect::Postgres {
            return Err(unproved("MERGE"));
        }
        let TableFactor::Table { name, alias, args: None, sample: None, .. } = table else {
            return Err(unproved("target"));
        };
        self.seen.factors += 1;
        let (_, tenant_column) = self.target(name)?;
        let exposed = match alias {
            Some(alias) if alias.columns.is_empty() => self.rules.table(&alias.name),
            Some(_) => return Err(unproved("target")),
            None => self.bare(name)?,
        };
        if !self.bound(Some(on)).has(&exposed, &tenant_column) {
            return Err(unproved("target without its predicate"));
        }
        // No condition filters the source: it has to be proved by itself.
        let mut names = vec![exposed.to_lowercase()];
        self.factor(source, &Filters::none(), &mut names)?;
        if names.iter().skip(1).any(|name| *name == exposed.to_lowercase()) {
            return Err(unproved("alias"));
        }
        self.inside(&**on)?;
        clauses.iter().try_for_each(|clause| self.merge_clause(clause, &tenant_column))
    }

    fn merge_clause(&mut self, clause: &MergeClause, tenant_column: &str) -> Proof {
        let MergeClause { when_token: _, clause_kind, predicate, action } = clause;
        self.inside(predicate)?;
        let matched = *clause_kind == MergeClauseKind::Matched;
        match action {
            _ if *clause_kind == MergeClauseKind::NotMatchedBySource => Err(unproved("MERGE clause")),
            MergeAction::DoNothing { .. } => Ok(()),
            MergeAction::Delete { .. } if matched => Ok(()),
            MergeAction::Update(MergeUpdateExpr {
                update_token: _,
                kind: MergeUpdateKind::Set(assignments),
                update_predicate: None,
                delete_predicate: None,
            }) if matched => {
                self.assigned(assignments, tenant_column)?;
                self.inside(assignments)
            }
            MergeAction::Insert(MergeInsertExpr {
                insert_token: _,
                columns,
                kind_token: _,
                kind: MergeInsertKind::Values(values),
                insert_predicate: None,
            }) if !matched => {
                let columns = columns.iter().map(|column| self.written(column)).collect::<Proof<Vec<_>>>()?;
                let from_end = self.columns_after(&columns, tenant_column)?;
                self.cells(values, from_end, columns.len())?;
                self.inside(values)
            }
            _ => Err(unproved("MERGE clause")),
        }
    }
}
