use sqlparser::ast::{
    Expr, Function, FunctionArguments, Ident, ObjectNamePart, Query, Select, Statement, TableFactor, Value,
    ValueWithSpan,
};

use super::{Proof, Verifier, unproved};
use crate::catalog::Dialect;
use crate::dialect::Rules;
use crate::walk::{Flow, ON, STOP, Watch, walk};

/// How much of the tree was proved.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Count {
    pub(super) statements: usize,
    pub(super) queries: usize,
    pub(super) selects: usize,
    pub(super) factors: usize,
    /// Places of the tenant's placeholder that were recognised.
    pub(super) markers: usize,
}

/// Counts the tree once more, by a walk that knows nothing of scopes: nothing in it may have been passed by.
pub(super) fn compare(statement: &Statement, verifier: &Verifier<'_>) -> Proof {
    let mut census = Census { verifier, count: Count::default(), guarded: 0 };
    if walk(statement, &mut census).is_break() {
        return Err(unproved("expression"));
    }
    census.count.markers -= census.guarded.min(census.count.markers);
    match census.count == verifier.seen {
        true => Ok(()),
        false => Err(unproved("part of the statement")),
    }
}

struct Census<'v, 'a> {
    verifier: &'v Verifier<'a>,
    count: Count,
    /// Places of the tenant's placeholder in `CASE WHEN a.t = ? AND b.t = ? THEN condition END`.
    guarded: usize,
}

impl Watch for Census<'_, '_> {
    fn statement(&mut self, _statement: &Statement) -> Flow {
        self.count.statements += 1;
        ON
    }

    fn query(&mut self, _query: &Query) -> Flow {
        self.count.queries += 1;
        ON
    }

    fn select(&mut self, _select: &Select) -> Flow {
        self.count.selects += 1;
        ON
    }

    fn table_factor(&mut self, _factor: &TableFactor) -> Flow {
        self.count.factors += 1;
        ON
    }

    fn value(&mut self, value: &ValueWithSpan) -> Flow {
        if matches!(&value.value, Value::Placeholder(text) if text == self.verifier.marker) {
            self.count.markers += 1;
        }
        ON
    }

    fn expr(&mut self, expr: &Expr) -> Flow {
        let rules = self.verifier.rules;
        let allowed = match expr {
            Expr::Function(function) => self.is_allowed(function),
            Expr::Identifier(column) => {
                !rules.is_system_column(&rules.column(column)) && !is_hidden_variable(column, rules)
            }
            Expr::CompoundIdentifier(parts) => {
                parts.last().is_some_and(|column| !rules.is_system_column(&rules.column(column)))
            }
            Expr::Case { case_token: _, end_token: _, operand: None, conditions, else_result: None } => {
                self.guarded +=
                    conditions.iter().map(|when| self.verifier.guards(&when.condition)).sum::<usize>();
                true
            }
            _ => true,
        };
        if allowed { ON } else { STOP }
    }
}

impl Census<'_, '_> {
    fn is_allowed(&self, function: &Function) -> bool {
        let [ObjectNamePart::Identifier(name)] = function.name.0.as_slice() else {
            return false;
        };
        let name = self.verifier.rules.column(name);
        let one = matches!(&function.args, FunctionArguments::List(list) if list.args.len() == 1);
        let given = self.verifier.catalog.dialect() == Dialect::MySql && name == "last_insert_id" && one;
        given
            || self.verifier.rules.is_pure(&name)
            || self.verifier.catalog.functions().any(|allowed| allowed == name)
    }
}

/// `@x` and `@@x`, but for those that tell nothing.
fn is_hidden_variable(name: &Ident, rules: &Rules) -> bool {
    name.quote_style.is_none() && name.value.starts_with('@') && !rules.is_variable(&name.value)
}
