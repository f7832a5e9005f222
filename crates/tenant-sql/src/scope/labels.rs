use sqlparser::ast::{Expr, Ident, SelectItem, Value};
use sqlparser::tokenizer::Location;

use super::Scoper;
use crate::catalog::Dialect;
use crate::lex::labels::{returning_items, select_items};

impl Scoper<'_> {
    /// Gives unaliased expressions the name the database would have taken from the caller's text.
    pub(super) fn label(&self, start: Location, projection: &mut [SelectItem]) {
        if self.rules.can.labels && start.line > 0 {
            self.name(select_items(self.source, start), projection);
        }
    }

    pub(super) fn label_returning(&self, items: &mut [SelectItem]) {
        if self.rules.can.labels {
            self.name(returning_items(self.source), items);
        }
    }

    fn name(&self, texts: Option<Vec<&str>>, items: &mut [SelectItem]) {
        let Some(texts) = texts.filter(|texts| texts.len() == items.len()) else {
            return;
        };
        for (item, text) in items.iter_mut().zip(texts) {
            if let SelectItem::UnnamedExpr(expr) = item
                && !is_column(expr)
                && !self.is_text(expr)
                && expr.to_string() != text
            {
                let quote = self.rules.quote;
                let doubled = text.replace(quote, &format!("{quote}{quote}"));
                let expr = std::mem::replace(expr, Expr::Value(Value::Null.with_empty_span()));
                *item = SelectItem::ExprWithAlias { expr, alias: Ident::with_quote(quote, doubled) };
            }
        }
    }
}

impl Scoper<'_> {
    /// MySQL names a text after itself, however it was quoted.
    fn is_text(&self, expr: &Expr) -> bool {
        match expr {
            Expr::Nested(inner) | Expr::Prefixed { prefix: _, value: inner } => self.is_text(inner),
            Expr::Value(value) => {
                let text = matches!(value.value, Value::SingleQuotedString(_));
                text && self.catalog.dialect() == Dialect::MySql
            }
            _ => false,
        }
    }
}

/// Columns go by their own name, in parentheses too.
fn is_column(expr: &Expr) -> bool {
    match expr {
        Expr::Identifier(_) | Expr::CompoundIdentifier(_) => true,
        Expr::Nested(inner) => is_column(inner),
        _ => false,
    }
}
