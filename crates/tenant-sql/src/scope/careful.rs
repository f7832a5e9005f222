//! Errors tell. SQLite may try a condition on rows of an index before it looks at the tenant of the row behind it, and
//! PostgreSQL tries conditions in the order of their cost; a condition that fails (`malformed JSON`) fails the statement:
//! another tenant's row would be seen through the error, and could break this tenant's queries at will.
//!
//! Where a condition can fail, it is evaluated only behind the predicates, and no subquery is merged with what is around it.

use sqlparser::ast::helpers::attached_token::AttachedToken;
use sqlparser::ast::{BinaryOperator, CaseWhen, Expr, GroupByExpr, SelectItem, UnaryOperator};

use super::apart::number;
use super::care::{Strict, count, count_as, has_aggregate, has_query};
use super::predicate::{again, conjunction};
use super::{Result, Scoper};
use crate::refusal::{Refusal, RefusalKind};

/// How many predicates all guards of a statement may have: each condition repeats those of all relations it can see.
const MOST_GUARDS: usize = 2_000;

impl Scoper<'_> {
    /// Puts each part of the condition that can fail behind the predicates: `CASE WHEN predicates THEN part END`.
    pub(super) fn behind(&mut self, predicates: &[Expr], condition: Expr, strict: Strict) -> Result<Expr> {
        if !self.care.needed || count_as(&condition, self.rules, usize::MAX, strict) == 0 {
            return Ok(condition);
        }
        match conjunction(predicates.iter().map(again)) {
            Some(guard) => self.protect(&guard, predicates.len(), condition, strict),
            None => Ok(condition),
        }
    }

    /// The condition of a statement that writes to one table is tried in its order, unless a subquery joins in.
    pub(super) fn behind_target(&mut self, predicates: &[Expr], condition: Expr) -> Result<Expr> {
        let strict = match self.care.strict && has_query(&condition) {
            true => Strict::Everywhere,
            false => Strict::Nowhere,
        };
        self.behind(predicates, condition, strict)
    }

    fn protect(&mut self, guard: &Expr, size: usize, condition: Expr, strict: Strict) -> Result<Expr> {
        match condition {
            Expr::BinaryOp { left, op: BinaryOperator::And, right } => Ok(Expr::BinaryOp {
                left: Box::new(self.protect(guard, size, *left, strict)?),
                op: BinaryOperator::And,
                right: Box::new(self.protect(guard, size, *right, strict)?),
            }),
            Expr::Nested(inner) => Ok(Expr::Nested(Box::new(self.protect(guard, size, *inner, strict)?))),
            safe if count_as(&safe, self.rules, usize::MAX, strict) == 0 => Ok(safe),
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

    /// Guards the columns that a subquery is compared by: as a join, the comparison would be tried on any row.
    pub(super) fn compare_behind(
        &mut self,
        predicates: &[Expr],
        items: &mut [SelectItem],
        group_by: &GroupByExpr,
    ) -> Result {
        let grouped = !matches!(group_by, GroupByExpr::Expressions(groups, _) if groups.is_empty());
        if !self.rules.can.limits_members || grouped {
            return Ok(());
        }
        for item in items {
            if let SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, alias: _ } = item
                && !has_aggregate(expr, self.rules)
            {
                let own = std::mem::replace(expr, number("0"));
                *expr = self.behind(predicates, own, Strict::Nowhere)?;
            }
        }
        Ok(())
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
            part if count(part, self.rules) == 0 || has_aggregate(part, self.rules) => Ok(()),
            _ => Err(Refusal::new(
                RefusalKind::UnsupportedConstruct,
                "HAVING without an aggregate",
                "put the condition into WHERE",
            )),
        }
    }
}
