//! A walk over the parts of a tree that a statement of ours can have, for whoever wants to look; it judges nothing.
//!
//! The parser derives one over all its types, which every crate that uses it compiles anew, types of other databases
//! and of DDL included: three quarters of this crate's code. Tests hold this one to it, step by step.

mod expr;
mod function;
mod query;
mod relation;
mod statement;
#[cfg(test)]
mod tests;

use std::ops::ControlFlow;

use sqlparser::ast::{Expr, Ident, ObjectName, Query, Select, Statement, TableFactor, ValueWithSpan};

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

    /// A set operation.
    fn set(&mut self) -> Flow {
        ON
    }

    fn set_ends(&mut self) {}

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

    /// A part that the walk does not look into.
    fn unknown(&mut self) -> Flow {
        STOP
    }
}

/// Walks a part of a tree.
pub(crate) fn walk(part: &dyn Part, watch: &mut dyn Watch) -> Flow {
    part.walk(watch)
}

/// A part of a tree. Structs are destructured without `..`, and what is not named is [`Watch::unknown`].
pub(crate) trait Part {
    fn walk(&self, watch: &mut dyn Watch) -> Flow;
}

impl<T: Part> Part for Option<T> {
    fn walk(&self, watch: &mut dyn Watch) -> Flow {
        self.iter().try_for_each(|part| part.walk(watch))
    }
}

impl<T: Part> Part for Vec<T> {
    fn walk(&self, watch: &mut dyn Watch) -> Flow {
        self.iter().try_for_each(|part| part.walk(watch))
    }
}

impl<T: Part + ?Sized> Part for Box<T> {
    fn walk(&self, watch: &mut dyn Watch) -> Flow {
        (**self).walk(watch)
    }
}

/// Goes on if there is nothing the walk would not look into.
fn only(known: bool, watch: &mut dyn Watch) -> Flow {
    if known { ON } else { watch.unknown() }
}
