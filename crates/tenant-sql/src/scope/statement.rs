use sqlparser::ast::{SelectItem, SetExpr, Statement};

use super::query::Role;
use super::{Result, Scoper, care};
use crate::plan::{GivenTenant, StatementKind};
use crate::refusal::{Refusal, RefusalKind};

/// What the walk found out.
pub(crate) struct Scoped {
    pub(crate) kind: StatementKind,
    pub(crate) returns_rows: bool,
    pub(crate) writes: bool,
    pub(crate) touched: bool,
    pub(crate) given: Vec<GivenTenant>,
}

/// What a writing statement is.
pub(super) struct Written {
    kind: StatementKind,
    returning: bool,
}

impl Scoper<'_> {
    /// Scopes the whole statement in place.
    pub(crate) fn statement(mut self, statement: &mut Statement) -> Result<Scoped> {
        self.reads_what_it_writes(statement)?;
        self.joins_on_around(statement)?;
        self.care = care::care(statement, self.rules);
        let Written { kind, returning } = match statement {
            Statement::Query(query) => {
                self.query(query, Role::Named)?;
                written(&query.body)
            }
            Statement::Insert(_) | Statement::Update(_) | Statement::Delete(_) | Statement::Merge(_) => {
                self.write(statement)?
            }
            _ => {
                return Err(Refusal::new(
                    RefusalKind::UnsupportedStatement,
                    "",
                    crate::refusal::HINT_UNSCOPED,
                ));
            }
        };
        let returns_rows = returning || kind == StatementKind::Select;
        Ok(Scoped { kind, returns_rows, writes: self.writes, touched: self.touched, given: self.given })
    }

    pub(super) fn write(&mut self, statement: &mut Statement) -> Result<Written> {
        let written = kind_of(statement);
        self.writes = true;
        match statement {
            Statement::Insert(insert) => self.insert(insert)?,
            Statement::Update(update) => self.update(update)?,
            Statement::Delete(delete) => self.delete(delete)?,
            Statement::Merge(merge) => self.merge(merge)?,
            _ => return Err(Refusal::construct_of("statement in a query")),
        }
        Ok(written)
    }

    pub(super) fn returning(&mut self, items: Option<&mut Vec<SelectItem>>) -> Result {
        let Some(items) = items else { return Ok(()) };
        if !self.rules.can.returning {
            return Err(Refusal::construct_of("RETURNING"));
        }
        self.projection(items)?;
        self.returned = self.outputs(items);
        if !self.scopes.in_cte() {
            self.label_returning(items);
        }
        Ok(())
    }
}

fn written(body: &SetExpr) -> Written {
    match body {
        SetExpr::Insert(statement) | SetExpr::Update(statement) | SetExpr::Delete(statement) => {
            kind_of(statement)
        }
        _ => Written { kind: StatementKind::Select, returning: true },
    }
}

fn kind_of(statement: &Statement) -> Written {
    match statement {
        Statement::Insert(insert) => {
            Written { kind: StatementKind::Insert, returning: insert.returning.is_some() }
        }
        Statement::Update(update) => {
            Written { kind: StatementKind::Update, returning: update.returning.is_some() }
        }
        Statement::Delete(delete) => {
            Written { kind: StatementKind::Delete, returning: delete.returning.is_some() }
        }
        Statement::Merge(_) => Written { kind: StatementKind::Merge, returning: false },
        _ => Written { kind: StatementKind::Select, returning: true },
    }
}
