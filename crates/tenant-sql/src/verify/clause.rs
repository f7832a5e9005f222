use sqlparser::ast::{BinaryOperator, Expr, Value};

use super::Verifier;
use crate::catalog::Dialect;

/// The relations (by alias) and columns that a condition ties to the tenant.
#[derive(Debug, Default)]
pub(super) struct Bound(Vec<(String, String)>);

impl Bound {
    pub(super) fn has(&self, alias: &str, column: &str) -> bool {
        self.0.iter().any(|(bound, by)| bound == alias && by == column)
    }
}

impl Verifier<'_> {
    /// Reads `a.t = ? AND b.t = ? AND (anything)`, or, where the tenant is inlined, `(anything) AND a.t = ? AND b.t = ?`.
    ///
    /// The shape is strict: equalities, and at one end of them at most one condition, in parentheses. In that shape no
    /// precedence of any database's operators can make the equalities part of something else.
    pub(super) fn bound(&mut self, condition: Option<&Expr>) -> Bound {
        let mut bound = Vec::new();
        let mut rest = condition;
        let is_first = |before: Option<&Expr>| before.is_none() && self.rules.inline.is_some();
        let mut is_last = true;
        let mut own = 0;
        while let Some(expr) = rest {
            let (conjunct, before) = match expr {
                Expr::BinaryOp { left, op: BinaryOperator::And, right } => (&**right, Some(&**left)),
                other => (other, None),
            };
            match self.equality(conjunct) {
                Some(pair) => bound.push(pair),
                None if (is_last || is_first(before)) && matches!(conjunct, Expr::Nested(_)) => own += 1,
                None => return Bound::default(),
            }
            (rest, is_last) = (before, false);
        }
        if own > 1 {
            return Bound::default();
        }
        self.seen.markers += bound.len();
        Bound(bound)
    }

    /// Whether the tenant is looked at before anything else. MySQL tries the conditions of a statement that writes in
    /// their order, and comparisons fail there.
    pub(super) fn leads(&self, condition: Option<&Expr>) -> bool {
        let mut first = condition;
        while let Some(Expr::BinaryOp { left, op: BinaryOperator::And, right: _ }) = first {
            first = Some(left);
        }
        self.catalog.dialect() != Dialect::MySql || first.is_some_and(|first| self.equality(first).is_some())
    }

    /// How many equalities a condition consists of, if it consists of nothing else.
    pub(super) fn guards(&self, condition: &Expr) -> usize {
        match condition {
            Expr::BinaryOp { left, op: BinaryOperator::And, right } => {
                match (self.guards(left), self.guards(right)) {
                    (0, _) | (_, 0) => 0,
                    (left, right) => left + right,
                }
            }
            other => usize::from(self.equality(other).is_some()),
        }
    }

    fn equality(&self, expr: &Expr) -> Option<(String, String)> {
        let Expr::BinaryOp { left, op, right } = expr else {
            return None;
        };
        // `<=>` is equality too where it exists; the tenant is never null.
        let equal = match op {
            BinaryOperator::Eq => true,
            BinaryOperator::Spaceship => self.catalog.dialect() == Dialect::MySql,
            _ => false,
        };
        if !equal {
            return None;
        }
        let Expr::CompoundIdentifier(parts) = &**left else {
            return None;
        };
        let [alias, column] = parts.as_slice() else {
            return None;
        };
        let quoted =
            alias.quote_style == Some(self.rules.quote) && column.quote_style == Some(self.rules.quote);
        (quoted && self.is_marker(right)).then(|| (self.rules.table(alias), column.value.clone()))
    }

    pub(super) fn is_marker(&self, expr: &Expr) -> bool {
        matches!(expr, Expr::Value(value) if matches!(&value.value, Value::Placeholder(text) if text == self.marker))
    }
}
