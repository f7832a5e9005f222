//! Which columns of a subquery are a tenant column's under another name.

use std::collections::{HashMap, HashSet};

use sqlparser::ast::{Cte, Expr, Query, Select, SelectItem, SetExpr, TableFactor, TableWithJoins};

use super::Verifier;
use super::around::named;
use crate::walk::{Flow, ON, Watch, walk};

/// Columns that may equal the tenant by a predicate of ours.
#[derive(Clone)]
pub(super) enum Held {
    In(HashSet<String>),
    /// It was not looked into: any of them.
    InAny,
}

impl Held {
    fn may_be(&self, column: &str) -> bool {
        match self {
            Self::In(columns) => columns.contains(column),
            Self::InAny => true,
        }
    }

    fn and(self, more: Self) -> Self {
        match (self, more) {
            (Self::In(these), Self::In(those)) => Self::In(these.into_iter().chain(those).collect()),
            (Self::InAny, _) | (_, Self::InAny) => Self::InAny,
        }
    }
}

impl Verifier<'_> {
    /// Of a CTE, and of every other by its name.
    pub(super) fn note_copies(&mut self, cte: &Cte) {
        if !self.rules.can.forgets_outer_conditions {
            return;
        }
        let own = match cte.alias.columns.as_slice() {
            [] => self.held(&cte.query),
            names => {
                let names = names.iter().map(|column| self.rules.column(&column.name));
                self.held_as(&cte.query, names.collect())
            }
        };
        let name = self.rules.table(&cte.alias.name);
        let all = match self.copies.remove(&name) {
            Some(others) => own.and(others),
            None => own,
        };
        self.copies.insert(name, all);
    }

    fn held(&self, query: &Query) -> Held {
        let Some(select) = leading(query) else { return Held::InAny };
        let inner = Copies::of(self, select);
        let mut columns = HashSet::new();
        for item in &select.projection {
            let column = match item {
                SelectItem::ExprWithAlias { expr, alias } => inner.are_all_of(expr).then_some(alias),
                SelectItem::UnnamedExpr(expr) => named(expr).filter(|_| inner.are_all_of(expr)),
                _ => match inner.all() {
                    Held::In(all) => {
                        columns.extend(all);
                        None
                    }
                    Held::InAny => return Held::InAny,
                },
            };
            columns.extend(column.map(|column| self.rules.column(column)));
        }
        Held::In(columns)
    }

    /// Under names that stand for the columns in their order.
    fn held_as(&self, query: &Query, names: Vec<String>) -> Held {
        let Some(select) = leading(query).filter(|select| select.projection.len() == names.len()) else {
            return Held::InAny;
        };
        let inner = Copies::of(self, select);
        let copy = |item: &SelectItem| match item {
            SelectItem::ExprWithAlias { expr, alias: _ } | SelectItem::UnnamedExpr(expr) => {
                inner.are_all_of(expr)
            }
            _ => true,
        };
        let copies = select.projection.iter().zip(names).filter(|(item, _)| copy(item));
        Held::In(copies.map(|(_, name)| name).collect())
    }
}

/// What the relations of a `FROM` hold.
pub(super) struct Copies<'v, 'a> {
    verifier: &'v Verifier<'a>,
    by_relation: HashMap<String, Held>,
}

impl<'v, 'a> Copies<'v, 'a> {
    pub(super) fn new(verifier: &'v Verifier<'a>) -> Self {
        Self { verifier, by_relation: HashMap::new() }
    }

    fn of(verifier: &'v Verifier<'a>, select: &Select) -> Self {
        let mut copies = Self::new(verifier);
        select.from.iter().for_each(|tables| copies.tables(tables));
        copies
    }

    fn tables(&mut self, tables: &TableWithJoins) {
        self.factor(&tables.relation);
        tables.joins.iter().for_each(|join| self.factor(&join.relation));
    }

    pub(super) fn factor(&mut self, factor: &TableFactor) {
        let (alias, name, held) = match factor {
            TableFactor::NestedJoin { table_with_joins, .. } => return self.tables(table_with_joins),
            TableFactor::Derived { subquery, alias, .. } => (alias, None, Some(self.verifier.held(subquery))),
            TableFactor::Table { name, alias, .. } => {
                let name = self.verifier.bare(name).unwrap_or_default();
                let held = self.by_name(&name);
                (alias, Some(name), held)
            }
            _ => return,
        };
        let Some(held) = held else { return };
        let (name, held) = match alias {
            None => (name, held),
            Some(alias) if alias.columns.is_empty() => (Some(self.verifier.rules.table(&alias.name)), held),
            Some(alias) => (Some(self.verifier.rules.table(&alias.name)), Held::InAny),
        };
        self.by_relation.extend(name.map(|name| (name, held)));
    }

    /// Of a CTE; those before it in its `WITH` are known, those behind it are not.
    fn by_name(&self, name: &str) -> Option<Held> {
        let unread = || self.verifier.ctes.iter().any(|(cte, _)| cte == name).then_some(Held::InAny);
        self.verifier.copies.get(name).cloned().or_else(unread)
    }

    fn all(&self) -> Held {
        self.by_relation.values().cloned().fold(Held::In(HashSet::new()), Held::and)
    }

    pub(super) fn have(&self, relation: Option<&str>, column: &str) -> bool {
        match relation {
            Some(relation) => self.by_relation.get(relation).is_some_and(|held| held.may_be(column)),
            None => self.by_relation.values().any(|held| held.may_be(column)),
        }
    }

    /// Whether the expression reads tenant columns, and none else.
    fn are_all_of(&self, expr: &Expr) -> bool {
        let mut read = Read { copies: self, all: Vec::new() };
        let _ = walk(expr, &mut read);
        !read.all.is_empty() && read.all.iter().all(|is_copy| *is_copy)
    }
}

struct Read<'r, 'v, 'a> {
    copies: &'r Copies<'v, 'a>,
    all: Vec<bool>,
}

impl Watch for Read<'_, '_, '_> {
    fn expr(&mut self, expr: &Expr) -> Flow {
        let Some(column) = named(expr) else { return ON };
        let verifier = self.copies.verifier;
        let relation = match expr {
            Expr::CompoundIdentifier(parts) => {
                parts.iter().rev().nth(1).map(|relation| verifier.rules.table(relation))
            }
            _ => None,
        };
        let column = verifier.rules.column(column);
        let own = verifier.is_any_tenant_column(&column);
        self.all.push(own || self.copies.have(relation.as_deref(), &column));
        ON
    }

    /// Others refuse it.
    fn unknown(&mut self) -> Flow {
        ON
    }
}

/// The `SELECT` that names the columns, unless elements of a `WITH` of its own stand before it.
fn leading(query: &Query) -> Option<&Select> {
    let mut query = query;
    loop {
        if query.with.is_some() {
            return None;
        }
        let mut body = &*query.body;
        while let SetExpr::SetOperation { left, .. } = body {
            body = left;
        }
        match body {
            SetExpr::Select(select) => return Some(select),
            SetExpr::Query(inner) => query = inner,
            _ => return None,
        }
    }
}
