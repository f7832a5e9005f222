use sqlparser::ast::{
    Expr, Function, FunctionArg, FunctionArgExpr, FunctionArgumentClause, FunctionArgumentList,
    FunctionArguments, ObjectName, ObjectNamePart, WindowType,
};

use super::query::Role;
use super::{Result, Scoper};
use crate::refusal::{Refusal, RefusalKind};

/// Functions that count rows, or make JSON of them: what they make can't be compared as a row.
const TAKE_ROWS: [&str; 6] = ["count", "json_agg", "jsonb_agg", "row_to_json", "to_json", "to_jsonb"];

impl Scoper<'_> {
    pub(super) fn function(&mut self, function: &mut Function) -> Result {
        let Function { name, uses_odbc_syntax, parameters, args, within_group, filter, null_treatment, over } =
            function;
        let known = self.function_name(name)?;
        if !self.rules.is_pure(&known) && !self.is_allowed(&known) && !self.sets_insert_id(&known, args) {
            return Err(impure(name, &known));
        }
        if *uses_odbc_syntax || !matches!(parameters, FunctionArguments::None) || null_treatment.is_some() {
            return Err(Refusal::construct_of("function syntax"));
        }
        self.arguments(args, TAKE_ROWS.contains(&known.as_str()))?;
        if !within_group.is_empty() && !self.rules.can.distinct_on {
            return Err(Refusal::construct_of("WITHIN GROUP"));
        }
        self.sort(within_group)?;
        filter.as_mut().map_or(Ok(()), |filter| self.expr(filter))?;
        match over {
            Some(WindowType::WindowSpec(spec)) => self.window_spec(spec),
            Some(WindowType::NamedWindow(_)) | None => Ok(()),
        }
    }

    pub(super) fn table_function(&mut self, name: &ObjectName, args: &mut [FunctionArg]) -> Result {
        let known = self.function_name(name)?;
        if !self.rules.table_functions.contains(&known.as_str()) && !self.is_allowed(&known) {
            return Err(impure(name, &known));
        }
        args.iter_mut().try_for_each(|arg| self.argument(arg))
    }

    /// `LAST_INSERT_ID(id)` only gives its argument, and tells the client; without one it tells what was inserted before.
    fn sets_insert_id(&self, name: &str, args: &FunctionArguments) -> bool {
        let one = matches!(args, FunctionArguments::List(list) if list.args.len() == 1);
        self.rules.can.insert_set && name == "last_insert_id" && one
    }

    fn is_allowed(&self, name: &str) -> bool {
        self.catalog.functions().any(|allowed| allowed == name)
    }

    fn function_name(&self, name: &ObjectName) -> Result<String> {
        let ObjectName(parts) = name;
        match parts.as_slice() {
            [ObjectNamePart::Identifier(ident)] => Ok(self.rules.column(ident)),
            _ => Err(Refusal::new(
                RefusalKind::Function,
                "qualified function",
                "call functions without a schema",
            )),
        }
    }

    fn arguments(&mut self, args: &mut FunctionArguments, take_rows: bool) -> Result {
        match args {
            FunctionArguments::None => Ok(()),
            FunctionArguments::Subquery(query) => self.query(query, Role::Values).map(drop),
            FunctionArguments::List(FunctionArgumentList { duplicate_treatment: _, args, clauses }) => {
                args.iter_mut().try_for_each(|arg| match arg {
                    FunctionArg::Unnamed(FunctionArgExpr::Expr(Expr::Identifier(name))) if take_rows => {
                        self.column(name)
                    }
                    FunctionArg::Unnamed(FunctionArgExpr::QualifiedWildcard(name)) if take_rows => {
                        self.qualifier(name)
                    }
                    arg => self.argument(arg),
                })?;
                clauses.iter_mut().try_for_each(|clause| self.clause(clause))
            }
        }
    }

    fn clause(&mut self, clause: &mut FunctionArgumentClause) -> Result {
        match clause {
            FunctionArgumentClause::OrderBy(exprs) => self.sort(exprs),
            FunctionArgumentClause::Separator(_) => Ok(()),
            _ => Err(Refusal::construct_of("function clause")),
        }
    }

    fn argument(&mut self, arg: &mut FunctionArg) -> Result {
        let arg = match arg {
            FunctionArg::Unnamed(arg) => arg,
            FunctionArg::Named { name: _, arg, operator: _ } => arg,
            FunctionArg::ExprNamed { name: _, arg: _, operator: _ } => {
                return Err(Refusal::construct_of("named argument"));
            }
        };
        match arg {
            FunctionArgExpr::Expr(expr) => self.expr(expr),
            FunctionArgExpr::Wildcard => Ok(()),
            FunctionArgExpr::QualifiedWildcard(_) if self.rules.can.call_by_field => {
                Err(Refusal::new(RefusalKind::UnsupportedConstruct, "whole row", "name its columns"))
            }
            FunctionArgExpr::QualifiedWildcard(name) => self.qualifier(name),
            FunctionArgExpr::WildcardWithOptions(_) => Err(Refusal::construct_of("wildcard option")),
        }
    }
}

fn impure(name: &ObjectName, known: &str) -> Refusal {
    let shown: String = known.chars().take(64).filter(|c| c.is_alphanumeric() || *c == '_').collect();
    let refusal = Refusal::new(
        RefusalKind::Function,
        shown,
        "allow it in the catalog if it only looks at its arguments",
    );
    match name.0.first() {
        Some(ObjectNamePart::Identifier(ident)) => refusal.at(ident.span.start.line, ident.span.start.column),
        Some(ObjectNamePart::Function(_)) | None => refusal,
    }
}
