//! Subqueries that nothing around them is merged with, or pushed into.

use sqlparser::ast::{
    CteAsMaterialized, Expr, Ident, LimitClause, ObjectName, ObjectNamePart, Offset, OffsetRows, Query,
    SetExpr, UnaryOperator, Value, Values,
};

use super::Scoper;
use super::select::{all_of, plain_query};
use crate::dialect::Rules;
use crate::walk::{Flow, ON, STOP, Watch, walk};

impl Scoper<'_> {
    /// Keeps a subquery in `FROM` apart: with a LIMIT or OFFSET it is neither flattened nor are conditions pushed into it
    /// (<https://sqlite.org/optoverview.html#subquery_flattening>; PostgreSQL: `subquery_is_pushdown_safe`).
    pub(super) fn set_apart(&self, query: &mut Query) {
        if !self.care.needed && !self.care.windows {
            return;
        }
        if self.rules.can.limits_members && matches!(*query.body, SetExpr::SetOperation { .. }) {
            return limit_members(&mut query.body);
        }
        let compound = matches!(*query.body, SetExpr::Select(_) | SetExpr::SetOperation { .. });
        if query.limit_clause.is_some() || query.fetch.is_some() || !compound {
            return;
        }
        if self.rules.can.limits_members {
            query.limit_clause = Some(no_limit());
            return;
        }
        let (limit, offset) = if self.rules.can.materialized {
            (None, Some(Offset { value: number("0"), rows: OffsetRows::None }))
        } else {
            no_values_last(&mut query.body);
            (Some(Expr::UnaryOp { op: UnaryOperator::Minus, expr: Box::new(number("1")) }), None)
        };
        query.limit_clause = Some(LimitClause::LimitOffset { limit, offset, limit_by: Vec::new() });
    }

    /// Keeps a CTE apart. PostgreSQL allows no OFFSET in one that is recursive, and MariaDB no LIMIT, which keeps them apart
    /// by itself.
    pub(super) fn set_cte_apart(
        &self,
        name: &Ident,
        query: &mut Query,
        materialized: &mut Option<CteAsMaterialized>,
    ) {
        let reads = matches!(*query.body, SetExpr::Select(_) | SetExpr::SetOperation { .. });
        match self.rules.can.materialized {
            false if self.rules.can.limits_members && self.cites_itself(name, query) => {}
            true if self.care.needed && reads => *materialized = Some(CteAsMaterialized::Materialized),
            true => {}
            false => self.set_apart(query),
        }
    }

    fn cites_itself(&self, name: &Ident, query: &Query) -> bool {
        struct Cites<'c>(&'c Rules, String);
        impl Watch for Cites<'_> {
            fn relation(&mut self, name: &ObjectName) -> Flow {
                match name.0.as_slice() {
                    [ObjectNamePart::Identifier(name)] if self.0.table(name) == self.1 => STOP,
                    _ => ON,
                }
            }
        }
        walk(query, &mut Cites(self.rules, self.rules.table(name))).is_break()
    }
}

pub(super) fn number(digits: &str) -> Expr {
    Expr::Value(Value::Number(digits.to_owned(), false).with_empty_span())
}

/// More rows than there can be.
fn no_limit() -> LimitClause {
    let limit = Some(number("18446744073709551615"));
    LimitClause::LimitOffset { limit, offset: None, limit_by: Vec::new() }
}

/// MariaDB pushes conditions into the members of a union, whatever limit the union has.
fn limit_members(body: &mut SetExpr) {
    match body {
        SetExpr::SetOperation { left, op: _, set_quantifier: _, right } => {
            limit_members(left);
            limit_members(right);
        }
        SetExpr::Query(query) if matches!(*query.body, SetExpr::SetOperation { .. }) => {
            limit_members(&mut query.body);
        }
        SetExpr::Query(query)
            if query.limit_clause.is_none() && matches!(*query.body, SetExpr::Select(_)) =>
        {
            query.limit_clause = Some(no_limit());
        }
        SetExpr::Select(_) => {
            let none = Values { explicit_row: false, value_keyword: false, rows: Vec::new() };
            let mut query = plain_query(std::mem::replace(body, SetExpr::Values(none)));
            query.limit_clause = Some(no_limit());
            *body = SetExpr::Query(Box::new(query));
        }
        _ => {}
    }
}

/// SQLite takes no LIMIT behind VALUES.
fn no_values_last(body: &mut SetExpr) {
    let SetExpr::SetOperation { right, .. } = body else { return };
    no_values_last(right);
    if matches!(**right, SetExpr::Values(_)) {
        let none = Values { explicit_row: false, value_keyword: false, rows: Vec::new() };
        let values = std::mem::replace(&mut **right, SetExpr::Values(none));
        **right = all_of(plain_query(values));
    }
}
