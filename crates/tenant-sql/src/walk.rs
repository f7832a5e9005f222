//! The parser's own walk over a tree, for whoever wants to look.
//!
//! The walk is derived code over every type of the parser, and is compiled again for each type of visitor: here is the
//! one, and what it calls is found at run time.

use std::ops::ControlFlow;

use sqlparser::ast::{
    Expr, Ident, ObjectName, Query, Select, Statement, TableFactor, ValueWithSpan, Visit, Visitor,
};

/// Whether to go on.
pub(crate) type Flow = ControlFlow<()>;

pub(crate) const ON: Flow = ControlFlow::Continue(());
pub(crate) const STOP: Flow = ControlFlow::Break(());

/// What is told of the parts of a tree, from the outside in.
pub(crate) trait Watch {
    fn statement(&mut self, _statement: &Statement) -> Flow {
        ON
    }

    fn query(&mut self, _query: &Query) -> Flow {
        ON
    }

    fn query_ends(&mut self) {}

    fn select(&mut self, _select: &Select) -> Flow {
        ON
    }

    fn relation(&mut self, _name: &ObjectName) -> Flow {
        ON
    }

    fn table_factor(&mut self, _factor: &TableFactor) -> Flow {
        ON
    }

    fn expr(&mut self, _expr: &Expr) -> Flow {
        ON
    }

    fn expr_ends(&mut self) {}

    fn value(&mut self, _value: &ValueWithSpan) -> Flow {
        ON
    }

    fn ident(&mut self, _ident: &Ident) -> Flow {
        ON
    }
}

/// Walks a part of a tree.
pub(crate) fn walk<T: Visit>(part: &T, watch: &mut dyn Watch) -> Flow {
    part.visit(&mut Walk(watch))
}

struct Walk<'w>(&'w mut dyn Watch);

impl Visitor for Walk<'_> {
    type Break = ();

    fn pre_visit_statement(&mut self, statement: &Statement) -> Flow {
        self.0.statement(statement)
    }

    fn pre_visit_query(&mut self, query: &Query) -> Flow {
        self.0.query(query)
    }

    fn post_visit_query(&mut self, _query: &Query) -> Flow {
        self.0.query_ends();
        ON
    }

    fn pre_visit_select(&mut self, select: &Select) -> Flow {
        self.0.select(select)
    }

    fn pre_visit_relation(&mut self, name: &ObjectName) -> Flow {
        self.0.relation(name)
    }

    fn pre_visit_table_factor(&mut self, factor: &TableFactor) -> Flow {
        self.0.table_factor(factor)
    }

    fn pre_visit_expr(&mut self, expr: &Expr) -> Flow {
        self.0.expr(expr)
    }

    fn post_visit_expr(&mut self, _expr: &Expr) -> Flow {
        self.0.expr_ends();
        ON
    }

    fn pre_visit_value(&mut self, value: &ValueWithSpan) -> Flow {
        self.0.value(value)
    }

    fn pre_visit_ident(&mut self, ident: &Ident) -> Flow {
        self.0.ident(ident)
    }
}
