//! On PostgreSQL a qualified name that is no column calls a function. Whatever the scopes are, a name that no relation of
//! the statement has, and that the statement gives to nothing, can be no column.

use std::collections::HashSet;

use sqlparser::ast::{
    Expr, Function, Ident, ObjectName, ObjectNamePart, Query, Select, SelectItem, Statement, TableAlias,
    TableFactor,
};

use super::{Proof, Verifier, unproved};
use crate::catalog::Dialect;
use crate::refusal::Refusal;
use crate::table::Table;
use crate::walk::{Flow, ON, STOP, Watch, walk};

pub(super) fn check(statement: &Statement, verifier: &Verifier<'_>) -> Proof {
    if verifier.catalog.dialect() != Dialect::Postgres {
        return Ok(());
    }
    let mut given = Given { verifier, names: HashSet::new() };
    let _ = walk(statement, &mut given);
    let mut fields = Fields { given, refusal: None };
    let _ = walk(statement, &mut fields);
    fields.refusal.map_or(Ok(()), Err)
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

impl Watch for Given<'_, '_> {
    fn relation(&mut self, name: &ObjectName) -> Flow {
        if let Some(ObjectNamePart::Identifier(name)) = name.0.last() {
            let rules = self.verifier.rules;
            let table = self.verifier.catalog.lookup(&rules.table(name));
            let columns = table.map(Table::column_names).unwrap_or_default();
            self.names.extend(columns.iter().map(|column| (rules.fold_column)(column, true)));
        }
        ON
    }

    fn statement(&mut self, statement: &Statement) -> Flow {
        let returning = match statement {
            Statement::Insert(insert) => insert.returning.as_deref(),
            Statement::Update(update) => update.returning.as_deref(),
            Statement::Delete(delete) => delete.returning.as_deref(),
            _ => None,
        };
        self.items(returning.unwrap_or_default());
        ON
    }

    fn query(&mut self, query: &Query) -> Flow {
        for cte in query.with.iter().flat_map(|with| &with.cte_tables) {
            cte.alias.columns.iter().for_each(|column| self.name(&column.name));
        }
        ON
    }

    fn select(&mut self, select: &Select) -> Flow {
        self.items(&select.projection);
        ON
    }

    fn table_factor(&mut self, factor: &TableFactor) -> Flow {
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
        ON
    }

    fn expr(&mut self, expr: &Expr) -> Flow {
        match expr {
            Expr::Identifier(name) => self.name(name),
            Expr::Function(Function { name, .. }) => {
                if let Some(ObjectNamePart::Identifier(name)) = name.0.last() {
                    self.name(name);
                }
            }
            _ => {}
        }
        ON
    }
}

struct Fields<'v, 'a> {
    given: Given<'v, 'a>,
    refusal: Option<Refusal>,
}

impl Fields<'_, '_> {
    fn stop(&mut self, what: &'static str) -> Flow {
        self.refusal = Some(unproved(what));
        STOP
    }
}

impl Watch for Fields<'_, '_> {
    fn unknown(&mut self) -> Flow {
        self.stop("part of the statement")
    }

    fn expr(&mut self, expr: &Expr) -> Flow {
        let Expr::CompoundIdentifier(parts) = expr else { return ON };
        let [qualifier, column] = parts.as_slice() else {
            return self.stop("qualified name");
        };
        let rules = self.given.verifier.rules;
        let folded = rules.column(column);
        let numbered = folded.strip_prefix("column").is_some_and(|rest| rest.parse::<usize>().is_ok());
        match numbered || self.given.names.contains(&folded) || self.given.is_own(qualifier, &folded) {
            true => ON,
            false => self.stop("qualified name that is no column"),
        }
    }
}
