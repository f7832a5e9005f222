//! Where a row stands for a value: `(a, b)`, and the name of a relation.

use sqlparser::ast::{Expr, Ident};

use super::expr::odd;
use super::{Result, Scoper};

impl Scoper<'_> {
    /// On PostgreSQL two rows are compared column by column as they come, and fail where the types of two differ: only if
    /// all columns before are equal, which tells them. Columns that stand there are compared one by one, and have types.
    pub(super) fn compared(&mut self, left: &mut Expr, right: &mut Expr) -> Result {
        let rows =
            |one: &Expr, other: &Expr| is_row(one) && (is_row(other) || matches!(other, Expr::Subquery(_)));
        let (on_the_left, on_the_right) = (rows(left, right), rows(right, left));
        self.operand(left, on_the_left)?;
        self.operand(right, on_the_right)
    }

    /// A side of a comparison, or a key to group by: `(a, b)`, if it may be one, is its columns.
    pub(super) fn operand(&mut self, side: &mut Expr, may_be_row: bool) -> Result {
        match side {
            Expr::Tuple(columns) if may_be_row => self.exprs(columns),
            Expr::Nested(inner) if may_be_row && is_row(inner) => self.operand(inner, true),
            other => self.expr(other),
        }
    }

    /// A name that stands for a value: a column, and no row of a relation.
    pub(super) fn value(&self, name: &Ident) -> Result {
        self.column(name)?;
        match self.is_relation(name) {
            false => Ok(()),
            true => Err(odd("whole row", "name its columns, or make it JSON with to_jsonb")),
        }
    }

    /// `(a, b) IN ((1, 2), (3, 4))`
    pub(super) fn listed(&mut self, expr: &mut Expr, list: &mut [Expr]) -> Result {
        let rows = is_row(expr) && list.iter().all(is_row);
        self.operand(expr, rows)?;
        list.iter_mut().try_for_each(|item| self.operand(item, rows))
    }

    /// A row that stands by itself.
    pub(super) fn row(&mut self, columns: &mut [Expr]) -> Result {
        match self.rules.can.call_by_field {
            true => Err(odd(
                "row",
                "compare rows with rows of as many columns, in parentheses, or their columns one by one",
            )),
            false => self.exprs(columns),
        }
    }
}

pub(super) fn is_row(expr: &Expr) -> bool {
    match expr {
        Expr::Tuple(_) => true,
        Expr::Nested(inner) => is_row(inner),
        _ => false,
    }
}
