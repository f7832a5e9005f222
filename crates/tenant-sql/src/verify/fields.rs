//! On PostgreSQL a qualified name that is no column calls a function. Whatever the scopes are, a name that no relation of
//! the statement has, and that the statement gives to nothing, can be no column.

use std::collections::HashSet;
use std::ops::ControlFlow;

use sqlparser::ast::{
    Expr, Function, Ident, ObjectName, ObjectNamePart, Query, Select, SelectItem, Statement, TableAlias,
    TableFactor, Visit, Visitor,
};

use super::{Proof, Verifier, unproved};
use crate::catalog::Dialect;
use crate::refusal::Refusal;
use crate::table::Table;

pub(super) fn check(statement: &Statement, verifier: &Verifier<'_>) -> Proof {
    if verifier.catalog.dialect() != Dialect::Postgres {
        return Ok(());
    }
    let mut given = Given { verifier, names: HashSet::new() };
    let _ = statement.visit(&mut given);
    match statement.visit(&mut Fields(given)) {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(refusal) => Err(refusal),
    }
}

/// The names that may be columns.
struct Given<'v, 'a> {
    verifier: &'v Verifier<'a>,
    names: HashSet<String>,
}

impl Given<'_, '_> {
    fn name(&mut self, name: &Ident) {
        self.names.insert(self.verifier.rules.column(name));
    }

    /// Our own predicate: the catalog may list no columns, but it knows the tenant's.
    fn is_own(&self, qualifier: &Ident, folded: &str) -> bool {
        let Verifier { catalog, rules, .. } = self.verifier;
        let own = |name: &str| (rules.fold_column)(name, true) == folded;
        let listed = || catalog.tables().filter_map(Table::own_tenant_column).any(own);
        qualifier.quote_style.is_some() && (own(catalog.tenant_column()) || listed())
    }

    fn alias(&mut self, alias: Option<&TableAlias>) {
        let Some(alias) = alias else { return };
        self.name(&alias.name);
        alias.columns.iter().for_each(|column| self.name(&column.name));
    }

    fn items(&mut self, items: &[SelectItem]) {
        for item in items {
            if let SelectItem::ExprWithAlias { expr: _, alias } = item {
                self.name(alias);
            }
        }
    }
}

impl Visitor for Given<'_, '_> {
    type Break = ();

    fn pre_visit_relation(&mut self, name: &ObjectName) -> ControlFlow<()> {
        if let Some(ObjectNamePart::Identifier(name)) = name.0.last() {
            let rules = self.verifier.rules;
            let table = self.verifier.catalog.lookup(&rules.table(name));
            let columns = table.map(Table::column_names).unwrap_or_default();
            self.names.extend(columns.iter().map(|column| (rules.fold_column)(column, true)));
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_statement(&mut self, statement: &Statement) -> ControlFlow<()> {
        let returning = match statement {
            Statement::Insert(insert) => insert.returning.as_deref(),
            Statement::Update(update) => update.returning.as_deref(),
            Statement::Delete(delete) => delete.returning.as_deref(),
            _ => None,
        };
        self.items(returning.unwrap_or_default());
        ControlFlow::Continue(())
    }

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<()> {
        for cte in query.with.iter().flat_map(|with| &with.cte_tables) {
            cte.alias.columns.iter().for_each(|column| self.name(&column.name));
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_select(&mut self, select: &Select) -> ControlFlow<()> {
        self.items(&select.projection);
        ControlFlow::Continue(())
    }

    fn pre_visit_table_factor(&mut self, factor: &TableFactor) -> ControlFlow<()> {
        match factor {
            TableFactor::Derived { alias: Some(alias), .. } => {
                alias.columns.iter().for_each(|column| self.name(&column.name));
            }
            TableFactor::Table { name, alias, args: Some(_), .. }
            | TableFactor::Function { name, alias, .. } => {
                self.names.extend(["key", "value"].map(str::to_owned));
                if let Some(ObjectNamePart::Identifier(name)) = name.0.last() {
                    self.name(name);
                }
                self.alias(alias.as_ref());
            }
            TableFactor::UNNEST { alias, .. } => self.alias(alias.as_ref()),
            _ => {}
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<()> {
        match expr {
            Expr::Identifier(name) => self.name(name),
            Expr::Function(Function { name, .. }) => {
                if let Some(ObjectNamePart::Identifier(name)) = name.0.last() {
                    self.name(name);
                }
            }
            _ => {}
        }
        ControlFlow::Continue(())
    }
}

struct Fields<'v, 'a>(Given<'v, 'a>);

impl Visitor for Fields<'_, '_> {
    type Break = Refusal;

    fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<Refusal> {
        let Expr::CompoundIdentifier(parts) = expr else { return ControlFlow::Continue(()) };
        let [qualifier, column] = parts.as_slice() else {
            return ControlFlow::Break(unproved("qualified name"));
        };
        let rules = self.0.verifier.rules;
        let folded = rules.column(column);
        let numbered = folded.strip_prefix("column").is_some_and(|rest| rest.parse::<usize>().is_ok());
        match numbered || self.0.names.contains(&folded) || self.0.is_own(qualifier, &folded) {
            true => ControlFlow::Continue(()),
            false => ControlFlow::Break(unproved("qualified name that is no column")),
        }
    }
}
