//! Errors tell. SQLite may try a condition on rows of an index before it looks at the tenant of the row behind it, and a
//! condition that fails (`malformed JSON`) fails the statement: another tenant's row would be seen through the error, and
//! could break this tenant's queries at will.
//!
//! Where a condition can fail, it is evaluated only behind the predicates, and no subquery is merged with what is around it.

use std::ops::ControlFlow;

use sqlparser::ast::helpers::attached_token::AttachedToken;
use sqlparser::ast::{
    BinaryOperator, CaseWhen, Expr, Function, LimitClause, ObjectNamePart, Query, SetExpr, Statement,
    TableFactor, UnaryOperator, Value, Visit, Visitor,
};

use super::Scoper;
use super::predicate::conjunction;
use crate::dialect::Rules;

/// Whether conditions of the statement, or columns of its subqueries, can fail on the values of a row.
pub(super) fn is_needed(statement: &Statement, rules: &'static Rules) -> bool {
    if !rules.can.tries_conditions {
        return false;
    }
    let late = match statement {
        Statement::Query(query) => late(query, rules),
        Statement::Insert(insert) => insert.source.as_ref().map_or(0, |source| late(source, rules)),
        _ => 0,
    };
    count(statement, rules, usize::MAX) > late
}

/// What can fail in the clauses that see only the rows that all conditions let pass.
fn late(query: &Query, rules: &'static Rules) -> usize {
    let ordering = count(&query.order_by, rules, 0);
    let SetExpr::Select(select) = &*query.body else {
        return 0;
    };
    let [projection, groups, having] = [
        count(&select.projection, rules, 0),
        count(&select.group_by, rules, 0),
        count(&select.having, rules, 0),
    ];
    ordering + projection + groups + having
}

fn count<T: Visit>(part: &T, rules: &'static Rules, deepest: usize) -> usize {
    let mut fallible = Fallible { rules, depth: 0, deepest, count: 0 };
    let _ = part.visit(&mut fallible);
    fallible.count
}

struct Fallible {
    rules: &'static Rules,
    depth: usize,
    deepest: usize,
    count: usize,
}

impl Fallible {
    fn fails(&self, expr: &Expr) -> bool {
        match expr {
            Expr::Function(Function { name, .. }) => match name.0.as_slice() {
                [ObjectNamePart::Identifier(name)] => (self.rules.fallible)(&self.rules.column(name)),
                _ => true,
            },
            Expr::BinaryOp { left: _, op, right } => match op {
                BinaryOperator::Arrow | BinaryOperator::LongArrow | BinaryOperator::Regexp => true,
                BinaryOperator::Custom(words) => {
                    words == "NOT REGEXP" || (words == "NOT GLOB" && !is_constant(right))
                }
                BinaryOperator::Glob => !is_constant(right),
                _ => false,
            },
            // A pattern can be too complex, and another tenant's pattern is another tenant's choice.
            Expr::Like { pattern, .. } => !is_constant(pattern),
            _ => false,
        }
    }
}

fn is_constant(expr: &Expr) -> bool {
    matches!(expr, Expr::Value(_))
}

impl Visitor for Fallible {
    type Break = ();

    fn pre_visit_query(&mut self, _query: &Query) -> ControlFlow<()> {
        self.depth += 1;
        ControlFlow::Continue(())
    }

    fn post_visit_query(&mut self, _query: &Query) -> ControlFlow<()> {
        self.depth -= 1;
        ControlFlow::Continue(())
    }

    /// `json_each(body)` reads its argument as it is opened.
    fn pre_visit_table_factor(&mut self, factor: &TableFactor) -> ControlFlow<()> {
        let called =
            matches!(factor, TableFactor::Table { args: Some(_), .. } | TableFactor::Function { .. });
        self.count += usize::from(called && self.depth <= self.deepest);
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<()> {
        if self.depth <= self.deepest && self.fails(expr) {
            self.count += 1;
        }
        ControlFlow::Continue(())
    }
}

impl Scoper<'_> {
    /// Puts each part of the condition that can fail behind the predicates: `CASE WHEN predicates THEN part END`.
    pub(super) fn behind(&self, predicates: &[Expr], condition: Expr) -> Expr {
        let Some(guard) = conjunction(predicates.to_vec()).filter(|_| self.careful) else {
            return condition;
        };
        self.protect(&guard, condition)
    }

    fn protect(&self, guard: &Expr, condition: Expr) -> Expr {
        match condition {
            Expr::BinaryOp { left, op: BinaryOperator::And, right } => Expr::BinaryOp {
                left: Box::new(self.protect(guard, *left)),
                op: BinaryOperator::And,
                right: Box::new(self.protect(guard, *right)),
            },
            Expr::Nested(inner) => Expr::Nested(Box::new(self.protect(guard, *inner))),
            safe if count(&safe, self.rules, usize::MAX) == 0 => safe,
            fallible => Expr::Case {
                case_token: AttachedToken::empty(),
                end_token: AttachedToken::empty(),
                operand: None,
                conditions: vec![CaseWhen { condition: guard.clone(), result: fallible }],
                else_result: None,
            },
        }
    }

    /// Keeps a subquery in `FROM` apart: with a LIMIT it is neither flattened nor are conditions pushed into it
    /// (<https://sqlite.org/optoverview.html#subquery_flattening>).
    pub(super) fn set_apart(&self, query: &mut Query) {
        if self.careful
            && query.limit_clause.is_none()
            && matches!(*query.body, SetExpr::Select(_) | SetExpr::SetOperation { .. })
        {
            let one = Expr::Value(Value::Number("1".to_owned(), false).with_empty_span());
            let all = Expr::UnaryOp { op: UnaryOperator::Minus, expr: Box::new(one) };
            query.limit_clause =
                Some(LimitClause::LimitOffset { limit: Some(all), offset: None, limit_by: Vec::new() });
        }
    }
}
