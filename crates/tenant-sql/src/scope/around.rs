//! MariaDB forgets a condition in the `ON` of an outer join of a subquery, if that condition reads nothing but columns of
//! the query around (seen on 10.11). A column that equals a constant counts as the constant there: so do tenant columns,
//! by our own predicates. The rows would be the tenant's own, but wrong.

use std::{cell::LazyCell, ops::Deref};

use sqlparser::ast::{
    BinaryOperator, Expr, Ident, Join, JoinConstraint, JoinOperator, Query, Select, Statement, TableFactor,
    TableWithJoins,
};

use super::outputs::{Known, Names, are_too_many};
use super::{Result, Scoper};
use crate::refusal::{Refusal, RefusalKind};
use crate::walk::{Flow, ON, STOP, Watch, walk};

impl Scoper<'_> {
    /// Refuses `... WHERE EXISTS (SELECT 1 FROM a LEFT JOIN b ON outside.c > 3)`. On the caller's own tree: what is added
    /// later reads the tenant columns only.
    pub(super) fn joins_on_around(&self, statement: &Statement) -> Result {
        if !self.rules.can.forgets_outer_conditions {
            return Ok(());
        }
        let names = LazyCell::new(|| Names::of(statement, self.rules, self.catalog));
        let mut subqueries = Subqueries { names, expressions: 0, found: false };
        let _ = walk(statement, &mut subqueries);
        match subqueries.found {
            false => Ok(()),
            true => Err(Refusal::new(
                RefusalKind::UnsupportedConstruct,
                "condition of an outer join on columns of the query around",
                "put the condition into the WHERE of the subquery, or qualify the columns of the join",
            )),
        }
    }
}

/// Looks for joins in queries that stand in an expression.
struct Subqueries<N> {
    names: N,
    expressions: usize,
    found: bool,
}

impl<'c, N: Deref<Target = Names<'c>>> Watch for Subqueries<N> {
    fn expr(&mut self, _expr: &Expr) -> Flow {
        self.expressions += 1;
        ON
    }

    fn expr_ends(&mut self) {
        self.expressions -= 1;
    }

    fn select(&mut self, select: &Select) -> Flow {
        if self.expressions == 0 || !select.from.iter().any(joins_outside) {
            return ON;
        }
        self.found =
            !are_too_many(&select.from) && select.from.iter().any(|tables| self.names.hangs_around(tables));
        if self.found { STOP } else { ON }
    }

    /// The walk that scopes will refuse it.
    fn unknown(&mut self) -> Flow {
        ON
    }
}

impl Names<'_> {
    /// Whether an outer join may hang on the query around. Its condition sees the two sides of the join, and no more.
    fn hangs_around(&self, tables: &TableWithJoins) -> bool {
        let TableWithJoins { relation, joins } = tables;
        let mut seen = self.relations(relation);
        if self.hangs_inside(relation) {
            return true;
        }
        joins.iter().any(|join| {
            seen.extend(self.relations(&join.relation));
            self.hangs_inside(&join.relation) || outer(join).is_some_and(|on| self.forgotten(on, &seen))
        })
    }

    fn hangs_inside(&self, factor: &TableFactor) -> bool {
        match factor {
            TableFactor::NestedJoin { table_with_joins, .. } => self.hangs_around(table_with_joins),
            _ => false,
        }
    }

    /// Whether one of the conditions joined by AND may read from around, and certainly reads no column of the relations.
    fn forgotten(&self, condition: &Expr, relations: &[Known]) -> bool {
        match condition {
            Expr::Nested(inner) => self.forgotten(inner, relations),
            Expr::BinaryOp { left, op: BinaryOperator::And, right } => {
                self.forgotten(left, relations) || self.forgotten(right, relations)
            }
            other => {
                let mut reads =
                    Reads { names: self, own: relations, inner: Vec::new(), reads: Read::default() };
                let _ = walk(other, &mut reads);
                reads.reads.around && !reads.reads.own
            }
        }
    }
}

#[derive(Default)]
struct Read {
    own: bool,
    around: bool,
}

/// What a condition reads.
struct Reads<'r, 'c> {
    names: &'r Names<'c>,
    own: &'r [Known],
    /// The relations of the subqueries we are in.
    inner: Vec<Vec<Known>>,
    reads: Read,
}

impl Reads<'_, '_> {
    fn column(&mut self, relation: Option<&Ident>, column: &Ident) {
        let rules = self.names.rules;
        let column = rules.column(column);
        let relation = relation.map(|relation| rules.table(relation));
        let has = |known: &&Known| known.has(relation.as_deref(), &column);
        if self.inner.iter().flatten().any(|known| has(&known)) {
            return;
        }
        let mut own = self.own.iter().filter(has).peekable();
        match own.peek() {
            Some(_) => self.reads.own |= own.any(|known| !self.names.is_tenants(known, &column)),
            None => self.reads.around = true,
        }
    }
}

impl Watch for Reads<'_, '_> {
    fn query(&mut self, _query: &Query) -> Flow {
        self.inner.push(Vec::new());
        ON
    }

    fn query_ends(&mut self) {
        self.inner.pop();
    }

    fn select(&mut self, select: &Select) -> Flow {
        let relations = self.names.from(&select.from);
        if let Some(inner) = self.inner.last_mut() {
            inner.extend(relations);
        }
        ON
    }

    fn expr(&mut self, expr: &Expr) -> Flow {
        match expr {
            Expr::Identifier(name) if name.quote_style.is_some() || !name.value.starts_with('@') => {
                self.column(None, name);
            }
            Expr::CompoundIdentifier(parts) => {
                if let [.., relation, column] = parts.as_slice() {
                    self.column(Some(relation), column);
                }
            }
            _ => {}
        }
        ON
    }

    fn unknown(&mut self) -> Flow {
        ON
    }
}

/// Whether there is an outer join, in brackets or not.
fn joins_outside(tables: &TableWithJoins) -> bool {
    let inside = |factor: &TableFactor| match factor {
        TableFactor::NestedJoin { table_with_joins, .. } => joins_outside(table_with_joins),
        _ => false,
    };
    inside(&tables.relation)
        || tables.joins.iter().any(|join| outer(join).is_some() || inside(&join.relation))
}

/// The condition of an outer join.
fn outer(join: &Join) -> Option<&Expr> {
    use JoinOperator as Op;
    match &join.join_operator {
        Op::Left(JoinConstraint::On(on))
        | Op::LeftOuter(JoinConstraint::On(on))
        | Op::Right(JoinConstraint::On(on))
        | Op::RightOuter(JoinConstraint::On(on))
        | Op::FullOuter(JoinConstraint::On(on)) => Some(on),
        _ => None,
    }
}
