//! Errors tell. SQLite may try a condition on rows of an index before it looks at the tenant of the row behind it, and
//! PostgreSQL tries conditions in the order of their cost; a condition that fails (`malformed JSON`) fails the statement:
//! another tenant's row would be seen through the error, and could break this tenant's queries at will.
//!
//! Where a condition can fail, it is evaluated only behind the predicates, and no subquery is merged with what is around it.

use sqlparser::ast::helpers::attached_token::AttachedToken;
use sqlparser::ast::{
    BinaryOperator, CaseWhen, CteAsMaterialized, Expr, Function, LimitClause, ObjectNamePart, Offset,
    OffsetRows, Query, SetExpr, Statement, TableFactor, UnaryOperator, Value, Values,
};

use super::predicate::{again, conjunction};
use super::select::{all_of, plain_query};
use super::{Result, Scoper};
use crate::dialect::AGGREGATE;
use crate::dialect::Rules;
use crate::refusal::{Refusal, RefusalKind};
use crate::walk::{Flow, ON, Part, STOP, Watch, walk};

/// How many predicates all guards of a statement may have: each condition repeats those of all relations it can see.
const MOST_GUARDS: usize = 2_000;

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

fn count(part: &dyn Part, rules: &'static Rules, deepest: usize) -> usize {
    let mut fallible = Fallible { rules, depth: 0, deepest, count: 0, harmless: 0 };
    let _ = walk(part, &mut fallible);
    fallible.count
}

struct Fallible {
    rules: &'static Rules,
    depth: usize,
    deepest: usize,
    count: usize,
    /// How many expressions deep we are in one that is harmless.
    harmless: usize,
}

impl Watch for Fallible {
    fn query(&mut self, _query: &Query) -> Flow {
        self.depth += 1;
        ON
    }

    fn query_ends(&mut self) {
        self.depth -= 1;
    }

    /// `json_each(body)` reads its argument as it is opened.
    fn table_factor(&mut self, factor: &TableFactor) -> Flow {
        let called =
            matches!(factor, TableFactor::Table { args: Some(_), .. } | TableFactor::Function { .. });
        self.count += usize::from(called && self.depth <= self.deepest);
        ON
    }

    fn expr(&mut self, expr: &Expr) -> Flow {
        if self.harmless > 0 || (self.rules.harmless)(expr) {
            self.harmless += 1;
        } else if self.depth <= self.deepest && (self.rules.fails)(expr) {
            self.count += 1;
        }
        ON
    }

    fn expr_ends(&mut self) {
        self.harmless = self.harmless.saturating_sub(1);
    }

    fn unknown(&mut self) -> Flow {
        self.count += 1;
        ON
    }
}

impl Scoper<'_> {
    /// Puts each part of the condition that can fail behind the predicates: `CASE WHEN predicates THEN part END`.
    pub(super) fn behind(&mut self, predicates: &[Expr], condition: Expr) -> Result<Expr> {
        if !self.careful || count(&condition, self.rules, usize::MAX) == 0 {
            return Ok(condition);
        }
        match conjunction(predicates.iter().map(again)) {
            Some(guard) => self.protect(&guard, predicates.len(), condition),
            None => Ok(condition),
        }
    }

    fn protect(&mut self, guard: &Expr, size: usize, condition: Expr) -> Result<Expr> {
        match condition {
            Expr::BinaryOp { left, op: BinaryOperator::And, right } => Ok(Expr::BinaryOp {
                left: Box::new(self.protect(guard, size, *left)?),
                op: BinaryOperator::And,
                right: Box::new(self.protect(guard, size, *right)?),
            }),
            Expr::Nested(inner) => Ok(Expr::Nested(Box::new(self.protect(guard, size, *inner)?))),
            safe if count(&safe, self.rules, usize::MAX) == 0 => Ok(safe),
            fallible => {
                self.guards += size;
                if self.guards > MOST_GUARDS {
                    let hint = "use fewer conditions that can fail, or split the statement";
                    return Err(Refusal::new(RefusalKind::TooLong, "conditions", hint));
                }
                Ok(Expr::Case {
                    case_token: AttachedToken::empty(),
                    end_token: AttachedToken::empty(),
                    operand: None,
                    conditions: vec![CaseWhen { condition: again(guard), result: fallible }],
                    else_result: None,
                })
            }
        }
    }

    /// Keeps a subquery in `FROM` apart: with a LIMIT or OFFSET it is neither flattened nor are conditions pushed into it
    /// (<https://sqlite.org/optoverview.html#subquery_flattening>; PostgreSQL: `subquery_is_pushdown_safe`).
    pub(super) fn set_apart(&self, query: &mut Query) {
        let compound = matches!(*query.body, SetExpr::Select(_) | SetExpr::SetOperation { .. });
        if !self.careful || query.limit_clause.is_some() || query.fetch.is_some() || !compound {
            return;
        }
        let number = |digits: &str| Expr::Value(Value::Number(digits.to_owned(), false).with_empty_span());
        let (limit, offset) = if self.rules.can.materialized {
            (None, Some(Offset { value: number("0"), rows: OffsetRows::None }))
        } else {
            no_values_last(&mut query.body);
            (Some(Expr::UnaryOp { op: UnaryOperator::Minus, expr: Box::new(number("1")) }), None)
        };
        query.limit_clause = Some(LimitClause::LimitOffset { limit, offset, limit_by: Vec::new() });
    }

    /// Keeps a CTE apart. PostgreSQL allows no OFFSET in one that is recursive.
    pub(super) fn set_cte_apart(&self, query: &mut Query, materialized: &mut Option<CteAsMaterialized>) {
        let reads = matches!(*query.body, SetExpr::Select(_) | SetExpr::SetOperation { .. });
        match self.rules.can.materialized {
            true if self.careful && reads => *materialized = Some(CteAsMaterialized::Materialized),
            true => {}
            false => self.set_apart(query),
        }
    }

    /// Refuses a condition of `HAVING` that can fail and that the database may try before it groups the rows.
    pub(super) fn having_waits(&self, condition: &Expr) -> Result {
        if !self.rules.can.moves_having {
            return Ok(());
        }
        match condition {
            Expr::BinaryOp { left, op: BinaryOperator::And | BinaryOperator::Or, right } => {
                self.having_waits(left)?;
                self.having_waits(right)
            }
            Expr::Nested(inner) | Expr::UnaryOp { op: UnaryOperator::Not, expr: inner } => {
                self.having_waits(inner)
            }
            part if count(part, self.rules, usize::MAX) == 0 || has_aggregate(part) => Ok(()),
            _ => Err(Refusal::new(
                RefusalKind::UnsupportedConstruct,
                "HAVING without an aggregate",
                "put the condition into WHERE",
            )),
        }
    }
}

/// SQLite takes no LIMIT behind VALUES.
fn no_values_last(body: &mut SetExpr) {
    let SetExpr::SetOperation { right, .. } = body else { return };
    if matches!(**right, SetExpr::Values(_)) {
        let none = Values { explicit_row: false, value_keyword: false, rows: Vec::new() };
        let values = std::mem::replace(&mut **right, SetExpr::Values(none));
        **right = all_of(plain_query(values));
    }
}

fn has_aggregate(condition: &Expr) -> bool {
    walk(condition, &mut Aggregates(0)).is_break()
}

/// How many subqueries deep we are.
struct Aggregates(usize);

impl Watch for Aggregates {
    fn query(&mut self, _query: &Query) -> Flow {
        self.0 += 1;
        ON
    }

    fn query_ends(&mut self) {
        self.0 -= 1;
    }

    /// Nothing that is unknown is an aggregate, and a break would say that one was found.
    fn unknown(&mut self) -> Flow {
        ON
    }

    fn expr(&mut self, expr: &Expr) -> Flow {
        let aggregate = match expr {
            Expr::Function(Function { name, over: None, .. }) => match name.0.as_slice() {
                [ObjectNamePart::Identifier(name)] => {
                    AGGREGATE.contains(&name.value.to_ascii_lowercase().as_str())
                }
                _ => false,
            },
            _ => false,
        };
        if aggregate && self.0 == 0 { STOP } else { ON }
    }
}
