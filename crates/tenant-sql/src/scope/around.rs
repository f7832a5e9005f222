//! MariaDB forgets a condition in the `ON` of an outer join of a subquery, if that condition reads nothing but columns of
//! the query around (seen on 10.11). A column that equals a constant counts as the constant there: so do tenant columns,
//! by our own predicates. The rows would be the tenant's own, but wrong.

use sqlparser::ast::{
    BinaryOperator, Expr, Ident, Join, JoinConstraint, JoinOperator, ObjectName, ObjectNamePart, Query,
    Select, SelectItem, SetExpr, Statement, TableFactor, TableWithJoins,
};

use super::{Result, Scoper};
use crate::catalog::Catalog;
use crate::dialect::Rules;
use crate::refusal::{Refusal, RefusalKind};
use crate::walk::{Flow, ON, STOP, Watch, walk};

impl Scoper<'_> {
    /// Refuses `... WHERE EXISTS (SELECT 1 FROM a LEFT JOIN b ON outside.c > 3)`. On the caller's own tree: what is added
    /// later reads the tenant columns only.
    pub(super) fn joins_on_around(&self, statement: &Statement) -> Result {
        if !self.rules.can.forgets_outer_conditions {
            return Ok(());
        }
        let names = Names { rules: self.rules, catalog: self.catalog };
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
struct Subqueries<'c> {
    names: Names<'c>,
    expressions: usize,
    found: bool,
}

impl Watch for Subqueries<'_> {
    fn expr(&mut self, _expr: &Expr) -> Flow {
        self.expressions += 1;
        ON
    }

    fn expr_ends(&mut self) {
        self.expressions -= 1;
    }

    fn select(&mut self, select: &Select) -> Flow {
        if self.expressions == 0 {
            return ON;
        }
        self.found = select.from.iter().any(|tables| self.names.hangs_around(tables));
        if self.found { STOP } else { ON }
    }

    /// The walk that scopes will refuse it.
    fn unknown(&mut self) -> Flow {
        ON
    }
}

/// A relation by the name it goes by, and its columns as far as they are known.
struct Known {
    exposed: String,
    columns: Option<Vec<String>>,
}

#[derive(Clone, Copy)]
struct Names<'c> {
    rules: &'static Rules,
    catalog: &'c Catalog,
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

    /// A relation, or those in brackets.
    fn relations(&self, factor: &TableFactor) -> Vec<Known> {
        match factor {
            TableFactor::NestedJoin { table_with_joins, .. } => self.all(table_with_joins),
            one => self.known(one).into_iter().collect(),
        }
    }

    fn all(&self, tables: &TableWithJoins) -> Vec<Known> {
        let joined = tables.joins.iter().map(|join| &join.relation);
        std::iter::once(&tables.relation).chain(joined).flat_map(|one| self.relations(one)).collect()
    }

    fn known(&self, factor: &TableFactor) -> Option<Known> {
        let (alias, name, columns) = match factor {
            TableFactor::Table { name, alias, args: None, .. } => {
                (alias, last(name), last(name).and_then(|name| self.stored(name)))
            }
            TableFactor::Derived { subquery, alias, .. } => (alias, None, self.given(subquery)),
            TableFactor::Table { name, alias, .. } | TableFactor::Function { name, alias, .. } => {
                (alias, last(name), None)
            }
            _ => return None,
        };
        let renamed = alias.as_ref().is_some_and(|alias| !alias.columns.is_empty());
        let name = alias.as_ref().map(|alias| &alias.name).or(name)?;
        Some(Known { exposed: self.rules.table(name), columns: columns.filter(|_| !renamed) })
    }

    fn stored(&self, name: &Ident) -> Option<Vec<String>> {
        let columns = self.catalog.lookup(&self.rules.table(name))?.column_names();
        let folded = columns.iter().map(|column| (self.rules.fold_column)(column, true));
        (!columns.is_empty()).then(|| folded.collect())
    }

    /// The columns of a derived table that are named one by one.
    fn given(&self, query: &Query) -> Option<Vec<String>> {
        let SetExpr::Select(select) = &*query.body else { return None };
        let name = |item: &SelectItem| match item {
            SelectItem::ExprWithAlias { expr: _, alias } => Some(self.rules.column(alias)),
            SelectItem::UnnamedExpr(Expr::Identifier(column)) => Some(self.rules.column(column)),
            SelectItem::UnnamedExpr(Expr::CompoundIdentifier(parts)) => {
                parts.last().map(|column| self.rules.column(column))
            }
            _ => None,
        };
        select.projection.iter().map(name).collect()
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
                    Reads { names: *self, own: relations, inner: Vec::new(), reads: Read::default() };
                let _ = walk(other, &mut reads);
                reads.reads.around && !reads.reads.own
            }
        }
    }

    fn is_tenants(&self, column: &str) -> bool {
        let same = |name: &str| self.rules.may_be_same(name, column);
        same(self.catalog.tenant_column())
            || self.catalog.tables().filter_map(crate::table::Table::own_tenant_column).any(same)
    }
}

#[derive(Default)]
struct Read {
    own: bool,
    around: bool,
}

/// What a condition reads.
struct Reads<'r, 'c> {
    names: Names<'c>,
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
        let has = |known: &Known| match &relation {
            Some(relation) => known.exposed == *relation,
            None => known.columns.as_ref().is_some_and(|columns| columns.contains(&column)),
        };
        if self.inner.iter().flatten().any(has) {
            return;
        }
        match self.own.iter().any(has) {
            true => self.reads.own |= !self.names.is_tenants(&column),
            false => self.reads.around = true,
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
        let relations = select.from.iter().flat_map(|tables| self.names.all(tables));
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

fn last(name: &ObjectName) -> Option<&Ident> {
    match name.0.last() {
        Some(ObjectNamePart::Identifier(name)) => Some(name),
        _ => None,
    }
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
