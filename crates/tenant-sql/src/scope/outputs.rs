//! What relations and subqueries show of themselves: the names of their columns, and which of these hold the tenant.

use std::collections::{HashMap, HashSet};

use sqlparser::ast::{
    Expr, Ident, ObjectName, ObjectNamePart, Query, Select, SelectItem, SelectItemQualifiedWildcardKind,
    SetExpr, Statement, TableAlias, TableFactor, TableWithJoins,
};

use super::from::MOST_RELATIONS;
use super::shown::Columns;
use crate::catalog::Catalog;
use crate::dialect::Rules;
use crate::table::Table;
use crate::walk::{Flow, ON, Watch, walk};

/// A relation by the name it goes by.
pub(super) struct Known {
    exposed: String,
    columns: Columns,
}

impl Known {
    /// Whether the column is certainly one of this relation.
    pub(super) fn has(&self, relation: Option<&str>, column: &str) -> bool {
        match relation {
            Some(relation) => self.exposed == relation,
            None => self.columns.names.as_ref().is_some_and(|names| names.contains(column)),
        }
    }
}

/// What the names of a statement stand for.
pub(super) struct Names<'c> {
    pub(super) rules: &'static Rules,
    catalog: &'c Catalog,
    tenant_columns: HashSet<&'c str>,
    /// By name, wherever they are defined.
    ctes: HashMap<String, Columns>,
}

impl<'c> Names<'c> {
    pub(super) fn of(statement: &Statement, rules: &'static Rules, catalog: &'c Catalog) -> Self {
        let own = catalog.tables().filter_map(Table::own_tenant_column);
        let tenant_columns = own.chain([catalog.tenant_column()]).collect();
        let mut names = Self { rules, catalog, tenant_columns, ctes: HashMap::new() };
        let _ = walk(statement, &mut names);
        names
    }

    /// The relations of a `FROM`.
    pub(super) fn from(&self, from: &[TableWithJoins]) -> Vec<Known> {
        match are_too_many(from) {
            true => Vec::new(),
            false => from.iter().flat_map(|tables| self.all(tables)).collect(),
        }
    }

    /// A relation, or those in brackets.
    pub(super) fn relations(&self, factor: &TableFactor) -> Vec<Known> {
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
                (alias, last(name), last(name).map(|name| self.named(name)).unwrap_or_default())
            }
            TableFactor::Derived { subquery, alias, .. } => (alias, None, self.given(subquery)),
            TableFactor::Table { name, alias, .. } | TableFactor::Function { name, alias, .. } => {
                (alias, last(name), Columns::default())
            }
            _ => return None,
        };
        let columns = self.under(alias.as_ref(), columns);
        let name = alias.as_ref().map(|alias| &alias.name).or(name)?;
        Some(Known { exposed: self.rules.table(name), columns })
    }

    fn under(&self, alias: Option<&TableAlias>, columns: Columns) -> Columns {
        match alias.map(|alias| alias.columns.as_slice()) {
            None | Some([]) => columns,
            Some(given) => {
                let given: Vec<_> = given.iter().map(|column| self.rules.column(&column.name)).collect();
                columns.renamed(&given)
            }
        }
    }

    /// A base table, or a CTE of that name: which of them is for others to say.
    fn named(&self, name: &Ident) -> Columns {
        let name = self.rules.table(name);
        match (self.catalog.lookup(&name), self.ctes.get(&name)) {
            (Some(table), Some(cte)) => cte.clone().or(self.stored(table)),
            (Some(table), None) => self.stored(table),
            (None, Some(cte)) => cte.clone(),
            (None, None) => Columns::default(),
        }
    }

    fn stored(&self, table: &Table) -> Columns {
        let columns = table.column_names().iter().map(|column| (self.rules.fold_column)(column, true));
        let places: Vec<_> = columns.map(|name| (Some(name.clone()), self.is_tenant_column(&name))).collect();
        if places.is_empty() { Columns::default() } else { Columns::of(places) }
    }

    /// The columns of a subquery; of a set operation, those of its first part: what others put there is no constant.
    fn given(&self, query: &Query) -> Columns {
        fn first(body: &SetExpr) -> Option<&Select> {
            match body {
                SetExpr::Select(select) => Some(select),
                SetExpr::Query(query) if query.with.is_none() => first(&query.body),
                SetExpr::SetOperation { left, .. } => first(left),
                _ => None,
            }
        }
        // The elements of its own WITH come later.
        if query.with.is_some() {
            return Columns::unknown();
        }
        let set = matches!(*query.body, SetExpr::SetOperation { .. });
        let columns = first(&query.body).map_or_else(Columns::unknown, |select| self.selected(select));
        Columns { names: columns.names.filter(|_| !set), ..columns }
    }

    fn selected(&self, select: &Select) -> Columns {
        let from = self.from(&select.from);
        let mut columns = Columns::of(Vec::new());
        for item in &select.projection {
            let (name, expr) = match item {
                SelectItem::ExprWithAlias { expr, alias } => (Some(self.rules.column(alias)), expr),
                SelectItem::UnnamedExpr(expr) => (last_of(expr).map(|name| self.rules.column(name)), expr),
                SelectItem::Wildcard(_) => {
                    columns.take(from.iter().map(|known| &known.columns));
                    continue;
                }
                SelectItem::QualifiedWildcard(SelectItemQualifiedWildcardKind::ObjectName(name), _) => {
                    let exposed = last(name).map(|name| self.rules.table(name)).unwrap_or_default();
                    let named = from.iter().filter(|known| known.exposed == exposed);
                    columns.take(named.map(|known| &known.columns));
                    columns.names = None;
                    continue;
                }
                _ => return Columns::unknown(),
            };
            columns.add(name, self.comes_from_tenant(expr, &from));
        }
        columns
    }

    /// Whether tenant columns are all that the expression reads.
    fn comes_from_tenant(&self, expr: &Expr, from: &[Known]) -> bool {
        let mut origin = Origin { names: self, from, tenants: false, others: false };
        let _ = walk(expr, &mut origin);
        origin.tenants && !origin.others
    }

    /// Whether a column of this relation holds the tenant.
    pub(super) fn is_tenants(&self, known: &Known, column: &str) -> bool {
        self.is_tenant_column(column) || known.columns.may_be_tenants(column)
    }

    fn is_tenant_column(&self, column: &str) -> bool {
        self.tenant_columns.iter().any(|name| self.rules.may_be_same(name, column))
    }
}

/// The elements of every `WITH`, each after those before it.
impl Watch for Names<'_> {
    fn query(&mut self, query: &Query) -> Flow {
        let Some(with) = &query.with else { return ON };
        let names = with.cte_tables.iter().map(|cte| self.rules.table(&cte.alias.name));
        let names: Vec<_> = names.collect();
        let elsewhere = names.iter().map(|name| self.ctes.insert(name.clone(), Columns::unknown()));
        let elsewhere: Vec<_> = elsewhere.collect();
        for ((cte, name), elsewhere) in with.cte_tables.iter().zip(names).zip(elsewhere) {
            let columns = self.under(Some(&cte.alias), self.given(&cte.query));
            self.ctes.insert(name, columns.or(elsewhere.unwrap_or_default()));
        }
        ON
    }

    fn unknown(&mut self) -> Flow {
        ON
    }
}

/// What an expression reads.
struct Origin<'r, 'c> {
    names: &'r Names<'c>,
    from: &'r [Known],
    tenants: bool,
    others: bool,
}

impl Watch for Origin<'_, '_> {
    fn expr(&mut self, expr: &Expr) -> Flow {
        let (relation, column) = match expr {
            Expr::Identifier(column) => (None, column),
            Expr::CompoundIdentifier(parts) => match parts.as_slice() {
                [.., relation, column] => (Some(self.names.rules.table(relation)), column),
                _ => return ON,
            },
            _ => return ON,
        };
        let column = self.names.rules.column(column);
        let may_have = |known: &&Known| match &relation {
            Some(relation) => known.exposed == *relation,
            None => true,
        };
        let tenants = self.names.is_tenant_column(&column)
            || self.from.iter().filter(may_have).any(|known| known.columns.may_be_tenants(&column));
        self.tenants |= tenants;
        self.others |= !tenants;
        ON
    }

    fn unknown(&mut self) -> Flow {
        ON
    }
}

/// Whether there are more relations than a statement may join: it will be refused, and what grows faster than their
/// number is left to that.
pub(super) fn are_too_many(from: &[TableWithJoins]) -> bool {
    fn count(tables: &TableWithJoins) -> usize {
        let nested = |factor: &TableFactor| match factor {
            TableFactor::NestedJoin { table_with_joins, .. } => count(table_with_joins),
            _ => 1,
        };
        nested(&tables.relation) + tables.joins.iter().map(|join| nested(&join.relation)).sum::<usize>()
    }
    from.iter().map(count).sum::<usize>() > MOST_RELATIONS
}

fn last(name: &ObjectName) -> Option<&Ident> {
    match name.0.last() {
        Some(ObjectNamePart::Identifier(name)) => Some(name),
        _ => None,
    }
}

fn last_of(expr: &Expr) -> Option<&Ident> {
    match expr {
        Expr::Identifier(name) => Some(name),
        Expr::CompoundIdentifier(parts) => parts.last(),
        _ => None,
    }
}
