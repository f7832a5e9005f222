use sqlparser::ast::{Ident, ObjectName, ObjectNamePart, TableAlias};

use super::cte::Cited;
use super::frames::Columns;
use super::{Result, Scoper};
use crate::catalog::Unknown;
use crate::refusal::{Refusal, RefusalKind};
use crate::table::{Table, TableKind};

/// What a name in `FROM` stands for.
#[derive(Debug, Clone)]
pub(super) enum Relation {
    /// A CTE, or a shared relation: no predicate.
    Free,
    /// The tenant column of an owned relation, and whether the catalog lists it or only takes it for owned.
    Owned { tenant_column: String, listed: bool },
}

/// A relation that is written.
#[derive(Debug, Clone)]
pub(super) struct Target {
    pub(super) table: Option<Table>,
    pub(super) tenant_column: String,
    pub(super) name: String,
    /// What the rest of the statement calls it.
    pub(super) exposed: String,
}

impl Scoper<'_> {
    pub(super) fn relation(&self, name: &ObjectName) -> Result<Relation> {
        let (schema, table) = self.split(name)?;
        let dual = self.rules.is_dual(table);
        if schema.is_none() && (dual || self.is_cte(table)?) {
            return Ok(Relation::Free);
        }
        let kept = self.base(schema, table)?;
        match kept.as_ref().map(Table::kind) {
            Some(TableKind::Shared) => Ok(Relation::Free),
            Some(TableKind::Hidden) => Err(self.hidden(table)),
            Some(TableKind::Owned) | None => Ok(Relation::Owned {
                tenant_column: self.tenant_column(kept.as_ref()),
                listed: kept.is_some(),
            }),
        }
    }

    /// The known columns of a CTE or base table.
    pub(super) fn columns_of(&mut self, name: &ObjectName) -> Result<Columns> {
        let (schema, table) = self.split(name)?;
        let folded = self.rules.table(table);
        if schema.is_none() && (self.rules.is_dual(table) || self.is_cte(table)?) {
            return Ok(self.scopes.columns(&folded));
        }
        let kept = self.base(schema, table)?;
        Ok(self.stored_columns(&folded, kept.as_ref()))
    }

    pub(super) fn target(&self, name: &ObjectName) -> Result<Target> {
        let (schema, table) = self.split(name)?;
        if schema.is_none() && self.is_cte(table)? {
            return Err(ambiguous(table, "rename the CTE: it hides the table that is written"));
        }
        let kept = self.base(schema, table)?;
        let writable = match kept.as_ref() {
            Some(kept) if kept.kind() == TableKind::Shared => {
                Err(Refusal::new(RefusalKind::WriteToShared, shown(table), "write shared relations unscoped"))
            }
            Some(kept) if kept.kind() == TableKind::Hidden => Err(self.hidden(table)),
            Some(kept) if kept.is_view() => Err(Refusal::new(
                RefusalKind::UnsupportedConstruct,
                shown(table),
                "write to the table behind the view",
            )),
            Some(_) | None => Ok(()),
        };
        writable.map_err(|refusal| at(refusal, table))?;
        Ok(Target {
            tenant_column: self.tenant_column(kept.as_ref()),
            table: kept,
            name: self.rules.table(table),
            exposed: self.rules.table(table),
        })
    }

    fn tenant_column(&self, table: Option<&Table>) -> String {
        let own = table.and_then(Table::own_tenant_column);
        own.unwrap_or_else(|| self.catalog.tenant_column()).to_owned()
    }

    fn split<'n>(&self, name: &'n ObjectName) -> Result<(Option<&'n Ident>, &'n Ident)> {
        let ObjectName(parts) = name;
        match parts.as_slice() {
            [ObjectNamePart::Identifier(table)] => Ok((None, table)),
            [ObjectNamePart::Identifier(schema), ObjectNamePart::Identifier(table)] => {
                Ok((Some(schema), table))
            }
            _ => Err(Refusal::construct_of("relation name")),
        }
    }

    fn is_cte(&self, table: &Ident) -> Result<bool> {
        let (folded, outer) = (self.rules.table(table), self.rules.can.outer_ctes_in_with);
        match self.scopes.cite(&folded, outer, |a, b| self.rules.may_be_same(a, b)) {
            Cited::Cte => Ok(true),
            Cited::No => Ok(false),
            Cited::Unclear => {
                Err(ambiguous(table, "define a CTE before its use, write WITH RECURSIVE, or rename it"))
            }
        }
    }

    fn base(&self, schema: Option<&Ident>, table: &Ident) -> Result<Option<Table>> {
        let folded = self.rules.table(table);
        if schema.is_some_and(|schema| !self.is_own_schema(schema)) || (self.rules.internal)(&folded) {
            return Err(self.hidden(table));
        }
        match (self.catalog.lookup(&folded), self.catalog.unknown()) {
            (Some(kept), _) => Ok(Some(kept.clone())),
            (None, Unknown::Owned) => Ok(None),
            (None, Unknown::Refuse) => {
                let refusal =
                    Refusal::new(RefusalKind::UnknownRelation, shown(table), "add it to the catalog");
                Err(at(refusal, table))
            }
        }
    }

    pub(super) fn is_own_schema(&self, schema: &Ident) -> bool {
        let own = self.catalog.schema().or(self.rules.default_schema);
        own.is_some_and(|own| (self.rules.fold_table)(own, true) == self.rules.table(schema))
    }

    fn hidden(&self, table: &Ident) -> Refusal {
        let hint = "declare it shared or owned if tenants may use it, or run the statement unscoped";
        at(Refusal::new(RefusalKind::HiddenRelation, shown(table), hint), table)
    }

    /// The name by which the rest of the statement knows a relation, folded.
    pub(super) fn exposed(&self, name: &ObjectName, alias: Option<&TableAlias>) -> Result<String> {
        match alias {
            Some(alias) => Ok(self.rules.table(&alias.name)),
            None => self.split(name).map(|(_, table)| self.rules.table(table)),
        }
    }
}

/// Names of relations come from the program's text; what cannot be one is not repeated.
fn shown(ident: &Ident) -> String {
    ident.value.chars().take(64).filter(|c| c.is_alphanumeric() || *c == '_' || *c == '$').collect()
}

fn at(refusal: Refusal, ident: &Ident) -> Refusal {
    refusal.at(ident.span.start.line, ident.span.start.column)
}

fn ambiguous(table: &Ident, hint: &'static str) -> Refusal {
    at(Refusal::new(RefusalKind::Ambiguous, shown(table), hint), table)
}
