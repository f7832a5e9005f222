//! Names that the database would not take for names.

use std::ops::ControlFlow;

use sqlparser::ast::{Ident, Statement, Visit, Visitor};

use crate::dialect::Rules;
use crate::refusal::{Refusal, RefusalKind};

/// Refuses unquoted reserved words in the place of names: `a ISNULL` is read as an alias, `ONLY t` as a table.
pub(crate) fn check(statement: &Statement, rules: &'static Rules) -> Result<(), Refusal> {
    match statement.visit(&mut Words(rules)) {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(refusal) => Err(refusal),
    }
}

struct Words(&'static Rules);

impl Visitor for Words {
    type Break = Refusal;

    fn pre_visit_ident(&mut self, ident: &Ident) -> ControlFlow<Refusal> {
        if ident.quote_style.is_some() || !self.0.is_reserved(&ident.value) {
            return ControlFlow::Continue(());
        }
        let word = ident.value.to_ascii_uppercase();
        let refusal = Refusal::new(RefusalKind::UnsupportedConstruct, word, "quote it if it is a name");
        ControlFlow::Break(refusal.at(ident.span.start.line, ident.span.start.column))
    }
}
