use sqlparser::ast::{Query, SetExpr, Statement, Values};

use super::{Result, Scoper};
use crate::refusal::{Refusal, RefusalKind};

/// What becomes of a query's columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// They are known by name: the result itself, a CTE, a derived table.
    Named,
    /// Only their values count.
    Values,
}

impl Scoper<'_> {
    pub(super) fn query(&mut self, query: &mut Query, role: Role) -> Result {
        let mark = self.scopes.mark();
        self.scopes.queries += 1;
        let walked = self.open_query(query, role);
        self.scopes.queries -= 1;
        self.scopes.leave(mark);
        walked
    }

    fn open_query(&mut self, query: &mut Query, role: Role) -> Result {
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
        self.set_expr(body, role)?;
        order_by.as_mut().map_or(Ok(()), |order_by| self.order_by(order_by))?;
        limit_clause.as_mut().map_or(Ok(()), |limit| self.limit(limit))?;
        fetch.as_mut().map_or(Ok(()), |fetch| self.fetch(fetch))
    }

    pub(super) fn set_expr(&mut self, body: &mut SetExpr, role: Role) -> Result {
        match body {
            SetExpr::Select(select) => self.select(select, role),
            SetExpr::Query(query) => self.query(query, role),
            SetExpr::SetOperation { left, op: _, set_quantifier: _, right } => {
                self.set_expr(left, role)?;
                self.set_expr(right, role)
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
    fn modifying(&mut self, statement: &mut Statement) -> Result {
        if !self.scopes.may_write(self.rules.can.dml_in_cte) {
            return Err(Refusal::construct_of("statement in a query"));
        }
        self.write(statement).map(drop)
    }

    fn values(&mut self, values: &mut Values) -> Result {
        let Values { explicit_row: _, value_keyword: _, rows } = values;
        for row in rows {
            let sqlparser::ast::Parens { opening_token: _, content, closing_token: _ } = row;
            content.iter_mut().try_for_each(|expr| self.expr(expr))?;
        }
        Ok(())
    }
}
