use sqlparser::ast::{Query, SetExpr, Statement, Values};

use super::frames::Columns;
use super::{Result, Scoper};
use crate::refusal::{Refusal, RefusalKind};

/// What becomes of a query's columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// They are known by name: the result itself, a CTE, a derived table.
    Named,
    /// Only their values count.
    Values,
    /// Their values are compared with a row outside.
    Compared,
}

impl Scoper<'_> {
    /// Returns the names of the query's columns, as far as they are known.
    pub(super) fn query(&mut self, query: &mut Query, role: Role) -> Result<Columns> {
        let (mark, frames) = (self.scopes.mark(), self.frames.len());
        self.scopes.queries += 1;
        let walked = self.open_query(query, role);
        self.scopes.queries -= 1;
        self.scopes.leave(mark);
        self.frames.truncate(frames);
        walked
    }

    fn open_query(&mut self, query: &mut Query, role: Role) -> Result<Columns> {
        let Query {
            with,
            body,
            order_by,
            limit_clause,
            fetch,
            locks,
            for_clause,
            settings,
            format_clause,
            pipe_operators,
        } = query;
        if for_clause.is_some() || settings.is_some() || format_clause.is_some() || !pipe_operators.is_empty()
        {
            return Err(Refusal::construct_of("query clause"));
        }
        if !locks.is_empty() && !self.rules.can.locks {
            return Err(Refusal::construct_of("locking clause"));
        }
        if let Some(with) = with {
            self.with(with)?;
        }
        let columns = self.set_expr(body, role)?;
        order_by.as_mut().map_or(Ok(()), |order_by| self.order_by(order_by))?;
        limit_clause.as_mut().map_or(Ok(()), |limit| self.limit(limit))?;
        fetch.as_mut().map_or(Ok(()), |fetch| self.fetch(fetch))?;
        Ok(columns)
    }

    /// Leaves the frame of a plain `SELECT` open for the clauses of the query around it.
    fn set_expr(&mut self, body: &mut SetExpr, role: Role) -> Result<Columns> {
        let growing = self.scopes.growing.take();
        match body {
            SetExpr::Select(select) => self.select(select, role),
            SetExpr::Query(query) => self.query(query, role),
            SetExpr::SetOperation { left, op: _, set_quantifier: _, right } => {
                let frames = self.frames.len();
                let columns = self.set_expr(left, role)?;
                self.frames.truncate(frames);
                if let Some(at) = growing {
                    self.scopes.give_columns(at, columns.clone());
                }
                self.set_expr(right, role)?;
                self.frames.truncate(frames);
                Ok(columns)
            }
            SetExpr::Values(values) => self.values(values),
            SetExpr::Insert(statement) | SetExpr::Update(statement) | SetExpr::Delete(statement) => {
                self.modifying(statement)
            }
            SetExpr::Merge(_) => Err(Refusal::construct_of("MERGE")),
            // Its name is kept as bare text, without its quotes.
            SetExpr::Table(_) => {
                Err(Refusal::new(RefusalKind::UnsupportedConstruct, "TABLE", "write SELECT * FROM"))
            }
        }
    }

    /// `WITH ... DELETE`, or on PostgreSQL a CTE that writes.
    fn modifying(&mut self, statement: &mut Statement) -> Result<Columns> {
        if !self.scopes.may_write(self.rules.can.dml_in_cte) {
            return Err(Refusal::construct_of("statement in a query"));
        }
        self.returned = Columns::default();
        self.write(statement)?;
        Ok(std::mem::take(&mut self.returned))
    }

    fn values(&mut self, values: &mut Values) -> Result<Columns> {
        let Values { explicit_row: _, value_keyword: _, rows } = values;
        for row in &mut *rows {
            let sqlparser::ast::Parens { opening_token: _, content, closing_token: _ } = row;
            content.iter_mut().try_for_each(|expr| self.expr(expr))?;
        }
        let width = rows.first().map_or(0, |row| row.content.len());
        Ok(self.numbered(width))
    }
}
