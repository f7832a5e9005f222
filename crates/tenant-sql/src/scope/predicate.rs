use sqlparser::ast::{BinaryOperator, Expr, Ident, Value};

use super::Scoper;

/// On which side of the caller's condition the predicates stand.
#[derive(Clone, Copy)]
pub(super) enum Side {
    Front,
    Back,
}

impl Scoper<'_> {
    /// Behind, where placeholders have no numbers: there the tenant can be bound after the caller's arguments, unless
    /// one of them comes later still. In front, where conditions can fail; so can any comparison where a statement writes:
    /// `name = 5` tried before the tenant tells another tenant's name (`Truncated incorrect DECIMAL value`).
    pub(super) fn side(&self) -> Side {
        let careful = self.care.needed || self.care.strict;
        if self.rules.inline.is_some() && !careful { Side::Back } else { Side::Front }
    }

    /// `"alias"."tenant_id" = ?N`: quoted and qualified, or SQLite might read a string and others another relation.
    pub(super) fn equality(&mut self, alias: &str, tenant_column: &str) -> Expr {
        let quoted = |name: &str| Ident::with_quote(self.rules.quote, name);
        let column = Expr::CompoundIdentifier(vec![quoted(alias), quoted(tenant_column)]);
        let tenant = self.tenant();
        let null_safe = self.rules.can.null_safe && self.care.needed;
        let op = if null_safe { BinaryOperator::Spaceship } else { BinaryOperator::Eq };
        Expr::BinaryOp { left: Box::new(column), op, right: Box::new(tenant) }
    }
}

/// Puts the predicates beside the caller's own condition, which stands in parentheses: no operator of it can take part
/// in the scope.
pub(super) fn guarded(predicates: Vec<Expr>, condition: Option<Expr>, side: Side) -> Option<Expr> {
    let scoped = !predicates.is_empty();
    let condition = condition.map(|condition| if scoped { nested(condition) } else { condition });
    match side {
        Side::Front => conjunction(predicates.into_iter().chain(condition)),
        Side::Back => conjunction(condition.into_iter().chain(predicates)),
    }
}

pub(super) fn conjunction(parts: impl IntoIterator<Item = Expr>) -> Option<Expr> {
    parts.into_iter().reduce(|left, right| Expr::BinaryOp {
        left: Box::new(left),
        op: BinaryOperator::And,
        right: Box::new(right),
    })
}

pub(super) fn nested(expr: Expr) -> Expr {
    match expr {
        Expr::Nested(inner) => Expr::Nested(inner),
        open => Expr::Nested(Box::new(open)),
    }
}

/// Predicates once more. Nothing else is copied: a copy of any expression would be a copy of any statement in it.
pub(super) fn again(predicates: &Expr) -> Expr {
    match predicates {
        Expr::BinaryOp { left, op, right } => {
            Expr::BinaryOp { left: Box::new(again(left)), op: op.clone(), right: Box::new(again(right)) }
        }
        Expr::CompoundIdentifier(parts) => Expr::CompoundIdentifier(parts.clone()),
        Expr::Value(value) => Expr::Value(value.clone()),
        // A guard that lets no row pass.
        _ => Expr::Value(Value::Null.with_empty_span()),
    }
}
