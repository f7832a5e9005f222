use sqlparser::ast::{
    Function, FunctionArg, FunctionArgExpr, FunctionArgumentClause, FunctionArgumentList, FunctionArguments,
    WindowFrame, WindowFrameBound, WindowSpec, WindowType,
};

use super::{Flow, ON, Part, Watch};

impl Part for Function {
    fn walk(&self, watch: &mut dyn Watch) -> Flow {
        let Function {
            name,
            uses_odbc_syntax: _,
            parameters,
            args,
            within_group,
            filter,
            null_treatment: _,
            over,
        } = self;
        name.walk(watch)?;
        parameters.walk(watch)?;
        args.walk(watch)?;
        within_group.walk(watch)?;
        filter.walk(watch)?;
        over.walk(watch)
    }
}

impl Part for FunctionArguments {
    fn walk(&self, watch: &mut dyn Watch) -> Flow {
        match self {
            FunctionArguments::None => ON,
            FunctionArguments::Subquery(query) => query.walk(watch),
            FunctionArguments::List(FunctionArgumentList { duplicate_treatment: _, args, clauses }) => {
                args.walk(watch)?;
                clauses.walk(watch)
            }
        }
    }
}

impl Part for FunctionArg {
    fn walk(&self, watch: &mut dyn Watch) -> Flow {
        match self {
            FunctionArg::Named { name, arg, operator: _ } => {
                name.walk(watch)?;
                arg.walk(watch)
            }
            FunctionArg::ExprNamed { name, arg, operator: _ } => {
                name.walk(watch)?;
                arg.walk(watch)
            }
            FunctionArg::Unnamed(arg) => arg.walk(watch),
        }
    }
}

impl Part for FunctionArgExpr {
    fn walk(&self, watch: &mut dyn Watch) -> Flow {
        match self {
            FunctionArgExpr::Expr(expr) => expr.walk(watch),
            FunctionArgExpr::QualifiedWildcard(name) => name.walk(watch),
            FunctionArgExpr::Wildcard => ON,
            FunctionArgExpr::WildcardWithOptions(_) => watch.unknown(),
        }
    }
}

impl Part for FunctionArgumentClause {
    fn walk(&self, watch: &mut dyn Watch) -> Flow {
        match self {
            FunctionArgumentClause::OrderBy(exprs) => exprs.walk(watch),
            FunctionArgumentClause::Separator(value) => value.walk(watch),
            _ => watch.unknown(),
        }
    }
}

impl Part for WindowType {
    fn walk(&self, watch: &mut dyn Watch) -> Flow {
        match self {
            WindowType::WindowSpec(spec) => spec.walk(watch),
            WindowType::NamedWindow(name) => name.walk(watch),
        }
    }
}

impl Part for WindowSpec {
    fn walk(&self, watch: &mut dyn Watch) -> Flow {
        let WindowSpec { window_name, partition_by, order_by, window_frame } = self;
        window_name.walk(watch)?;
        partition_by.walk(watch)?;
        order_by.walk(watch)?;
        let Some(WindowFrame { units: _, start_bound, end_bound }) = window_frame else { return ON };
        start_bound.walk(watch)?;
        end_bound.walk(watch)
    }
}

impl Part for WindowFrameBound {
    fn walk(&self, watch: &mut dyn Watch) -> Flow {
        match self {
            WindowFrameBound::CurrentRow => ON,
            WindowFrameBound::Preceding(expr) | WindowFrameBound::Following(expr) => expr.walk(watch),
        }
    }
}
