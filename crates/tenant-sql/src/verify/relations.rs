use sqlparser::ast::{
    Join, JoinConstraint, JoinOperator, ObjectName, TableAlias, TableFactor, TableWithJoins,
};

use super::clause::Bound;
use super::names::Need;
use super::{Proof, Verifier, unproved};

/// What filters a relation at its place.
pub(super) struct Filters<'b> {
    /// The `WHERE` of the scope, unless a join could bring the relation's rows back as nulls, or it is in parentheses.
    above: Option<&'b Bound>,
    /// The `ON` of the join that brings the relation in, unless that join preserves it.
    on: Option<Bound>,
}

impl Verifier<'_> {
    /// Proves the relations of one `FROM`; `names` are those the scope has already.
    pub(super) fn relations(
        &mut self,
        from: &[TableWithJoins],
        bound: &Bound,
        mut names: Vec<String>,
    ) -> Proof {
        let mut rest = from;
        while let Some((tables, later)) = rest.split_first() {
            // A comma is a join like any other on SQLite.
            let nulled = later.iter().flat_map(|tables| &tables.joins).any(nulls_the_left);
            self.tables(tables, (!nulled).then_some(bound), &mut names)?;
            rest = later;
        }
        let total = names.len();
        names.sort();
        names.dedup();
        match names.len() == total {
            true => Ok(()),
            false => Err(unproved("alias")),
        }
    }

    fn tables(&mut self, tables: &TableWithJoins, bound: Option<&Bound>, names: &mut Vec<String>) -> Proof {
        let TableWithJoins { relation, joins } = tables;
        let above = bound.filter(|_| !joins.iter().any(nulls_the_left));
        self.factor(relation, &Filters { above, on: None }, names)?;
        let mut rest = joins.as_slice();
        while let Some((Join { relation, global: false, join_operator }, later)) = rest.split_first() {
            let preserved = !nulls_the_right(join_operator)? && !later.iter().any(nulls_the_left);
            let on = self.on(join_operator)?;
            self.factor(relation, &Filters { above: bound.filter(|_| preserved), on }, names)?;
            rest = later;
        }
        if rest.is_empty() { Ok(()) } else { Err(unproved("join")) }
    }

    /// The condition of a join, if a row of its right side that fails it is dropped.
    fn on(&mut self, operator: &JoinOperator) -> Proof<Option<Bound>> {
        use JoinOperator as Op;
        let (constraint, filters) = match operator {
            Op::Join(constraint)
            | Op::Inner(constraint)
            | Op::CrossJoin(constraint)
            | Op::StraightJoin(constraint)
            | Op::Left(constraint)
            | Op::LeftOuter(constraint) => (constraint, true),
            Op::Right(constraint) | Op::RightOuter(constraint) | Op::FullOuter(constraint) => {
                (constraint, false)
            }
            _ => return Err(unproved("join")),
        };
        let JoinConstraint::On(condition) = constraint else {
            return Ok(None);
        };
        self.inside(condition)?;
        let bound = self.bound(Some(condition));
        Ok(filters.then_some(bound))
    }

    pub(super) fn factor(
        &mut self,
        factor: &TableFactor,
        filters: &Filters<'_>,
        names: &mut Vec<String>,
    ) -> Proof {
        self.seen.factors += 1;
        match factor {
            TableFactor::Table {
                name,
                alias,
                args: None,
                sample: None,
                version: None,
                json_path: None,
                ..
            } => {
                let exposed = self.exposed(Some(name), alias.as_ref(), names)?.unwrap_or_default();
                match self.need(name)? {
                    Need::Nothing => Ok(()),
                    Need::Tenant { column: _, listed: false } if !exposed.starts_with("tenant_scope_") => {
                        Err(unproved("name of a relation that the catalog does not list"))
                    }
                    Need::Tenant { column, listed: _ } => filters.prove(&exposed, &column, alias.as_ref()),
                }
            }
            TableFactor::Table { name, alias, args: Some(args), .. } => {
                self.exposed(Some(name), alias.as_ref(), names)?;
                self.table_function(name)?;
                self.inside(args)
            }
            TableFactor::Derived { lateral: _, subquery, alias, sample: None } => {
                self.exposed(None, alias.as_ref(), names)?;
                self.query(subquery)
            }
            TableFactor::Function { lateral: _, name, args, with_ordinality: _, alias } => {
                self.exposed(Some(name), alias.as_ref(), names)?;
                self.table_function(name)?;
                self.inside(args)
            }
            TableFactor::UNNEST { alias, array_exprs, .. } => {
                self.exposed(None, alias.as_ref(), names)?;
                self.inside(array_exprs)
            }
            TableFactor::NestedJoin { table_with_joins, alias: None } => {
                self.tables(table_with_joins, None, names)
            }
            _ => Err(unproved("relation")),
        }
    }

    fn exposed(
        &self,
        name: Option<&ObjectName>,
        alias: Option<&TableAlias>,
        names: &mut Vec<String>,
    ) -> Proof<Option<String>> {
        let exposed = match (alias, name) {
            (Some(alias), _) => self.rules.table(&alias.name),
            (None, Some(name)) => self.bare(name)?,
            (None, None) => return Ok(None),
        };
        names.push(exposed.to_lowercase());
        Ok(Some(exposed))
    }

    fn table_function(&self, name: &ObjectName) -> Proof {
        let name = self.bare(name)?;
        let allowed = self.rules.table_functions.contains(&name.as_str());
        match allowed || self.catalog.functions().any(|function| function == name) {
            true => Ok(()),
            false => Err(unproved("table function")),
        }
    }
}

impl Filters<'_> {
    /// Where a relation has no place for its predicate.
    pub(super) fn none() -> Self {
        Self { above: None, on: None }
    }

    fn prove(&self, alias: &str, column: &str, renamed: Option<&TableAlias>) -> Proof {
        let above = self.above.is_some_and(|bound| bound.has(alias, column));
        let on = self.on.as_ref().is_some_and(|bound| bound.has(alias, column));
        match (above || on) && renamed.is_none_or(|alias| alias.columns.is_empty()) {
            true => Ok(()),
            false => Err(unproved("relation without its predicate")),
        }
    }
}

pub(super) fn nulls_the_left(join: &Join) -> bool {
    use JoinOperator as Op;
    !matches!(
        join.join_operator,
        Op::Join(_) | Op::Inner(_) | Op::CrossJoin(_) | Op::StraightJoin(_) | Op::Left(_) | Op::LeftOuter(_)
    )
}

fn nulls_the_right(operator: &JoinOperator) -> Proof<bool> {
    use JoinOperator as Op;
    match operator {
        Op::Join(_) | Op::Inner(_) | Op::CrossJoin(_) | Op::StraightJoin(_) => Ok(false),
        Op::Right(_) | Op::RightOuter(_) => Ok(false),
        Op::Left(_) | Op::LeftOuter(_) | Op::FullOuter(_) => Ok(true),
        _ => Err(unproved("join")),
    }
}
