//! `MERGE`: the target is found by its tenant in `ON`, and what is not found is inserted for the tenant.

use sqlparser::ast::{
    Expr, Merge, MergeAction, MergeClause, MergeClauseKind, MergeInsertExpr, MergeInsertKind,
    MergeUpdateExpr, MergeUpdateKind, SetExpr, Values,
};

use super::care::Strict;
use super::from::Brought;
use super::names::Target;
use super::place::Place;
use super::predicate::{guarded, nested};
use super::{Result, Scoper};
use crate::refusal::Refusal;

impl Scoper<'_> {
    pub(super) fn merge(&mut self, merge: &mut Merge) -> Result {
        let Merge { merge_token: _, optimizer_hints, into: _, table, source, on, clauses, output } = merge;
        if !self.rules.can.merge || !optimizer_hints.is_empty() || output.is_some() {
            return Err(Refusal::construct_of("MERGE clause"));
        }
        let mut brought = Brought::default();
        let frames = self.frames.len();
        self.open_frame();
        let target = self.written_relation(table, true, &mut brought)?;
        // The condition brings the source's rows back if it fails: the source is filtered below.
        self.factor(source, Place::Derived, &mut brought)?;
        self.complete_frame();
        self.expr(on)?;
        let own = std::mem::replace(&mut **on, Expr::Value(sqlparser::ast::Value::Null.with_empty_span()));
        let own = self.behind(&brought.predicates, own, Strict::Nowhere)?;
        if let Some(scoped) = guarded(brought.predicates, Some(nested(own)), self.side()) {
            **on = scoped;
        }
        clauses.iter_mut().try_for_each(|clause| self.merge_clause(clause, &target))?;
        self.frames.truncate(frames);
        Ok(())
    }

    fn merge_clause(&mut self, clause: &mut MergeClause, target: &Target) -> Result {
        let MergeClause { when_token: _, clause_kind, predicate, action } = clause;
        predicate.as_mut().map_or(Ok(()), |predicate| self.expr(predicate))?;
        match (clause_kind, action) {
            // Rows of others are matched by no row of the source.
            (MergeClauseKind::NotMatchedBySource, _) => Err(Refusal::construct_of("NOT MATCHED BY SOURCE")),
            (_, MergeAction::DoNothing { do_token: _, nothing_token: _ }) => Ok(()),
            (MergeClauseKind::Matched, MergeAction::Delete { delete_token: _ }) => Ok(()),
            (MergeClauseKind::Matched, MergeAction::Update(update)) => {
                let MergeUpdateExpr {
                    update_token: _,
                    kind: MergeUpdateKind::Set(assignments),
                    update_predicate: None,
                    delete_predicate: None,
                } = update
                else {
                    return Err(Refusal::construct_of("MERGE clause"));
                };
                self.assignments(assignments, target)
            }
            (
                MergeClauseKind::NotMatched | MergeClauseKind::NotMatchedByTarget,
                MergeAction::Insert(insert),
            ) => self.merge_insert(insert, target),
            _ => Err(Refusal::construct_of("MERGE clause")),
        }
    }

    fn merge_insert(&mut self, insert: &mut MergeInsertExpr, target: &Target) -> Result {
        let MergeInsertExpr {
            insert_token: _,
            columns,
            kind_token: _,
            kind: MergeInsertKind::Values(values),
            insert_predicate: None,
        } = insert
        else {
            return Err(Refusal::construct_of("INSERT of MERGE"));
        };
        values.rows.iter_mut().try_for_each(|row| self.exprs(&mut row.content))?;
        let mut body = SetExpr::Values(std::mem::replace(values, no_rows()));
        let filled = self.fill(columns, &mut body, target);
        if let SetExpr::Values(rows) = body {
            *values = rows;
        }
        filled
    }
}

fn no_rows() -> Values {
    Values { explicit_row: false, value_keyword: false, rows: Vec::new() }
}
