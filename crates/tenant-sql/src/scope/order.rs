use sqlparser::ast::{
    Fetch, LimitClause, Offset, OrderBy, OrderByExpr, OrderByKind, OrderByOptions, OrderBySort,
};

use super::{Result, Scoper};
use crate::refusal::Refusal;

impl Scoper<'_> {
    pub(super) fn order_by(&mut self, order_by: &mut OrderBy) -> Result {
        let OrderBy { kind, interpolate } = order_by;
        match kind {
            OrderByKind::Expressions(exprs) if interpolate.is_none() => self.sort(exprs),
            OrderByKind::Expressions(_) | OrderByKind::All(_) => Err(Refusal::construct_of("ORDER BY")),
        }
    }

    pub(super) fn sort(&mut self, exprs: &mut [OrderByExpr]) -> Result {
        exprs.iter_mut().try_for_each(|by| {
            let OrderByExpr { expr, options, with_fill } = by;
            let OrderByOptions { sort, nulls_first: _ } = options;
            let plain = match sort {
                None | Some(OrderBySort::Asc | OrderBySort::Desc) => with_fill.is_none(),
                Some(OrderBySort::Using(_)) => false,
            };
            if !plain {
                return Err(Refusal::construct_of("ORDER BY"));
            }
            self.expr(expr)
        })
    }

    pub(super) fn limit(&mut self, limit: &mut LimitClause) -> Result {
        match limit {
            LimitClause::LimitOffset { limit, offset, limit_by } => {
                if !limit_by.is_empty() {
                    return Err(Refusal::construct_of("LIMIT BY"));
                }
                limit.as_mut().map_or(Ok(()), |limit| self.expr(limit))?;
                offset.as_mut().map_or(Ok(()), |offset| {
                    let Offset { value, rows: _ } = offset;
                    self.expr(value)
                })
            }
            LimitClause::OffsetCommaLimit { offset, limit } => {
                self.expr(offset)?;
                self.expr(limit)
            }
        }
    }

    pub(super) fn fetch(&mut self, fetch: &mut Fetch) -> Result {
        let Fetch { with_ties: _, percent, quantity } = fetch;
        if !self.rules.can.fetch || *percent {
            return Err(Refusal::construct_of("FETCH"));
        }
        quantity.as_mut().map_or(Ok(()), |quantity| self.expr(quantity))
    }
}
