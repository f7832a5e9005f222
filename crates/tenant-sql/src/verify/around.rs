//! On MariaDB a condition of an outer join in a subquery holds only if it reads a column of that subquery, and one that no
//! predicate makes a constant.

use std::collections::HashSet;

use sqlparser::ast::{
    BinaryOperator, Expr, Ident, JoinConstraint, JoinOperator, Select, SelectItem, SetExpr, TableFactor,
    TableWithJoins,
};

use super::copies::Copies;
use super::{Proof, Verifier, unproved};
use crate::table::Table;
use crate::walk::{Flow, ON, Part, Watch, walk};

impl Verifier<'_> {
    /// Proves that no outer join of a subquery hangs on the query around alone.
    pub(super) fn hangs_on_nothing_around(&self, from: &[TableWithJoins]) -> Proof {
        if self.subqueries == 0 || !self.rules.can.forgets_outer_conditions {
            return Ok(());
        }
        match from.iter().all(|tables| Relations::hold(self, tables)) {
            true => Ok(()),
            false => Err(unproved("join on columns of the query around")),
        }
    }

    pub(super) fn is_any_tenant_column(&self, column: &str) -> bool {
        let listed = || self.catalog.tables().filter_map(Table::own_tenant_column);
        std::iter::once(self.catalog.tenant_column())
            .chain(listed())
            .any(|own| own.eq_ignore_ascii_case(column))
    }
}

/// Names of relations, and all columns that are known of them.
struct Relations<'v, 'a> {
    verifier: &'v Verifier<'a>,
    names: HashSet<String>,
    columns: HashSet<String>,
    copies: Copies<'v, 'a>,
}

impl<'v, 'a> Relations<'v, 'a> {
    fn new(verifier: &'v Verifier<'a>) -> Self {
        Self { verifier, names: HashSet::new(), columns: HashSet::new(), copies: Copies::new(verifier) }
    }

    fn tables(&mut self, tables: &TableWithJoins) {
        self.factor(&tables.relation);
        tables.joins.iter().for_each(|join| self.factor(&join.relation));
    }

    fn factor(&mut self, factor: &TableFactor) {
        let rules = self.verifier.rules;
        let alias = match factor {
            TableFactor::NestedJoin { table_with_joins, .. } => return self.tables(table_with_joins),
            TableFactor::Table { name, alias, .. } => {
                let table = self.verifier.bare(name).unwrap_or_default();
                let columns = self.verifier.catalog.lookup(&table).map(Table::column_names);
                let columns = columns.unwrap_or_default().iter();
                self.columns.extend(columns.map(|column| (rules.fold_column)(column, true)));
                self.names.extend(alias.is_none().then_some(table));
                alias
            }
            TableFactor::Derived { subquery, alias, .. } => {
                if let SetExpr::Select(select) = &*subquery.body {
                    self.outputs(select);
                }
                alias
            }
            TableFactor::Function { alias, .. } => alias,
            _ => return,
        };
        self.names.extend(alias.as_ref().map(|alias| rules.table(&alias.name)));
    }

    fn outputs(&mut self, select: &Select) {
        let rules = self.verifier.rules;
        for item in &select.projection {
            match item {
                SelectItem::ExprWithAlias { alias, .. } => drop(self.columns.insert(rules.column(alias))),
                SelectItem::UnnamedExpr(expr) => {
                    self.columns.extend(named(expr).map(|name| rules.column(name)));
                }
                SelectItem::Wildcard(_) => {
                    let mut inner = Relations::new(self.verifier);
                    select.from.iter().for_each(|tables| inner.tables(tables));
                    self.columns.extend(inner.columns);
                }
                _ => {}
            }
        }
    }

    /// Whether every outer join holds, in brackets too. A condition reads what stands left of it, from the bracket on.
    fn hold(verifier: &'v Verifier<'a>, tables: &TableWithJoins) -> bool {
        let mut left = Self::new(verifier);
        let inner = |left: &mut Self, factor: &TableFactor| {
            left.factor(factor);
            left.copies.factor(factor);
            match factor {
                TableFactor::NestedJoin { table_with_joins, .. } => Self::hold(verifier, table_with_joins),
                _ => true,
            }
        };
        inner(&mut left, &tables.relation)
            && tables.joins.iter().all(|join| {
                let on = match &join.join_operator {
                    JoinOperator::Left(JoinConstraint::On(on))
                    | JoinOperator::LeftOuter(JoinConstraint::On(on))
                    | JoinOperator::Right(JoinConstraint::On(on))
                    | JoinOperator::RightOuter(JoinConstraint::On(on))
                    | JoinOperator::FullOuter(JoinConstraint::On(on)) => Some(on),
                    _ => None,
                };
                inner(&mut left, &join.relation) && on.is_none_or(|on| left.holds(on))
            })
    }

    fn holds(&self, condition: &Expr) -> bool {
        match condition {
            Expr::BinaryOp { left, op: BinaryOperator::And, right } => self.holds(left) && self.holds(right),
            Expr::Nested(inner) => self.holds(inner),
            one => {
                let mut mentioned = Mentioned::of(one, self.verifier);
                mentioned
                    .columns
                    .retain(|(relation, column)| !mentioned.inner.has(relation.as_deref(), column));
                let own =
                    |(relation, column): &(Option<String>, String)| self.has(relation.as_deref(), column);
                let varies = |(relation, column): &&(Option<String>, String)| {
                    !self.verifier.is_any_tenant_column(column)
                        && !self.copies.have(relation.as_deref(), column)
                };
                mentioned.columns.iter().all(own) || mentioned.columns.iter().filter(varies).any(own)
            }
        }
    }

    fn has(&self, relation: Option<&str>, column: &str) -> bool {
        match relation {
            Some(relation) => self.names.contains(relation),
            None => self.columns.contains(column),
        }
    }
}

pub(super) fn named(expr: &Expr) -> Option<&Ident> {
    match expr {
        Expr::Identifier(name) => Some(name),
        Expr::CompoundIdentifier(parts) => parts.last(),
        _ => None,
    }
}

/// Every column that a condition mentions, and the relations of the subqueries in it.
struct Mentioned<'v, 'a> {
    columns: Vec<(Option<String>, String)>,
    inner: Relations<'v, 'a>,
}

impl<'v, 'a> Mentioned<'v, 'a> {
    fn of(part: &dyn Part, verifier: &'v Verifier<'a>) -> Self {
        let mut mentioned = Self { columns: Vec::new(), inner: Relations::new(verifier) };
        let _ = walk(part, &mut mentioned);
        mentioned
    }
}

impl Watch for Mentioned<'_, '_> {
    fn select(&mut self, select: &Select) -> Flow {
        select.from.iter().for_each(|tables| self.inner.tables(tables));
        ON
    }

    fn expr(&mut self, expr: &Expr) -> Flow {
        let rules = self.inner.verifier.rules;
        match expr {
            Expr::Identifier(name) if name.quote_style.is_none() && rules.is_variable(&name.value) => {}
            Expr::Identifier(name) => self.columns.push((None, rules.column(name))),
            Expr::CompoundIdentifier(parts) => {
                if let [relation, column] = parts.as_slice() {
                    self.columns.push((Some(rules.table(relation)), rules.column(column)));
                }
            }
            _ => {}
        }
        ON
    }
}
