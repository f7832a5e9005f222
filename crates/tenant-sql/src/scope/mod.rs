//! The scoper: walks every field of the tree, adds the tenant's predicates, and refuses whatever it does not know.
//!
//! Structs are destructured without `..` and enums matched by name, so that a field or variant the parser learns later
//! breaks the build or is refused.

mod apart;
mod around;
mod care;
mod careful;
mod columns;
mod cte;
mod delete;
mod derived;
mod expr;
mod frames;
mod from;
mod function;
mod half_written;
mod insert;
mod joined;
mod labels;
mod merge;
mod names;
mod order;
mod outputs;
mod place;
mod predicate;
mod query;
mod rows;
mod select;
mod shown;
mod source;
mod statement;
mod update;
mod upsert;
mod window;

use std::collections::HashMap;

use sqlparser::ast::{Expr, Value};

use crate::catalog::Catalog;
use crate::dialect::Rules;
use crate::lex::Source;
use crate::plan::GivenTenant;
use crate::refusal::Refusal;

pub(crate) use statement::Scoped;

pub(crate) type Result<T = ()> = std::result::Result<T, Refusal>;

/// The state of one walk.
pub(crate) struct Scoper<'a> {
    catalog: &'a Catalog,
    rules: &'static Rules,
    source: &'a Source<'a>,
    /// The placeholder of the tenant.
    marker: String,
    scopes: cte::Scopes,
    /// The `FROM` clauses around, innermost last.
    frames: Vec<frames::Frame>,
    /// The columns of the base tables met so far.
    columns: HashMap<String, frames::Columns>,
    /// What the last `RETURNING` gave.
    returned: frames::Columns,
    touched: bool,
    /// Something writes, if only in a CTE.
    writes: bool,
    /// Conditions can fail: they must not see a row of another tenant even for a moment.
    care: care::Care,
    /// What a joined statement writes, by the names it goes by: base tables they must stay.
    targets: Vec<String>,
    /// How many predicates were repeated in front of conditions.
    guards: usize,
    given: Vec<GivenTenant>,
    /// An expression given for the tenant column fails if it is another's.
    raises: bool,
    /// How many names of our own there are.
    fresh: usize,
}

impl<'a> Scoper<'a> {
    pub(crate) fn new(catalog: &'a Catalog, source: &'a Source<'a>, marker: String) -> Self {
        Self {
            catalog,
            rules: Rules::of(catalog.dialect()),
            source,
            marker,
            scopes: cte::Scopes::default(),
            frames: Vec::new(),
            columns: HashMap::new(),
            returned: frames::Columns::default(),
            touched: false,
            writes: false,
            care: care::Care::default(),
            targets: Vec::new(),
            guards: 0,
            given: Vec::new(),
            raises: false,
            fresh: 0,
        }
    }

    /// The tenant's placeholder as an expression.
    fn tenant(&mut self) -> Expr {
        self.touched = true;
        Expr::Value(Value::Placeholder(self.marker.clone()).with_empty_span())
    }
}
